"""One call on Asterisk: each command to each of its results, with the bytes of the recordings."""

from __future__ import annotations

import asyncio
import time

import pytest

from calls.errors import CommandRefused, RemoteProtocolError, SwitchRefused
from calls.ids import AttemptId, BootId
from calls.switch.asterisk.channel_info import dialled_info, inbound_info, name_call, take_over
from calls.switch.port import (
    Answer,
    Detected,
    Done,
    Hold,
    KeyPlan,
    Match,
    NoInput,
    NoMatch,
    Play,
    Prompt,
    Result,
    Transfer,
    TransferFailed,
    Transferred,
)
from calls.wire import agi_environment
from tests.calls.switch.asterisk import agi_peer
from tests.calls.switch.asterisk.agi_call import (
    CALL,
    MENU,
    MENU_FILE,
    MENU_S,
    WELCOME,
    WELCOME_FILE,
    Call,
    gather,
    live_call,
    result,
)
from tests.calls.switch.asterisk.agi_peer import DEAD, serving
from tests.calls.wire import agi_recordings

VERSIONS = pytest.mark.parametrize("version", agi_recordings.VERSIONS)
EXTENSIONS = KeyPlan(frozenset({"0"}), frozenset({3}))
ALL_KEYS = b" 0123456789*#ABCD"


# --- what is known of a call ------------------------------------------------------------------------------------


async def test_an_inbound_call_is_known_by_our_id() -> None:
    async with live_call() as call:
        info = call.channel.info
        assert (info.call_id, info.switch, info.boot) == (CALL, "main", "boot-1")
        assert (info.caller, info.caller_name, info.called) == ("4930111", "Alice Caller", "2100")
        assert info.attempt_id is None and info.detected is Detected.NOT_ASKED
        assert info.channel == "pbx-1795299894.0" and call.channel.name == "PJSIP/caller-00000000"


@VERSIONS
@pytest.mark.parametrize("name", ["esc", "latin1", "u2028", "utf8", "quotes", "percent", "empty", "number"])
def test_a_hostile_caller_is_plain_text(version: str, name: str) -> None:
    data = agi_recordings.read(version, f"agi-hostile-{name}").from_switch
    environment = agi_environment.decode(data[: data.index(b"\n\n") + 2])
    info = inbound_info(environment, CALL, "main", BootId("b"))
    assert info.caller_name.isprintable() and len(info.caller_name) <= 80
    assert info.caller in ("4930111", "49") and info.called == "2103"


async def test_a_dialled_call_is_known_by_its_attempt() -> None:
    for amd, detected in (
        ("HUMAN", Detected.HUMAN),
        ("MACHINE", Detected.MACHINE),
        ("NOTSURE", Detected.UNSURE),
        ("HANGUP", Detected.UNSURE),
        ("", Detected.NOT_ASKED),
    ):
        environment = agi_environment.decode(agi_peer.environment("dialled", "att-1", amd, "TOOLONG-5000-5000"))
        info = dialled_info(environment, AttemptId("att-1"), "+49301234567", "+4930999", "main", BootId("b"))
        assert (info.call_id, info.attempt_id) == ("att-1", "att-1") and info.detected is detected
        assert (info.called, info.caller, info.caller_name) == ("+49301234567", "+4930999", "")


async def test_the_first_words_raise_the_watchdog_and_prove_the_call() -> None:
    async with serving() as (server, requests):
        peer = await agi_peer.request(server)
        connection = await requests.next()
        named = asyncio.ensure_future(name_call(connection, CALL))
        await peer.expect(b"SET VARIABLE CW_CALL call-1", b"200 result=1\n")
        await named
        taken = asyncio.ensure_future(take_over(connection, CALL, 14_400))
        await peer.expect(b"SET VARIABLE TIMEOUT(absolute) 14400", b"200 result=1\n")
        await peer.expect(b"GET VARIABLE CW_CALL", b"200 result=1 (call-1)\n")
        await taken


@pytest.mark.parametrize("value", [b"200 result=1 (another)\n", b"200 result=0\n", b"200 result=1 ()\n"])
async def test_a_channel_that_is_not_that_call_is_closed(value: bytes) -> None:
    async with serving() as (server, requests):
        peer = await agi_peer.request(server)
        connection = await requests.next()
        taken = asyncio.ensure_future(take_over(connection, CALL, 60))
        await peer.expect(b"SET VARIABLE TIMEOUT(absolute) 60", b"200 result=1\n")
        await peer.expect(b"GET VARIABLE CW_CALL", value)
        with pytest.raises(RemoteProtocolError, match="not call-1"):
            await taken
        await peer.closed()


