"""One agent on the floor: state, phone, the call in hand, and what the agent wants to be when free."""

from __future__ import annotations

from dataclasses import dataclass, field

from calls.agents.actions import StateChanged
from calls.agents.phone import Phone, PhoneState
from calls.agents.profiles import AgentProfile, LegMode
from calls.agents.states import AgentState, check_transition
from calls.agents.view import AgentView
from calls.ids import CallId

LEG_LOST = "leg lost"
"""Why an agent is paused whose nailed-up leg is gone and is being rung again."""

ENGAGED = frozenset({AgentState.RESERVED, AgentState.TALKING})
"""The states in which the agent has a call."""


@dataclass(slots=True)
class Agent:
    """One agent. All times are in seconds of the floor's clock."""

    profile: AgentProfile
    since: float
    state: AgentState = AgentState.LOGGED_OUT
    reason: str = ""
    wanted: AgentState = AgentState.LOGGED_OUT
    """READY, PAUSED or LOGGED_OUT: what becomes of the agent when there is no call and no wrap-up."""
    wanted_reason: str = ""
    leaves_at: float | None = None
    """When the pause begins that is announced; None: none is."""
    leaves_for: str = ""
    phone: Phone = field(default_factory=Phone)
    call_id: CallId | None = None
    """The call that the agent is reserved for, talks to or wraps up."""
    deadline: float | None = None
    """When the wrap-up, or the wait for ``TalkBegan``, ends."""
    idle_since: float = 0.0
    """Since when the agent waits for a call; a reservation that came to nothing does not end it."""
    _shown: AgentView | None = field(default=None, repr=False, compare=False)
    """The agent as shown last: shown again while it is true, for the floor is looked at whenever anything happens."""

    @property
    def nailed_up(self) -> bool:
        """True where the agent's leg stays from call to call."""
        return self.profile.mode is LegMode.NAILED_UP

    @property
    def is_free(self) -> bool:
        """True where a call can be given to the agent this moment."""
        if self.state is not AgentState.READY:
            return False
        return self.phone.state is (PhoneState.UP if self.nailed_up else PhoneState.DOWN)

    @property
    def lacks_leg(self) -> bool:
        """True where the agent can be given no call before the phone is answered."""
        return self.nailed_up and self.phone.state is not PhoneState.UP

    @property
    def wants_leg(self) -> bool:
        """True where a phone that is down is to be rung for a leg that stays.

        One who is paused is left alone until the pause ends, unless still logging in.
        """
        logging_in = self.state is AgentState.LOGGED_OUT and self.wanted is AgentState.PAUSED
        return self.nailed_up and (self.wanted is AgentState.READY or logging_in)

    @property
    def has_timer(self) -> bool:
        """Whether there is anything that :meth:`next_timer` could give."""
        phone = self.phone
        return not (
            self.deadline is None
            and self.leaves_at is None
            and phone.deadline is None
            and phone.ring_again_at is None
        )

    def next_timer(self, switch_up: bool) -> float | None:
        """The agent's first timer; nothing is rung while the switch is away."""
        phone = self.phone
        ring_at = phone.ring_at if switch_up and phone.ring_again_at is not None and self.wants_leg else None
        times = (self.deadline, phone.deadline, ring_at, self.leaves_at)
        return min((at for at in times if at is not None), default=None)

    def want(self, wanted: AgentState, reason: str = "") -> None:
        """Remember what the agent is to be when free; an announced pause is taken back."""
        self.wanted = wanted
        self.wanted_reason = reason
        self.leaves_at = None

    def announce(self, at: float, reason: str) -> None:
        """Who takes calls will pause then."""
        if self.wanted is AgentState.READY:
            self.leaves_at, self.leaves_for = at, reason

    def settled(self) -> tuple[AgentState, str]:
        """State and reason that the agent, being free, is to have now."""
        if self.wanted is AgentState.LOGGED_OUT:
            return AgentState.LOGGED_OUT, self.wanted_reason
        if self.lacks_leg and self.state is AgentState.LOGGED_OUT:
            return AgentState.LOGGED_OUT, self.reason
        if self.lacks_leg and self.wanted is AgentState.READY:
            return AgentState.PAUSED, LEG_LOST
        return self.wanted, self.wanted_reason

    def change(self, state: AgentState, now: float, reason: str = "", call_id: CallId | None = None) -> StateChanged:
        """Enter ``state``, and what there is to tell of it.

        Raises:
            IllegalTransition: our bug.
        """
        check_transition(self.state, state)
        previous, previous_s = self.state, now - self.since
        if state is AgentState.READY and previous is not AgentState.RESERVED:
            self.idle_since = now
        self.state, self.reason, self.since, self.call_id = state, reason, now, call_id
        self.deadline = None
        return StateChanged(self.profile.agent_id, state, reason, now, previous, previous_s, call_id)

    def view(self) -> AgentView:
        """The agent as it is shown; the same value as long as nothing of it has changed."""
        shown, phone = self._shown, self.phone
        wrap_up_ends = self.deadline if self.state is AgentState.WRAP_UP else None
        if (
            shown is not None
            and shown.state is self.state
            and shown.since == self.since
            and shown.phone is phone.state
            and shown.call_id == self.call_id
            and shown.leg_id == phone.leg_id
            and shown.wanted is self.wanted
            and shown.profile is self.profile
            and shown.reason == self.reason
            and shown.wrap_up_ends == wrap_up_ends
            and shown.leaves_at == self.leaves_at
        ):
            return shown
        self._shown = shown = AgentView(
            agent_id=self.profile.agent_id,
            name=self.profile.name,
            state=self.state,
            reason=self.reason,
            since=self.since,
            phone=self.phone.state,
            leg_id=self.phone.leg_id,
            call_id=self.call_id,
            wanted=self.wanted,
            wrap_up_ends=wrap_up_ends,
            profile=self.profile,
            is_free=self.is_free,
            leaves_at=self.leaves_at,
        )
        return shown
