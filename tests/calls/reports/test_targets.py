"""What a figure says of its target, and alerts that are raised and cleared once each."""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from calls.errors import SettingsError
from calls.records import alerts, notices, store
from calls.records.figure import Figure
from calls.reports.settings import ReportSettings
from calls.reports.targets import Standing, Target, Verdict, measure, said
from calls.settings import load
from console.engine.alerting import judge, words
from tests.calls.records.test_figures import BEGIN, call

NOON = BEGIN.replace(hour=12)


def target(**changed: object) -> Target:
    given = {"name": "level", "figure": "service_level", "queue": "sales", "aim": 0.8, "alarm": 0.6, "least": 4}
    return Target.model_validate_json(json.dumps(given | {"to": ["anna@example.com"]} | changed), strict=True)


def at(value: float | None, of: float = 10, **changed: object) -> Standing:
    numerator = 0.0 if value is None else value * of
    return Standing(target(**changed), Figure("service_level", value, "ratio", numerator, of, ""))


@pytest.mark.parametrize(
    ("value", "of", "verdict"),
    [
        (0.9, 10, Verdict.MET),
        (0.8, 10, Verdict.MET),
        (0.7, 10, Verdict.MISSED),
        (0.6, 10, Verdict.MISSED),
        (0.59, 10, Verdict.ALARM),
        (0.1, 3, Verdict.UNKNOWN),
        (None, 0, Verdict.UNKNOWN),
    ],
)
def test_a_figure_is_judged_by_enough_calls_only(value: float | None, of: float, verdict: Verdict) -> None:
    assert at(value, of).verdict is verdict


def test_what_is_to_be_low_is_judged_the_other_way_round() -> None:
    low: dict[str, Any] = {"figure": "abandonment", "aim": 0.03, "alarm": 0.1}
    assert [at(value, **low).verdict.name for value in (0.02, 0.05, 0.11)] == ["MET", "MISSED", "ALARM"]
    assert [at(value, **low).is_back for value in (0.02, 0.05, 0.07, 0.11)] == [True, True, False, False]
    assert at(0.07, **low, clear=0.08).is_back


