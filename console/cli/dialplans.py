"""``callwright dialplans``: the part of the switch's configuration that is ours."""

from __future__ import annotations

import shutil
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from calls.errors import UserError
from calls.settings import Settings
from calls.switch.port import Prompt
from calls.switches import alone, chosen
from console.cli.shared import settings_of
from dialplans import freeswitch
from dialplans import install as installation
from dialplans.asterisk import render
from dialplans.callcenter import FallbackAgent, FallbackQueue
from dialplans.changes import Plan
from dialplans.freeswitch import FreeSwitchIncludes
from dialplans.values import RELAY, CallerId, Includes
from ivr.flow import SORRY
from prompts.formats import Format
from prompts.library import FALLBACK, PromptLibrary

app = typer.Typer(
    help="Our part of the switch's configuration, beside the administrator's own.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class SwitchKind(StrEnum):
    """Switches that an installation knows."""

    ASTERISK = "asterisk"
    FREESWITCH = "freeswitch"


Kind = Annotated[SwitchKind, typer.Option("--switch", help="The switch.")]
Folder = Annotated[
    Path | None,
    typer.Option(
        help="The switch's configuration folder; where it is not said here nor in the settings, /etc/asterisk or"
        " /etc/freeswitch."
    ),
]
Which = Annotated[
    str | None,
    typer.Option("--on", help="Which of several switches, by its name in the settings, which say its kind."),
]
Fallback = Annotated[
    str | None,
    typer.Option(
        help='Where a call goes while the engine is away: "context,extension,priority", on FreeSWITCH '
        '"extension XML context".'
    ),
]
FallbackQueueName = Annotated[
    str | None,
    typer.Option(
        help="On FreeSWITCH: the queue whose agents, those who are on the hook, FreeSWITCH itself rings for callers "
        "while the engine is away."
    ),
]
Origin = Annotated[
    CallerId,
    typer.Option("--caller-id", help="header: for a PBX without res_pjsip_caller_id.so, docs/asterisk.md"),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
ETC = {SwitchKind.ASTERISK: Path("/etc/asterisk"), SwitchKind.FREESWITCH: Path("/etc/freeswitch")}
LOADS = {
    SwitchKind.ASTERISK: "asterisk -rx 'core reload'",
    SwitchKind.FREESWITCH: "fs_cli -x reloadxml, and fs_cli -x 'reload mod_event_socket'",
}


@app.command()
def diff(
    context: typer.Context,
    switch: Kind = SwitchKind.ASTERISK,
    folder: Folder = None,
    on: Which = None,
    fallback: Fallback = None,
    fallback_queue: FallbackQueueName = None,
    caller_id: Origin = CallerId.CHANNEL,
) -> None:
    """Show what an install would change; changes nothing."""
    settings, kind, place = _of_one(settings_of(context), switch, on, folder)
    _show(_plan(settings, kind, place, (fallback, fallback_queue), caller_id))


@app.command()
def install(
    context: typer.Context,
    switch: Kind = SwitchKind.ASTERISK,
    folder: Folder = None,
    on: Which = None,
    fallback: Fallback = None,
    fallback_queue: FallbackQueueName = None,
    caller_id: Origin = CallerId.CHANNEL,
    yes: Yes = False,
) -> None:
    """Install our include files: shows the difference, asks, keeps copies of what it touches."""
    settings, switch, place = _of_one(settings_of(context), switch, on, folder)
    todo = _plan(settings, switch, place, (fallback, fallback_queue), caller_id)
    if not _show(todo):
        return
    if not yes:
        typer.confirm("Install this?", abort=True)
    _keep_sorry(settings)
    installation.apply(todo)
    typer.echo(f"Installed. Load it with: {LOADS[switch]}")


@app.command()
def uninstall(
    context: typer.Context,
    switch: Kind = SwitchKind.ASTERISK,
    folder: Folder = None,
    on: Which = None,
    yes: Yes = False,
) -> None:
    """Take our files out again and put back what was there, byte for byte."""
    if folder is None:
        _, switch, folder = _of_one(settings_of(context), switch, on, folder)
    todo = installation.plan_uninstall(folder)
    for kept in todo.kept:
        typer.echo(f"{kept.path} is left alone: {kept.note}")
    if _show(todo) and not yes:
        typer.confirm("Take this out?", abort=True)
    installation.uninstall(todo)
    typer.echo(f"Taken out. Load it with: {LOADS[switch]}")


def _show(todo: Plan) -> bool:
    """Print the difference; False where there is nothing to do."""
    difference = todo.difference
    typer.echo(difference or "Nothing to do.", nl=not difference)
    return bool(difference)


def _of_one(
    settings: Settings, kind: SwitchKind, on: str | None, folder: Path | None
) -> tuple[Settings, SwitchKind, Path]:
    """The settings of one switch alone, its kind, and its configuration folder.

    Raises:
        UserError: there are several and none of them is named, there is no such one, or it has no dialplan.
    """
    switch = chosen(settings, on)
    if on is not None:
        if switch.kind == "loopback":
            raise UserError(f"{on} is a loopback switch: it has no dialplan")
        kind = SwitchKind(switch.kind)
    return alone(settings, switch.name), kind, folder or switch.folder or ETC[kind]


def _plan(
    settings: Settings, switch: SwitchKind, into: Path, away: tuple[str | None, str | None], caller_id: CallerId
) -> Plan:
    """``away``: where calls go while the engine is away, a place or a queue."""
    fallback, queue = away
    if switch is SwitchKind.FREESWITCH:
        return installation.plan_freeswitch(into, freeswitch.render(_of_freeswitch(settings, fallback, queue)))
    if queue is not None:
        raise UserError('--fallback-queue is FreeSWITCH\'s: on Asterisk name a queue of yours by --fallback "..."')
    return installation.plan(into, render(_of_asterisk(settings, into, fallback, caller_id)))


def _of_asterisk(settings: Settings, folder: Path, fallback: str | None, caller_id: CallerId) -> Includes:
    at, secrets = settings.asterisk, settings.secrets
    return Includes(
        agi_token=secrets.agi_token.get_secret_value(),
        ami_secret=secrets.ami_secret.get_secret_value(),
        sorry=_sorry(settings),
        agi_host=at.agi_host,
        agi_port=at.agi_port,
        ami_user=at.ami_user,
        prefix=at.context_prefix,
        fallback=fallback,
        caller_id=caller_id,
        recordings=settings.recordings.folder,
        codes=settings.feature_codes.prefix,
        relay=folder.resolve() / f"{RELAY}_{at.context_prefix}" if at.audio in ("auto", "eagi") else None,
    )


def _of_freeswitch(settings: Settings, fallback: str | None, queue: str | None) -> FreeSwitchIncludes:
    at, secrets = settings.freeswitch, settings.secrets
    if fallback is not None and queue is not None:
        raise UserError("--fallback and --fallback-queue: callers can go to one of them only")
    return FreeSwitchIncludes(
        token=secrets.esl_token.get_secret_value(),
        password=secrets.esl_password.get_secret_value(),
        sorry=_sorry(settings).with_suffix(f".{Format.ULAW.value}"),
        host=at.socket_host,
        port=at.socket_port,
        esl_host=at.esl_host,
        esl_port=at.esl_port,
        context=at.context,
        fallback=fallback,
        queue=None if queue is None else _queue_of(settings, queue),
        codes=settings.feature_codes.prefix,
    )


def _queue_of(settings: Settings, name: str) -> FallbackQueue:
    """The queue as FreeSWITCH keeps it by itself.

    Raises:
        UserError: the settings have no such queue, or nobody of it whom FreeSWITCH could ring.
    """
    queue = next((each for each in settings.queues if each.name == name), None)
    if queue is None:
        raise UserError(f"no queue is named {name!r} in the settings")
    agents = [each for each in settings.agents if name in each.queues and each.mode == "on_hook"]
    if not agents:
        raise UserError(
            f'no agent of {name} has mode = "on_hook": the telephones of the others are off the hook while they work'
        )
    return FallbackQueue(
        name,
        tuple(FallbackAgent(each.id, each.endpoint, round(each.wrap_up_s)) for each in agents),
        max_wait_s=max(1, round(queue.max_wait_s)),
        music=queue.music,
    )


def _sorry(settings: Settings) -> Path:
    """Where the dialplan finds its prompt, without the suffix: a place that no later render moves."""
    return settings.prompts.cache / FALLBACK / "sorry"


def _keep_sorry(settings: Settings) -> None:
    """Put the prompt of the fallback where the dialplan looks for it."""
    prompt = PromptLibrary(settings.prompts).path(Prompt(SORRY, settings.prompts.languages[0]))
    kept = _sorry(settings).with_suffix(prompt.suffix)
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(prompt, kept)
