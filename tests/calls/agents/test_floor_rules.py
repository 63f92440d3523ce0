"""Whatever happens, in whatever order: the floor keeps its promises."""

from __future__ import annotations

from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from calls.agents.actions import Action, ConnectCall, DropLeg, ReachPerson, RingLeg, StateChanged, WaitExpired
from calls.agents.events import (
    CallGone,
    CallKind,
    CallWaiting,
    ConnectFailed,
    FloorEvent,
    LegGone,
    LegUp,
    LogIn,
    LogOut,
    Overflow,
    Pause,
    Restored,
    SwitchBack,
    SwitchLost,
    TalkBegan,
    TalkOver,
    TalkPassed,
    Unpause,
    WrapUpDone,
)
from calls.agents.floor import CONNECT_S, PERSON_S, Floor
from calls.agents.phone import RING_S
from calls.agents.profiles import LegMode
from calls.agents.states import TRANSITIONS, AgentState
from calls.agents.view import AgentView
from calls.ids import AgentId, CallId, LegId
from tests.calls.agents.floors import HELP, PROFILES, QUEUES, SALES

AGENTS = st.sampled_from(sorted(PROFILES))
CALLS = st.integers(0, 5).map(lambda number: CallId(f"c{number}"))
SLACK_S = 1e-6


