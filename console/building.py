"""From settings to the parts of an engine: prompts, flows, the switches."""

from __future__ import annotations

import os
import random
import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from calls.errors import Location, SettingsError
from calls.ids import FlowId
from calls.places import dial_strings
from calls.settings import Prompts, Settings
from calls.switch.asterisk.config import AsteriskConfig
from calls.switch.asterisk.switch import AsteriskSwitch
from calls.switch.freeswitch.config import FreeSwitchConfig
from calls.switch.freeswitch.switch import FreeSwitch
from calls.switch.loopback.switch import LoopbackSwitch
from calls.switch.port import PromptFiles, Switch
from calls.switch.several import Switches
from calls.switches import alone, names_of
from dialer import campaign as campaigns
from ivr.check import Known, load
from ivr.flow import Flow
from prompts.engines import open_synthesizer
from prompts.espeak import DEADLINE_S, EspeakSynthesizer, find_espeak
from prompts.library import PromptLibrary
from prompts.rendering import Report, render_all
from prompts.synthesis import Synthesizer

PRIVATE_ESPEAK = Path("var/pbx/espeak")
"""Where ``make run`` and ``make test`` put an espeak-ng of their own, seen from the checkout."""


def render(settings: Prompts, library: PromptLibrary) -> Report:
    """Render what ``library`` lacks, by the synthesizer of the settings.

    Raises:
        PromptError: it is not to be had, or the cache cannot be written.
    """
    with synthesizer(settings) as speaker:
        return render_all(library, speaker)


def synthesizer(settings: Prompts, deadline_s: float = DEADLINE_S) -> AbstractContextManager[Synthesizer]:
    """The synthesizer of the settings. ``deadline_s``: what one text may take espeak-ng.

    Raises:
        PromptError: it is not to be had on this machine.
    """
    name, options = settings.synthesizer, settings.synthesizer_options
    return open_synthesizer(name, options, os.environ, [PRIVATE_ESPEAK], deadline_s=deadline_s)


def espeak() -> EspeakSynthesizer:
    """The espeak-ng of this machine, or the private one.

    Raises:
        PromptError: there is none.
    """
    return EspeakSynthesizer(find_espeak(os.environ, [PRIVATE_ESPEAK]))


def known(settings: Settings, library: PromptLibrary) -> Known:
    """What a flow may name."""
    return Known(
        queues=frozenset(queue.name for queue in settings.queues),
        destinations=frozenset(destination.name for destination in settings.destinations),
        prompts={
            language: library.keys(language) | library.phrases[language].keys()
            for language in settings.prompts.languages
        },
        phrases=library.phrases,
        webhooks=frozenset(webhook.name for webhook in settings.webhooks),
        authenticators=frozenset(authenticator.name for authenticator in settings.authenticators),
        gateways=frozenset(gateway.name for gateway in settings.payment_gateways),
        lookups={lookup.name: lookup.parameters for lookup in settings.lookups},
        callbacks=frozenset(queue.name for queue in settings.queues if settings.callbacks is not None),
        skills=frozenset(skill for agent in settings.agents for skill in agent.skills),
    )


def load_flows(settings: Settings, names: Known) -> Mapping[FlowId, Flow]:
    """The flows that the inbound routes and the campaigns name.

    Raises:
        FlowError: one of them has an error.
        SettingsError: a route or a target names a flow that has no file.
    """
    _check_targets(settings)
    return {flow_id: load(path, names) for flow_id, path in routed(settings).items()}


def _check_targets(settings: Settings) -> None:
    """A target of a flow that is not there would be of nothing for ever, and never past its alarm."""
    for target in settings.targets:
        if target.flow is not None and not (path := settings.flows / f"{target.flow}.yaml").is_file():
            words = f"target {target.name} is of the flow {target.flow}, and there is no file {path}"
            raise SettingsError(words, Location(key="targets"))


def routed(settings: Settings) -> Mapping[FlowId, Path]:
    """The files of the flows that the inbound routes name, and the campaigns: of those, what has a file.

    Raises:
        SettingsError: a route names a flow that has no file.
    """
    files: dict[FlowId, Path] = {}
    for route in settings.inbound:
        path = settings.flows / f"{route.flow}.yaml"
        if not path.is_file():
            raise SettingsError(
                f"route {route.called} leads to the flow {route.flow}, and there is no file {path}",
                Location(key="inbound"),
            )
        files[FlowId(route.flow)] = path
    for flow in sorted(campaigns.flows_named(settings.campaigns)):
        path = settings.flows / f"{flow}.yaml"
        if path.is_file():
            files[FlowId(flow)] = path
    return files


def build_switches(settings: Settings, files: PromptFiles) -> Switches:
    """The switches of the settings. To be called on a running event loop."""
    drivers = [_driver(alone(settings, name), files) for name in names_of(settings)]
    return Switches(drivers, {trunk.name: trunk.switch for trunk in settings.trunks if trunk.switch is not None})


def _driver(settings: Settings, files: PromptFiles) -> Switch:
    """The switch of settings that have no other one."""
    if settings.switch.kind == "asterisk":
        return AsteriskSwitch(AsteriskConfig.from_settings(settings), files)
    if settings.switch.kind == "freeswitch":
        return FreeSwitch(FreeSwitchConfig.from_settings(settings), files, lambda: str(uuid.uuid4()))
    return LoopbackSwitch(
        settings.switch.name,
        files,
        trunks=[trunk.name for trunk in settings.trunks],
        destinations=dial_strings(settings),
        phones={},
        new_id=lambda: str(uuid.uuid4()),
        draw=random.Random(),  # how long the people of a demonstration take
    )