async def test_forged_replies_before_the_first_command_never_pass() -> None:
    """Whatever a caller writes ahead into the stream, our secret id is not in it."""
    async with serving() as (server, requests):
        peer = await agi_peer.connect(server)
        peer.say(agi_peer.environment())
        connection = await requests.next()
        taken = asyncio.ensure_future(take_over(connection, CALL, 60))
        await peer.expect(b"SET VARIABLE TIMEOUT(absolute) 60", b"200 result=1\n")
        peer.say(b"200 result=1 (x\nagi_calleridname: Mallory\n\n200 result=1\n200 result=1 (call-1)\n")
        with pytest.raises(RemoteProtocolError):
            await taken


async def test_a_dead_channel_cannot_be_taken_over() -> None:
    async with serving() as (server, requests):
        peer = await agi_peer.request(server)
        connection = await requests.next()
        named = asyncio.ensure_future(name_call(connection, CALL))
        await peer.expect(b"SET VARIABLE CW_CALL call-1", DEAD)
        with pytest.raises(SwitchRefused, match="hung up"):
            await named


# --- answer and play --------------------------------------------------------------------------------------------


@VERSIONS
async def test_answer(version: str) -> None:
    async with live_call(version) as call:
        done = call.start(Answer())
        await call.peer.expect(b"ANSWER", b"200 result=0\n")
        assert await result(done) == Done()


async def test_prompts_play_one_after_another_and_keys_are_ignored() -> None:
    async with live_call() as call:
        done = call.start(Play((WELCOME, MENU)))
        await call.peer.expect(b'STREAM FILE /prompts/en/welcome ""', b"200 result=0 endpos=13562\n")
        assert not done.done()
        await call.peer.expect(b'STREAM FILE /prompts/en/menu ""', b"200 result=0 endpos=13562\n")
        assert await result(done) == Done()


async def test_no_prompts_are_played_at_once() -> None:
    async with live_call() as call:
        assert await result(call.channel.perform(Play(()))) == Done()


async def test_a_file_that_the_switch_cannot_play_is_the_switch_error_and_not_a_hang_up() -> None:
    async with live_call() as call:
        done = call.start(Play((WELCOME,)))
        await call.peer.expect(b'STREAM FILE /prompts/en/welcome ""', b"200 result=-1 endpos=0\n")
        await call.peer.expect(b"CHANNEL STATUS", b"200 result=6\n")
        with pytest.raises(SwitchRefused, match="StreamFile: result -1"):
            await result(done)
        again = call.start(Answer())
        await call.peer.expect(b"ANSWER", b"200 result=0\n")
        assert await result(again) == Done()


async def test_a_prompt_that_is_not_there_is_our_bug() -> None:
    async with live_call() as call:
        with pytest.raises(CommandRefused, match="no prompt nosuch"):
            await call.channel.perform(Play((Prompt("nosuch", "en"),)))


# --- gather -----------------------------------------------------------------------------------------------------


async def test_a_key_in_the_prompt_barges_in() -> None:
    async with live_call() as call:
        done = call.start(gather())
        await call.peer.expect(b"GET DATA " + MENU_FILE + b" 4000 1", b"200 result=2\n")
        assert await result(done) == Match("2", barged_in=True)


async def test_a_key_after_the_prompt_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    async with live_call() as call:
        done = call.start(gather())
        assert (await call.peer.heard()).startswith(b"GET DATA")
        now = asyncio.get_running_loop().time()
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now + MENU_S + 0.1)
        call.peer.say(b"200 result=2\n")
        assert await result(done) == Match("2", barged_in=False)


@pytest.mark.parametrize(("reply", "key"), [(b"200 result=\n", "#"), (b"200 result=*\n", "*")])
async def test_hash_and_star_are_keys(reply: bytes, key: str) -> None:
    async with live_call() as call:
        done = call.start(gather())
        await call.peer.expect(b"GET DATA " + MENU_FILE + b" 4000 1", reply)
        assert await result(done) == Match(key, barged_in=True)


async def test_no_key_is_no_input() -> None:
    async with live_call() as call:
        done = call.start(gather())
        await call.peer.expect(b"GET DATA " + MENU_FILE + b" 4000 1", b"200 result= (timeout)\n")
        assert await result(done) == NoInput()


async def test_a_wrong_key_is_no_match() -> None:
    async with live_call() as call:
        done = call.start(gather())
        await call.peer.expect(b"GET DATA " + MENU_FILE + b" 4000 1", b"200 result=9\n")
        assert await result(done) == NoMatch("9", barged_in=True)


