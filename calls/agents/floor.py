"""The floor: gives waiting calls to agents. Pure: events and the time in, actions out.

A call goes to the agent of its queue who has been idle for longest; calls are served by kind (a dialled person
first), then by priority, then by the time of their arrival. Between ``CallWaiting`` and its end a call is in exactly
one place: it waits, it is reserved for one agent, or it talks to one. An agent has one call at most (invariant I10).

A call that loses its agent before the talk began stands in its old place again and goes to the next agent at once.
The agent is asked no more until told so: an on-hook agent who did not answer is paused, a nailed-up leg that was lost
is rung again after a while, and after several failures in a row the agent is logged out.

Ids come from ``new_leg_id``; the clock is the caller's, in seconds, and never goes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import assert_never

from calls.agents.actions import Action, ConnectCall, DropLeg, ReachPerson, RingLeg, WaitExpired
from calls.agents.agent import ENGAGED, Agent
from calls.agents.assignment import may_be_reached, may_take, pairs
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
    Pause,
    Restored,
    Serves,
    SwitchBack,
    SwitchLost,
    TalkBegan,
    TalkOver,
    TalkPassed,
    Unpause,
    WrapUpDone,
    WrapUpExtended,
)
from calls.agents.phone import RING_S, PhoneState
from calls.agents.profiles import AgentProfile, QueueProfile
from calls.agents.queue_view import queue_view
from calls.agents.roster import Roster
from calls.agents.states import AgentState
from calls.agents.throughput import Throughput
from calls.agents.view import FloorView, Prospect
from calls.agents.waiting import WaitingCall, WaitingRoom, placed
from calls.ids import AgentId, CallId, LegId, QueueName

CONNECT_S = 5.0
"""How long ``TalkBegan`` may take: a switch needs milliseconds, so by then the call is better off elsewhere."""

PERSON_S = 90.0
"""How long an agent is kept for a person who is being dialled: longer than any telephone rings."""

NO_ANSWER = "no answer"
"""Why an agent is paused or logged out whose phone was not answered."""

CONNECT_FAILED = "connect failed"
"""Why an on-hook agent is paused who answered and yet met no caller."""


class Floor:
    """All agents and queues of one engine."""

    def __init__(
        self,
        agents: Iterable[AgentProfile],
        queues: Iterable[QueueProfile],
        now: float,
        new_leg_id: Callable[[], LegId],
    ) -> None:
        self._roster = Roster(agents, queues, now)
        self._throughput = {name: Throughput() for name in self._roster.queues}
        self._new_leg_id = new_leg_id
        self._waiting = WaitingRoom()
        self._talking: dict[CallId, Agent] = {}
        self._sequence = 0
        self._actions: list[Action] = []

    def handle(self, event: FloorEvent, now: float) -> list[Action]:
        """What is to be done about ``event``.

        Raises:
            UnknownName: it names an agent or a queue that there is not.
        """
        match event:
            case LogIn() | LogOut() | Pause() | Unpause() | WrapUpDone() | WrapUpExtended():
                self._asked(event, self._roster.agent(event.agent_id), now)
            case Serves(agent_id, queues):
                self._roster.serve(agent_id, queues)
            case Restored(agent_id):
                self._restored(event, self._roster.agent(agent_id), now)
            case LegUp(agent_id, leg_id):
                self._leg_up(self._roster.agent(agent_id), leg_id, now)
            case LegGone(agent_id, leg_id):
                self._leg_gone(self._roster.agent(agent_id), leg_id, now)
            case SwitchLost(switch):
                self._switch_lost(switch, now)
            case SwitchBack(live_legs, switch):
                self._switch_back(live_legs, switch, now)
            case CallWaiting():
                self._call_waiting(event, now)
            case CallGone(call_id):
                self._call_gone(call_id, now)
            case TalkPassed():
                self._passed(event, self._roster.agent(event.agent_id), self._roster.agent(event.asked), now)
            case TalkBegan() | ConnectFailed() | TalkOver():
                self._told(event, self._roster.agent(event.agent_id), now)
            case _:
                assert_never(event)
        return self._done(now)

    def tick(self, now: float) -> list[Action]:
        """What is to be done because time has passed."""
        for agent in self._roster.agents.values():
            if agent.phone.overdue(now):
                self._phone_overdue(agent, now)
            if agent.deadline is not None and now >= agent.deadline:
                self._agent_overdue(agent, now)
            if agent.leaves_at is not None and now >= agent.leaves_at:
                self._asked(Pause(agent.profile.agent_id, agent.leaves_for), agent, now)
            self._ring_again(agent, now)
        self._waiting.widen(now)
        self._expire([call for call in self._waiting.expired(now) if call.kind is CallKind.DIALLED], now)
        self._assign(now)  # whose agent is lost at the last moment goes to the next one, and is not sent away
        self._expire(self._waiting.expired(now), now)
        return self._done(now)

    def _expire(self, calls: Iterable[WaitingCall], now: float) -> None:
        for call in calls:
            self._release(call, now)
            self._waiting.remove(call)
            self._actions.append(WaitExpired(call.call_id))

    def next_timer(self) -> float | None:
        """When ``tick`` is to be called at the latest; None: nothing is due at any time."""
        timers = [
            agent.next_timer(self._roster.reachable(agent))
            for agent in self._roster.agents.values()
            if agent.has_timer  # few of them, at most times
        ]
        return min((at for at in (*timers, self._waiting.next_timer()) if at is not None), default=None)

    def view(self) -> FloorView:
        """Everything as it stands."""
        return FloorView(
            agents=tuple(agent.view() for agent in self._roster.agents.values()),
            queues=tuple(
                queue_view(name, self._roster.agents.values(), self._waiting) for name in self._roster.queues
            ),
        )

    def announced(self) -> dict[AgentId, tuple[float, str]]:
        """The pauses that agents have announced: when each begins, and why."""
        agents = self._roster.agents.items()
        return {each: (agent.leaves_at, agent.leaves_for) for each, agent in agents if agent.leaves_at is not None}

    def queues_of(self, agent_id: AgentId) -> frozenset[QueueName]:
        """The queues that an agent serves.

        Raises:
            UnknownName: there is no such agent.
        """
        return self._roster.agent(agent_id).profile.queues

    def home_of(self, agent_id: AgentId) -> str:
        """The switch on which an agent is reached.

        Raises:
            UnknownName: there is no such agent.
        """
        return self._roster.agent(agent_id).profile.switch

    def waits_for(self, agent_id: AgentId) -> tuple[CallId, ...]:
        """The calls that no agent is reserved for and that this one may take, first the one that is served first;
        places that nobody asked for are none.

        Raises:
            UnknownName: there is no such agent.
        """
        agent = self._roster.agent(agent_id)
        return tuple(
            call.call_id
            for call in self._waiting.free()
            if (call.present or not call.outward) and may_take(agent, call)
        )

    def prospect(self, call_id: CallId, now: float) -> Prospect | None:
        """What the caller may be told of the wait; None where the call waits no longer, or an agent is reserved."""
        call = self._waiting.get(call_id)
        if call is None or call.agent_id is not None:
            return None
        ahead = self._waiting.ahead_of(call)
        wait_s = self._throughput[call.queue].wait_s(ahead, self._roster.serving(call.queue), now)
        return Prospect(ahead + 1, wait_s)

    # --- agents -----------------------------------------------------------------------------------------------

    def _asked(
        self, event: LogIn | LogOut | Pause | Unpause | WrapUpDone | WrapUpExtended, agent: Agent, now: float
    ) -> None:
        """An agent asks for something. What makes no sense in the agent's state changes nothing."""
        logged_out = agent.wanted is AgentState.LOGGED_OUT
        if isinstance(event, Pause) and event.at is not None and event.at > now:
            agent.announce(event.at, event.reason)
            return
        match event:
            case LogIn() if logged_out:
                agent.phone.forgive()
                agent.want(AgentState.READY)
            case LogOut() if not logged_out:
                agent.want(AgentState.LOGGED_OUT)
            case Pause(reason=reason) if not logged_out:
                agent.want(AgentState.PAUSED, reason)
            case Unpause() if agent.wanted is AgentState.PAUSED or agent.leaves_at is not None:
                agent.phone.forgive()
                agent.want(AgentState.READY)
            case WrapUpDone() if agent.state is AgentState.WRAP_UP:
                self._settle(agent, now)
            case WrapUpExtended(by_s=by_s) if agent.state is AgentState.WRAP_UP and agent.deadline is not None:
                longest_s = max(agent.profile.wrap_up_s, agent.profile.wrap_up_max_s)
                agent.deadline = min(agent.deadline + by_s, agent.since + longest_s)
            case _:
                pass
        if isinstance(event, LogOut | Pause) and agent.phone.state is PhoneState.RINGING:
            self._release_from(agent, now)  # who leaves does not answer: the caller shall not wait for it
        if agent.state not in ENGAGED and agent.state is not AgentState.WRAP_UP:
            self._settle(agent, now)

    def _restored(self, event: Restored, agent: Agent, now: float) -> None:
        """Only an agent of whom nothing is known yet can be taken over from a run before this one."""
        if agent.wanted is not AgentState.LOGGED_OUT or agent.phone.state is not PhoneState.DOWN:
            return
        agent.want(AgentState.READY)
        if event.leg_id is not None:
            agent.phone.ring(event.leg_id, now)
            call_id = event.call_id
            if not event.ringing or call_id is not None:
                agent.phone.answered(now)
            if call_id is not None and call_id not in self._talking and call_id not in self._waiting:
                self._talking[call_id] = agent
                self._actions.append(agent.change(AgentState.TALKING, now, call_id=call_id))
                return
            if not agent.nailed_up:
                self._drop(agent, now)
        self._settle(agent, now)

    def _settle(self, agent: Agent, now: float) -> None:
        """An agent without a call or a wrap-up becomes what he or she wants to be, as far as the phone allows."""
        if agent.wanted is AgentState.LOGGED_OUT:
            self._drop(agent, now)
        self._ring_again(agent, now)
        state, reason = agent.settled()
        if (state, reason) != (agent.state, agent.reason):
            self._actions.append(agent.change(state, now, reason))

    def _agent_overdue(self, agent: Agent, now: float) -> None:
        """The wrap-up is over, or nobody said that the talk began."""
        if agent.state is AgentState.WRAP_UP:
            self._settle(agent, now)
        else:
            self._lose_call(agent, now, CONNECT_FAILED)

    # --- agents' legs -----------------------------------------------------------------------------------------

    def _leg_up(self, agent: Agent, leg_id: LegId, now: float) -> None:
        phone = agent.phone
        if phone.leg_id != leg_id or phone.state is PhoneState.DROPPING:
            self._actions.append(DropLeg(agent.profile.agent_id, leg_id))  # answered after we had given it up
        elif phone.state is PhoneState.RINGING:
            phone.answered(now)
            if agent.state is AgentState.RESERVED:
                self._connect(agent, now)
            elif agent.state is not AgentState.WRAP_UP:
                self._settle(agent, now)

    def _leg_gone(self, agent: Agent, leg_id: LegId, now: float) -> None:
        phone = agent.phone
        if phone.leg_id != leg_id:
            return
        if phone.state is not PhoneState.DROPPING:
            self._phone_failed(agent, now)
        phone.gone()
        self._without_leg(agent, now)

    def _phone_overdue(self, agent: Agent, now: float) -> None:
        """It rang for too long, or the end of a leg that we dropped was never told."""
        if agent.phone.state is PhoneState.DROPPING:
            agent.phone.gone()
            return
        self._phone_failed(agent, now)
        self._drop(agent, now)
        self._without_leg(agent, now)

    def _without_leg(self, agent: Agent, now: float) -> None:
        """The agent's leg has just gone: what becomes of the call in hand."""
        if agent.state is AgentState.RESERVED:
            self._lose_call(agent, now, NO_ANSWER)
        elif agent.state is AgentState.TALKING:
            self._end_talk(agent, now)
        elif agent.state is not AgentState.WRAP_UP:
            self._settle(agent, now)

    def _phone_failed(self, agent: Agent, now: float) -> None:
        """Count it against a nailed-up phone; one that fails again and again logs its agent out."""
        if agent.nailed_up and agent.wanted is not AgentState.LOGGED_OUT and not agent.phone.failed(now):
            agent.want(AgentState.LOGGED_OUT, NO_ANSWER)

    def _ring_again(self, agent: Agent, now: float) -> None:
        if self._roster.reachable(agent) and agent.wants_leg and agent.phone.may_ring(now):
            self._ring(agent, now)

    def _ring(self, agent: Agent, now: float) -> None:
        leg_id = self._new_leg_id()
        agent.phone.ring(leg_id, now)
        self._actions.append(RingLeg(agent.profile.agent_id, leg_id, RING_S))

    def _drop(self, agent: Agent, now: float) -> None:
        if agent.phone.state in (PhoneState.RINGING, PhoneState.UP):
            self._actions.append(DropLeg(agent.profile.agent_id, agent.phone.drop(now)))

    # --- the switch -------------------------------------------------------------------------------------------

    def _switch_lost(self, switch: str, now: float) -> None:
        """Nothing is rung or given out there until it is back; what was under way is nobody's fault."""
        self._roster.lost.add(switch)
        for agent in self._roster.at_home(switch):
            self._release_from(agent, now)

    def _switch_back(self, live_legs: frozenset[LegId], switch: str, now: float) -> None:
        self._roster.lost.discard(switch)
        for agent in self._roster.at_home(switch):
            if agent.phone.leg_id is not None and agent.phone.leg_id not in live_legs:
                agent.phone.gone()
                agent.phone.forgive()
                self._without_leg(agent, now)
            self._ring_again(agent, now)

    # --- calls ------------------------------------------------------------------------------------------------

    def _call_waiting(self, event: CallWaiting, now: float) -> None:
        """One that waits already keeps its place, and the person whose place it is may be there now; one that was
        talking has come back."""
        queue = self._roster.queue(event.queue)
        if (known := self._waiting.get(event.call_id)) is not None:
            if not (known.present or event.virtual):
                self._person_came(known, event, now)
            return
        if (agent := self._talking.get(event.call_id)) is not None:
            self._end_talk(agent, now)
        if event.only is not None:
            self._roster.agent(event.only)
        if event.overflow is not None:
            self._roster.queue(event.overflow.queue)
        self._sequence += 1
        self._waiting.add(placed(event, queue.max_wait_s, self._sequence, now))

    def _person_came(self, call: WaitingCall, event: CallWaiting, now: float) -> None:
        """The person whose place this is has answered: to the agent who is there, or to wait like any other."""
        call.present = True
        call.only = None  # on the line they are not left waiting for one agent
        call.switches = event.switches
        if event.max_wait_s is not None:
            call.expires_at = now + event.max_wait_s
        agent = None if call.agent_id is None else self._roster.agents[call.agent_id]
        if agent is not None and not may_be_reached(agent, call):
            self._release(call, now)  # the one who was there when they were dialled is lost; this one is elsewhere
        elif agent is not None and agent.phone.state is PhoneState.UP:
            self._connect(agent, now)

    def _call_gone(self, call_id: CallId, now: float) -> None:
        if (agent := self._talking.get(call_id)) is not None:
            self._end_talk(agent, now)
        elif (call := self._waiting.get(call_id)) is not None:
            self._release(call, now)
            self._waiting.remove(call)

    def _told(self, event: TalkBegan | ConnectFailed | TalkOver, agent: Agent, now: float) -> None:
        """News of a call and an agent; those who have nothing to do with each other (any more) change nothing."""
        if agent.call_id != event.call_id:
            return
        call = self._waiting.get(event.call_id)
        match event:
            case TalkBegan() if call is not None and call.connecting:
                self._waiting.remove(call)
                self._talking[call.call_id] = agent
                self._actions.append(agent.change(AgentState.TALKING, now, call_id=call.call_id))
            case ConnectFailed() if call is not None and call.connecting:
                self._lose_call(agent, now, CONNECT_FAILED)
            case TalkOver() if agent.state is AgentState.TALKING:
                self._end_talk(agent, now)
            case _:
                pass

    def _passed(self, event: TalkPassed, giver: Agent, taker: Agent, now: float) -> None:
        """One who was not asked, or has gone since then, takes nothing over."""
        if self._talking.get(event.asked_id) is not taker or giver is taker or event.call_id in self._waiting:
            return
        if self._talking.get(event.call_id, giver) is not giver:
            return
        if self._talking.get(event.call_id) is giver:
            self._end_talk(giver, now)
        del self._talking[event.asked_id]
        self._talking[event.call_id] = taker
        self._actions.append(taker.change(AgentState.TALKING, now, call_id=event.call_id))

    def _end_talk(self, agent: Agent, now: float) -> None:
        assert agent.call_id is not None, "only an agent with a call talks"
        del self._talking[agent.call_id]
        if not agent.nailed_up:
            self._drop(agent, now)
        if agent.profile.wrap_up_s > 0:
            self._actions.append(agent.change(AgentState.WRAP_UP, now, call_id=agent.call_id))
            agent.deadline = now + agent.profile.wrap_up_s
            self._ring_again(agent, now)
        else:
            self._settle(agent, now)

    def _lose_call(self, agent: Agent, now: float, reason: str) -> None:
        """The agent's side failed before the talk began: the call goes to the next one."""
        assert agent.call_id is not None, "only an agent with a call can lose it"
        call = self._waiting.get(agent.call_id)
        assert call is not None, "a reserved call waits"
        self._waiting.give_back(call)
        self._throughput[call.queue].given_back(now)
        if agent.phone.state is PhoneState.UP:
            self._phone_failed(agent, now)
        self._drop(agent, now)
        if not agent.nailed_up and agent.wanted is AgentState.READY:
            agent.want(AgentState.PAUSED, reason)
        self._settle(agent, now)

    def _release_from(self, agent: Agent, now: float) -> None:
        """Take back the call that the agent is reserved for, if there is one."""
        if agent.call_id is not None and (call := self._waiting.get(agent.call_id)) is not None:
            self._release(call, now)

    def _release(self, call: WaitingCall, now: float) -> None:
        """The call's side ended: its agent, if one was reserved, is as free as before."""
        if call.agent_id is None:
            return
        agent = self._roster.agents[call.agent_id]
        self._waiting.give_back(call)
        if not agent.nailed_up:
            self._drop(agent, now)
        self._settle(agent, now)

    # --- giving calls to agents -------------------------------------------------------------------------------

    def _done(self, now: float) -> list[Action]:
        """Give out what can be given out; the actions since the last time."""
        self._assign(now)
        for name, throughput in self._throughput.items():
            waiting = self._waiting.free_in(name)
            if waiting or throughput.saturated:
                throughput.observe(waiting, self._roster.serving(name), now)
        actions, self._actions = self._actions, []
        return actions

    def _assign(self, now: float) -> None:
        if calls := self._waiting.free():
            for call, agent in list(pairs(calls, self._roster.within_reach())):
                self._reserve(call, agent, now)

    def _reserve(self, call: WaitingCall, agent: Agent, now: float) -> None:
        self._waiting.reserve(call, agent.profile.agent_id)
        self._throughput[call.queue].taken(now)
        self._actions.append(agent.change(AgentState.RESERVED, now, call_id=call.call_id))
        if agent.nailed_up:
            self._connect(agent, now)
        else:
            self._ring(agent, now)

    def _connect(self, agent: Agent, now: float) -> None:
        assert agent.call_id is not None and agent.phone.leg_id is not None, "a reserved agent whose leg is up"
        call = self._waiting.get(agent.call_id)
        assert call is not None, "a reserved call waits"
        if not call.present:
            agent.deadline = now + (PERSON_S if call.keep_s is None else call.keep_s)
            self._actions.append(ReachPerson(call.call_id, agent.profile.agent_id))
            return
        call.connecting = True
        agent.deadline = now + CONNECT_S
        self._actions.append(ConnectCall(call.call_id, agent.profile.agent_id, agent.phone.leg_id))
