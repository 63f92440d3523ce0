"""By which way callers of an Asterisk are heard: what the switch has, what is looked for again, what makes do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from calls.errors import SwitchUnavailable
from calls.recordings import RecordingFiles
from calls.switch.asterisk import hearings
from calls.switch.asterisk.audio_way import LOOKED_FOR, AudioConfig, Way, choose, find_way, judge, told
from tests.calls.switch.asterisk.agi_peer import Peer, connect, environment, serving
from tests.calls.switch.asterisk.fake_ami import Fields
from tests.calls.switch.asterisk.hearings_room import (
    CALLER,
    SOON_S,
    Who,
    read,
    refused,
    room,
    success,
)
from tests.calls.switch.asterisk.switch_room import config

CHOICES: list[tuple[str, set[str], Way | str]] = [
    ("auto", {"app_chanspy", "app_senddtmf", "chan_audiosocket", "chan_rtp"}, Way.AUDIO_SOCKET),
    ("auto", {"app_chanspy", "app_senddtmf", "chan_rtp"}, Way.RTP),
    ("auto", {"app_chanspy", "app_senddtmf"}, Way.EAGI),
    ("auto", {"app_senddtmf", "chan_rtp"}, Way.EAGI),
    ("auto", {"app_chanspy", "chan_rtp"}, Way.RECORD),
    ("eagi", {"app_chanspy", "app_senddtmf", "chan_rtp"}, Way.EAGI),
    ("eagi", {"app_chanspy", "chan_rtp"}, "app_senddtmf"),
    ("record", set(), Way.RECORD),
    ("rtp", {"app_senddtmf", "chan_rtp"}, "app_chanspy"),
    ("rtp", {"app_chanspy", "chan_rtp"}, "app_senddtmf"),
    ("rtp", {"app_chanspy", "app_senddtmf", "chan_audiosocket", "chan_rtp"}, Way.RTP),
    ("audiosocket", {"app_chanspy", "app_senddtmf", "chan_rtp"}, "chan_audiosocket"),
    ("none", {"app_chanspy", "app_senddtmf", "chan_rtp"}, "the settings say"),
]


@pytest.mark.parametrize(("wanted", "modules", "expected"), CHOICES)
async def test_the_way_is_what_the_switch_has(wanted: str, modules: set[str], expected: Way | str) -> None:
    async with room(wanted, modules=frozenset(modules)) as each:
        ami = config(each.pbx.ami).ami
        if isinstance(expected, Way):
            chosen = await choose(each.client, wanted)
            assert chosen == await find_way(ami, wanted)
            assert chosen.way is expected and each.hearings._way is expected
            assert bool(chosen.better) is (wanted == "auto" and expected is not Way.AUDIO_SOCKET)
            relayed = [fields["Value"] for fields in each.pbx.ami.of("Setvar") if fields["Variable"] == "CW_EAGI"]
            assert relayed == ["1" if expected is Way.EAGI else "0"]
        else:
            with pytest.raises(SwitchUnavailable, match=expected):
                await choose(each.client, wanted)
            with pytest.raises(SwitchUnavailable, match=expected):
                await find_way(ami, wanted)
            with pytest.raises(SwitchUnavailable, match=expected):
                async with each.hearings.hear(CALLER):
                    pass


async def test_a_switch_that_does_not_tell_its_modules_is_asked_for_rtp() -> None:
    answer: Callable[[Fields], bytes]
    for answer in (refused, lambda fields: success(fields).replace(b"\r\n\r\n", b"\r\nValue: \r\n\r\n")):
        async with room() as each:
            each.pbx.ami.answers["Getvar"] = answer
            chosen = await choose(each.client, "auto")
            assert chosen.way is Way.RTP and "func_module" in chosen.why


async def test_a_way_that_was_missing_is_looked_for_at_the_next_connection() -> None:
    async with room("rtp", modules=frozenset()) as each:
        with pytest.raises(SwitchUnavailable, match="app_chanspy"):
            async with each.hearings.hear(CALLER):
                pass
        each.pbx.modules = frozenset({"app_chanspy", "app_senddtmf", "chan_rtp"})
        await each.hearings.find()
        async with each.hearings.hear(CALLER):
            pass
        await each.quiet()


async def test_a_switch_that_was_slow_to_tell_is_asked_again_until_there_is_a_way() -> None:
    async with room(modules=frozenset()) as each:
        tell = each.pbx.ami.answers["Getvar"]
        each.pbx.modules = frozenset({"app_chanspy", "app_senddtmf", "chan_rtp"})
        each.pbx.ami.answers["Getvar"] = lambda fields: None if "IFMODULE" in fields["Variable"] else tell(fields)
        await each.hearings.find()
        with pytest.raises(SwitchUnavailable, match="within"):
            async with each.hearings.hear(CALLER):
                pass
        each.pbx.ami.answers["Getvar"] = tell
        await each.hearings.find()
        asked = len(each.pbx.ami.of("Getvar"))
        await each.hearings.find()
        assert len(each.pbx.ami.of("Getvar")) == asked, "there is a way"
        async with each.hearings.hear(CALLER):
            pass
        await each.quiet()


async def test_many_slow_answers_take_no_longer_than_one() -> None:
    async with room(modules=frozenset()) as each:
        each.pbx.modules = frozenset({"app_chanspy", "app_senddtmf", "chan_rtp"})
        tell = each.pbx.getvar
        loop = asyncio.get_running_loop()

        def late(fields: Fields) -> bytes | None:
            if "IFMODULE" not in fields["Variable"]:
                return tell(fields)
            loop.call_later(each.client.answer_deadline_s * 0.6, each.pbx.ami.push, tell(fields))
            return None

        each.pbx.ami.answers["Getvar"] = late
        began = loop.time()
        await each.hearings.find()
        assert loop.time() - began < each.client.answer_deadline_s * 1.4
        with pytest.raises(SwitchUnavailable, match="within"):
            async with each.hearings.hear(CALLER):
                pass


async def test_ports_that_were_held_are_tried_again() -> None:
    async with room(modules=frozenset()) as each:
        holders = [await asyncio.start_server(lambda *_: None, "127.0.0.1", port) for port in each.ports]
        each.pbx.modules = frozenset({"app_chanspy", "app_senddtmf", "chan_audiosocket"})
        await each.hearings.find()
        with pytest.raises(SwitchUnavailable, match="no TCP port"):
            async with each.hearings.hear(CALLER):
                pass
        for holder in holders:
            holder.close()
            await holder.wait_closed()
        await each.hearings.find()
        async with each.hearings.hear(CALLER):
            assert each.pbx.ami.of("Originate")[-1]["Channel"].startswith("AudioSocket/")


async def test_the_way_is_looked_for_anew_where_a_leg_did_not_come() -> None:
    """As after a restart of the switch with other modules; what works is not asked about again."""
    async with room(modules=frozenset({"app_chanspy", "app_senddtmf", "chan_audiosocket"})) as each:
        originate = each.pbx.ami.answers["Originate"]
        for module, technology in (("chan_rtp", "UnicastRTP/"), ("chan_audiosocket", "AudioSocket/")):
            each.pbx.modules = frozenset({"app_chanspy", "app_senddtmf", module})
            each.pbx.ami.answers["Originate"] = refused
            asked = len(each.pbx.ami.of("Getvar"))
            await each.hearings.find()
            assert len(each.pbx.ami.of("Getvar")) == asked, "nothing was in doubt"
            with pytest.raises(SwitchUnavailable):
                async with each.hearings.hear(CALLER):
                    pass
            each.pbx.ami.answers["Originate"] = originate
            await each.hearings.find()
            async with each.hearings.hear(CALLER):
                assert each.pbx.ami.of("Originate")[-1]["Channel"].startswith(technology)


@asynccontextmanager
async def relayed() -> AsyncIterator[tuple[Who, Peer]]:
    """A caller whose AGI comes by the relay, and the relay's end of it."""
    async with serving() as (server, requests):
        peer = await connect(server)
        peer.say(environment().replace(b"agi_enhanced: 0.0", b"agi_enhanced: 1.0"))
        yield Who("pbx-1795300000.5", await requests.next()), peer
        requests.over.set()


