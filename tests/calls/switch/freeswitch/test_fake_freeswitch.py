"""The fake FreeSWITCH against the recordings: what was said then is said again, at the same moments, and the fake
must answer with the same frames in the same order."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence

import pytest

from tests.calls.switch.freeswitch.fake_caller import Caller, Leave
from tests.calls.switch.freeswitch.fake_freeswitch import FakeFreeSwitch
from tests.calls.wire.esl_recordings import FOLDER, Block, blocks, blocks_of, lines_of, value

FILES = {
    "/var/lib/pbx/sounds/prompt.wav": 1.0,
    "/var/lib/pbx/sounds/greeting.wav": 3.0,
    "/var/lib/pbx/sounds/error.wav": 0.4,
}
COMPARED = (
    *("Event-Name", "Application", "Application-Data", "Application-Response"),
    *("Answer-State", "Hangup-Cause", "variable_hangup_cause_q850", "DTMF-Digit"),
)
CASES: dict[str, Sequence[Leave]] = {
    "outbound-reject": (),
    "outbound-break": (),
    "outbound-caller-hangs-up": (Leave(1.21),),
    "outbound-caller-hangs-up-no-linger": (Leave(1.21),),
}


def gist(block: Block) -> tuple[str, ...]:
    """What a frame is: all but ids, times and the like."""
    kind = block.get("Content-Type")
    match kind:
        case "command/reply":
            text = block.get("Reply-Text")
            known = text if not text.startswith(("+OK filter", "+OK Job")) else text[:8]
            return kind, known, block.get("Socket-Mode"), block.get("Answer-State")
        case "text/event-plain":
            lines = lines_of(block.body.partition(b"\n\n")[0])
            told = {name: value(lines, name) for name in COMPARED}
            if told["Application"] == "socket":
                told["Application-Data"] = ""  # the relay's port
            if told["Event-Name"] != "CHANNEL_HANGUP_COMPLETE":
                told["variable_hangup_cause_q850"] = ""
            return kind, *told.values()
        case "api/response":
            return kind, block.body.decode()
        case _:
            return kind, block.get("Content-Disposition"), block.get("Linger-Time")


def said(name: str, uuid: str) -> list[tuple[int, float, bytes]]:
    """What we said in the recording: after how many frames, and how many seconds after what came before. The
    recorded call's id is exchanged for ``uuid``."""
    rows = [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text().splitlines()]
    recorded = next(block.get("Unique-ID") for block in blocks(name))
    found, before, heard = [], 0.0, b""
    for row in rows:
        data = base64.b64decode(row["data"])
        if row["from"] == "switch":
            heard += data
        elif data:
            ours = data.replace(recorded.encode(), uuid.encode())
            found.append((len(blocks_of(heard)), row["t"] - before, ours))
        before = row["t"]
    return found


async def replayed(name: str, acts: Sequence[Leave]) -> list[Block]:
    """What the fake says to what was said then."""
    told = bytearray()
    done = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for frames, gap_s, data in said(name, call.seen.uuid):
            while len(blocks_of(bytes(told))) < frames:
                told.extend(await reader.read(65_536))
            await asyncio.sleep(gap_s)
            writer.write(data)
        while data := await reader.read(65_536):
            told.extend(data)
        writer.close()
        done.set()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    freeswitch = FakeFreeSwitch(server.sockets[0].getsockname()[1], "", FILES)
    call = freeswitch.place(Caller(acts))
    async with asyncio.timeout(15.0):
        await call.run()
        await done.wait()
    server.close()
    await server.wait_closed()
    return blocks_of(bytes(told))


@pytest.fixture(scope="module")
def replays() -> dict[str, list[Block]]:
    """All at once: they take as long as they took."""

    async def every() -> list[list[Block]]:
        return await asyncio.gather(*(replayed(name, acts) for name, acts in CASES.items()))

    return dict(zip(CASES, asyncio.run(every()), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_the_fake_says_what_was_recorded(name: str, replays: dict[str, list[Block]]) -> None:
    assert [gist(block) for block in replays[name]] == [gist(block) for block in blocks(name)]


@pytest.mark.parametrize("name", CASES)
def test_the_fakes_events_have_the_recorded_headers(name: str, replays: dict[str, list[Block]]) -> None:
    for ours, theirs in zip(replays[name], blocks(name), strict=True):
        if theirs.get("Content-Type") == "text/event-plain":
            fixed = [
                each for each, _ in lines_of(theirs.body.partition(b"\n\n")[0]) if not each.startswith("variable_")
            ]
            assert set(fixed) <= {each for each, _ in lines_of(ours.body)} | {"Application-Data"}