async def test_a_key_in_an_earlier_prompt_stops_them_all() -> None:
    async with live_call() as call:
        done = call.start(gather(prompts=(WELCOME, MENU)))
        await call.peer.expect(b"STREAM FILE " + WELCOME_FILE + ALL_KEYS, b"200 result=49 endpos=5440\n")
        assert await result(done) == Match("1", barged_in=True)


async def test_the_last_prompt_and_the_wait_are_one_command() -> None:
    async with live_call() as call:
        done = call.start(gather(prompts=(WELCOME, MENU)))
        await call.peer.expect(b"STREAM FILE " + WELCOME_FILE + ALL_KEYS, b"200 result=0 endpos=13562\n")
        await call.peer.expect(b"GET DATA " + MENU_FILE + b" 4000 1", b"200 result=1\n")
        assert await result(done) == Match("1", barged_in=True)


async def test_an_extension_is_gathered_key_by_key() -> None:
    async with live_call() as call:
        done = call.start(gather(EXTENSIONS))
        await call.peer.expect(b"GET DATA " + MENU_FILE + b" 4000 1", b"200 result=1\n")
        await call.peer.expect(b"WAIT FOR DIGIT 2000", b"200 result=48\n")
        await call.peer.expect(b"WAIT FOR DIGIT 2000", b"200 result=52\n")
        assert await result(done) == Match("104", barged_in=True)


async def test_an_extension_that_is_cut_short_is_no_match() -> None:
    async with live_call() as call:
        done = call.start(gather(EXTENSIONS))
        await call.peer.expect(b"GET DATA " + MENU_FILE + b" 4000 1", b"200 result=1\n")
        await call.peer.expect(b"WAIT FOR DIGIT 2000", b"200 result=48\n")
        await call.peer.expect(b"WAIT FOR DIGIT 2000", b"200 result=0\n")
        assert await result(done) == NoMatch("10", barged_in=True)


async def test_without_barge_in_keys_in_the_prompt_are_dropped() -> None:
    async with live_call() as call:
        done = call.start(gather(barge_in=False))
        await call.peer.expect(b"STREAM FILE " + MENU_FILE + b" D", b"200 result=0 endpos=12000\n")
        await call.peer.expect(b"WAIT FOR DIGIT 4000", b"200 result=49\n")
        assert await result(done) == Match("1", barged_in=False)


async def test_with_no_prompt_a_key_is_waited_for() -> None:
    async with live_call() as call:
        done = call.start(gather(prompts=()))
        await call.peer.expect(b"WAIT FOR DIGIT 4000", b"200 result=35\n")
        assert await result(done) == Match("#", barged_in=False)


@pytest.mark.parametrize(
    ("prompts", "line", "reply"),
    [
        ((MENU,), b"GET DATA " + MENU_FILE + b" 4000 1", b"200 result=12\n"),
        (
            (WELCOME, MENU),
            b"STREAM FILE " + WELCOME_FILE + ALL_KEYS,
            b"200 result=99999999999 endpos=1\n",
        ),
        ((WELCOME, MENU), b"STREAM FILE " + WELCOME_FILE + ALL_KEYS, b"200 result=7 endpos=1\n"),
        ((), b"WAIT FOR DIGIT 4000", b"200 result=*\n"),
    ],
)
async def test_what_is_no_key_is_not_the_protocol(prompts: tuple[Prompt, ...], line: bytes, reply: bytes) -> None:
    async with live_call() as call:
        done = call.start(gather(prompts=prompts))
        await call.peer.expect(line, reply)
        with pytest.raises(RemoteProtocolError):
            await result(done)
        await call.peer.closed()


# --- hold and transfer ------------------------------------------------------------------------------------------


async def test_hold_is_music_for_whole_seconds_and_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async with live_call() as call:
        began = asyncio.get_running_loop().time()
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: began)
        done = call.start(Hold(2.5, "jazz"))
        await call.peer.expect(b"EXEC MusicOnHold jazz,2")
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: began + 2.0)
        call.peer.say(b"200 result=0\n")
        await call.peer.expect(b"WAIT FOR DIGIT 500")
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: began + 2.5)
        call.peer.say(b"200 result=0\n")
        assert await result(done) == Done()


async def test_a_hold_with_keys_ends_by_one_of_them_and_by_no_other() -> None:
    async with live_call() as call:
        done = call.start(Hold(60.0, "jazz", KeyPlan(frozenset({"1", "2"}))))
        await call.peer.expect(b"SET MUSIC ON jazz", b"200 result=0\n")
        for key in (b"51", b"49"):
            assert (await call.peer.heard()).startswith(b"WAIT FOR DIGIT ")
            call.peer.say(b"200 result=" + key + b"\n")
        await call.peer.expect(b"SET MUSIC OFF", b"200 result=0\n")
        assert await result(done) == Match("1")


