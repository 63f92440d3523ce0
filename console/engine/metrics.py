"""The engine's figures for Prometheus. Source: the Prometheus text exposition format."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from math import isinf

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from calls.histogram import Histogram
from calls.ids import CampaignId
from calls.reports.targets import Verdict
from calls.switch.asterisk.switch import AsteriskSwitch
from console.engine.engine import Engine
from console.engine.status import Status


class EngineCollector(Collector):
    """Reads the engine when it is asked; nothing is kept twice."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        """The metrics at this moment."""
        status = self._engine.status()
        yield _gauge("ready", "1: new calls may be dialled", float(not status.not_ready))
        yield _histogram("loop_lag_seconds", "how late the event loop was", self._engine.watch.loop_lags)
        yield from _switches(self._engine, status)
        help_text = "from a call's being given to an agent's leg, which is up, to their hearing each other"
        yield _histogram("bridge_seconds", help_text, self._engine.meetings.connects)
        yield _gauge("tasks", "tasks of the event loop", float(len(asyncio.all_tasks())))
        yield _gauge("writer_behind_seconds", "age of the oldest unwritten change", status.writer_behind_s)
        calls = GaugeMetricFamily("callwright_calls", "calls under way", labels=("direction", "phase"))
        for direction in ("inbound", "outbound"):
            for phase in ("ring", "menu", "wait", "talk"):
                count = sum(call.direction == direction and call.phase == phase for call in status.calls)
                calls.add_metric((direction, phase), count)
        yield calls
        agents = GaugeMetricFamily("callwright_agents", "agents by state", labels=("state",))
        for state in ("logged_out", "ready", "reserved", "talking", "wrap_up", "paused"):
            agents.add_metric((state,), sum(agent.state == state for agent in status.agents))
        yield agents
        waiting = GaugeMetricFamily("callwright_waiting", "calls waiting for an agent", labels=("queue",))
        for queue in status.queues:
            waiting.add_metric((queue.name,), queue.waiting)
        yield waiting
        yield from _webhooks(self._engine)
        yield from _told(self._engine)
        live = CounterMetricFamily("callwright_live_texts", "texts spoken while a caller waited", labels=("outcome",))
        for outcome, count in self._engine.voice.outcomes.items():
            live.add_metric((outcome,), count)
        yield live
        yield from _lookups(self._engine)
        yield from _payments(self._engine)
        yield from _speech(self._engine)
        attempts = CounterMetricFamily(
            "callwright_attempts", "attempts that are over", labels=("campaign", "outcome")
        )
        for campaign in status.campaigns:
            for outcome, count in campaign.outcomes.items():
                attempts.add_metric((campaign.id, outcome), count)
        yield attempts
        help_text = "times that a campaign was paused by a fault: a person has to look"
        faults = CounterMetricFamily("callwright_campaign_faults", help_text, labels=("campaign",))
        for campaign in status.campaigns:
            faults.add_metric((campaign.id,), self._engine.dialled.states.faults[CampaignId(campaign.id)])
        yield faults


def _switches(engine: Engine, status: Status) -> Iterator[Metric]:
    up = GaugeMetricFamily("callwright_switch_up", "1: the switch is reached", labels=("switch",))
    dials = GaugeMetricFamily("callwright_switch_dials", "1: the switch takes dials", labels=("switch",))
    calls = GaugeMetricFamily("callwright_switch_calls", "calls under way on the switch", labels=("switch",))
    for each in status.switches:
        up.add_metric((each.name,), float(not each.down))
        dials.add_metric((each.name,), float(not (each.down or each.hold)))
        calls.add_metric((each.name,), each.calls)
    yield from (up, dials, calls)
    asterisks = {name: each for name, each in engine.switches.drivers.items() if isinstance(each, AsteriskSwitch)}
    if asterisks:
        help_text = "how long Asterisk, having spoken, waited for the next AGI command"
        turns = HistogramMetricFamily("callwright_agi_turn_seconds", help_text, labels=("switch",))
        for name, asterisk in asterisks.items():
            turns.add_metric((name,), _buckets(asterisk.turns), asterisk.turns.sum_s)
        yield turns


def _webhooks(engine: Engine) -> Iterator[Metric]:
    messages = GaugeMetricFamily("callwright_messages", "messages not sent", labels=("webhook", "state"))
    for webhook in engine.status().webhooks:
        messages.add_metric((webhook.name, "waiting"), webhook.waiting)
        messages.add_metric((webhook.name, "dead"), webhook.dead)
    yield messages
    deliveries = CounterMetricFamily("callwright_deliveries", "messages sent", labels=("webhook", "result"))
    for (name, result), count in sorted(engine.outbox.deliveries.items()):
        deliveries.add_metric((name, result), count)
    yield deliveries


def _told(engine: Engine) -> Iterator[Metric]:
    help_text = "mails and messages of reports and alerts that are not sent"
    notices = GaugeMetricFamily("callwright_notices", help_text, labels=("kind", "name", "state"))
    for each in engine.telling.notices.standing:
        for state, count in (("waiting", each.waiting), ("failing", each.failing), ("dead", each.dead)):
            notices.add_metric((each.kind.value, each.name, state), count)
    yield notices
    help_text = "1: the figure is past the alarm of its target"
    alarms = GaugeMetricFamily("callwright_target_alarm", help_text, labels=("target",))
    values = GaugeMetricFamily("callwright_target_value", "figures that have a target", labels=("target",))
    for standing in engine.telling.alerting.standings:
        alarms.add_metric((standing.target.name,), float(standing.verdict is Verdict.ALARM))
        if standing.figure.value is not None:
            values.add_metric((standing.target.name,), standing.figure.value)
    yield from (alarms, values)
    tries = CounterMetricFamily("callwright_notice_tries", "tries to send them", labels=("kind", "result"))
    for (kind, result), count in sorted(engine.telling.notices.results.items()):
        tries.add_metric((kind, result), count)
    yield tries


def _lookups(engine: Engine) -> Iterator[Metric]:
    asked = CounterMetricFamily("callwright_lookups", "look-ups of calls", labels=("lookup", "result"))
    for (name, result), count in sorted(engine.lookups.results.items()):
        asked.add_metric((name, result), count)
    yield asked
    held = GaugeMetricFamily("callwright_lookup_held_off", "1: left alone after failures", labels=("lookup",))
    for name, is_held_off in engine.lookups.held_off().items():
        held.add_metric((name,), float(is_held_off))
    yield held


def _payments(engine: Engine) -> Iterator[Metric]:
    charges = CounterMetricFamily("callwright_charges", "charges of calls", labels=("gateway", "result"))
    for (name, result), count in sorted(engine.payments.results.items()):
        charges.add_metric((name, result), count)
    yield charges


def _speech(engine: Engine) -> Iterator[Metric]:
    figures = engine.listener.figures
    answers = CounterMetricFamily("callwright_spoken_answers", "questions by voice or key", labels=("answer",))
    for answer, count in sorted(figures.answers.items()):
        answers.add_metric((answer,), count)
    yield answers
    keys = CounterMetricFamily("callwright_keys_only", "such questions that were left to keys", labels=("reason",))
    for reason, count in sorted(figures.keys_only.items()):
        keys.add_metric((reason,), count)
    yield keys
    yield CounterMetricFamily("callwright_heard_audio_seconds", "audio that was recognised", figures.audio_s)
    help_text = "from the end of a caller's speech to what comes of it"
    yield _histogram("speech_decision_seconds", help_text, figures.decisions)
    yield _gauge("speech_workers", "processes that recognise speech", float(engine.recognition.workers_up()))
    held = GaugeMetricFamily("callwright_speech_held_off", "1: left alone after failures", labels=("language",))
    for language, is_held_off in engine.recognition.held_off().items():
        held.add_metric((language,), float(is_held_off))
    yield held


def exposition(engine: Engine) -> tuple[bytes, int, None, str]:
    """What an HTTP response is made of: body, status, no headers, media type."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(EngineCollector(engine))
    return generate_latest(registry), 200, None, CONTENT_TYPE_LATEST


def _gauge(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"callwright_{name}", help_text, value)


def _histogram(name: str, help_text: str, found: Histogram) -> HistogramMetricFamily:
    return HistogramMetricFamily(f"callwright_{name}", help_text, buckets=_buckets(found), sum_value=found.sum_s)


def _buckets(found: Histogram) -> list[tuple[str, float]]:
    return [("+Inf" if isinf(bound) else f"{bound:g}", count) for bound, count in found.buckets()]