async def sent_by_relay(peer: Peer) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """What the relay does when it is told to: a connection to the place that it is told, under the id."""
    word, hear, host, port, name = (await peer.heard()).decode().split()
    assert (word, hear) == ("CALLWRIGHT", "HEAR")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"\x01\x00\x10" + UUID(name).bytes)
    return reader, writer


async def test_by_eagi_the_relay_is_told_where_to_send_and_let_go() -> None:
    pcm = bytes(range(160)) * 2
    async with room("eagi") as each, relayed() as (caller, peer):
        sending = asyncio.ensure_future(sent_by_relay(peer))
        async with each.hearings.hear(caller) as audio:
            reader, writer = await sending
            writer.write(b"\x10" + len(pcm).to_bytes(2, "big") + pcm)
            assert await read(audio) == pcm
            assert audio.live
        async with asyncio.timeout(SOON_S):
            assert await reader.read() == b"", "it is let go"
        assert await read(audio) == b""
        writer.close()
        assert each.pbx.ami.of("Originate") == [], "no leg"


async def test_a_relay_that_sends_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearings, "OPENS_S", 0.05)
    async with room("eagi") as each, relayed() as (caller, peer):
        with pytest.raises(SwitchUnavailable, match="the relay does not send"):
            async with each.hearings.hear(caller):
                pass
        peer_said = await peer.heard()
        assert peer_said.startswith(b"CALLWRIGHT HEAR 127.0.0.1 ")


