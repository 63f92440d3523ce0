"""A campaign's states, from their table."""

from __future__ import annotations

import itertools

import pytest

from calls.errors import CampaignError
from dialer.events import CampaignState
from dialer.states import TRANSITIONS, Order, after


@pytest.mark.parametrize(("state", "order"), list(itertools.product(CampaignState, Order)))
def test_every_pair_leads_on_or_is_refused_in_words(state: CampaignState, order: Order) -> None:
    if (state, order) in TRANSITIONS:
        assert after("autumn", state, order) is TRANSITIONS[state, order]
    else:
        with pytest.raises(CampaignError, match=f"campaign autumn is {state.value} and cannot {order.name.lower()}"):
            after("autumn", state, order)


def test_every_state_is_left_and_every_state_but_the_first_is_reached() -> None:
    assert {state for state, _ in TRANSITIONS} == set(CampaignState)
    assert set(TRANSITIONS.values()) == set(CampaignState)


def test_from_every_state_a_campaign_can_be_running_again() -> None:
    for state in CampaignState:
        assert (state, Order.START) in TRANSITIONS or state is CampaignState.RUNNING
