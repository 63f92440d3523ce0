"""Any number of callers, attempts and agents, with the switch failing at any time: every story has one end."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from calls.errors import SwitchUnavailable
from calls.ids import AttemptId, LegId
from calls.switch.events import CallConnected, LegAnswered, LegEnded
from calls.switch.loopback.callers import CallerScript, HangUp, Hear, Press, Step, Wait
from calls.switch.loopback.diary import Seen
from calls.switch.loopback.phones import AgentPhone
from calls.switch.port import (
    Answer,
    CallChannel,
    Connect,
    DialAttempt,
    Gather,
    Hangup,
    Hold,
    HungUp,
    KeyPlan,
    Play,
    SwitchCommand,
    TalkEnded,
    Transfer,
)
from tests.calls.switch.loopback.bench import MENU, TRUNK, WELCOME, Bench
from tests.virtual_time import run

LEGS = [LegId("agent1"), LegId("agent2")]
SECONDS = st.sampled_from([0.0, 0.3, 1.0, 2.0, 5.0])
STEPS = st.one_of(
    st.builds(Wait, SECONDS),
    st.builds(Press, st.text("0123456789*#", min_size=1, max_size=3)),
    st.just(Hear("menu")),
    st.just(HangUp()),
)
COMMANDS = st.one_of(
    st.just(Answer()),
    st.just(Play((WELCOME, MENU))),
    st.builds(
        Gather,
        st.sampled_from([(), (MENU,), (WELCOME, MENU)]),
        st.just(KeyPlan(frozenset({"1", "12", "#"}), frozenset({3}))),
        SECONDS,
        SECONDS,
        st.booleans(),
    ),
    st.builds(Hold, SECONDS),
    st.just(Connect(LEGS[0])),
    st.just(Connect(LEGS[0])),
    st.just(Connect(LEGS[1])),
    st.just(Connect(LegId("never"))),
    st.just(Transfer("office", 10.0)),
    st.builds(Hangup, st.sampled_from([16, 17])),
)


@dataclass(frozen=True, slots=True)
class Story:
    """One customer, who rings in with these steps or is dialled at this last digit, and what is asked of the call."""

    at_s: float
    commands: tuple[SwitchCommand, ...]
    steps: tuple[Step, ...]
    digit: str | None


STORIES = st.lists(
    st.builds(
        Story,
        SECONDS,
        st.lists(COMMANDS, max_size=5).map(tuple),
        st.lists(STEPS, max_size=4).map(tuple),
        st.none() | st.sampled_from("0123456789"),
    ),
    min_size=1,
    max_size=5,
)
FAULTS = st.none() | st.tuples(st.sampled_from(["crash", "disconnect", "hang up"]), st.floats(0.0, 12.0))


class World:
    """Plays stories and keeps what must be checked."""

    def __init__(self) -> None:
        self.bench = Bench({"PJSIP/agent2": AgentPhone(talk_s=1.5)})
        self.bench.handle = self.handle
        self.commands: dict[str, tuple[SwitchCommand, ...]] = {}
        self.by_channel: dict[str, list[object]] = {}
        self.accepted: list[LegId] = list(LEGS)

    async def handle(self, channel: CallChannel) -> None:
        info = channel.info
        results = self.by_channel[info.call_id] = []
        for command in self.commands[info.attempt_id or info.called]:
            try:
                results.append(await channel.perform(command))
            except SwitchUnavailable:
                assert isinstance(command, Connect)
        results.append(await channel.perform(Hangup()))

    async def begin(self, number: int, story: Story) -> None:
        await asyncio.sleep(story.at_s)
        name = f"story{number}"
        self.commands[name] = story.commands
        try:
            if story.digit is None:
                self.bench.switch.place_call(CallerScript(name, story.steps))
            else:
                request = DialAttempt(AttemptId(name), f"+1555010000{story.digit}", TRUNK, "1", 5.0, True)
                await self.bench.switch.originate(request)
                self.accepted.append(LegId(name))
        except SwitchUnavailable:
            del self.commands[name]

    async def fail(self, fault: tuple[str, float] | None) -> None:
        if fault is None:
            return
        what, after_s = fault
        switch = self.bench.switch
        await asyncio.sleep(after_s)
        match what:
            case "crash":
                switch.crash()
            case "disconnect":
                switch.disconnect()
            case _:
                for leg_id in list(self.accepted):
                    await switch.hang_up(leg_id)
        await asyncio.sleep(2.0)
        if what != "hang up":
            switch.reconnect()

    async def play(self, stories: list[Story], fault: tuple[str, float] | None) -> None:
        await self.bench.start()
        for leg_id, endpoint in zip(LEGS, ("PJSIP/agent1", "PJSIP/agent2"), strict=True):
            await self.bench.agent_up(leg_id, endpoint)
        begun = (self.begin(number, story) for number, story in enumerate(stories))
        await asyncio.gather(self.fail(fault), *begun)
        await asyncio.sleep(600.0)
        for leg_id in LEGS:
            await self.bench.switch.hang_up(leg_id)
        await asyncio.sleep(120.0)


@settings(max_examples=150, deadline=None)
@given(STORIES, FAULTS)
def test_every_story_has_one_end(stories: list[Story], fault: tuple[str, float] | None) -> None:
    world = World()
    run(world.play(stories, fault))
    told = world.bench.told
    ends = Counter(event.leg_id for event in told if isinstance(event, LegEnded))
    assert ends == Counter(world.accepted)
    answers = Counter(event.leg_id for event in told if isinstance(event, LegAnswered))
    assert set(answers.values()) <= {1}
    for results in world.by_channel.values():
        assert isinstance(results[-1], HungUp)
        first_end = next(place for place, result in enumerate(results) if isinstance(result, HungUp))
        assert set(results[first_end:]) == {results[first_end]}, "after the end there is nothing but the end"
    check_talks(world)


def check_talks(world: World) -> None:
    """An agent never has two customers, and every meeting has a parting and was told."""
    customers: dict[str, str] = {}
    meetings: Counter[str] = Counter()
    for entry in world.bench.switch.diary.entries:
        if entry.detail not in LEGS:
            continue
        if entry.seen is Seen.MEET:
            assert entry.detail not in customers
            customers[entry.detail] = entry.who
            meetings[entry.who] += 1
        if entry.seen is Seen.PART:
            assert customers.pop(entry.detail) == entry.who
    assert customers == {}
    assert Counter(event.call_id for event in world.bench.told if isinstance(event, CallConnected)) == meetings
    for call_id, results in world.by_channel.items():
        assert sum(isinstance(result, TalkEnded) for result in results) <= meetings[call_id]
