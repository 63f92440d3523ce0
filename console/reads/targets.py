"""Figures beside their targets as they stand, and alerts."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from calls.records import alerts
from calls.reports.definitions import BY_NAME
from calls.reports.targets import Verdict, measure, said
from calls.settings import Settings


class TargetShown(BaseModel):
    """A figure beside its target. ``verdict``: ``met``, ``missed``, ``alarm``, or ``unknown`` where too little
    happened in the window to judge by. ``raised_at``: since when an alert is open."""

    model_config = ConfigDict(frozen=True)
    name: str
    figure: str
    title: str
    unit: str
    subject: Mapping[str, str]
    value: float | None
    numerator: float
    denominator: float | None
    aim: float
    alarm: float
    window_minutes: int
    verdict: str
    look: str
    """``good``, ``warn``, ``bad`` or ""."""
    raised_at: datetime | None
    window_said: str
    value_said: str
    aim_said: str
    alarm_said: str


class AlertSearch(BaseModel):
    """``before``: the ``next`` of the page before."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    before: Annotated[int | None, Field(ge=1, le=2**62)] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class AlertShown(BaseModel):
    """An alert. ``cleared_at`` None: it is open. ``cleared_by``: ``figure``, ``quiet`` or ``settings``.
    ``acknowledged_by``: who sees to it; "": nobody said so."""

    model_config = ConfigDict(frozen=True)
    id: int
    target: str
    figure: str
    title: str
    subject: Mapping[str, str]
    aim: float
    alarm: float
    raised_at: datetime
    value: float
    numerator: float
    denominator: float | None
    worst: float
    cleared_at: datetime | None
    cleared_by: str
    acknowledged_at: datetime | None
    acknowledged_by: str
    value_said: str
    worst_said: str
    alarm_said: str


class AlertPage(BaseModel):
    """One page, the newest first; ``next``: for ``before``, None: there are no more."""

    model_config = ConfigDict(frozen=True)
    alerts: tuple[AlertShown, ...]
    next: int | None


def standings(connection: sqlite3.Connection, settings: Settings, now: datetime) -> list[TargetShown]:
    """All targets of the settings, with their figures of now."""
    open_now = alerts.open_alerts(connection)
    found = []
    for target in settings.targets:
        standing = measure(connection, target, settings.reports, now)
        figure, unit, alert = standing.figure, target.definition.unit, open_now.get(target.name)
        found.append(
            TargetShown(
                name=target.name,
                figure=target.figure,
                title=target.definition.title,
                unit=unit,
                subject=target.subject,
                value=figure.value,
                numerator=float(figure.numerator),
                denominator=None if figure.denominator is None else float(figure.denominator),
                aim=target.aim,
                alarm=target.alarm,
                window_minutes=target.window_minutes,
                verdict=standing.verdict.name.lower(),
                look=Verdict.ALARM.value if alert is not None else standing.verdict.value,
                raised_at=None if alert is None else alert.raised_at,
                window_said=_window(target.window_minutes),
                value_said=said(figure.value, unit),
                aim_said=said(target.aim, unit),
                alarm_said=said(target.alarm, unit),
            )
        )
    return found


def _window(minutes: int) -> str:
    """As people say it: in whole days or hours where it is some."""
    for length, unit in ((1440, "d"), (60, "h")):
        if minutes % length == 0:
            return f"{minutes // length} {unit}"
    return f"{minutes} min"


def page(connection: sqlite3.Connection, wanted: AlertSearch) -> AlertPage:
    """Alerts, the newest first."""
    found = alerts.latest(connection, wanted.limit + 1, wanted.before)
    shown = tuple(_shown(each) for each in found[: wanted.limit])
    return AlertPage(alerts=shown, next=shown[-1].id if len(found) > wanted.limit else None)


def _shown(alert: alerts.Alert) -> AlertShown:
    definition = BY_NAME.get(alert.figure)
    unit = "" if definition is None else definition.unit
    return AlertShown(
        id=alert.alert_id,
        target=alert.target,
        figure=alert.figure,
        title=alert.figure if definition is None else definition.title,
        subject=alert.subject,
        aim=alert.aim,
        alarm=alert.alarm,
        raised_at=alert.raised_at,
        value=alert.value,
        numerator=alert.numerator,
        denominator=alert.denominator,
        worst=alert.worst,
        cleared_at=alert.cleared_at,
        cleared_by=alert.cleared_by,
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=alert.acknowledged_by,
        value_said=said(alert.value, unit),
        worst_said=said(alert.worst, unit),
        alarm_said=said(alert.alarm, unit),
    )
