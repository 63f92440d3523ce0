"""A running Asterisk switch with a scripted manager."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from calls.switch.asterisk import legs
from tests.calls.switch.asterisk.fake_ami import FakeAmi
from tests.calls.switch.asterisk.switch_room import Room, running


@pytest.fixture
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """A leg whose end was not told is given up soon."""
    monkeypatch.setattr(legs, "GRACE_S", 0.2)


@pytest.fixture
async def pbx() -> AsyncIterator[FakeAmi]:
    async with FakeAmi() as fake:
        yield fake


@pytest.fixture
async def room(pbx: FakeAmi) -> AsyncIterator[Room]:
    async with running(pbx) as one:
        yield one
