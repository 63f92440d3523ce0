"""The fake FreeSWITCH against the recordings: what was said then is said again, at the same moments, and the fake
must answer with the same frames in the same order."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest

from tests.calls.switch.freeswitch.fake_caller import Caller, Leave
from tests.calls.switch.freeswitch.fake_event_socket import FakeEventSocket
from tests.calls.switch.freeswitch.fake_far_end import FarEnd
from tests.calls.switch.freeswitch.fake_freeswitch import FakeFreeSwitch
from tests.calls.switch.freeswitch.traffic import Traffic
from tests.calls.wire.esl_recordings import FOLDER, Block, blocks, blocks_of, lines_of, value
from tests.console.held_time import HeldTimeLoop

FILES = {
    "/var/lib/pbx/sounds/prompt.wav": 1.0,
    "/var/lib/pbx/sounds/greeting.wav": 3.0,
    "/var/lib/pbx/sounds/error.wav": 0.4,
}
COMPARED = (
    *("Event-Name", "Application", "Application-Data", "Application-Response"),
    *("Answer-State", "Hangup-Cause", "variable_hangup_cause_q850", "DTMF-Digit", "variable_originate_disposition"),
)
AGENT, SERVED = "sofia/lo/1000@127.0.0.1:5080", [FarEnd(0.28, 1.0), FarEnd(refuses="esl-originate-busy")]
CALLEE, PEER = "sofia/lo/4917{}@127.0.0.1:5090", "sofia/lo/4919{}@127.0.0.1:5080"

CALLS: dict[str, tuple[Sequence[Leave], dict[str, list[FarEnd]]]] = {
    "outbound-reject": ((), {}),
    "outbound-break": ((), {}),
    "outbound-caller-hangs-up": ((Leave(1.21),), {}),
    "outbound-caller-hangs-up-no-linger": ((Leave(1.21),), {}),
    "outbound-bridge": ((), {AGENT: SERVED}),
    "outbound-resume-exit": ((), {}),
    "outbound-resume-we-close": ((), {}),
}
"""What the caller does, and whom the call dials, one after another."""

LEGS: dict[str, dict[str, list[FarEnd]]] = {
    "esl-auth-refused": {},
    "esl-not-authenticated": {},
    "esl-originate-answered-callee-hangs-up": {CALLEE.format("01"): [FarEnd(1.81, 5.71)]},
    "esl-originate-answered-we-kill": {CALLEE.format("04"): [FarEnd(1.98, 30.0)]},
    "esl-originate-instant-hangup": {CALLEE.format("03"): [FarEnd(0.8, 0.32)]},
    "esl-originate-busy": {CALLEE.format("05"): [FarEnd(refuses="esl-originate-busy")]},
    "esl-originate-no-answer": {CALLEE.format("06"): [FarEnd(None)]},
    "esl-originate-503": {CALLEE.format("07"): [FarEnd(refuses="esl-originate-503")]},
    "esl-originate-unallocated": {CALLEE.format("08"): [FarEnd(refuses="esl-originate-unallocated")]},
    "esl-originate-480": {CALLEE.format("09"): [FarEnd(refuses="esl-originate-480")]},
    "esl-bridge": {PEER.format("0"): [FarEnd(0.19)], PEER.format("1"): [FarEnd(0.2)]},
}
"""Whom the switch dials for us."""

JOBS_LATE_S = {"esl-bridge": 0.0015}
"""The job came at once there, before what was said next."""


Replays = dict[str, list[Block] | BaseException]


def replayed(name: str, replays: Replays) -> list[Block]:
    """What one came to."""
    found = replays[name]
    if isinstance(found, BaseException):
        raise found
    return found


def gist(block: Block) -> tuple[str, ...]:
    """What a frame is: all but ids, times and the like."""
    kind = block.get("Content-Type")
    match kind:
        case "command/reply":
            text = block.get("Reply-Text")
            known = text if not text.startswith(("+OK filter", "+OK Job")) else text[:8]
            return kind, known, block.get("Socket-Mode"), block.get("Answer-State")
        case "text/event-plain":
            head, _, body = block.body.partition(b"\n\n")
            lines = lines_of(head)
            told = {name: value(lines, name) for name in COMPARED}
            if told["Application"] == "socket":
                told["Application-Data"] = ""  # the relay's port
            if told["Event-Name"] != "CHANNEL_HANGUP_COMPLETE":
                told["variable_hangup_cause_q850"] = ""
            if told["Application"] != "bridge":
                told["variable_originate_disposition"] = ""
            return kind, *told.values(), body.decode()
        case "api/response" if block.body.startswith(b"{"):
            return kind, str(json.loads(block.body)["row_count"])
        case "api/response":
            return kind, block.body.decode()
        case _:
            return kind, block.get("Content-Disposition"), block.get("Linger-Time"), block.body.decode()


def said(name: str, uuid: str = "") -> list[tuple[int, float, bytes]]:
    """What we said in the recording: after how many frames, and how many seconds after what came before. The
    recorded call's id is exchanged for ``uuid``; no bytes: we closed."""
    rows = [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text().splitlines()]
    recorded = next(block.get("Unique-ID") for block in blocks(name)).encode()
    found, before, heard = [], 0.0, b""
    for row in rows:
        data = base64.b64decode(row["data"])
        if row["from"] == "switch":
            heard += data
        else:
            ours = data.replace(recorded, uuid.encode()) if recorded and uuid else data
            found.append((len(blocks_of(heard)), row["t"] - before, ours))
        before = row["t"]
    return found