async def test_a_call_that_came_by_no_relay_is_recorded_or_told(tmp_path: Path) -> None:
    async with room("eagi") as each:
        with pytest.raises(SwitchUnavailable, match="callwright dialplans install"):
            async with each.hearings.hear(CALLER):
                pass
    who = Who("pbx-1795300000.5")
    modules = frozenset({"app_senddtmf"})
    async with room(modules=modules, recordings=RecordingFiles(tmp_path)) as each:
        async with each.hearings.hear(who) as audio:
            assert who.tape is audio and not audio.live
        assert who.tape.ended and await read(audio) == b""


async def test_a_better_way_is_looked_for_while_there_is_a_makeshift(tmp_path: Path) -> None:
    async with room(modules=frozenset(), recordings=RecordingFiles(tmp_path)) as each:
        found = []
        for modules in ({"app_senddtmf"}, {"app_senddtmf", "app_chanspy", "chan_rtp"}):
            found.append((each.hearings._way, each.pbx.ami.globals["CW_EAGI"]))
            each.pbx.modules = frozenset(modules)
            await each.hearings.find()
        found.append((each.hearings._way, each.pbx.ami.globals["CW_EAGI"]))
        assert found == [(Way.RECORD, "0"), (Way.EAGI, "1"), (Way.RTP, "0")]


async def test_what_callers_said_to_an_earlier_run_is_removed(tmp_path: Path) -> None:
    for name in ("callwright-hear-0123", "other-hear-0123", "message-1"):
        (tmp_path / f"{name}.wav").write_bytes(b"")
    async with room("record", recordings=RecordingFiles(tmp_path)):
        pass
    assert sorted(RecordingFiles(tmp_path).older_than(float("inf"))) == ["message-1", "other-hear-0123"]


@pytest.mark.parametrize("way", [None, *Way])
def test_what_is_chosen_is_told_in_words(way: Way | None) -> None:
    has_all = dict.fromkeys(LOOKED_FOR, True)
    choice = judge("auto" if way is None else way.value, has_all)
    said = told(choice, AudioConfig())
    assert said.startswith(f"by {choice.way.value}") and "app_chanspy" in said and "better" not in said
    assert choice.way is (way or Way.AUDIO_SOCKET)
