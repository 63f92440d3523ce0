"""The call centre in which whole calls are played: settings, flows and campaigns, all made from the scripts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from textwrap import dedent, indent

from calls.callbacks import CallbackSettings
from calls.ids import FlowId
from calls.outside import LookupSettings, PaymentGateway, WebhookSettings
from calls.settings import (
    AgentSettings,
    AuthenticatorSettings,
    Destination,
    InboundRoute,
    QueueSettings,
    RecordingSettings,
    Settings,
    Trunk,
)
from calls.settings import Engine as EngineSettings
from console.engine.outside import Answered
from ivr.check import Known, load
from ivr.flow import Flow
from tests.conformance.engine.vocabulary import OWN, CampaignScript, EngineScript, FlowScript
from tests.conformance.vocabulary import DESTINATIONS
from tests.console.fake_hosts import FakeHosts

WRAP_UP_S = 0.5
FIRST_CALLED = 500
"""The scripts of switch-port commands are called below."""

CALLER_ID = "+12025550100"

AREAS = {"": "493012", "WA": "120622"}
"""How the numbers of leads begin, by their state of the United States; the others are in Berlin."""

CAMPAIGN = """\
name = "{name}"
list = "{name}"
queue = "{name}"
trunk = "{name}"
caller_id = "{caller_id}"
preset = "demo"
max_lines = 1
ring_timeout_s = {ring_timeout_s}
detect_machine = {detect_machine}
safe_harbour = "conformance.short"
"""


def endpoint_of(script: EngineScript) -> str:
    """The phone of the script's agent."""
    return f"PJSIP/{script.name}"


class Premises:
    """Where ``scripts`` are played. Each has a number that nobody else calls, or is called at."""

    def __init__(self, scripts: Sequence[EngineScript], folder: Path) -> None:
        self.scripts = tuple(scripts)
        self.folder = folder
        self._places = {script.name: index for index, script in enumerate(self.scripts)}
        self.settings = self._settings()
        self.flows = self._flows()

    def called(self, script: EngineScript) -> str:
        """Whom the caller calls, or we."""
        index = self._places[script.name]
        match script:
            case FlowScript():
                return str(FIRST_CALLED + index)
            case CampaignScript(digit=digit, state=state):
                return f"+{AREAS[state]}{index:04d}{digit}"

    def caller(self, script: EngineScript) -> str:
        """The caller's own number."""
        return f"+4930555{FIRST_CALLED + self._places[script.name]}"

    def campaign(self, script: CampaignScript) -> Path:
        """The campaign's file."""
        path = self.folder / f"{script.name}.toml"
        text = CAMPAIGN.format(
            name=script.name,
            caller_id=CALLER_ID,
            ring_timeout_s=script.ring_timeout_s,
            detect_machine=str(script.detect_machine).lower(),
        )
        path.write_text(text + script.tables, encoding="utf-8")
        return path

    def outside(self) -> FakeHosts:
        """The servers of others: they take every message, and every card."""
        return FakeHosts(lambda at, sent: Answered(200, b'{"status": "paid", "token": "tok"}'))

    def _write_orders(self) -> Path:
        path = self.folder / "orders.db"
        path.unlink(missing_ok=True)  # of premises that are opened again
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("CREATE TABLE orders (number TEXT, status TEXT)")
            database.execute("INSERT INTO orders VALUES ('4711', 'sent')")
        return path

    def _settings(self) -> Settings:
        with_agent = [script for script in self.scripts if script.agent is not None]
        orders = self._write_orders()
        pins = "SELECT 'plain:2580' AS pin FROM orders WHERE number = :account"
        return Settings(
            lookups=(
                LookupSettings(name="orders", database=orders, sql="SELECT status FROM orders WHERE number = :order"),
                LookupSettings(name="pins", database=orders, sql=pins),
            ),
            authenticators=(AuthenticatorSettings(name="customers", lookup="pins"),),
            webhooks=(WebhookSettings(name="tickets", url="https://desk.example/hooks"),),
            payment_gateways=(PaymentGateway(name="cards", url="https://pay.example/charges", currency="EUR"),),
            callbacks=CallbackSettings(trunk="none", caller_id=CALLER_ID, preset="demo", countries=("DE",)),
            recordings=RecordingSettings(folder=self.folder / "recordings"),
            engine=EngineSettings(
                database=self.folder / "callwright.db", socket=self.folder / "engine.sock", settle_s=0.2
            ),
            trunks=tuple(map(_trunk, trunks(self.scripts))),
            queues=tuple(QueueSettings(name=script.name, max_wait_s=30.0) for script in self.scripts),
            agents=tuple(map(_agent, with_agent)),
            inbound=tuple(
                InboundRoute(called=self.called(script), flow=script.name)
                for script in self.scripts
                if isinstance(script, FlowScript) and script.nodes
            ),
            destinations=tuple(Destination(name=name, dial=f"PJSIP/{name}") for name in DESTINATIONS),
            flows=self.folder,
            campaigns=self.folder,
        )

    def _flows(self) -> Mapping[FlowId, Flow]:
        known = Known(queues=frozenset(script.name for script in self.scripts), destinations=frozenset(DESTINATIONS))
        found: dict[FlowId, Flow] = {}
        for script in self.scripts:
            if isinstance(script, FlowScript) and script.nodes:
                if script.inner:
                    inner = _written(dedent(script.inner).strip(), 'variables: {asked: "", answer: ""}')
                    (self.folder / f"{script.name}-inner.yaml").write_text(inner, encoding="utf-8")
                path = self.folder / f"{script.name}.yaml"
                path.write_text(_flow(script), encoding="utf-8")
                found[FlowId(script.name)] = load(path, known)
        return found


def trunks(scripts: Iterable[EngineScript]) -> list[str]:
    """The trunks of the scripts: one each, as a trunk rests after a 503."""
    return [script.name for script in scripts if isinstance(script, CampaignScript)]


def _trunk(name: str) -> Trunk:
    return Trunk(name=name, dial="PJSIP/{number}@carrier", lines=1, calls_per_second=10, loopback_only=True)


def _agent(script: EngineScript) -> AgentSettings:
    assert script.agent is not None
    return AgentSettings(
        id=script.name,
        name=script.name,
        endpoint=endpoint_of(script),
        mode="on_hook" if script.agent.on_hook else "nailed_up",
        queues=(script.name,),
        wrap_up_s=WRAP_UP_S,
    )


def _flow(script: FlowScript) -> str:
    """The script's nodes as a flow that begins with the first of them."""
    nodes = dedent(script.nodes).strip()
    for kind in ("queue", "callback", "emergency"):
        nodes = nodes.replace(f"{kind}: {OWN}", f"{kind}: {script.name}")
    return _written(nodes.replace(f"subflow: {OWN}", f"subflow: {script.name}-inner"), script.head)


def _written(nodes: str, head: str) -> str:
    first = nodes.partition(":")[0]
    return "\n".join(["language: en", f"start: {first}", head, "nodes:", indent(nodes, "  "), ""])
