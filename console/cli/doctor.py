"""``callwright doctor``: what would keep this installation from working, and what to do about it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import sys
import zoneinfo
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass

import typer

from calls import log
from calls.errors import CallwrightError
from calls.ids import FlowId
from calls.places import reached, unlined
from calls.records import backup, flow_versions, notices
from calls.records.database import judge, open_readonly
from calls.records.migrations import missing
from calls.settings import Settings
from calls.switch.asterisk.audio_way import Way, find_way, told
from calls.switch.asterisk.config import AsteriskConfig
from calls.switch.freeswitch.config import FreeSwitchConfig
from calls.switch.freeswitch.introduction import introduce
from calls.switch.tapes import why_unreadable
from calls.switches import alone, names_of, switches_of
from console import building
from console.cli.shared import print_table, settings_of
from console.client import EngineClient, NoEngine
from console.engine.watch import RESERVE_BYTES, ZONE
from dialer import attestation
from dialer.presets import PRESETS
from ivr.flow import Flow
from prompts.engines import ESPEAK
from prompts.espeak import find_espeak
from prompts.library import PromptLibrary

NOT_HEARD = "callers are not heard, as the settings say"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found. ``problem`` is empty where all is well."""

    what: str
    found: str
    problem: str = ""


def doctor(context: typer.Context) -> None:
    """Look at settings, database, prompts, flows, voices, disk and switch: 0 where all is well, else 1."""
    settings = settings_of(context)
    log.configure(sys.stderr, "error")  # what is asked of the switch is told as a finding
    findings = list(examine(settings))
    rows = ([each.what, each.found, each.problem or "ok"] for each in findings)
    print_table("Doctor", ["what", "found", "verdict"], rows)
    raise typer.Exit(1 if any(each.problem for each in findings) else 0)


def examine(settings: Settings) -> Iterator[Finding]:
    """Every look, one finding each; a look that fails is a finding."""
    looks: tuple[tuple[str, Callable[[Settings], str]], ...] = (
        ("SQLite", _sqlite),
        ("database", _database),
        ("time zones", _zones),
        ("disk", _disk),
        ("voice", _voice),
        ("prompts", _prompts),
        ("flows", _flows),
        ("trunks", _trunks),
        ("attestation", _attestation),
        ("reports", _reports),
        ("callers' audio", _audio),
        ("FreeSWITCH", _freeswitch),
        ("engine", _engine),
    )
    for what, look in looks:
        try:
            yield Finding(what, look(settings))
        except CallwrightError as problem:
            yield Finding(what, "", str(problem))


def _sqlite(_settings: Settings) -> str:
    found = judge(sqlite3.sqlite_version_info)
    version = ".".join(map(str, found.version))
    return f"{version}, safe with the one writer that we keep" if found.wal_reset_race else version


def _database(settings: Settings) -> str:
    path = settings.engine.database
    if not path.exists():
        return f"{path}: is made at the first start"
    found = backup.check(path)
    if found.faults:
        raise CallwrightError(f"{path}: {found.faults[0]}")
    return f"{path}: whole, {found.calls} calls"


def _zones(_settings: Settings) -> str:
    zones = zoneinfo.available_timezones()
    if ZONE not in zones:
        raise CallwrightError("no time zones: install the package tzdata")
    return f"{len(zones)} zones"


def _disk(settings: Settings) -> str:
    folder = next(each for each in settings.engine.database.parents if each.exists())
    free = shutil.disk_usage(folder).free
    if free < RESERVE_BYTES:
        raise CallwrightError(
            f"{free // 2**20} MB free at {folder}: under {RESERVE_BYTES // 2**20} nothing is dialled"
        )
    return f"{free // 2**20} MB free"


def _voice(settings: Settings) -> str:
    if settings.prompts.synthesizer != ESPEAK:
        with building.synthesizer(settings.prompts) as speaker:
            return str(speaker.engine)
    place = find_espeak(os.environ, [building.PRIVATE_ESPEAK])
    return "a private espeak-ng" if place.environment else "the machine's espeak-ng"


def _prompts(settings: Settings) -> str:
    library = PromptLibrary(settings.prompts)
    missing = library.missing()
    if missing:
        raise CallwrightError(f"{len(missing)} of {len(library.wanted)} are not rendered: callwright prompts render")
    return f"{len(library.wanted)} rendered"


def _flows(settings: Settings) -> str:
    flows = building.load_flows(settings, building.known(settings, PromptLibrary(settings.prompts)))
    edited = _edited(settings, flows.values())
    return ", ".join(f"{flow.id} ({_state(flow, edited)})" for flow in flows.values()) or "no inbound route"