@dataclass
class Replayer:
    """Our side of a recording. It speaks over real sockets, and time is held until they are read."""

    traffic: Traffic
    told: bytearray = field(default_factory=bytearray)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def speak(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, words: Sequence[tuple[int, float, bytes]]
    ) -> None:
        """Say ``words`` and hear everything to the end."""
        key = frozenset((writer.get_extra_info("sockname")[1], writer.get_extra_info("peername")[1]))
        self.traffic.leads(key)
        reading = asyncio.ensure_future(self._read(reader, key))
        for frames, gap_s, data in words:
            while len(blocks_of(bytes(self.told))) < frames and not reading.done():
                self.news.clear()
                await self.news.wait()
            await asyncio.sleep(gap_s)
            if data:
                self.traffic.wrote(key, len(data))
                writer.write(data)
            elif not reading.done():
                writer.write_eof()
        await reading
        writer.close()

    async def _read(self, reader: asyncio.StreamReader, key: frozenset[int]) -> None:
        while data := await reader.read(65_536):
            self.told.extend(data)
            self.traffic.took(key, len(data))
            self.news.set()
        self.traffic.closed(key)
        self.news.set()


def one_after_another(dialled: dict[str, list[FarEnd]]) -> Callable[[str], FarEnd]:
    """Each dial string's far ends in turn."""
    left = {endpoint: list(ends) for endpoint, ends in dialled.items()}
    return lambda endpoint: left[endpoint].pop(0)


async def call_replayed(name: str, traffic: Traffic) -> list[Block]:
    """What the fake's call says to what was said then."""
    acts, dialled = CALLS[name]
    replayer, done = Replayer(traffic), asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await replayer.speak(reader, writer, said(name, call.seen.uuid))
        done.set()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        freeswitch = FakeFreeSwitch(server.sockets[0].getsockname()[1], "", FILES, traffic=traffic)
        freeswitch.far_end = one_after_another(dialled)
        call = freeswitch.place(Caller(acts))
        async with asyncio.timeout(15.0):
            await call.run()
            await done.wait()
    return blocks_of(bytes(replayer.told))


async def session_replayed(name: str, traffic: Traffic) -> list[Block]:
    """What the fake's event socket says to what was said then."""
    replayer = Replayer(traffic)
    async with FakeEventSocket(traffic) as event_socket:
        event_socket.password = "ClueCon"
        freeswitch = FakeFreeSwitch(0, "", FILES, traffic=traffic)
        freeswitch.far_end = one_after_another(LEGS[name])
        freeswitch.attach(event_socket)
        freeswitch.job_late_s = JOBS_LATE_S.get(name, freeswitch.job_late_s)
        async with asyncio.timeout(15.0):
            await replayer.speak(*await asyncio.open_connection("127.0.0.1", event_socket.port), said(name))
        await freeswitch.stop()
    return blocks_of(bytes(replayer.told))


@pytest.fixture(scope="module")
def replays() -> Replays:
    """All at once, in held time."""

    async def every() -> list[list[Block] | BaseException]:
        loop, traffic = asyncio.get_running_loop(), Traffic()
        assert isinstance(loop, HeldTimeLoop)
        loop.hold_while(traffic.is_busy)
        works: list[Awaitable[list[Block]]] = [call_replayed(name, traffic) for name in CALLS]
        works += [session_replayed(name, traffic) for name in LEGS]
        return await asyncio.gather(*works, return_exceptions=True)

    with asyncio.Runner(loop_factory=HeldTimeLoop) as runner:
        return dict(zip((*CALLS, *LEGS), runner.run(every()), strict=True))


@pytest.mark.parametrize("name", [*CALLS, *LEGS])
def test_the_fake_says_what_was_recorded(name: str, replays: Replays) -> None:
    assert [gist(block) for block in replayed(name, replays)] == [gist(block) for block in blocks(name)]


@pytest.mark.parametrize("name", [*CALLS, *LEGS])
def test_the_fakes_events_have_the_recorded_headers(name: str, replays: Replays) -> None:
    for ours, theirs in zip(replayed(name, replays), blocks(name), strict=True):
        if theirs.get("Content-Type") == "text/event-plain":
            fixed = {name for name in names_in(theirs) if not name.startswith(LEFT_OUT)}
            assert fixed <= names_in(ours) | {"Application-Data"}


LEFT_OUT = ("variable_", "Other-Leg-", "Other-Type", "Caller-Callee-ID-", "Caller-Transfer-Source")
"""What depends on the call; and what an event behind a talk tells of the other leg, of which the driver reads the
id."""


def names_in(event: Block) -> set[str]:
    """The names of its headers."""
    return {name for name, _ in lines_of(event.body.partition(b"\n\n")[0])}
