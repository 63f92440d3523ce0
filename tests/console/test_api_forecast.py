"""The route of a forecast: what there is too little of, or nothing, is refused in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.console.served import Served, install, served


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Served]:
    with served(install(tmp_path)) as found:
        yield found


def test_a_campaign_without_records_has_no_forecast(running: Served) -> None:
    socket = httpx.HTTPTransport(uds=str(running.settings.engine.socket))
    with httpx.Client(transport=socket, base_url="http://engine", timeout=60.0) as http:
        answer = http.get("/v1/campaigns/autumn/forecast", params={"days": 1, "replications": 2})
        assert answer.status_code == 409
        assert "autumn" in answer.json()["problem"]
        assert http.get("/v1/campaigns/autumn/forecast", params={"replications": 1}).status_code == 422
