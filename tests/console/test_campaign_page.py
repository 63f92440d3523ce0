"""What the page of a campaign draws."""

from __future__ import annotations

from pathlib import Path

from console.web.campaigns import today
from tests.console.held import Held


def test_abandonment_is_drawn_beside_the_campaigns_own_cap(tmp_path: Path) -> None:
    held = Held(tmp_path)
    held.dialled()
    drawn = today(held.db, held.settings, str(held.store.campaign.id), 0.01, held.store.now)
    assert [each.title for each in drawn] == ["Attempts", "Abandonment (US)"]
    assert "target 1%" in drawn[1].svg and "target 3%" not in drawn[1].svg
