"""A trunk's lines and calls per second hold for attempts and other legs together, whoever comes and leaves when."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from calls.errors import (
    CommandRefused,
    NotSent,
    RemoteProtocolError,
    SwitchError,
    SwitchRefused,
    SwitchTimeout,
    SwitchUnavailable,
)
from calls.ids import BootId, CallId
from calls.records.trunk_lines import still_open
from calls.settings import Trunk
from calls.switch.hearing import CallerAudio
from calls.switch.port import (
    CallChannel,
    CallInfo,
    Done,
    EndedBy,
    Hold,
    HungUp,
    Result,
    SwitchCommand,
    Transfer,
    TransferFailed,
    Transferred,
)
from console.engine.lines_beside import Asleep, Keep, Left, Line, LinesBeside, Wanted
from console.engine.meanwhile import MOMENT_S
from dialer.core import DialerCore
from dialer.dialling import ASKED_LIMIT_S
from dialer.proof.lines import judged
from tests.dialer.actors import Entry
from tests.dialer.checker import over_trunks
from tests.dialer.conftest import SECOND, make_world
from tests.dialer.world import World
from tests.virtual_time import run

STEP_S = 0.02
NARROW = Trunk(name="loop", dial="PJSIP/{number}@callees", lines=3, calls_per_second=2, loopback_only=True)
Asker = tuple[float, float, float]
"""When it asks, how long it waits at most, and how long it talks."""


class Failing:
    """A caller of whom every command fails so."""

    info = CallInfo(CallId("call-7"), "main", BootId("b"), "Loopback/call-7", "", "", "")

    def __init__(self, problem: SwitchError) -> None:
        self._problem = problem

    async def perform(self, command: SwitchCommand) -> Result:
        raise self._problem

    async def end_talk(self) -> None: ...

    def hear(self) -> AbstractAsyncContextManager[CallerAudio]:
        raise NotImplementedError


def lines_of(
    world: World, tell_end: Callable[[CallChannel], None] = lambda channel: None, keep: Keep | None = None
) -> LinesBeside:
    """Lines of the world's trunks, kept in its store at once."""

    def at_once(
        write: Callable[[sqlite3.Connection], object], name: str, then: Callable[[object], None] | None
    ) -> None:
        result = write(world.db)
        if then is not None:
            then(result)

    ids = count(1)
    return LinesBeside(
        core_of(world), Watch(world), world.tick, keep or at_once, lambda: f"line-{next(ids)}-{id(ids)}", tell_end
    )


class Watch:
    """The clock of a small world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def monotonic_s(self) -> float:
        return self._world.now

    def now(self) -> datetime:
        return self._world.wall


@contextmanager
def narrow(agents: int, leads: int = 60) -> Iterator[World]:
    """A campaign on two trunks of three lines and two calls a second each."""
    with tempfile.TemporaryDirectory() as folder:
        world = make_world(Path(folder), leads, agents, trunk=None, trunks='["loop", "second"]')
    world.trunk, world.others = NARROW, (SECOND,)
    world.start()
    yield world
    world.db.close()


def core_of(world: World) -> DialerCore:
    assert world.core is not None
    return world.core


async def lived(world: World, askers: list[Asker], congested: bool) -> int:
    """Let the askers come beside the campaign; how many had a line."""
    lines, ids = lines_of(world), count(1)

    async def ask(asker: Asker) -> bool:
        at_s, patience_s, talks_s = asker
        await asyncio.sleep(at_s)
        wanted = Wanted("call-1")
        taking = asyncio.ensure_future(lines.take(("loop", "second"), wanted))
        await asyncio.wait({taking}, timeout=patience_s)
        taking.cancel()
        await asyncio.wait({taking})
        lines.drop(wanted)
        line = None if taking.cancelled() else taking.result()
        if not isinstance(line, Line):
            return False
        leg = f"beside-{next(ids)}"
        world.log.append(Entry(world.now, "invite", leg, leg, line.trunk))
        await asyncio.sleep(talks_s)
        world.log.append(Entry(world.now, "end", attempt=leg))
        lines.give_back(line)
        return True

    tasks = [asyncio.ensure_future(ask(each)) for each in askers]
    world.congested = {"loop"} if congested else set()
    while not all(task.done() for task in tasks):
        world.run(STEP_S)
        await asyncio.sleep(STEP_S)
    world.run(2.0)
    return sum(task.result() for task in tasks)


SECONDS = st.floats(0.0, 6.0)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.integers(0, 6),
    st.lists(st.tuples(SECONDS, st.sampled_from([0.0, 0.1, 0.5, 1.0, 9.0]), SECONDS), min_size=1, max_size=12),
    st.booleans(),
)
@example(3, [(0.0, 9.0, 0.0), (0.0, 9.0, 0.0), (2.0, 0.5, 0.0), (2.25, 0.1, 0.0), (0.875, 9.0, 2.0)], False)
def test_no_trunk_ever_has_more_than_it_may(agents: int, askers: list[Asker], congested: bool) -> None:
    with narrow(agents) as world:
        run(lived(world, askers, congested))
        assert over_trunks(world) == []
        proved = list(judged(world.db, world.campaign.id))
        assert proved == [], "who has only the records says the same"
        core = core_of(world)
        assert not +core._state.rooms.beside and not +core._state.rooms.waiting, (
            "whoever leaves holds nothing and waits no more"
        )


def test_askers_and_attempts_share_what_there_is() -> None:
    """Neither starves the other, and it is the trunks' limits that bound them."""
    with narrow(6) as world:
        had = run(lived(world, [(1.5 + index * 0.4, 9.0, 1.0) for index in range(20)], False))
        invited = [entry.attempt.startswith("beside") for entry in world.log if entry.kind == "invite"]
    assert had >= 8 and invited.count(False) >= 8


