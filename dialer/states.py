"""The states of a campaign and what may follow what, as a table."""

from __future__ import annotations

from enum import Enum, auto

from calls.errors import CampaignError
from dialer.events import CampaignState


class Order(Enum):
    """What moves a campaign from state to state."""

    START = auto()
    PAUSE = auto()
    RESUME = auto()
    DRAIN = auto()
    STOP = auto()
    EMPTY = auto()
    """The last call under way has ended."""
    EXHAUSTED = auto()
    """No lead is left."""


_S = CampaignState

TRANSITIONS: dict[tuple[CampaignState, Order], CampaignState] = {
    (_S.STOPPED, Order.START): _S.RUNNING,
    (_S.FINISHED, Order.START): _S.RUNNING,
    (_S.PAUSED, Order.START): _S.RUNNING,
    (_S.DRAINING, Order.START): _S.RUNNING,
    (_S.RUNNING, Order.PAUSE): _S.PAUSED,
    (_S.PAUSED, Order.RESUME): _S.RUNNING,
    (_S.RUNNING, Order.DRAIN): _S.DRAINING,
    (_S.PAUSED, Order.DRAIN): _S.DRAINING,
    (_S.RUNNING, Order.STOP): _S.STOPPED,
    (_S.PAUSED, Order.STOP): _S.STOPPED,
    (_S.DRAINING, Order.STOP): _S.STOPPED,
    (_S.DRAINING, Order.EMPTY): _S.STOPPED,
    (_S.RUNNING, Order.EXHAUSTED): _S.FINISHED,
}
"""A pair that is missing is refused."""


def after(campaign: str, state: CampaignState, order: Order) -> CampaignState:
    """The state that ``order`` leads to.

    Raises:
        CampaignError: the order makes no sense in ``state``.
    """
    following = TRANSITIONS.get((state, order))
    if following is None:
        possible = ", ".join(o.name.lower() for (s, o) in TRANSITIONS if s is state and o not in _BY_ITSELF)
        raise CampaignError(
            f"campaign {campaign} is {state.value} and cannot {order.name.lower()}: what it can do now is {possible}"
        )
    return following


_BY_ITSELF = (Order.EMPTY, Order.EXHAUSTED)