class FloorRules(RuleBasedStateMachine):
    """A world around the floor: it believes only the actions, and checks the view against them."""

    def __init__(self) -> None:
        super().__init__()
        numbers = count(1)
        self.floor = Floor(PROFILES.values(), QUEUES, 0.0, lambda: LegId(f"leg{next(numbers)}"))
        self.now = 0.0
        self.switch_up = True
        self.states = dict.fromkeys(PROFILES, AgentState.LOGGED_OUT)
        self.legs: dict[LegId, tuple[AgentId, str]] = {}
        """Every leg that the switch has: "ringing", "up" or "dropping"."""
        self.calls: set[CallId] = set()
        """The calls that are in the floor's care."""
        self.asked: dict[CallId, tuple[CallWaiting, float]] = {}
        """What each call asked for first, and when."""
        self.places: set[CallId] = set()
        """The calls whose persons are not on the line."""
        self.connects: list[ConnectCall] = []
        """Those that were asked for, whether or not they are still wanted."""

    # --- the world ----------------------------------------------------------------------------------------------

    def tell(self, event: FloorEvent) -> None:
        self.perform(self.floor.handle(event, self.now))

    def seen(self, agent: AgentId) -> AgentView:
        return next(view for view in self.floor.view().agents if view.agent_id == agent)

    def perform(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case RingLeg(agent, leg_id):
                    assert self.switch_up
                    assert leg_id not in self.legs
                    live = [
                        leg for leg, (owner, doing) in self.legs.items() if owner == agent and doing != "dropping"
                    ]
                    assert live == [], "a phone is rung that has a leg"
                    self.legs[leg_id] = (agent, "ringing")
                case DropLeg(agent, leg_id):
                    if leg_id in self.legs:
                        self.legs[leg_id] = (agent, "dropping")
                case ConnectCall(call, agent, leg_id):
                    assert self.switch_up
                    assert self.legs[leg_id] == (agent, "up")
                    assert call in self.calls
                    assert self.states[agent] is AgentState.RESERVED
                    assert call not in self.places
                    self.fits(call, agent)
                    self.connects.append(action)
                case ReachPerson(call, agent):
                    assert self.switch_up
                    assert call in self.places
                    assert self.states[agent] is AgentState.RESERVED
                    self.fits(call, agent)
                case StateChanged(agent, state, _, since, previous, previous_s):
                    assert self.states[agent] is previous
                    assert state in TRANSITIONS[previous]
                    assert since == self.now and previous_s >= 0
                    self.states[agent] = state
                case WaitExpired(call):
                    self.calls.remove(call)
                    self.places.discard(call)

    def fits(self, call: CallId, agent: AgentId) -> None:
        """A skilled caller never goes to an unskilled agent, nor a caller to one of other queues."""
        asked, since = self.asked[call]
        profile = PROFILES[agent]
        wide = asked.widen_after_s is not None and self.now >= since + asked.widen_after_s
        assert all(profile.skills.get(skill, 0) >= (1 if wide else asked.level) for skill in asked.skills)
        over = asked.overflow is not None and self.now >= since + asked.overflow.after_s
        assert asked.queue in profile.queues or (over and asked.overflow and asked.overflow.queue in profile.queues)

    @initialize(absent=st.sets(AGENTS, max_size=2), survivor=AGENTS, talked=st.booleans())
    def a_shift_begins(self, absent: set[AgentId], survivor: AgentId, talked: bool) -> None:
        """One agent may have a leg, and may be in a talk, from a run before this one."""
        leg_id = LegId("survivor")
        self.legs[leg_id] = (survivor, "up")
        if talked:
            self.calls.add(CallId("survivor"))
        self.tell(Restored(survivor, leg_id, CallId("survivor") if talked else None))
        for agent in sorted(PROFILES.keys() - absent):
            self.tell(LogIn(agent))
        for leg_id, (agent, doing) in list(self.legs.items()):
            if doing == "ringing":
                self.legs[leg_id] = (agent, "up")
                self.tell(LegUp(agent, leg_id))

    # --- what may happen ----------------------------------------------------------------------------------------

    @rule(agent=AGENTS, what=st.sampled_from([LogIn, LogIn, LogOut, Unpause, WrapUpDone]))
    def an_agent_asks(self, agent: AgentId, what: type[LogIn | LogOut | Unpause | WrapUpDone]) -> None:
        self.tell(what(agent))

    @rule(agent=AGENTS, reason=st.sampled_from(["", "", "lunch", "meeting"]))
    def an_agent_pauses(self, agent: AgentId, reason: str) -> None:
        self.tell(Pause(agent, reason) if reason else Unpause(agent))

    @rule(
        call=CALLS,
        queue=st.sampled_from([SALES, SALES, HELP]),
        kind=st.sampled_from(CallKind),
        priority=st.integers(0, 2),
        max_wait_s=st.sampled_from([None, None, 1.8, 30.0]),
        skills=st.sampled_from([frozenset(), frozenset(), frozenset({"german"}), frozenset({"german", "tax"})]),
        level=st.sampled_from([1, 5]),
        widen_after_s=st.sampled_from([None, 5.0]),
        overflow=st.sampled_from([None, None, Overflow(10.0, SALES)]),
        virtual=st.sampled_from([False, False, True]),
    )
    def a_call_waits(self, **event: object) -> None:
        name = event.pop("call")
        assert isinstance(name, str)
        call = CallId(name)
        told = CallWaiting(call, **event)  # type: ignore[arg-type]
        if call not in self.calls or any(view.call_id == call for view in self.engaged()):
            self.asked[call] = (told, self.now)
            self.places.discard(call)
            if told.virtual:
                self.places.add(call)
        elif not told.virtual:
            self.places.discard(call)
        self.calls.add(call)
        self.tell(told)

    def engaged(self) -> list[AgentView]:
        return [view for view in self.floor.view().agents if view.state is AgentState.TALKING]

    @rule(call=CALLS)
    def a_call_goes(self, call: CallId) -> None:
        self.calls.discard(call)
        self.places.discard(call)
        self.tell(CallGone(call))

    @precondition(lambda self: self.legs)
    @rule(data=st.data(), up=st.booleans())
    def a_leg_changes(self, data: st.DataObject, up: bool) -> None:
        leg_id = data.draw(st.sampled_from(sorted(self.legs)))
        agent, doing = self.legs[leg_id]
        if up and doing == "ringing":
            self.legs[leg_id] = (agent, "up")
            self.tell(LegUp(agent, leg_id))
        else:
            self.drop_talk_of(agent, leg_id)
            del self.legs[leg_id]
            self.tell(LegGone(agent, leg_id))

    def drop_talk_of(self, agent: AgentId, leg_id: LegId) -> None:
        """A talk ends with its leg: its call is in the floor's care no more."""
        for view in self.floor.view().agents:
            if (view.agent_id, view.leg_id, view.state) == (agent, leg_id, AgentState.TALKING):
                assert view.call_id is not None
                self.calls.discard(view.call_id)

    @precondition(lambda self: self.connects)
    @rule(data=st.data(), met=st.sampled_from([True, True, False]))
    def a_connect_ends(self, data: st.DataObject, met: bool) -> None:
        connect = self.connects.pop(data.draw(st.integers(0, len(self.connects) - 1)))
        news = TalkBegan if met else ConnectFailed
        self.tell(news(connect.call_id, connect.agent_id))

    @rule(agent=AGENTS)
    def a_talk_begins_as_it_should(self, agent: AgentId) -> None:
        view = self.seen(agent)
        if view.leg_id is not None and self.legs.get(view.leg_id) == (agent, "ringing"):
            self.legs[view.leg_id] = (agent, "up")
            self.tell(LegUp(agent, view.leg_id))
        for connect in [one for one in self.connects if (one.agent_id, one.call_id) == (agent, view.call_id)]:
            self.connects.remove(connect)
            self.tell(TalkBegan(connect.call_id, agent))

    @rule(agent=AGENTS)
    def a_talk_ends(self, agent: AgentId) -> None:
        view = self.seen(agent)
        if view.state is AgentState.TALKING and view.call_id is not None:
            self.calls.discard(view.call_id)
            self.tell(TalkOver(view.call_id, agent))

    @rule(giver=AGENTS, taker=AGENTS, own=st.booleans(), call=CALLS)
    def a_call_is_passed(self, giver: AgentId, taker: AgentId, own: bool, call: CallId) -> None:
        """``own``: the call that the giver has; else any, which may be nobody's or somebody else's."""
        gives, takes = self.seen(giver), self.seen(taker)
        if takes.state is not AgentState.TALKING or takes.call_id is None or giver == taker:
            return
        if own and gives.state is AgentState.TALKING and gives.call_id is not None:
            self.calls.discard(takes.call_id)
            self.tell(TalkPassed(gives.call_id, giver, takes.call_id, taker))
            assert self.seen(taker).call_id == gives.call_id
        elif call in self.calls and call not in (gives.call_id, takes.call_id):
            self.tell(TalkPassed(call, giver, takes.call_id, taker))
            assert self.seen(taker).call_id == takes.call_id, "a call that is another's, or waits, passes to nobody"

    @rule(agent=AGENTS, leg_number=st.integers(1, 8), news=st.sampled_from([LegGone, LegUp]))
    def stale_news_of_a_leg(self, agent: AgentId, leg_number: int, news: type[LegGone | LegUp]) -> None:
        leg_id = LegId(f"leg{leg_number}")
        if self.seen(agent).leg_id != leg_id and self.legs.get(leg_id, (agent, ""))[0] == agent:
            self.tell(news(agent, leg_id))

    @rule(agent=AGENTS, call=CALLS, news=st.sampled_from([TalkBegan, ConnectFailed, TalkOver]))
    def stale_news_of_a_call(
        self, agent: AgentId, call: CallId, news: type[TalkBegan | ConnectFailed | TalkOver]
    ) -> None:
        if self.seen(agent).call_id != call:
            self.tell(news(call, agent))

    @precondition(lambda self: self.switch_up)
    @rule(really=st.sampled_from([False, False, False, True]))
    def the_switch_is_lost(self, really: bool) -> None:
        if really:
            self.switch_up = False
            self.tell(SwitchLost())

    @precondition(lambda self: not self.switch_up)
    @rule(keeps=st.booleans())
    def the_switch_is_back(self, keeps: bool) -> None:
        self.switch_up = True
        if not keeps:
            for view in self.floor.view().agents:
                if view.leg_id is not None:
                    self.drop_talk_of(view.agent_id, view.leg_id)
            self.legs.clear()
        self.tell(SwitchBack(frozenset(self.legs)))

    @rule(seconds=st.sampled_from([0.1, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 300.0]))
    def time_passes(self, seconds: float) -> None:
        until = self.now + seconds
        while (due := self.floor.next_timer()) is not None and due <= until:
            self.now = max(self.now, due)
            self.perform(self.floor.tick(self.now))
            after = self.floor.next_timer()
            assert after is None or after > self.now, "the same timer again: the engine would spin"
        self.now = until

    # --- what must hold -----------------------------------------------------------------------------------------

    @invariant()
    def an_agent_has_one_call_and_a_call_one_agent(self) -> None:
        """Invariant I10."""
        engaged = [
            view for view in self.floor.view().agents if view.state in (AgentState.RESERVED, AgentState.TALKING)
        ]
        calls = [view.call_id for view in engaged]
        assert None not in calls
        assert len(calls) == len(set(calls))

    @invariant()
    def no_call_is_lost(self) -> None:
        view = self.floor.view()
        waiting = [call.call_id for queue in view.queues for call in queue.waiting]
        talking = [agent.call_id for agent in view.agents if agent.state is AgentState.TALKING]
        assert sorted(waiting + [call for call in talking if call is not None]) == sorted(self.calls)

    @invariant()
    def the_view_is_what_was_told(self) -> None:
        view = self.floor.view()
        assert {agent.agent_id: agent.state for agent in view.agents} == self.states
        reserved = {agent.call_id: agent.agent_id for agent in view.agents if agent.state is AgentState.RESERVED}
        waiting = (call for queue in view.queues for call in queue.waiting if call.agent_id is not None)
        assert {call.call_id: call.agent_id for call in waiting} == reserved

    @invariant()
    def an_agent_is_shown_as_of_now(self) -> None:
        """A view that is shown again is the one that would be made anew."""
        for agent in self.floor._roster.agents.values():
            shown, agent._shown = agent.view(), None
            assert agent.view() == shown

    @invariant()
    def nobody_is_stuck(self) -> None:
        for agent in self.floor.view().agents:
            if agent.state is AgentState.RESERVED:
                assert self.now - agent.since <= RING_S + PERSON_S + CONNECT_S + SLACK_S
            if agent.state is AgentState.WRAP_UP:
                assert self.now - agent.since <= PROFILES[agent.agent_id].wrap_up_s + SLACK_S

    @invariant()
    def nobody_waits_while_an_agent_could_serve(self) -> None:
        """Longest wait first holds by the rank; here: whoever may be served now, is."""
        for queue in self.floor.view().queues:
            alone = [call for call in queue.waiting if call.agent_id is None]
            simple = [call for call in alone if not self.asked[call.call_id][0].skills]
            if self.switch_up and any(call.kind is CallKind.INBOUND for call in simple):
                assert queue.free == 0
            if self.switch_up and simple:
                assert queue.free_for_dialled == 0
            if self.switch_up and queue.overflowing:
                asked = [self.asked[call][0] for call in self.calls if call in self.asked]
                assert queue.free == 0 or any(each.skills for each in asked)

    @invariant()
    def what_a_caller_is_told_fits_the_order(self) -> None:
        """Of calls that stand in one queue only; one that overflows has those of both queues before it."""
        for queue in self.floor.view().queues:
            waiting = [call.call_id for call in queue.waiting if call.agent_id is None]
            told = {call_id: self.floor.prospect(call_id, self.now) for call_id in waiting}
            positions = {call_id: each.position for call_id, each in told.items() if each is not None}
            assert positions.keys() == told.keys()
            alone = [positions[call_id] for call_id in waiting if self.asked[call_id][0].overflow is None]
            assert alone == sorted(alone)

    @invariant()
    def a_ready_nailed_up_agent_has_a_leg(self) -> None:
        for agent in self.floor.view().agents:
            nailed_up = PROFILES[agent.agent_id].mode is LegMode.NAILED_UP
            if nailed_up and agent.state is AgentState.READY and self.switch_up:
                assert agent.leg_id is not None
                assert self.legs[agent.leg_id] == (agent.agent_id, "up")

    @invariant()
    def an_agent_who_left_has_no_leg(self) -> None:
        for agent in self.floor.view().agents:
            if agent.wanted is AgentState.LOGGED_OUT and agent.state is AgentState.LOGGED_OUT:
                assert all(doing == "dropping" for owner, doing in self.legs.values() if owner == agent.agent_id)


FloorRules.TestCase.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)
TestFloorRules = FloorRules.TestCase
