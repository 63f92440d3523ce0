"""Idle agents are told why: what keeps them from a campaign's calls, and what its leads are not dialled for."""

from __future__ import annotations

from pathlib import Path

from calls.agents.states import AgentState
from calls.ids import AgentId, CampaignId, QueueName
from dialer import hopper, roll
from dialer.events import AgentsChanged, CampaignState, FloorAgent, LeadsChanged
from dialer.leads import lists
from dialer.workforce import Workforce
from tests.dialer.conftest import Worlds, make_campaign
from tests.dialer.desk_store import DeskStore

SALES = frozenset({QueueName("sales")})
AUTUMN = CampaignId("autumn")


def agent(name: str, state: AgentState, *, free: bool = False, skill: int = 5, switch: str = "") -> FloorAgent:
    return FloorAgent(AgentId(name), SALES, state, 0.0, free, skills={"german": skill}, switch=switch)


def test_what_agents_do_who_are_not_free_for_it(tmp_path: Path) -> None:
    campaign = make_campaign(tmp_path, "[skills]\ngerman = 5\n")
    floor = Workforce()
    assert floor.why_none(campaign, [""]) == "agents: none of its queue can meet a dialled person in time"
    states = AgentState
    agents = (
        *(agent(f"t{each}", states.TALKING) for each in range(2)),
        agent("w", states.WRAP_UP),
        agent("p", states.PAUSED),
        agent("o", states.LOGGED_OUT, skill=0),
        agent("s", states.READY, free=True, skill=4),
        agent("r", states.RESERVED),
        agent("f", states.READY, free=True),
        agent("a", states.READY),
        agent("x", states.READY, free=True, switch="west"),
        FloorAgent(AgentId("other"), frozenset({QueueName("service")}), states.READY, 0.0, True),
    )
    floor.changed(AgentsChanged(agents), lambda _: None, 0.0)
    assert floor.why_none(campaign, [""]) == (
        "agents: 1 about to talk, 1 free for callers or another campaign, 1 in wrap-up, 1 logged out,"
        " 1 not to be reached now, 1 on another switch, 1 paused, 2 talking, 1 without its skills"
    )


def test_closed_lists_hold_a_campaign_and_do_not_end_it(worlds: Worlds) -> None:
    world = worlds(3, 1)
    world.start()
    lists.close(world.db, "autumn", world.wall)
    world.run(90.0)
    core = world.core
    assert core is not None
    (shown,) = core.view(world.now).campaigns
    assert (shown.state, shown.reason) == (CampaignState.RUNNING, "every lead that is left is in a closed list")
    before = len(world.dialled)
    lists.close(world.db, "autumn", None)
    world.tell(LeadsChanged(AUTUMN))
    world.run(300.0)
    assert len(world.dialled) > before and not hopper.any_closed(world.db, AUTUMN)


def test_what_leads_are_not_dialled_for(tmp_path: Path) -> None:
    desk = DeskStore(make_campaign(tmp_path, '[filter.fields]\nTown = "London"\n'))
    progress = roll.progress(desk.db, AUTUMN)
    assert roll.undialled(progress) == "leads: 1 left out by its filter or removed"
    assert roll.undialled({"done": 3, "refused": 2}) == "leads: 2 refused for good"
    assert roll.undialled({"done": 3}) == ""
    desk.db.close()
