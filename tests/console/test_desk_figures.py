"""An agent's own figures beside what is aimed at, and the targets of the agent's queues."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from calls.records import store
from calls.records.database import open_writer
from calls.records.figure import Figure, counted, ratio
from calls.records.migrations import migrate
from calls.reports.targets import Target
from calls.settings import load
from console.web.desk_page import of_agents, own
from tests.calls.records.test_figures import DAY, call
from tests.console.browser import HASH, PASSWORD, Browser
from tests.console.served import install, served

TARGETS = """
[[targets]]
name = "level"
figure = "service_level"
queue = "sales"
aim = 0.8
alarm = 0.6

[[targets]]
name = "other"
figure = "service_level"
queue = "support"
aim = 0.8
alarm = 0.6

[[targets]]
name = "house"
figure = "aht"
aim = 240
alarm = 400
"""


def target(figure: str, aim: float, alarm: float, queue: str | None = None) -> Target:
    return Target(name="t", figure=figure, aim=aim, alarm=alarm, queue=queue)


def figures(handling_s: float) -> Iterable[Figure]:
    yield counted("handled", 2, "calls", "talked in", "anna")
    yield ratio("handling_time", handling_s, 2, "a call", "s", "anna")
    yield ratio("handling_time", 0, 0, "a call", "s", "ben")


@pytest.mark.parametrize(("handling_s", "look"), [(400, "good"), (600, "warn"), (900, "bad")])
def test_an_own_figure_stands_beside_the_target_of_all_calls(handling_s: float, look: str) -> None:
    targets = [target("aht", 240, 400), target("aht", 10, 20, queue="sales"), target("abandonment", 0.03, 0.1)]
    found = own(figures(handling_s), targets)
    assert (found["anna"]["handling_time"]["aim"], found["anna"]["handling_time"]["look"]) == (240, look)
    assert "aim" not in found["anna"]["handled"] and "aim" not in found["ben"]["handling_time"]
    assert "aim" not in own(figures(handling_s), targets[1:])["anna"]["handling_time"]


def test_a_desk_is_told_of_the_targets_of_its_queues_and_no_others(tmp_path: Path) -> None:
    path = install(tmp_path, queues=("sales", "support"), more=TARGETS)
    with served(path), Browser(load(path, {})) as browser:
        socket = httpx.HTTPTransport(uds=str(browser.settings.engine.socket), verify=False)
        with closing(httpx.Client(transport=socket)) as engine:
            order = {"name": "anna", "role": "agent", "agent": "anna", "password": HASH, "must_change": False}
            assert engine.post("http://engine/v1/accounts", json=order).status_code == 200
        browser.log_in("anna", PASSWORD)
        told = browser.get("/desk/figures").json()
    assert [(each["name"], each["aim"], each["verdict"]) for each in told["targets"]] == [
        ("level", "80.0%", "unknown")
    ]


def test_own_figures_are_those_of_the_agent_s_calls(tmp_path: Path) -> None:
    with closing(open_writer(tmp_path / "calls.db")) as connection:
        migrate(connection)
        for name, agent, value in (("a", "anna", "9.50"), ("b", "anna", None), ("c", "ben", None)):
            store.finish_call(connection, call(name, agent=agent, talk_s=90.0, wrap_up_s=30.0))
            connection.execute(
                "UPDATE calls SET disposition = 'said', sale_value = ?, sale_currency = 'EUR' WHERE call_id = ?",
                (value, name),
            )
        found = {(each.subject, each.name): each.value for each in of_agents(connection, DAY)}
        assert found["anna", "handled"] == 2 and found["anna", "handling_time"] == 120
        assert found["anna", "conversion"] == 0.5 and found["anna", "sales_per_handling_hour"] == 15
        assert found["ben", "conversion"] == 0 and found["ben", "occupancy"] is None
        connection.execute("UPDATE calls SET disposition = NULL, sale_value = NULL")
        assert {each.name for each in of_agents(connection, DAY)} == {"handled", "handling_time", "occupancy"}