def test_who_leaves_while_waiting_takes_no_line() -> None:
    """A call's wait says that the caller has left; a task that waits is cancelled."""
    gone = HungUp(EndedBy.CALLER, 16)

    class Leaves(Asleep):
        async def until(self, for_s: float) -> Left:  # type: ignore[override]
            return Left(gone)

    async def main(world: World) -> None:
        lines = lines_of(world)
        assert isinstance(await lines.take(("loop",), Wanted("call-1")), Line)
        assert isinstance(await lines.take(("loop",), Wanted("call-1")), Line)
        assert await lines.take(("loop",), Wanted("call-1"), Leaves()) == Left(gone), "two are this second's"
        waiting = asyncio.ensure_future(lines.take(("loop",), Wanted("call-1")))
        await asyncio.sleep(0)
        assert core_of(world)._state.rooms.waiting["loop"] == 1
        waiting.cancel()
        await asyncio.wait({waiting})
        assert waiting.cancelled()
        assert core_of(world)._state.rooms.beside["loop"] == 2 and core_of(world)._state.rooms.waiting["loop"] == 0

    with narrow(0) as world:
        world.run(9.0)
        run(main(world))


def test_a_full_trunk_is_not_waited_for_and_a_busy_one_not_for_long() -> None:
    async def main(world: World) -> None:
        lines = lines_of(world)
        held = []
        for _ in range(NARROW.lines):
            world.run(1.2)
            held.append(await lines.take(("loop",), Wanted("call-1")))
        assert all(isinstance(each, Line) for each in held)
        assert await lines.take(("loop",), Wanted("call-1")) is None
        other = await lines.take(("loop", "second"), Wanted("call-1"))
        assert isinstance(other, Line) and other.trunk == "second", "the next one has a line"
        first = held[0]
        assert isinstance(first, Line)
        lines.give_back(first)
        world.lose_switch()
        waits = 0

        class Waits(Asleep):
            async def until(self, for_s: float) -> None:
                nonlocal waits
                waits += 1
                world.run(for_s)

        began_s = world.now
        assert await lines.take(("loop",), Wanted("call-1"), Waits()) is None, "the switch cannot be reached"
        assert waits and world.now - began_s <= ASKED_LIMIT_S

    with narrow(0) as world:
        world.run(9.0)
        run(main(world))


@pytest.mark.parametrize(
    ("problem", "held"),
    [
        (SwitchTimeout("no answer"), 1),
        (SwitchUnavailable("the connection is lost"), 1),
        (RemoteProtocolError("what is that?"), 1),
        (SwitchRefused("no"), 0),
        (CommandRefused("ours"), 0),
        (NotSent("not there"), 0),
    ],
)
def test_a_line_whose_leg_may_be_up_is_held_until_its_call_is_over(problem: SwitchError, held: int) -> None:
    """What the switch has surely not done frees it at once."""

    async def main(world: World) -> None:
        told: list[CallChannel] = []
        lines, channel = lines_of(world, told.append), Failing(problem)
        wanted = await lines.planned("call-7", "loop")
        with pytest.raises(type(problem)):
            await lines.dial(channel, {"loop": Transfer("loop", 9.0, number="+493012345670")}, wanted)
        beside = core_of(world)._state.rooms.beside
        assert (beside["loop"], len(told), len(still_open(world.db))) == (held, held, held)
        lines.over("call-8")
        assert beside["loop"] == held
        lines.over("call-7")
        lines.over("call-7")
        assert (beside["loop"], still_open(world.db)) == (0, [])

    with narrow(0) as world:
        world.run(9.0)
        run(main(world))


