"""Who may tell a campaign what, and when."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.errors import CampaignError, UserError
from calls.ids import BootId, CampaignId
from console.engine.starts import Starts
from dialer import events as ev
from tests.dialer.conftest import make_campaign
from tests.dialer.core_bench import Bench


def test_one_start_at_a_time_and_none_of_what_runs(tmp_path: Path) -> None:
    bench = Bench(make_campaign(tmp_path))
    starts, other = Starts(bench.core), CampaignId("other")
    with pytest.raises(CampaignError, match="cannot start"), starts.starting(bench.campaign.campaign_id):
        raise AssertionError("it runs")
    with starts.starting(other):
        with pytest.raises(UserError, match="is being started"):
            starts.require_none(other)
        with pytest.raises(UserError, match="is being started"), starts.starting(other):
            raise AssertionError("it is being started")
    starts.require_none(other)


def test_what_calls_people_back_is_neither_paused_nor_stopped(tmp_path: Path) -> None:
    calls_back = make_campaign(tmp_path).model_copy(update={"on_request": True})
    bench = Bench(calls_back, start=False)
    starts = Starts(bench.core)
    starts.require_list(calls_back.campaign_id)
    bench.tell(ev.Recovered(BootId("boot-1")))
    bench.tell(ev.RequestBegun(calls_back, bench.attempt()))
    with pytest.raises(UserError, match="calls people who asked for it"):
        starts.require_list(calls_back.campaign_id)
