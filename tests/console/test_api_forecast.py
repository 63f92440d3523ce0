"""The route of a forecast: what there is too little of, or nothing, is refused in words."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue

import httpx
import pytest

from console.engine.api_forecast import Simulations
from dialer import control
from dialer.simulation.what_if import Superseded, WhatIf
from tests.console.served import Served, install, served


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Served]:
    with served(install(tmp_path)) as found:
        yield found


def test_a_campaign_without_records_has_no_forecast(running: Served) -> None:
    socket = httpx.HTTPTransport(uds=str(running.settings.engine.socket), verify=False)
    with httpx.Client(transport=socket, base_url="http://engine", timeout=60.0) as http:
        answer = http.get("/v1/campaigns/autumn/forecast", params={"days": 1, "replications": 2})
        assert answer.status_code == 409
        assert "autumn" in answer.json()["problem"]
        assert http.get("/v1/campaigns/autumn/forecast", params={"replications": 1}).status_code == 422
        answer = http.get("/v1/campaigns/autumn/what-if", params={"set": "max_lines=3"})
        assert (answer.status_code, "autumn" in answer.json()["problem"]) == (409, True)
        assert http.get("/v1/campaigns/autumn/what-if").status_code == 422


class Slow(Simulations):
    """Each simulation goes on until nobody waits for it, or the test says that it is done."""

    def __init__(self) -> None:
        super().__init__(None)  # type: ignore[arg-type]  # nothing of the engine is asked for here
        self.runs, self.done = Queue[str](), threading.Event()

    def _simulate(self, campaign_id: str, changes: control.Changes, is_wanted: Callable[[], bool]) -> WhatIf:
        self.runs.put(str(changes["max_lines"]))
        for _ in range(2_000):
            if not is_wanted():
                raise Superseded("another change was tried meanwhile")
            if self.done.wait(0.01):
                return changes  # type: ignore[return-value]
        raise AssertionError("nobody ended it")


async def test_of_the_changes_that_somebody_tries_the_newest_alone_is_simulated() -> None:
    simulations = Slow()

    def tries(lines: int, who: str) -> asyncio.Task[WhatIf]:
        return asyncio.create_task(simulations.tried("autumn", {"max_lines": lines}, who))

    first = tries(1, "mara")
    assert await asyncio.to_thread(simulations.runs.get, timeout=20) == "1"
    second = tries(2, "mara")
    with pytest.raises(Superseded):
        await first
    assert await asyncio.to_thread(simulations.runs.get, timeout=20) == "2"
    other = tries(3, "nele")
    simulations.done.set()
    found: list[object] = [await second, await other]
    assert found == [{"max_lines": 2}, {"max_lines": 3}], "another person's waits its turn"
