"""An agent's phone as the floor knows it: one leg at most, and when to ring it again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from calls.ids import LegId

RING_S = 20.0
"""How long an agent's phone rings. A caller whose agent does not answer is with the next one within 30 s."""

DROP_S = 2.0
"""How long we wait to hear that a leg we ended is gone before its phone may be rung again."""

RERING_AFTER_S = (1.0, 3.0, 9.0)
"""How long after each failure in a row a nailed-up phone is rung again; after one more the agent is logged out."""

STABLE_S = 10.0
"""A leg that was up this long was no failure: the count of failures in a row begins anew."""


class PhoneState(Enum):
    """What the phone is doing."""

    DOWN = "down"
    RINGING = "ringing"
    UP = "up"
    DROPPING = "dropping"
    """We ended the leg and have not yet heard that it is gone."""


@dataclass(slots=True)
class Phone:
    """One phone. All times are in seconds of the floor's clock."""

    state: PhoneState = PhoneState.DOWN
    leg_id: LegId | None = None
    deadline: float | None = None
    """Until when it may ring or be dropping."""
    ring_again_at: float | None = None
    failures: int = 0
    _up_since: float = 0.0

    @property
    def ring_at(self) -> float | None:
        """When a phone that is down may be rung again; None: it is not down, or may be rung at once."""
        return self.ring_again_at if self.state is PhoneState.DOWN else None

    def may_ring(self, now: float) -> bool:
        """True where a nailed-up phone is to be rung now."""
        return self.state is PhoneState.DOWN and (self.ring_again_at is None or now >= self.ring_again_at)

    def overdue(self, now: float) -> bool:
        """True where it has been ringing or dropping for too long."""
        return self.deadline is not None and now >= self.deadline

    def ring(self, leg_id: LegId, now: float) -> None:
        """It rings from now on."""
        self.state = PhoneState.RINGING
        self.leg_id = leg_id
        self.deadline = now + RING_S
        self.ring_again_at = None

    def answered(self, now: float) -> None:
        """It was answered."""
        self.state = PhoneState.UP
        self.deadline = None
        self._up_since = now

    def drop(self, now: float) -> LegId:
        """The leg to end; the phone counts as in use until the switch has said that the leg is gone."""
        assert self.leg_id is not None, "a phone that is down has nothing to drop"
        self.state = PhoneState.DROPPING
        self.deadline = now + DROP_S
        return self.leg_id

    def gone(self) -> None:
        """The leg is gone."""
        self.state = PhoneState.DOWN
        self.leg_id = None
        self.deadline = None

    def failed(self, now: float) -> bool:
        """Count a failure and say when to ring again; False where it has failed often enough to give up.

        To be called before :meth:`drop` or :meth:`gone`: whether the leg had been up for long decides.
        """
        if self.state is PhoneState.UP and now - self._up_since >= STABLE_S:
            self.failures = 0
        if self.failures == len(RERING_AFTER_S):
            return False
        self.ring_again_at = now + RERING_AFTER_S[self.failures]
        self.failures += 1
        return True

    def forgive(self) -> None:
        """Forget all failures: it may be rung at once."""
        self.failures = 0
        self.ring_again_at = None
