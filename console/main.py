"""The ``callwright`` command: its parts, and how errors end it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from calls.errors import CallwrightError, SettingsError
from console.cli.on_demand import Part, group_of
from console.parent import end_with_parent


@cache
def _ivr() -> Part:
    from console.cli import flow_versions as versions
    from console.cli.ivr import app

    for each in (
        versions.publish,
        versions.reload,
        versions.rollback,
        versions.versions,
        versions.diff,
        versions.show,
    ):
        app.command()(each)
    return app


@cache
def _campaign() -> Part:
    from console.cli import campaign_create, campaign_pace, campaign_rules
    from console.cli.campaign import app

    app.command()(campaign_rules.presets)
    app.command("recording-law")(campaign_rules.recording_law)
    app.command("refusals")(campaign_rules.refused)
    app.command()(campaign_rules.audit)
    app.command()(campaign_create.create)
    app.command()(campaign_pace.show)
    app.command()(campaign_pace.why)
    app.command("set")(campaign_pace.set_pace)
    app.command()(campaign_pace.reset)
    return app


@cache
def _prompts() -> Part:
    from console.cli import prompt_takes
    from console.cli.prompts import app

    app.command()(prompt_takes.script)
    app.command("import")(prompt_takes.import_recordings)
    return app


@cache
def _report() -> Part:
    from console.cli import campaign_rules, report_by, report_flows, report_progress, report_send, report_staffing
    from console.cli.report import app

    app.command("refusals")(campaign_rules.refusals_report)
    for each in (
        report_flows.flow,
        report_flows.paths,
        report_by.by,
        report_by.export,
        report_send.send,
        report_progress.progress,
        report_staffing.staffing,
    ):
        app.command()(each)
    return app


def _of(module: str, what: str = "app") -> Callable[[], Part]:
    return partial(_imported, module, what)


def _imported(module: str, what: str) -> Part:
    found: Part = getattr(import_module(f"console.cli.{module}"), what)
    return found


COMMANDS: dict[str, Callable[[], Part]] = {
    "doctor": _of("doctor", "doctor"),
    "status": _of("status", "status"),
    "engine": _of("engine", "engine"),
    "console": _of("pages", "console"),
    "up": _of("up", "up"),
    "ivr": _ivr,
    "campaign": _campaign,
    "dialer": _of("dialer"),
    "leads": _of("leads"),
    "dnc": _of("dnc"),
    "consent": _of("consent"),
    "reassigned": _of("reassigned"),
    "hours": _of("hours"),
    "pins": _of("pins"),
    "payments": _of("payments"),
    "block": _of("block"),
    "people": _of("people"),
    "callbacks": _of("callbacks"),
    "voicemail": _of("voicemail"),
    "accounts": _of("accounts"),
    "agents": _of("agents"),
    "shifts": _of("shifts"),
    "floor": _of("floor"),
    "prompts": _prompts,
    "speech": _of("speech"),
    "dialplans": _of("dialplans"),
    "webhooks": _of("webhooks"),
    "audit": _of("audit"),
    "db": _of("db"),
    "report": _report,
}

app = typer.Typer(
    name="callwright",
    cls=group_of(COMMANDS),
    help="A call centre for Asterisk and FreeSWITCH.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def main(
    settings: Annotated[
        Path | None, typer.Option(help="The settings file. Default: CALLWRIGHT_SETTINGS, else callwright.toml here.")
    ] = None,
) -> None:
    """A call centre for Asterisk and FreeSWITCH."""
    if not gc.isenabled():  # the command is known, and what it needs is imported and stays
        gc.freeze()
        gc.enable()


def start() -> None:
    """The entry point of a process that is one command.

    To look through what is imported for garbage took a quarter of the start: what is there once the command is known
    is never looked through.
    """
    gc.disable()
    run()


def run() -> None:
    """The command of :data:`sys.argv`. Our own errors are one message and an exit status; anything else is a bug."""
    from console.cli.shared import EX_CONFIG, fail

    end_with_parent()
    try:
        app(prog_name="callwright")
    except SettingsError as problem:
        fail(problem, EX_CONFIG)
    except CallwrightError as problem:
        fail(problem, 1)


if __name__ == "__main__":
    start()
