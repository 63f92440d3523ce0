"""``callwright campaign presets``, ``recording-law``, ``refusals`` and ``audit``: the rules, what they refused, and a
run's proof."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, astuple
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from calls.errors import UserError
from calls.ids import CampaignId
from console.cli.report import AsCsv, AsJson, Begin, End, read, show, span
from console.cli.shared import print_json, print_table, settings_of
from console.proving import ProofShown, prove
from dialer import preset_words, refusals
from dialer.presets import NOT_HELD, PRESETS
from dialer.recording_law import ALL_AGREE, in_words

CampaignName = Annotated[str, typer.Argument(metavar="ID", help="The campaign: its file's name without .toml.")]


def presets(
    name: Annotated[str | None, typer.Argument(help="Only this preset. Default: all.")] = None,
    as_json: AsJson = False,
) -> None:
    """The presets with their rules, and where each rule was read. None of it is legal advice."""
    if name is not None and name not in PRESETS:
        raise UserError(f"no preset {name}: there are {', '.join(PRESETS)}")
    chosen = [PRESETS[name]] if name is not None else list(PRESETS.values())
    if as_json:
        print_json(
            [
                asdict(preset_words.row(each)) | {"sources": [preset_words.source(source) for source in each.sources]}
                for each in chosen
            ]
        )
        return
    for each in chosen:
        rules = zip(preset_words.COLUMNS[1:], astuple(preset_words.row(each))[1:], strict=True)
        print_table(each.name, ["rule", "is"], [(what, words) for what, words in rules if words])
        for source in each.sources:
            typer.echo(f"- {preset_words.source(source)}")
        typer.echo()
    typer.echo("What no preset holds:")
    for source in NOT_HELD:
        typer.echo(f"- {preset_words.source(source)}")


def recording_law(as_json: AsJson = False) -> None:
    """Where in the United States people must hear of a recording, and where each rule was read. No legal advice."""
    if as_json:
        print_json([{"state": state} | asdict(law) for state, law in ALL_AGREE.items()])
        return
    for state, law in ALL_AGREE.items():
        typer.echo(f"- {in_words(state, law)}")
    typer.echo("Elsewhere in the United States one who talks is enough (18 USC 2511(2)(d)).")


def refused(
    context: typer.Context,
    campaign_id: CampaignName,
    sample: Annotated[int, typer.Option(min=0, max=1000, help="So many leads of each rule are named.")] = 3,
    as_json: AsJson = False,
) -> None:
    """What the rules refused in a campaign: by rule, how often, until when, and which leads for example."""
    begin, end = datetime(2000, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1)
    show_refusals(
        context, f"Refused in {campaign_id}", begin, end, campaign_id, sample, as_csv=False, as_json=as_json
    )


def refusals_report(
    context: typer.Context,
    begin: Begin = None,
    end: End = None,
    campaign: Annotated[str | None, typer.Option(help="Of this campaign only.")] = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """What the rules refused: by campaign and rule, how often, and until when."""
    since, until = span(begin, end)
    show_refusals(context, "Refusals", since, until, campaign, 0, as_csv=as_csv, as_json=as_json)


def show_refusals(
    context: typer.Context,
    title: str,
    begin: datetime,
    end: datetime,
    campaign: str | None,
    sample: int,
    *,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Refusals as they are asked for."""
    campaign_id = None if campaign is None else CampaignId(campaign)
    found = read(context, lambda db: refusals.refusals(db, begin, end, campaign_id, sample))
    columns = ["campaign", "rule", "leads", "times", "first", "last", "first may be dialled", "leads for example"]
    rows: list[list[object]] = [
        [
            each.campaign_id,
            each.rule,
            each.leads,
            each.times,
            each.first_at.isoformat(timespec="seconds"),
            each.last_at.isoformat(timespec="seconds"),
            "never" if each.until is None else each.until.isoformat(timespec="seconds"),
            ", ".join(each.sample),
        ]
        for each in found
    ]
    show(title, (columns, rows), as_csv, as_json)


def audit(context: typer.Context, campaign_id: CampaignName, as_json: AsJson = False) -> None:
    """Whether a campaign's run broke a rule, from the records alone; exit status 1 where one was broken.

    Each breach is listed with its attempt, its rule and the evidence, and so is what the records cannot prove.
    """
    found = prove(settings_of(context).engine.database, campaign_id, datetime.now(UTC))
    if as_json:
        print_json(found.model_dump())
    else:
        _show_proof(found)
    if found.breaches:
        raise typer.Exit(1)


def _show_proof(verdict: ProofShown) -> None:
    span_text = f", {verdict.first_at} to {verdict.last_at}" if verdict.attempts else ""
    typer.echo(f"campaign {verdict.campaign_id}: {verdict.attempts} attempts{span_text}")
    if verdict.breaches:
        rows = [(each.attempt_id or "the run", each.rule, each.evidence) for each in verdict.breaches]
        print_table(f"{len(rows)} breaches", ["attempt", "rule", "evidence"], rows)
    else:
        typer.echo("no rule was broken, as far as the records show")
    unproved = Counter((each.rule, each.why) for each in verdict.unproved)
    for (rule, why), count in sorted(unproved.items()):
        typer.echo(f"not proved of {count} attempts: {rule}: {why}")
    typer.echo("Not in the records:")
    for line in verdict.not_in_the_records:
        typer.echo(f"- {line}")
