"""What the loopback switch does beyond the port; the port itself is held by tests/conformance."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from random import Random

import pytest
import structlog

from calls.errors import CommandRefused, SwitchRefused, SwitchUnavailable
from calls.ids import AttemptId, BootId, CallId, LegId
from calls.switch.events import CallConnected, CallLost, LegAnswered, LegEnded, LegRinging, SwitchDown, SwitchUp
from calls.switch.loopback.callees import Callee, callee_of
from calls.switch.loopback.callers import PATIENCE_S, CallerScript, HangUp, Hear, Press, Wait
from calls.switch.loopback.diary import Seen
from calls.switch.loopback.phones import AgentPhone
from calls.switch.port import (
    Answer,
    CallChannel,
    Connect,
    DialAttempt,
    Done,
    EndedBy,
    Gather,
    Hangup,
    Hold,
    HungUp,
    KeyPlan,
    Match,
    NotConnected,
    Play,
    RingAgent,
    Switch,
    TalkEnded,
    Transfer,
    Transferred,
)
from tests.calls.switch.loopback.bench import MENU, TRUNK, WELCOME, Bench
from tests.virtual_time import run

LEG = LegId("agent-leg")
CALLER_GONE = HungUp(EndedBy.CALLER, 16)


def attempt(attempt_id: str = "a1", number: str = "+15550100001", **more: object) -> DialAttempt:
    return DialAttempt(AttemptId(attempt_id), number, TRUNK, "+15550100099", ring_timeout_s=20.0, **more)  # type: ignore[arg-type]


def test_it_is_a_switch() -> None:
    switch: Switch = Bench().switch
    assert switch.name == "loopback"


# --- callers and callees ----------------------------------------------------------------------------------------


def test_a_caller_waits_for_prompts_and_keys_into_them() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.start()
        gather = Gather((WELCOME, MENU), KeyPlan(frozenset({"1"})), 5.0, 2.0)
        bench.perform(Answer(), gather, Play((WELCOME,)))
        steps = (Hear("menu"), Wait(0.5), Press("1"), Hear("welcome", whole=True), HangUp())
        call = bench.switch.place_call(CallerScript("100", steps))
        assert await call.over() == CALLER_GONE
        assert bench.results == [Done(), Match("1", barged_in=True), Done()]
        assert asyncio.get_running_loop().time() == pytest.approx(2.0 + 0.5 + 2.0)

    run(main())


def test_a_caller_who_is_never_answered_gives_up() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.start()
        bench.perform(Hold(600.0))
        assert await bench.switch.place_call(CallerScript("100")).over() == CALLER_GONE
        assert asyncio.get_running_loop().time() == pytest.approx(PATIENCE_S)

    run(main())


def test_the_diary_tells_the_whole_call() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.start()
        await bench.agent_up(LEG)
        bench.perform(Answer(), Play((WELCOME,)), Connect(LEG))
        call = bench.switch.place_call(CallerScript("100", (Wait(1.0), Press("5"), Wait(4.0), HangUp())))
        await call.over()
        diary = [(entry.seen, entry.detail) for entry in bench.switch.diary.of(call.info.call_id)]
        assert diary == [
            (Seen.ANSWER, ""),
            (Seen.PROMPT, "welcome en"),
            (Seen.KEY, "5"),
            (Seen.MEET, LEG),
            (Seen.PART, LEG),
            (Seen.HANG_UP, "caller 16"),
        ]
        assert [entry.seen for entry in bench.switch.diary.of(LEG)] == [Seen.INVITE, Seen.ANSWER]
        assert bench.told.count(CallConnected(call.info.call_id)) == 1

    run(main())


def test_what_a_caller_sends_is_cleaned() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.start()
        bench.switch.place_call(CallerScript("100", caller="+1555\r\nEvent: x", caller_name="Eve\r\n\x1b[2J\u2028"))
        await asyncio.sleep(1)
        assert bench.channels[0].info.caller == "+1555"
        assert bench.channels[0].info.caller_name == "Eve[2J"

    run(main())


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+15550100003", Callee(answer_after_s=0.8, talk_s=0.3)),
        ("+15550100004", Callee(answer_after_s=2.0, talk_s=8.0, is_machine=True)),
        ("+15550100005", Callee(refuses_with=17)),
        ("+15550100006", Callee()),
        ("+15550100007", Callee(refuses_with=34)),
        ("+15550100008", Callee(refuses_with=1)),
        ("+15550100009", Callee(refuses_with=19)),
        ("PJSIP/5@carrier7", Callee(refuses_with=17)),
        ("PJSIP/sales5", Callee(refuses_with=17)),
    ],
)
def test_callees_act_by_the_last_digit(number: str, expected: Callee) -> None:
    callee = callee_of(number, Random(1))
    assert replace(callee, greets=b"") == expected
    assert bool(callee.greets) is expected.is_machine


@pytest.mark.parametrize("number", ["+15550100000", "+15550100001", "+15550100002", "PJSIP/office"])
def test_people_answer_and_talk_for_some_seconds(number: str) -> None:
    draw = Random(1)
    for _ in range(200):
        callee = callee_of(number, draw)
        assert callee.answer_after_s is not None
        assert 1.0 <= callee.answer_after_s <= 4.0
        assert 3.0 <= callee.talk_s <= 6.0


def test_detection_takes_time_and_a_quick_hang_up_comes_before_it() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.start()
        await bench.switch.originate(attempt("human", "+15550100001", detect_machine=True))
        await bench.switch.originate(attempt("quick", "+15550100003", detect_machine=True))
        await asyncio.sleep(20)
        assert [channel.info.attempt_id for channel in bench.channels] == ["human"]
        quick = [event for event in bench.told if getattr(event, "leg_id", None) == "quick"]
        assert quick == [LegRinging(LegId("quick")), LegAnswered(LegId("quick")), LegEnded(LegId("quick"), 16)]

    run(main())


# --- agents' phones ---------------------------------------------------------------------------------------------


def test_phones_answer_refuse_or_ring_as_they_are_told() -> None:
    async def main() -> None:
        phones = {"busy": AgentPhone(refuses_with=17), "away": AgentPhone(answer_after_s=None)}
        bench = Bench(phones)
        await bench.start()
        for endpoint in ("busy", "away", "there"):
            await bench.switch.originate(RingAgent(LegId(endpoint), endpoint, "100", ring_timeout_s=5.0))
        await asyncio.sleep(10)
        assert LegEnded(LegId("busy"), 17) in bench.told
        assert LegEnded(LegId("away"), 19, timed_out=True) in bench.told
        assert LegAnswered(LegId("there")) in bench.told

    run(main())


def test_an_agent_who_has_talked_enough_hangs_up() -> None:
    async def main() -> None:
        bench = Bench({"PJSIP/agent1": AgentPhone(talk_s=7.0)})
        await bench.start()
        await bench.agent_up(LEG)
        bench.perform(Answer(), Connect(LEG), Connect(LEG), Hangup())
        await bench.switch.place_call(CallerScript("100")).over()
        assert bench.results[1:3] == [TalkEnded(EndedBy.AGENT), NotConnected()]
        assert asyncio.get_running_loop().time() == pytest.approx(8.0)
        assert bench.told.count(LegEnded(LEG, 16)) == 1

    run(main())


def test_an_agent_who_has_a_customer_gets_no_second_one() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.start()
        await bench.agent_up(LEG)
        bench.perform(Answer(), Connect(LEG), Hangup())
        first = bench.switch.place_call(CallerScript("100", (Wait(30.0), HangUp())))
        await asyncio.sleep(1)
        await bench.switch.place_call(CallerScript("100")).over()
        assert bench.results == [Done(), Done(), NotConnected(), HungUp(EndedBy.US, 16)]
        assert not first.is_over
        bench.switch.agent_hangs_up(LEG)
        await first.over()
        assert bench.results[4] == TalkEnded(EndedBy.AGENT)

    run(main())


def test_a_phone_that_still_rings_can_be_given_up() -> None:
    async def main() -> None:
        bench = Bench({"away": AgentPhone(answer_after_s=None)})
        await bench.start()
        await bench.switch.originate(RingAgent(LEG, "away", "100", ring_timeout_s=20.0))
        await asyncio.sleep(2)
        await bench.switch.hang_up(LEG)
        await asyncio.sleep(30)
        assert [event for event in bench.told if isinstance(event, LegEnded)] == [LegEnded(LEG, 16)]
        assert [entry.seen for entry in bench.switch.diary.of(LEG)] == [Seen.INVITE, Seen.CANCEL]

    run(main())


# --- what must never reach a switch -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_",
    [
        attempt("a,b"),
        attempt(""),
        attempt(number="15550100001"),
        attempt(number="+1555@evil"),
        attempt(number="+1555\n"),
        attempt(number="+1"),
        DialAttempt(AttemptId("a1"), "+15550100001", "no-such-trunk", "1", 20.0),
        RingAgent(LegId("a\nb"), "PJSIP/agent1", "1", 20.0),
    ],
)
def test_what_must_not_reach_a_switch_is_refused(request_: DialAttempt | RingAgent) -> None:
    async def main() -> None:
        bench = Bench()
        await bench.start()
        with pytest.raises(CommandRefused):
            await bench.switch.originate(request_)
        await asyncio.sleep(30)
        assert len(bench.told) == 1
        assert bench.switch.diary.entries == []

    run(main())


def test_an_id_is_free_again_after_the_end_of_its_leg() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.start()
        await bench.switch.originate(attempt(number="+15550100005"))
        with pytest.raises(SwitchRefused):
            await bench.switch.originate(attempt(number="+15550100005"))
        await asyncio.sleep(1)
        await bench.switch.originate(attempt(number="+15550100005"))
        await asyncio.sleep(1)
        assert bench.told.count(LegEnded(LegId("a1"), 17)) == 2

    run(main())


def test_a_command_while_another_is_pending_is_our_bug() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.start()
        bench.perform(Answer(), Hold(5.0))
        bench.switch.place_call(CallerScript("100"))
        await asyncio.sleep(1)
        with pytest.raises(CommandRefused, match="Play while another command is pending"):
            await bench.channels[0].perform(Play((WELCOME,)))
        with pytest.raises(CommandRefused, match="no destination 'nowhere'"):
            await bench.channels[0].perform(Transfer("nowhere", 10.0))
        await asyncio.sleep(5)
        assert bench.results == [Done(), Done()]

    run(main())


# --- handlers ---------------------------------------------------------------------------------------------------


def test_a_call_does_not_outlive_its_handler() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.start()
        bench.perform(Answer())
        assert await bench.switch.place_call(CallerScript("100")).over() == HungUp(EndedBy.US, 16)

    run(main())


def test_a_handler_that_raises_ends_its_call_and_is_logged() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.start()

        async def fail(channel: CallChannel) -> None:
            await channel.perform(Answer())
            raise KeyError("a node that is not there")

        bench.handle = fail
        assert await bench.switch.place_call(CallerScript("100")).over() == HungUp(EndedBy.US, 16)

    with structlog.testing.capture_logs() as lines:
        run(main())
    (line,) = lines
    assert line["event"] == "the handler of a call failed"
    assert "a node that is not there" in str(line["exc_info"])


def test_a_handler_that_gives_a_command_up_may_give_another() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.start()

        async def handle(channel: CallChannel) -> None:
            await channel.perform(Answer())
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(channel.perform(Hold(60.0)), 2.0)
            bench.results.append(await channel.perform(Play((WELCOME,))))

        bench.handle = handle
        await bench.switch.place_call(CallerScript("100")).over()
        assert bench.results == [Done()]

    run(main())


# --- the switch goes and comes ------------------------------------------------------------------------------------


def test_a_crash_takes_everything_and_comes_back_as_another_boot() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.start()
        await bench.agent_up(LEG)
        await bench.switch.originate(attempt(number="+15550100006"))
        bench.perform(Answer(), Connect(LEG))
        call = bench.switch.place_call(CallerScript("100"))
        await asyncio.sleep(1)
        bench.told.clear()
        bench.switch.crash()
        assert await call.over() == HungUp(EndedBy.SWITCH, None)
        await asyncio.sleep(1)
        assert bench.results == [Done(), HungUp(EndedBy.SWITCH, None)]
        assert bench.told == [SwitchDown("the switch died")]
        with pytest.raises(SwitchUnavailable):
            bench.switch.place_call(CallerScript("100"))
        with pytest.raises(SwitchUnavailable):
            await bench.switch.originate(attempt("a2"))
        bench.switch.reconnect()
        await asyncio.sleep(60)
        back = bench.told[1]
        assert isinstance(back, SwitchUp)
        assert back.boot != bench.channels[0].info.boot
        assert back.live == frozenset()
        assert bench.told[2:] == [LegEnded(LEG, None), LegEnded(LegId("a1"), None)]

    run(main())


def test_a_lost_connection_leaves_calls_up_and_tells_later_what_was_missed() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.start()
        await bench.agent_up(LEG)
        bench.perform(Answer(), Play((MENU,)), Connect(LEG))
        call = bench.switch.place_call(CallerScript("100", (Wait(60.0), HangUp())))
        await asyncio.sleep(1)
        bench.told.clear()
        bench.switch.disconnect()
        with pytest.raises(SwitchUnavailable):
            await bench.switch.originate(attempt())
        with pytest.raises(SwitchUnavailable):
            await bench.switch.hang_up(LEG)
        bench.switch.agent_hangs_up(LEG)
        await asyncio.sleep(1)
        assert bench.told == [SwitchDown("connection lost")]
        bench.switch.reconnect()
        await asyncio.sleep(5)
        assert bench.told[1:] == [
            SwitchUp(BootId("id-1"), frozenset({call.info.channel})),
            LegEnded(LEG, 16),
        ]
        assert bench.results == [Done(), Done(), NotConnected()]

    run(main())


def test_no_talk_begins_while_the_connection_is_lost() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.start()
        await bench.agent_up(LEG)
        bench.switch.place_call(CallerScript("100"))
        await asyncio.sleep(1)
        bench.switch.disconnect()
        with pytest.raises(SwitchUnavailable):
            await bench.channels[0].perform(Connect(LEG))

    run(main())


def test_what_another_run_had_up_is_adopted() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.start()
        await bench.agent_up(LEG)
        call = bench.switch.place_call(CallerScript("100", (Wait(30.0), HangUp())))
        await asyncio.sleep(1)
        await bench.switch.stop()
        bench.told.clear()
        lost = CallId("lost")
        bench.switch.adopt(
            frozenset({LEG, LegId("gone")}), {call.info.call_id: call.info.channel, lost: "Loopback/x"}
        )
        await bench.start()
        assert bench.told == [
            SwitchUp(BootId("id-1"), frozenset({LEG, call.info.channel})),
            LegEnded(LegId("gone"), None, unseen=True),
            LegAnswered(LEG, unseen=True),
            CallLost(lost, None),
        ]
        await call.over()
        bench.switch.agent_hangs_up(LEG)
        await asyncio.sleep(1)
        assert bench.told[4:] == [CallLost(call.info.call_id, 16), LegEnded(LEG, 16)]

    run(main())


def test_after_stop_nothing_is_told_and_calls_go_on() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.start()
        call = bench.switch.place_call(CallerScript("100", (Wait(30.0), HangUp())))
        await asyncio.sleep(1)
        await bench.switch.stop()
        told = list(bench.told)
        with pytest.raises(SwitchUnavailable):
            bench.switch.place_call(CallerScript("100"))
        assert not call.is_over
        assert await call.over() == CALLER_GONE
        assert bench.told == told

    run(main())


def test_a_transfer_says_how_long_they_talked() -> None:
    async def main() -> None:
        bench = Bench()
        await bench.start()
        bench.perform(Answer(), Transfer("office", 20.0))
        call = bench.switch.place_call(CallerScript("100"))
        await call.over()
        transferred = bench.results[1]
        assert isinstance(transferred, Transferred)
        met, parted = bench.switch.diary.of(call.info.call_id, Seen.MEET, Seen.PART)
        assert parted.at - met.at == pytest.approx(transferred.talk_s)

    run(main())
