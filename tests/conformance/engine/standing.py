"""Calls of a whole engine that stand at a step until somebody ends them: for what is killed under them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace

from calls.causes import Outcome
from calls.records.database import open_readonly
from calls.switch.port import Originate, RingAgent, Switch
from tests.conformance.engine.parts import AWAY, BYE
from tests.conformance.engine.play import Bench
from tests.conformance.engine.premises import Premises
from tests.conformance.engine.vocabulary import Agent, CampaignScript, EngineScript, FlowScript, Record
from tests.conformance.engine.watched import Watched

LOST = Record(Outcome.LOST, None)
LONG = f"[{', '.join(['conformance.long'] * 15)}]"


def _stands(name: str, nodes: str, agent: Agent | None = None) -> FlowScript:
    return FlowScript(name, "", nodes + BYE, (), "", "", LOST, agent)


RINGING = CampaignScript("rings", "", "6", "", "", LOST, ring_timeout_s=50.0)
STANDING: Mapping[EngineScript, str] = {
    _stands("prompt", f"stay: {{say: {LONG}, next: bye}}"): "play",
    _stands("menu", f'stay: {{menu: {LONG}, keys: {{"1": bye}}, noinput: [], nomatch: [], failed: bye}}'): "gather",
    _stands("queue", "sales: {queue: own, failed: bye, next: bye}", AWAY): "hold",
    _stands("talk", "sales: {queue: own, failed: bye, next: bye}", Agent()): "connect",
    _stands("transfer", "boss: {transfer: silent, failed: bye, next: bye}"): "transfer silent",
    _stands(
        "message",
        "leave: {voicemail: box, greeting: [conformance.short], longest: 60s, silence: 30s, review: [],"
        " sent: [conformance.short], empty: [conformance.short], failed: bye, next: bye}",
    ): "record",
}
"""Callers, and the beginning of what was asked of each one's call last. :data:`RINGING` is a lead that does not
answer."""

SCRIPTS: tuple[EngineScript, ...] = (*STANDING, RINGING)


class OnePhone(Watched):
    """A switch on which all agents have one telephone."""

    def __init__(self, switch: Switch, phone: str) -> None:
        super().__init__(switch)
        self._phone = phone

    async def originate(self, request: Originate) -> None:
        await super().originate(replace(request, endpoint=self._phone) if isinstance(request, RingAgent) else request)


def all_stand(bench: Bench, premises: Premises) -> bool:
    """Whether each caller is at its step, in a talk where it is to be, and the lead rings."""
    asked = {script: bench.switch.asked.get(premises.called(script), []) for script in STANDING}
    there = all(words and words[-1].startswith(STANDING[script]) for script, words in asked.items())
    talk = next(premises.called(script) for script in STANDING if script.name == "talk")
    return there and bench._talks(talk) == 1 and bench._rings(premises.called(RINGING))


async def until(holds: Callable[[], bool], within_s: float = 40.0) -> None:
    """Wait until ``holds``: the store tells nobody."""
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.05)


def is_settled(premises: Premises) -> bool:
    """Whether no call is live and no attempt is under way."""
    with closing(open_readonly(premises.settings.engine.database)) as connection:
        (live,) = connection.execute("SELECT count(*) FROM live_calls").fetchone()
        (open_,) = connection.execute("SELECT count(*) FROM attempts WHERE state <> 'done'").fetchone()
    return bool(live == open_ == 0)


def records(premises: Premises) -> tuple[Counter[str], dict[str, str]]:
    """How many records each number has, attempts of leads among them, and the outcome of each."""
    with closing(open_readonly(premises.settings.engine.database)) as connection:
        rows = connection.execute("SELECT called, outcome FROM calls").fetchall()
        rows += connection.execute("SELECT 'attempt ' || number, outcome FROM attempts").fetchall()
    return Counter(called for called, _ in rows), dict(rows)
