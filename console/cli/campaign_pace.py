"""``callwright campaign show | why | set | reset``: one campaign in full, why it dials, its pace while it runs."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import quote

import typer

from calls.records.database import open_readonly
from calls.settings import Settings
from calls.text import printable
from console import campaign_control
from console.campaign_show import CampaignDetail, detail
from console.campaign_why import decided_since
from console.cli.shared import print_json, settings_of, with_engine_or_store
from console.client import EngineClient, NoEngine, who
from dialer import control

Id = Annotated[str, typer.Argument(help="The campaign: its file's name without .toml.")]


def show(
    context: typer.Context,
    campaign_id: Id,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What a campaign does and why, its agents and lines, its figures and what is left of it."""
    found = _detail(settings_of(context), campaign_id)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    for line in _lines(found):
        typer.echo(printable(line))


def why(
    context: typer.Context,
    campaign_id: Id,
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 366, help="How far to look back.")] = 24.0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Rows at most, the newest of them.")] = 40,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, with the figures of each decision.")] = False,
) -> None:
    """Why a campaign dialled, or dialled nothing: its decisions by the minute and by reason, the newest first."""
    since = datetime.now(UTC) - timedelta(hours=hours)
    with closing(open_readonly(settings_of(context).engine.database)) as connection:
        found = decided_since(connection, campaign_id, since, limit)
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
        return
    if not found:
        typer.echo(f"{campaign_id}: nothing was decided in that time (decisions are kept each minute)")
    for each in found:
        times = f"{each.from_at:%Y-%m-%d %H:%M:%S} to {each.until_at:%H:%M:%S} UTC"
        typer.echo(printable(f"{times}  {each.dials} dials in {each.decisions} decisions: {each.reason}"))


def set_pace(
    context: typer.Context,
    campaign_id: Id,
    changes: Annotated[list[str], typer.Argument(help=f"Key=value, of {', '.join(control.KEYS)}.")],
) -> None:
    """Change a campaign while it runs; it holds until it is reset, or started with another text of its file."""
    settings, wanted, now = settings_of(context), control.read(changes), datetime.now(UTC)
    done = with_engine_or_store(
        settings,
        lambda engine: engine.tell("PATCH", f"/v1/campaigns/{quote(campaign_id, safe='')}", wanted),
        lambda db: campaign_control.change(db, campaign_id, wanted, settings, who(), now)[1],
    )
    typer.echo(done.said)


def reset(context: typer.Context, campaign_id: Id) -> None:
    """Take back what was changed while the campaign ran: its file alone holds."""
    now = datetime.now(UTC)
    done = with_engine_or_store(
        settings_of(context),
        lambda engine: engine.tell("DELETE", f"/v1/campaigns/{quote(campaign_id, safe='')}/changes", {}),
        lambda db: campaign_control.reset(db, campaign_id, who(), now)[1],
    )
    typer.echo(done.said)


def _detail(settings: Settings, campaign_id: str) -> CampaignDetail:
    with EngineClient(settings.engine.socket) as engine:
        try:
            return CampaignDetail.model_validate(engine.look(f"/v1/campaigns/{quote(campaign_id, safe='')}", {}))
        except NoEngine:
            pass
    connection = open_readonly(settings.engine.database)
    try:
        return detail(connection, campaign_id, None, datetime.now(UTC))
    finally:
        connection.close()


def _lines(found: CampaignDetail) -> list[str]:
    pace = ", ".join(f"{key} {value}" for key, value in found.pacing.items())
    rate = "nothing dialled yet" if found.answer_rate is None else f"{100 * found.answer_rate:.1f}% of dials"
    spent = found.abandonment
    lines = [
        f"{found.id} ({found.name}): {found.state}",
        f"  why         {found.reason}",
        f"  pace        {pace}; priority {found.priority}, weight {found.weight}",
        f"  changed     {_pairs(found.changes)}" if found.changes else "  changed     nothing: it runs by its file",
        f"  lines       {found.lines.in_use} of {found.lines.most}",
        f"  answered    {rate}",
        f"  abandoned   {spent.abandoned} of {spent.answered} ({100 * spent.share:.2f}%), cap {100 * spent.cap:g}%",
        f"  outcomes    {_pairs(found.outcomes) or 'none'}",
        f"  leads       {found.leads_left} left ({_pairs(found.leads) or 'none'})",
    ]
    if (agents := found.agents) is not None:
        busy = f"{agents.reserved} reserved, {agents.talking} talking, {agents.wrapping} wrapping up"
        lines.insert(5, f"  agents      {agents.ready} ready, {busy}")
    if found.opens_at is not None:
        lines.append(f"  opens       {found.opens_at:%Y-%m-%d %H:%M} UTC")
    return lines


def _pairs(counts: object) -> str:
    return ", ".join(f"{key} {value}" for key, value in counts.items()) if isinstance(counts, dict) else ""