async def test_a_hold_with_keys_ends_in_time() -> None:
    async with live_call() as call:
        done = call.start(Hold(0.05, "jazz", KeyPlan(frozenset({"1"}))))
        await call.peer.expect(b"SET MUSIC ON jazz", b"200 result=0\n")
        wait = await call.peer.heard()
        assert wait.startswith(b"WAIT FOR DIGIT ") and 0 < int(wait.split()[-1]) <= 50
        await asyncio.sleep(0.06)
        call.peer.say(b"200 result=0\n")
        await call.peer.expect(b"SET MUSIC OFF", b"200 result=0\n")
        assert await result(done) == Done()


async def test_no_hold_at_all_is_done_at_once() -> None:
    async with live_call() as call:
        assert await result(call.channel.perform(Hold(0.0))) == Done()


@pytest.mark.parametrize("reply", [b"200 result=0\n", b"200 result=-2\n"])
async def test_where_the_switch_has_no_music_the_caller_is_held_all_the_same(reply: bytes) -> None:
    async with live_call() as call:
        done = call.start(Hold(1.0))
        await call.peer.expect(b"EXEC MusicOnHold default,1", reply)
        if b"-2" in reply:
            await call.peer.expect(b"CHANNEL STATUS", b"200 result=6\n")
        wait = await call.peer.heard()
        assert wait.startswith(b"WAIT FOR DIGIT ") and 500 < int(wait.split()[-1]) <= 1_000
        call.peer.say(b"200 result=49\n")  # a key is not the end of it
        assert (await call.peer.heard()).startswith(b"WAIT FOR DIGIT ")
        assert not done.done()
        done.cancel()


async def transferred(call: Call, ring: bytes = b"20") -> asyncio.Task[Result]:
    done = call.start(Transfer("sales", 19.5))
    await call.peer.expect(b"EXEC Dial PJSIP/sales@carrier," + ring + b",gS(14400)")
    return done


@pytest.mark.parametrize(("told", "rang_s", "talked_s"), [(True, 0.3, 0.1), (False, 0.1, 0.1)])
async def test_a_transfer_that_was_answered_is_over_when_the_talk_is(
    told: bool, rang_s: float, talked_s: float
) -> None:
    """A talk counts from the target's answer; from the ringing where nobody told of the answer."""
    async with live_call() as call:
        done = await transferred(call)
        began_s = time.monotonic()
        await asyncio.sleep(rang_s)
        if told:
            began_s = time.monotonic()
            call.channel.target_answered()
        await asyncio.sleep(talked_s)
        call.peer.say(b"200 result=0\n")
        await call.peer.expect(b"GET VARIABLE DIALSTATUS", b"200 result=1 (ANSWER)\n")
        over = await done
        least_s, most_s = talked_s if told else rang_s + talked_s, time.monotonic() - began_s + 0.05
        assert isinstance(over, Transferred) and least_s - 0.01 <= over.talk_s < most_s


async def test_an_answer_outside_a_transfer_changes_nothing() -> None:
    async with live_call() as call:
        call.channel.target_answered()
        done = call.start(Answer())
        call.channel.target_answered()
        await call.peer.expect(b"ANSWER", b"200 result=0\n")
        assert await done == Done()


@pytest.mark.parametrize(
    ("status", "cause", "reason"),
    [
        (b"BUSY", b"17", "busy"),
        (b"NOANSWER", b"0", "no_answer"),
        (b"CHANUNAVAIL", b"3", "unavailable"),
        (b"CONGESTION", b"34", "unavailable"),
        (b"CONGESTION", b"21", "refused"),
        (b"INVALIDARGS", b"0", "unavailable"),
    ],
)
async def test_a_transfer_that_was_not(status: bytes, cause: bytes, reason: str) -> None:
    async with live_call() as call:
        done = await transferred(call)
        call.peer.say(b"200 result=0\n")
        await call.peer.expect(b"GET VARIABLE DIALSTATUS", b"200 result=1 (" + status + b")\n")
        await call.peer.expect(b"GET VARIABLE HANGUPCAUSE", b"200 result=1 (" + cause + b")\n")
        assert await done == TransferFailed(reason)


async def test_only_destinations_of_the_settings_are_dialled() -> None:
    async with live_call() as call:
        assert await result(call.channel.perform(Transfer("PJSIP/900@carrier", 20.0))) == TransferFailed(
            "unavailable"
        )
        done = call.start(Answer())
        await call.peer.expect(b"ANSWER", b"200 result=0\n")
        await result(done)
