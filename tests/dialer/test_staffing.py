"""A campaign that nobody could ever take calls for says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.settings import AgentSettings
from dialer.staffing import lacking
from tests.dialer.conftest import SETTINGS, make_campaign


def agent(**changed: object) -> AgentSettings:
    given = {"id": "ann", "name": "Ann", "endpoint": "PJSIP/ann", "mode": "nailed_up", "queues": ("sales",)}
    return AgentSettings.model_validate(given | changed)


@pytest.mark.parametrize(
    ("agents", "tables", "words"),
    [
        ((agent(),), "", ""),
        ((agent(mode="on_hook", auto_answer=True),), "", ""),
        ((), "", "no agent of the settings serves queue sales"),
        ((agent(queues=()),), "", "no agent of the settings serves queue sales"),
        ((agent(mode="on_hook"),), "", 'give them mode = "nailed_up" or auto_answer = true'),
        ((agent(mode="on_hook"),), "[pacing]\nmode = 'preview'\n", ""),
        ((), "broadcast", ""),
        ((agent(skills={"german": 4}),), "[skills]\ngerman = 5\n", "has the skills german = 5"),
        ((agent(skills={"german": 5}),), "[skills]\ngerman = 5\n", ""),
    ],
)
def test_who_could_take_its_calls(tmp_path: Path, agents: tuple[AgentSettings, ...], tables: str, words: str) -> None:
    settings = SETTINGS.model_copy(update={"agents": agents})
    broadcast = tables == "broadcast"
    campaign = make_campaign(tmp_path, "" if broadcast else tables)
    if broadcast:
        pacing = campaign.file.pacing.model_copy(update={"mode": "broadcast"})
        campaign = campaign.model_copy(update={"file": campaign.file.model_copy(update={"pacing": pacing})})
    found = lacking(campaign, settings)
    assert words in found
    assert bool(words) == bool(found)
