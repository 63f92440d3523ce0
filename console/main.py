"""The ``callwright`` command: its groups, and how errors end it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from calls import log
from calls.errors import CallwrightError, SettingsError, UserError
from calls.settings import load
from console.cli import (
    accounts,
    agents,
    audit,
    block,
    callbacks,
    campaign,
    campaign_create,
    campaign_pace,
    campaign_rules,
    consent,
    db,
    dialer,
    dialplans,
    dnc,
    doctor,
    floor,
    flow_versions,
    hours,
    ivr,
    leads,
    payments,
    people,
    pins,
    prompt_takes,
    prompts,
    report,
    report_by,
    report_flows,
    report_send,
    report_staffing,
    speech,
    status,
    voicemail,
    webhooks,
)
from console.cli.shared import err, settings_of, settings_path
from console.engine import process
from console.parent import end_with_parent
from console.web import app as web

EX_CONFIG = 78
"""sysexits.h: the settings are wrong; a supervisor need not try again."""

app = typer.Typer(
    name="callwright",
    help="A call centre for Asterisk and FreeSWITCH.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(ivr.app, name="ivr")
ivr.app.command()(flow_versions.publish)
ivr.app.command()(flow_versions.reload)
ivr.app.command()(flow_versions.rollback)
ivr.app.command()(flow_versions.versions)
ivr.app.command()(flow_versions.diff)
ivr.app.command()(flow_versions.show)
app.add_typer(campaign.app, name="campaign")
campaign.app.command()(campaign_rules.presets)
campaign.app.command("refusals")(campaign_rules.refused)
campaign.app.command()(campaign_rules.audit)
campaign.app.command()(campaign_create.create)
campaign.app.command()(campaign_pace.show)
campaign.app.command("set")(campaign_pace.set_pace)
campaign.app.command()(campaign_pace.reset)
app.add_typer(dialer.app, name="dialer")
app.add_typer(leads.app, name="leads")
app.add_typer(dnc.app, name="dnc")
app.add_typer(consent.app, name="consent")
app.add_typer(hours.app, name="hours")
app.add_typer(pins.app, name="pins")
app.add_typer(payments.app, name="payments")
app.add_typer(block.app, name="block")
app.add_typer(people.app, name="people")
app.add_typer(callbacks.app, name="callbacks")
app.add_typer(voicemail.app, name="voicemail")
app.add_typer(accounts.app, name="accounts")
app.add_typer(agents.app, name="agents")
app.add_typer(floor.app, name="floor")
app.add_typer(prompts.app, name="prompts")
prompts.app.command()(prompt_takes.script)
prompts.app.command("import")(prompt_takes.import_recordings)
app.add_typer(speech.app, name="speech")
app.add_typer(dialplans.app, name="dialplans")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(audit.app, name="audit")
app.add_typer(db.app, name="db")
report.app.command("refusals")(campaign_rules.refusals_report)
report.app.command()(report_flows.flow)
report.app.command()(report_flows.paths)
report.app.command()(report_by.by)
report.app.command()(report_by.export)
report.app.command()(report_send.send)
report.app.command()(report_staffing.staffing)
app.add_typer(report.app, name="report")
app.command()(doctor.doctor)
app.command()(status.status)


@app.callback()
def main(
    settings: Annotated[
        Path | None, typer.Option(help="The settings file. Default: CALLWRIGHT_SETTINGS, else callwright.toml here.")
    ] = None,
) -> None:
    """A call centre for Asterisk and FreeSWITCH."""


@app.command()
def engine(context: typer.Context) -> None:
    """Run the engine: calls, agents, campaigns, records. SIGTERM drains it."""
    settings = settings_of(context)
    log.configure(sys.stderr, settings.engine.log_level)
    try:
        asyncio.run(process.run(settings))
    except UserError as problem:  # flows and prompts too: the next start would find them as they are
        _fail(problem, EX_CONFIG)


@app.command()
def console(context: typer.Context) -> None:
    """Run the web console and the public API."""
    settings = settings_of(context)
    log.configure(sys.stderr, settings.engine.log_level)
    asyncio.run(web.run(settings))


@app.command()
def up(context: typer.Context) -> None:
    """Render missing prompts, then run engine and console together."""
    path = settings_path(context)
    settings = load(path, os.environ)
    log.configure(sys.stderr, settings.engine.log_level)
    asyncio.run(web.run_with_engine(settings, path))


def run() -> None:
    """The command's entry point. Our own errors are one message and an exit status; anything else is a bug."""
    end_with_parent()
    try:
        app(prog_name="callwright")
    except SettingsError as problem:
        _fail(problem, EX_CONFIG)
    except CallwrightError as problem:
        _fail(problem, 1)


def _fail(problem: CallwrightError, status: int) -> None:
    err.print(f"callwright: {problem}", markup=False, soft_wrap=True)
    sys.exit(status)


if __name__ == "__main__":
    run()
