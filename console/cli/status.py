"""``callwright status``: the running engine at a glance."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli.shared import ask_engine, out, print_json, print_table, settings_of
from console.client import EngineClient
from console.engine.status import Status


def status(context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """The running engine: calls, queues, agents, campaigns, and why it dials or does not."""
    found = ask_engine(settings_of(context), EngineClient.status)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    for line in summary(found):
        out.print(line, markup=False)
    if len(found.switches) > 1:
        switches = (
            [each.name, each.kind, each.calls, each.weight, each.down or each.hold] for each in found.switches
        )
        print_table("Switches", ["switch", "kind", "calls", "weight", "why it takes no dials"], switches)
    agents = ([agent.id, agent.state, agent.reason, agent.for_s] for agent in found.agents)
    print_table("Agents", ["agent", "state", "reason", "for s"], agents)
    queues = ([each.name, each.waiting, each.callbacks, each.longest_wait_s, each.free] for each in found.queues)
    print_table("Queues", ["queue", "waiting", "to call back", "longest s", "free agents"], queues)
    campaigns = (
        [each.id, each.state, each.dialling, each.talking, each.answered, each.abandoned, each.reason]
        for each in found.campaigns
    )
    print_table("Campaigns", ["campaign", "state", "dialling", "talking", "answered", "abandoned", "why"], campaigns)


def summary(found: Status) -> list[str]:
    """The engine in one or a few lines."""
    names = ", ".join(f"{each.name} ({each.kind})" for each in found.switches) or f"{found.switch} ({found.kind})"
    several = len(found.switches) > 1
    lines = [f"{'switches' if several else 'switch'} {names}, {len(found.calls)} calls under way"]
    lines += [f"not ready: {reason}" for reason in found.not_ready]
    if found.hold:
        lines.append(f"nothing is dialled: {found.hold}")
    lines += [f"flag: {each.at:%H:%M} {each.number}: {each.what} (call {each.call_id})" for each in found.flags]
    return lines
