"""What one value of the settings alone does not show: names twice, names that nothing has, values that do not fit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from calls import floor_settings, mail, outside, scorecards, switches
from calls.desk_settings import scheme_fault
from calls.dispositions import faults as disposition_faults
from calls.hours import HoursProblem
from calls.hours import parse as parse_hours
from calls.outside import Access, LookupSettings, is_loopback
from calls.recordings import is_safe_folder
from calls.reports import schedules, targets
from calls.toml_file import Place

if TYPE_CHECKING:  # the settings ask for their own faults
    from calls.settings import AgentSettings, AuthenticatorSettings, Settings, SpeechSettings

SOCKET_PATH_BYTES = 107
"""``sun_path`` of unix(7) has 108 bytes, the last of them NUL."""

EXPLICIT_HOST = re.compile(r"\{number\}@([A-Za-z0-9.-]+)(?::[0-9]+)?\Z")


def faults(settings: Settings) -> Iterator[tuple[Place, str]]:
    """Each fault with the place of the value that is to be changed."""
    yield from _doubles("trunks", "name", (each.name for each in settings.trunks))
    yield from _doubles("queues", "name", (each.name for each in settings.queues))
    yield from _doubles("agents", "id", (each.id for each in settings.agents))
    yield from _doubles("inbound", "called", (each.called for each in settings.inbound))
    yield from _doubles("destinations", "name", ((each.name, each.switch) for each in settings.destinations))
    yield from _trunks_led_over(settings)
    yield from switches.faults(settings)
    yield from _outside("webhooks", ((each.url, each) for each in settings.webhooks))
    for index, lookup in enumerate(settings.lookups):
        for key, problem in outside.lookup_faults(lookup):
            yield ("lookups", index, key), problem
    yield from _doubles("lookups", "name", (each.name for each in settings.lookups))
    yield from _doubles("authenticators", "name", (each.name for each in settings.authenticators))
    for index, authenticator in enumerate(settings.authenticators):
        yield from _unknown_lookup(index, authenticator, {each.name: each for each in settings.lookups})
    for index, gateway in enumerate(settings.payment_gateways):
        for key, problem in outside.gateway_faults(gateway):
            yield ("payment_gateways", index, key), problem
    yield from _doubles("payment_gateways", "name", (each.name for each in settings.payment_gateways))
    yield from _doubles("webhooks", "name", (each.name for each in settings.webhooks))
    yield from _told_faults(settings)
    yield from _scorecard_faults(settings)
    size = len(bytes(settings.engine.socket))
    if size > SOCKET_PATH_BYTES:
        most = f"a socket's path has {SOCKET_PATH_BYTES} bytes at most, this has {size}: choose a shorter folder"
        yield ("engine", "socket"), most
    kinds = {each.kind for each in switches.switches_of(settings)}
    if "asterisk" in kinds and not is_safe_folder(settings.recordings.folder):
        yield ("recordings", "folder"), "Asterisk takes a path of letters, digits and _ + @ = ~ . - only"
    yield from _transfer_faults(settings)
    yield from _speech_faults(settings.speech)
    for index, queue in enumerate(settings.queues):
        for place, problem in disposition_faults(queue.dispositions):
            yield ("queues", index, *place), problem
        if queue.screen_pop is not None and (words := scheme_fault(queue.screen_pop, settings.desk.schemes)):
            yield ("queues", index, "screen_pop"), words
        for name, each in queue.dispositions.items():
            for key in ("recycle", "next_number"):
                if getattr(each, key):
                    place = ("queues", index, "dispositions", name, key)
                    yield place, f"a caller is no lead that is dialled again: {key} stands in campaigns only"
    queues = [each.name for each in settings.queues]
    for index, agent in enumerate(settings.agents):
        yield from _unknown_queues(index, agent, queues)
    yield from _floor_faults(settings)
    for index, trunk in enumerate(settings.trunks):
        host = EXPLICIT_HOST.search(trunk.dial)
        if trunk.loopback_only and host and trunk.dial.count("/") > 1 and not is_loopback(host[1]):
            yield (
                ("trunks", index, "dial"),
                f"loopback_only, yet it leads to {host[1]}: expected an address of this machine such as 127.0.0.1",
            )
    for language in settings.prompts.voices:
        if language not in settings.prompts.languages:
            spoken = ", ".join(settings.prompts.languages)
            yield ("prompts", "voices", language), f"a voice for a language that is not in languages ({spoken})"


def _doubles(section: str, key: str, names: Iterable[str | tuple[str, str | None]]) -> Iterator[tuple[Place, str]]:
    """``names`` may be pairs of a name and the switch on which it is one."""
    seen: Counter[str | tuple[str, str | None]] = Counter()
    for index, each in enumerate(names):
        if seen[each]:
            name = each if isinstance(each, str) else each[0]
            yield (section, index, key), f"{name} is there already: expected another {key} for each of the {section}"
        seen[each] += 1


def _trunks_led_over(settings: Settings) -> Iterator[tuple[Place, str]]:
    members = [("agents", index, each.switch, each.trunk) for index, each in enumerate(settings.agents)]
    members += [("supervisors", index, each.switch, each.trunk) for index, each in enumerate(settings.supervisors)]
    members += [("destinations", index, each.switch, each.trunk) for index, each in enumerate(settings.destinations)]
    for section, index, switch, led_over in members:
        known = [trunk.name for trunk in settings.trunks if trunk.switch == switch]
        if led_over is not None and led_over not in known:
            of = f" of switch {switch}" if switch is not None else ""
            yield (section, index, "trunk"), f"no trunk{of} is named so: there are {', '.join(known) or 'none'}"


def _floor_faults(settings: Settings) -> Iterator[tuple[Place, str]]:
    yield from _doubles("pause_reasons", "id", (each.id for each in settings.pause_reasons))
    yield from _doubles("supervisors", "id", (each.id for each in settings.supervisors))
    for index, problem in floor_settings.key_faults(settings.pause_reasons):
        yield ("pause_reasons", index, "key"), problem
    targets = {
        "agent": (each.id for each in settings.agents),
        "queue": (each.name for each in settings.queues),
        "destination": (each.name for each in settings.destinations),
        "supervisor": (each.id for each in settings.supervisors),
    }
    named = {kind: tuple(names) for kind, names in targets.items()}
    for digits, problem in floor_settings.target_faults(settings.feature_codes.transfers, named):
        yield ("feature_codes", "transfers", digits), problem
    wanted, known = settings.feature_codes.authenticator, [each.name for each in settings.authenticators]
    if wanted is not None and wanted not in known:
        expected = f"expected one of {', '.join(known)}" if known else "there are none: add [[authenticators]]"
        yield ("feature_codes", "authenticator"), f"no authenticator is named {wanted}: {expected}"
    language = settings.feature_codes.language
    if language is not None and language not in settings.prompts.languages:
        spoken = ", ".join(settings.prompts.languages)
        yield ("feature_codes", "language"), f"no prompts are in {language}: expected one of {spoken}"


def _told_faults(settings: Settings) -> Iterator[tuple[Place, str]]:
    """Of mails, scheduled reports and targets."""
    if settings.mail is not None:
        for key, problem in mail.faults(settings.mail):
            yield ("mail", key), problem
    webhooks = [each.name for each in settings.webhooks]
    yield from _doubles("scheduled_reports", "name", (each.name for each in settings.scheduled_reports))
    for index, report in enumerate(settings.scheduled_reports):
        found = schedules.faults(report, settings.reports, webhooks, has_mail=settings.mail is not None)
        for key, problem in found:
            yield ("scheduled_reports", index, key), problem
    yield from _doubles("targets", "name", (each.name for each in settings.targets))
    queues, agents = [each.name for each in settings.queues], [each.id for each in settings.agents]
    for index, target in enumerate(settings.targets):
        for key, problem in targets.faults(target, queues, agents, webhooks, has_mail=settings.mail is not None):
            yield ("targets", index, key), problem


def _scorecard_faults(settings: Settings) -> Iterator[tuple[Place, str]]:
    yield from _doubles("scorecards", "name", (each.name for each in settings.scorecards))
    queues = tuple(each.name for each in settings.queues)
    for index, card in enumerate(settings.scorecards):
        for place, problem in scorecards.faults(card, queues):
            yield ("scorecards", index, *place), problem


def _transfer_faults(settings: Settings) -> Iterator[tuple[Place, str]]:
    given = settings.transfer
    trunks = [each.name for each in settings.trunks]
    if given.countries and not given.ways:
        yield (
            ("transfer", "countries"),
            "numbers of callers' choice need a trunk: name one in trunk, several in trunks",
        )
    if given.trunk is not None and given.trunks:
        yield ("transfer", "trunks"), "expected trunk or trunks, not both"
    if given.trunk is not None and given.trunk not in trunks:
        yield ("transfer", "trunk"), f"no trunk is named so: there are {', '.join(trunks) or 'none'}"
    for index, name in enumerate(given.trunks):
        if name not in trunks:
            yield ("transfer", "trunks", index), f"no trunk is named so: there are {', '.join(trunks) or 'none'}"
        elif name in given.trunks[:index]:
            yield ("transfer", "trunks", index), f"{name} is named twice: expected each once"
    try:
        parse_hours(given.hours or {}, given.zone)
    except HoursProblem as problem:
        yield ("transfer", "hours"), str(problem)


def _speech_faults(given: SpeechSettings) -> Iterator[tuple[Place, str]]:
    seen: set[str] = set()
    for index, model in enumerate(given.models):
        if model.language in seen:
            problem = f"{model.language} has a model already: expected one for each language"
            yield ("speech", "models", index, "language"), problem
        seen.add(model.language)
        if model.engine == "vosk" and model.folder is None:
            yield ("speech", "models", index), "vosk has no model of its own: expected the folder of one"


def _unknown_queues(index: int, agent: AgentSettings, queues: list[str]) -> Iterator[tuple[Place, str]]:
    for number, queue in enumerate(agent.queues):
        if queue not in queues:
            known = f"expected one of {', '.join(queues)}" if queues else "there are none: add [[queues]]"
            yield ("agents", index, "queues", number), f"no queue is named {queue}: {known}"


def _outside(section: str, all_of_it: Iterable[tuple[str, Access]]) -> Iterator[tuple[Place, str]]:
    for index, (url, at) in enumerate(all_of_it):
        for key, problem in outside.faults(url, at):
            yield (section, index, key), problem


def _unknown_lookup(
    index: int, authenticator: AuthenticatorSettings, lookups: Mapping[str, LookupSettings]
) -> Iterator[tuple[Place, str]]:
    at = lookups.get(authenticator.lookup)
    if at is None:
        known = f"expected one of {', '.join(lookups)}" if lookups else "there are none: add [[lookups]]"
        yield ("authenticators", index, "lookup"), f"no look-up is named {authenticator.lookup}: {known}"
    elif at.parameters is not None and at.parameters != {"account"}:
        asks = ", ".join(sorted(at.parameters)) or "nothing"
        yield ("authenticators", index, "lookup"), f"{authenticator.lookup} asks for {asks}: expected account alone"