def test_what_was_planned_and_never_went_out_is_forgotten() -> None:
    """A trunk that is full takes no line, and a crash before it took one leaves one that may be up."""

    async def main(world: World) -> None:
        lines = lines_of(world)
        for _ in range(NARROW.lines):
            world.run(1.2)
            await lines.take(("loop",), Wanted("call-1"))
        wanted = await lines.planned("call-7", "loop")
        assert [each.holder for each in still_open(world.db)] == ["call-1"] * 3 + ["call-7"]
        after = lines_of(world)
        core_of(world)._state.rooms.beside.clear()
        after.recover(still_open(world.db))
        assert core_of(world)._state.rooms.beside["loop"] == 4, "nobody knows that it did not go out"
        after.over("call-1")
        lines.drop(wanted)
        assert still_open(world.db) == []

    with narrow(0) as world:
        world.run(9.0)
        run(main(world))


class Slow:
    """A store that takes each write a little later, and the calls that a switch was asked for meanwhile."""

    def __init__(self, world: World, late_s: float = 0.02) -> None:
        self._world = world
        self._late_s = late_s
        self.asked: list[tuple[str, list[tuple[str, str]]]] = []

    def keep(
        self, write: Callable[[sqlite3.Connection], object], name: str, then: Callable[[object], None] | None
    ) -> None:
        def done() -> None:
            result = write(self._world.db)
            if then is not None:
                then(result)

        asyncio.get_running_loop().call_later(self._late_s, done)

    def ask(self, trunk: str) -> None:
        self.asked.append((trunk, [(each.line_id, each.trunk) for each in still_open(self._world.db)]))


class Congested:
    """A caller whose transfers find each trunk congested."""

    info = Failing.info

    def __init__(self, store: Slow) -> None:
        self._store = store

    async def perform(self, command: SwitchCommand) -> Result:
        assert isinstance(command, Transfer)
        self._store.ask(command.destination)
        return TransferFailed("unavailable")

    async def end_talk(self) -> None: ...

    def hear(self) -> AbstractAsyncContextManager[CallerAudio]:
        raise NotImplementedError


def test_each_trunk_that_is_tried_is_in_the_store_before_the_switch_is_asked() -> None:
    """The one after a congested one too, and the one that takes the call in the place of another which is full."""

    async def main(world: World) -> None:
        store = Slow(world)
        lines = lines_of(world, keep=store.keep)
        ways = {trunk: Transfer(trunk, 9.0, number="+493012345670") for trunk in ("loop", "second")}
        wanted = await lines.planned("call-7", "second")
        await lines.dial(Congested(store), ways, wanted)
        assert [(trunk, [on for _, on in open_]) for trunk, open_ in store.asked] == [
            ("loop", ["loop"]),
            ("second", ["second"]),
        ], "each is counted by the trunk that it goes out by, and by no other"
        assert store.asked[0][1][0][0] != store.asked[1][1][0][0], "each call has a line of its own"
        await asyncio.sleep(0.1)
        assert still_open(world.db) == [] and not +core_of(world)._state.rooms.beside

    with narrow(0) as world:
        world.run(9.0)
        run(main(world))


class OnHold:
    """A caller who hears music as long as it lasts, hangs up at a time, and is transferred."""

    info = Failing.info

    def __init__(self, stays_s: float) -> None:
        self._stays_s = stays_s
        self.heard: list[tuple[float, str]] = []

    async def perform(self, command: SwitchCommand) -> Result:
        now_s = asyncio.get_running_loop().time()
        if isinstance(command, Transfer):
            self.heard.append((now_s, command.destination))
            return Transferred(1.0)
        assert isinstance(command, Hold)
        self.heard.append((now_s, command.music))
        await asyncio.sleep(min(command.for_s, max(0.0, self._stays_s - now_s)))
        return Done() if asyncio.get_running_loop().time() < self._stays_s else HungUp(EndedBy.CALLER, 16)

    async def end_talk(self) -> None: ...

    def hear(self) -> AbstractAsyncContextManager[CallerAudio]:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("late_s", "stays_s", "heard"),
    [(0.1, 99.0, ["loop"]), (0.8, 99.0, ["jazz", "loop"]), (9.0, 99.0, ["jazz", "loop"]), (0.8, 0.5, ["jazz"])],
)
def test_who_waits_for_a_slow_store_hears_music(late_s: float, stays_s: float, heard: list[str]) -> None:
    """From a moment on, and for a second at most; whoever hangs up meanwhile is not transferred, and has no line."""

    async def main(world: World) -> None:
        began_s = asyncio.get_running_loop().time()
        caller, store = OnHold(began_s + stays_s), Slow(world, late_s)
        lines = lines_of(world, keep=store.keep)
        ways = {"loop": Transfer("loop", 9.0, number="+493012345670", music="jazz")}
        result = await lines.dial(caller, ways, Wanted("call-7"))
        assert [words for _, words in caller.heard] == heard
        assert isinstance(result, Transferred if heard[-1] == "loop" else HungUp)
        assert caller.heard[0][0] - began_s <= MOMENT_S + 0.01 and caller.heard[-1][0] - began_s < 1.5
        await asyncio.sleep(2 * late_s)
        assert still_open(world.db) == [] and not +core_of(world)._state.rooms.beside

    with narrow(0) as world:
        world.run(9.0)
        run(main(world))