def _state(flow: Flow, edited: frozenset[FlowId]) -> str:
    nodes = f"{len(flow.nodes)} nodes"
    return f"{nodes}, edited since it took calls: callwright ivr reload" if flow.id in edited else nodes


def _edited(settings: Settings, flows: Iterable[Flow]) -> frozenset[FlowId]:
    """The flows whose files are not their newest kept versions."""
    if not settings.engine.database.exists():
        return frozenset()
    with closing(open_readonly(settings.engine.database)) as connection:
        if missing(connection):
            return frozenset()
        newest = {flow.id: flow_versions.newest(connection, flow.id) for flow in flows}
    versions = {flow.id: flow.version for flow in flows}
    return frozenset(each for each, kept in newest.items() if kept and kept.version != versions[each])


def _trunks(settings: Settings) -> str:
    """Whether all who are reached over a trunk take of its lines."""
    if found := list(unlined(settings)):
        said = "; ".join(
            f"[[{each.table}]] {each.name}: {each.dial} leads over trunk {trunk} and takes no line of it:"
            f' say trunk = "{trunk}"'
            for each, trunk in found
        )
        raise CallwrightError(said)
    over = sum(bool(each.trunk) for each in reached(settings))
    return f"{len(settings.trunks)}, and {over} phones and destinations over them"


def _attestation(settings: Settings) -> str:
    """How each trunk's carrier vouches for our numbers, as the settings say, and for whom that is not enough."""
    told = "; ".join(map(attestation.in_words, settings.trunks)) or "no trunk"
    if all(each.loopback_only or (each.attestation == "A" and not each.attested_numbers) for each in settings.trunks):
        return told
    warned = ", ".join(preset.name for preset in PRESETS.values() if preset.attestation is not None)
    return (
        f"{told}. Less than A is warned of by the check of campaigns with {warned}; a campaign that demands more"
        " ([compliance] attestation) is not started"
    )


def _reports(settings: Settings) -> str:
    """What of scheduled reports and alerts was not sent."""
    named = f"{len(settings.scheduled_reports)} scheduled" if settings.scheduled_reports else "none scheduled"
    if not settings.engine.database.exists():
        return named
    with closing(open_readonly(settings.engine.database)) as connection:
        if missing(connection):
            return named
        left = [each for each in notices.standing(connection) if each.failing or each.dead]
    if left:
        said = "; ".join(f"{each.name}: {each.dead or each.failing} not sent, {each.last_error}" for each in left)
        raise CallwrightError(f"{said}: mend it, and callwright report send sends a report again")
    return named


def _audio(settings: Settings) -> str:
    names = names_of(settings)
    found = {name: _audio_of(alone(settings, name)) for name in names}
    return found[names[0]] if len(names) == 1 else "; ".join(f"{name}: {each}" for name, each in found.items())


def _audio_of(settings: Settings) -> str:
    """Of settings with one switch."""
    if settings.switch.kind == "loopback":
        return "the loopback switch's own"
    if settings.switch.kind == "freeswitch":
        return _freeswitch_audio(FreeSwitchConfig.from_settings(settings))
    config = AsteriskConfig.from_settings(settings)
    if config.audio.wanted == "none":
        return NOT_HEARD
    choice = asyncio.run(find_way(config.ami, config.audio.wanted))
    if choice.way is Way.RECORD and (reason := why_unreadable(config.recordings, "Asterisk")):
        raise CallwrightError(reason)
    return told(choice, config.audio)


def _freeswitch_audio(config: FreeSwitchConfig) -> str:
    if not config.hears:
        return NOT_HEARD
    if reason := why_unreadable(config.recordings, "FreeSWITCH"):
        raise CallwrightError(reason)
    return f"by files in {config.recordings.folder}, read as FreeSWITCH writes them, in prompts too"


def _freeswitch(settings: Settings) -> str:
    mine = [alone(settings, each.name) for each in switches_of(settings) if each.kind == "freeswitch"]
    found = [asyncio.run(introduce(FreeSwitchConfig.from_settings(each).esl)) for each in mine]
    return "; ".join(found) or "not the switch"


def _engine(settings: Settings) -> str:
    with EngineClient(settings.engine.socket) as engine:
        try:
            status = engine.status()
        except NoEngine:
            return "not running"
    if status.not_ready:
        raise CallwrightError("; ".join(status.not_ready))
    if lost := [f"switch {each.name}: {each.down}" for each in status.switches if each.down]:
        raise CallwrightError(f"dials by others alone: {'; '.join(lost)}")
    named = ", ".join(f"{each.name} ({each.kind})" for each in status.switches)
    return f"ready, {'switches' if len(status.switches) > 1 else 'switch'} {named}"
