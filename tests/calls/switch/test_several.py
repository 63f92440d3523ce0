"""Several switches as one: each leg and call is asked for and heard of on the switch that has it, and on no other."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.errors import CommandRefused, SwitchRefused, SwitchTimeout, SwitchUnavailable
from calls.ids import AttemptId, BootId, CallId, LegId
from calls.switch.events import (
    CallConnected,
    CallLost,
    EventHandler,
    LegAnswered,
    LegEnded,
    LegRinging,
    SwitchDown,
    SwitchEvent,
    SwitchUp,
)
from calls.switch.hearing import CallerAudio
from calls.switch.port import (
    CallChannel,
    CallHandler,
    CallInfo,
    DialAttempt,
    EndedBy,
    Hangup,
    HungUp,
    Originate,
    Result,
    RingAgent,
    RingOutside,
    Seat,
    SwitchCommand,
)
from calls.switch.several import Switches

EAST, WEST = "east", "west"
TRUNKS = {"one": EAST, "two": WEST}


@dataclass
class Recording:
    """A driver that notes what it is asked for."""

    name: str
    asked: list[tuple[object, ...]] = field(default_factory=list)
    fails: Exception | None = None
    hangs: asyncio.Event | None = None
    on_event: EventHandler | None = None
    on_call: CallHandler | None = None

    async def start(self, on_event: EventHandler, on_call: CallHandler) -> None:
        self.on_event, self.on_call = on_event, on_call

    async def stop(self) -> None:
        self.asked.append(("stop",))

    def adopt(self, legs: frozenset[LegId], calls: Mapping[CallId, str]) -> None:
        self.asked.append(("adopt", legs, dict(calls)))

    async def originate(self, request: Originate) -> None:
        self.asked.append(("originate", request))
        if self.hangs is not None:
            await self.hangs.wait()
        if self.fails is not None:
            raise self.fails

    async def seat(self, leg_id: LegId, seat: Seat, host: LegId | None = None) -> None:
        self.asked.append(("seat", leg_id, host))

    async def beep(self, leg_id: LegId) -> None:
        self.asked.append(("beep", leg_id))

    async def hang_up(self, leg_id: LegId, cause: int = 16) -> None:
        self.asked.append(("hang_up", leg_id))

    def tell(self, event: SwitchEvent) -> None:
        assert self.on_event is not None
        self.on_event(event)


@dataclass
class Channel:
    info: CallInfo
    performed: list[SwitchCommand] = field(default_factory=list)

    async def perform(self, command: SwitchCommand) -> Result:
        self.performed.append(command)
        return HungUp(EndedBy.US)

    async def end_talk(self) -> None: ...

    def hear(self) -> AbstractAsyncContextManager[CallerAudio]:
        raise NotImplementedError


class Bench:
    def __init__(self) -> None:
        self.east, self.west = Recording(EAST), Recording(WEST)
        self.switches = Switches([self.east, self.west], TRUNKS)
        self.told: list[tuple[str, SwitchEvent]] = []
        self.calls: list[CallId] = []

    async def start(self) -> Bench:
        async def handle(channel: CallChannel) -> None:
            self.calls.append(channel.info.call_id)

        for name in self.switches.names:
            await self.switches.start(name, lambda name, event: self.told.append((name, event)), handle)
        return self

    def of(self, name: str) -> Recording:
        return self.east if name == EAST else self.west

    async def fails(self, name: str, call_id: str) -> None:
        """A call whose handler asks for its end to be told and fails."""

        async def handle(channel: CallChannel) -> None:
            self.switches.tell_end(channel)
            raise SwitchTimeout("no answer")

        await self.switches.start(name, lambda name, event: self.told.append((name, event)), handle)
        with pytest.raises(SwitchTimeout):
            await self.arrives(name, call_id)

    async def arrives(self, name: str, call_id: str, attempt_id: str | None = None) -> Channel:
        attempt = None if attempt_id is None else AttemptId(attempt_id)
        channel = Channel(CallInfo(CallId(call_id), name, BootId("b"), f"{name}/{call_id}", "", "", "", attempt))
        on_call = self.of(name).on_call
        assert on_call is not None
        await on_call(channel)
        return channel


def dial(attempt_id: str, trunk: str) -> DialAttempt:
    return DialAttempt(AttemptId(attempt_id), "+12025550100", trunk, "", 20.0)


def ring(leg_id: str, switch: str) -> RingAgent:
    return RingAgent(LegId(leg_id), "PJSIP/a", "", 20.0, switch)


async def test_a_number_is_dialled_on_the_switch_that_owns_the_trunk() -> None:
    bench = await Bench().start()
    await bench.switches.originate(dial("a", "one"))
    await bench.switches.originate(dial("b", "two"))
    assert bench.east.asked == [("originate", dial("a", "one"))]
    assert bench.west.asked == [("originate", dial("b", "two"))]


async def test_a_leg_is_rung_where_it_must_be_and_led_there_from_then_on() -> None:
    bench = await Bench().start()
    await bench.switches.originate(ring("x", WEST))
    await bench.switches.originate(ring("y", WEST))
    await bench.switches.seat(LegId("x"), Seat.JOIN, LegId("y"))
    await bench.switches.beep(LegId("x"))
    await bench.switches.hang_up(LegId("x"))
    assert [each[0] for each in bench.west.asked[2:]] == ["seat", "beep", "hang_up"]
    assert bench.east.asked == []


async def test_the_end_of_a_call_whose_handler_failed_is_told() -> None:
    """The driver hears of it once the handler is over: a call that it holds it does not take over."""
    bench = await Bench().start()
    await bench.fails(WEST, "c")
    assert bench.west.asked == []
    await asyncio.sleep(0)
    assert [each[0] for each in bench.west.asked] == ["adopt"] and bench.east.asked == []
    bench.west.tell(CallLost(CallId("c"), 16))
    assert bench.told == [(WEST, CallLost(CallId("c"), 16))]


async def test_what_no_switch_may_do_is_refused_before_any_hears_of_it() -> None:
    bench = await Bench().start()
    with pytest.raises(CommandRefused):
        await bench.switches.originate(dial("a", "three"))
    with pytest.raises(CommandRefused):
        await bench.switches.originate(ring("x", ""))
    with pytest.raises(SwitchRefused, match="trunk one is of switch east"):
        await bench.switches.originate(RingOutside(LegId("t"), "one", "+12025550100", "", 20.0, 60.0, WEST))
    await bench.switches.originate(ring("x", WEST))
    await bench.switches.originate(ring("y", EAST))
    with pytest.raises(SwitchRefused, match="not on switch west"):
        await bench.switches.seat(LegId("x"), Seat.JOIN, LegId("y"))
    with pytest.raises(SwitchRefused, match="is a leg of switch west"):
        await bench.switches.originate(ring("x", EAST))
    with pytest.raises(SwitchRefused, match="no leg z"):
        await bench.switches.seat(LegId("z"), Seat.OWN)
    await bench.switches.hang_up(LegId("z"))
    assert [each[0] for each in (*bench.east.asked, *bench.west.asked)] == ["originate", "originate"]


async def test_a_switch_that_hangs_keeps_nobody_waiting_at_the_other() -> None:
    bench = await Bench().start()
    bench.east.hangs = asyncio.Event()
    hanging = asyncio.ensure_future(bench.switches.originate(dial("a", "one")))
    await asyncio.wait_for(bench.switches.originate(dial("b", "two")), 1.0)
    assert not hanging.done()
    hanging.cancel()


async def test_an_event_of_what_another_switch_has_changes_nothing() -> None:
    bench = await Bench().start()
    await bench.switches.originate(dial("a", "one"))
    for event in (LegRinging(LegId("a")), LegAnswered(LegId("a")), LegEnded(LegId("a"), 16)):
        bench.west.tell(event)
    assert bench.told == []
    bench.east.tell(LegEnded(LegId("a"), 17))
    assert bench.told == [(EAST, LegEnded(LegId("a"), 17))]


async def test_a_call_that_another_switch_was_asked_for_is_hung_up() -> None:
    bench = await Bench().start()
    await bench.switches.originate(dial("a", "one"))
    channel = await bench.arrives(WEST, "a", "a")
    assert channel.performed == [Hangup()] and bench.calls == []
    await bench.arrives(EAST, "a", "a")
    assert bench.calls == ["a"]


async def test_adopted_calls_are_ended_by_their_channel_where_they_are() -> None:
    bench = await Bench().start()
    bench.switches.adopt(WEST, frozenset({LegId("l")}), {CallId("c"): "PJSIP/7"})
    await bench.switches.hang_up(LegId("PJSIP/7"))
    assert bench.west.asked[1:] == [("hang_up", "PJSIP/7")]
    bench.east.tell(CallLost(CallId("c"), 16))
    bench.east.tell(CallConnected(CallId("c")))
    assert bench.told == []
    bench.west.tell(CallLost(CallId("c"), 16))
    assert bench.told == [(WEST, CallLost(CallId("c"), 16))]


async def test_a_leg_of_a_run_before_is_ended_where_it_lives() -> None:
    bench = await Bench().start()
    bench.west.tell(SwitchUp(BootId("w"), frozenset({"watch-1"})))
    await bench.switches.hang_up(LegId("watch-1"))
    assert bench.west.asked == [("hang_up", "watch-1")] and bench.east.asked == []


async def test_what_may_never_have_been_is_forgotten_once_the_switch_has_said_what_lives() -> None:
    bench = await Bench().start()
    bench.east.fails = SwitchUnavailable("lost")
    for attempt in ("a", "b"):
        with pytest.raises(SwitchUnavailable):
            await bench.switches.originate(dial(attempt, "one"))
    bench.east.tell(SwitchUp(BootId("e"), frozenset({"b"})))
    assert set(bench.switches._legs) == {"b"}
    bench.east.fails = SwitchRefused("no")
    with pytest.raises(SwitchRefused):
        await bench.switches.originate(dial("c", "one"))
    assert set(bench.switches._legs) == {"b"}


async def test_one_switch_alone_needs_no_names() -> None:
    only = Recording("main")
    switches = Switches([only], {})
    await switches.originate(dial("a", "whatever"))
    await switches.originate(ring("x", ""))
    await switches.seat(LegId("q"), Seat.OWN)
    await switches.hang_up(LegId("q"))
    assert [each[0] for each in only.asked] == ["originate", "originate", "seat", "hang_up"]


IDS = st.sampled_from(["a", "b", "c"])
NAMES = st.sampled_from([EAST, WEST])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("dial"), IDS, st.sampled_from(["one", "two"])),
        st.tuples(st.just("refuse"), IDS, st.sampled_from(["one", "two"])),
        st.tuples(st.just("lose"), IDS, st.sampled_from(["one", "two"])),
        st.tuples(st.sampled_from(["ringing", "answered", "ended", "arrives", "up", "down", "hang_up"]), IDS, NAMES),
    ),
    max_size=40,
)


@given(STEPS)
def test_nothing_ever_crosses_from_one_switch_to_the_other(steps: list[tuple[str, str, str]]) -> None:
    """A model of who has what: each leg is of one switch from its dial to its end, and all else is dropped."""
    asyncio.run(_check(steps))


async def _check(steps: list[tuple[str, str, str]]) -> None:
    bench = await Bench().start()
    has: dict[str, str] = {}
    unsure: set[str] = set()
    for what, leg, where in steps:
        bench.told.clear()
        name = TRUNKS.get(where, where)
        driver = bench.of(name)
        asked = len(driver.asked), len(bench.of(WEST if name == EAST else EAST).asked)
        match what:
            case "dial" | "refuse" | "lose":
                driver.fails = {"refuse": SwitchRefused("no"), "lose": SwitchUnavailable("lost")}.get(what)
                try:
                    await bench.switches.originate(dial(leg, where))
                except (SwitchRefused, SwitchUnavailable):
                    assert what != "dial" or has.get(leg, name) != name
                if has.get(leg, name) == name:
                    if what != "refuse":
                        has[leg] = name
                    if what == "lose":
                        unsure.add(leg)
                else:
                    assert len(driver.asked) == asked[0], "the wrong switch heard of it"
                driver.fails = None
            case "ringing" | "answered" | "ended":
                id_ = LegId(leg)
                event: SwitchEvent = LegEnded(id_, 16)
                if what != "ended":
                    event = LegRinging(id_) if what == "ringing" else LegAnswered(id_)
                driver.tell(event)
                heard = has.get(leg) in (None, name)
                assert bench.told == ([(name, event)] if heard else [])
                if what == "ended" and heard:
                    has.pop(leg, None)
                    unsure.discard(leg)
            case "arrives":
                bench.calls.clear()
                channel = await bench.arrives(name, leg, leg)
                foreign = has.get(leg, name) != name
                assert (channel.performed, bench.calls) == (([Hangup()], []) if foreign else ([], [leg]))
            case "up":
                driver.tell(SwitchUp(BootId(name), frozenset({leg})))
                assert [each[0] for each in bench.told] == [name]
                for each in [each for each in unsure if has.get(each) == name and each != leg]:
                    unsure.discard(each)
                    del has[each]
            case "down":
                driver.tell(SwitchDown("lost"))
                assert bench.told == [(name, SwitchDown("lost"))], "and of the other nothing is said"
            case "hang_up":
                if leg in has:
                    owner = bench.of(has[leg])
                    await bench.switches.hang_up(LegId(leg))
                    assert owner.asked[-1] == ("hang_up", leg)
        assert bench.switches._legs == has