def rows(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    found = connection.execute("SELECT target, round(value, 2), round(worst, 2), cleared_by FROM alerts")
    return [tuple(row) for row in found]


def told(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT ref FROM notices ORDER BY notice_id")]


def test_an_alert_is_raised_and_cleared_once_each(connection: sqlite3.Connection) -> None:
    minute = timedelta(minutes=1)
    for number, value in enumerate((0.7, 0.55, 0.58, 0.4, 0.62, 0.69, 0.72, 0.65, 0.61)):
        judge(connection, [at(value)], NOON + number * minute)
    assert rows(connection) == [("level", 0.55, 0.4, "figure")]
    assert told(connection) == ["1_raised", "1_cleared"]
    judge(connection, [at(0.5)], NOON + 20 * minute)
    judge(connection, [at(0.9, 3)], NOON + 21 * minute)  # too few to say that it is back
    assert rows(connection)[1][3] == ""
    judge(connection, [at(None, 0)], NOON + 22 * minute)  # the shop is closed
    assert rows(connection)[1][3] == "quiet"
    assert told(connection) == ["1_raised", "1_cleared", "2_raised", "2_cleared"]


def test_a_target_that_is_gone_or_another_ends_its_alert_without_a_word(connection: sqlite3.Connection) -> None:
    judge(connection, [at(0.5)], NOON)
    judge(connection, [at(0.5, queue="support")], NOON)
    assert [row[3] for row in rows(connection)] == ["settings", ""]
    assert [alert.subject for alert in alerts.latest(connection, 9)] == [{"queue": "support"}, {"queue": "sales"}]
    judge(connection, [], NOON)
    assert alerts.open_alerts(connection) == {} and told(connection) == ["1_raised", "2_raised"]


def test_the_words_say_what_was_and_what_is(connection: sqlite3.Connection) -> None:
    judge(connection, [at(0.5)], NOON)
    notice = notices.due(connection, NOON)
    assert notice is not None
    mail = words(connection, notice)
    assert mail.subject == "Alert: level, Service level of queue sales"
    assert "Service level of queue sales is 50.0%." in mail.text and "(5 / 10)" in mail.text
    assert json.loads(mail.body or "")["values"]["queue"] == "sales"


def test_the_window_ends_now(connection: sqlite3.Connection) -> None:
    for name, hour, waited in (("a", 10, 3.0), ("b", 11, 40.0), ("c", 11, 3.0), ("d", 11, 3.0)):
        record = call(name, hour=hour, queue="sales", agent="ann", wait_s=waited, talk_s=60.0)
        store.finish_call(connection, record)
    found = measure(connection, target(window_minutes=60), ReportSettings(), NOON.replace(minute=30))
    assert (found.figure.value, found.volume) == (None, 0)
    found = measure(connection, target(window_minutes=90), ReportSettings(), NOON.replace(minute=30))
    assert (found.figure.numerator, found.figure.denominator, found.verdict) == (2, 3, Verdict.UNKNOWN)
    both = measure(connection, target(window_minutes=150), ReportSettings(), NOON.replace(minute=30))
    assert (both.figure.numerator, both.figure.denominator, both.verdict) == (3, 4, Verdict.MISSED)


def test_a_target_may_be_an_agents_or_a_flows(connection: sqlite3.Connection) -> None:
    for name, agent in (("a", "ann"), ("b", "ann"), ("c", "bob")):
        store.finish_call(connection, call(name, hour=11, queue="sales", agent=agent, wait_s=3.0, talk_s=60.0))
    mine: dict[str, Any] = {"figure": "handled", "queue": None, "agent": "ann", "aim": 5.0, "alarm": 1.0}
    assert measure(connection, target(**mine), ReportSettings(), NOON).figure.numerator == 2
    flow: dict[str, Any] = {"figure": "entered", "queue": None, "flow": "main", "aim": 5.0, "alarm": 1.0}
    found = measure(connection, target(**flow), ReportSettings(), NOON)
    assert (found.figure.numerator, found.target.subject) == (0, {"flow": "main"})


def test_values_are_said_with_their_unit() -> None:
    assert [said(0.125, "ratio"), said(12.0, "s"), said(1234.5, "calls"), said(None, "s")] == [
        *("12.5%", "12 s", "1,234.5", "none")
    ]


SETTINGS = """\
[[queues]]
name = "sales"
[[targets]]
name = "level"
figure = "service_level"
queue = "sales"
aim = 0.8
alarm = 0.6
"""


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"service_level"', '"weather"', "figure: weather is no figure that can have a target"),
        ('queue = "sales"', 'queue = "support"', "queue: no queue is named support: expected one of sales"),
        ('"service_level"', '"occupancy"', "queue: occupancy is not counted by queue"),
        ('queue = "sales"', 'agent = "ann"', "agent: service_level is not counted by agent"),
        (
            '"service_level"\nqueue = "sales"',
            '"handled"\nagent = "ann"',
            "agent: no agent is named ann",
        ),
        ('"service_level"', '"sold"', "figure: sold is no figure that can have a target"),
        ("alarm = 0.6", "alarm = 0.8", "alarm: expected another value"),
        ("alarm = 0.6", "alarm = 0.6\nclear = 0.5", r"clear: expected a value from alarm (0.6) to aim (0.8)"),
        ("alarm = 0.6", 'alarm = 0.6\nto = ["a@example.com"]', "to: mails need a server"),
        ("alarm = 0.6", 'alarm = 0.6\nwebhook = "crm"', "webhook: no webhook is named crm: there are none"),
    ],
)
def test_what_is_wrong_in_the_settings_is_named(tmp_path: Path, old: str, new: str, problem: str) -> None:
    path = tmp_path / "callwright.toml"
    path.write_text(SETTINGS, encoding="utf-8")
    assert load(path, {}).targets[0].clear_at == pytest.approx(0.7)
    path.write_text(SETTINGS.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        load(path, {})
    assert f"targets[0].{problem}" in str(refused.value)
