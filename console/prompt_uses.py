"""Who plays which prompt: flows, campaigns, callbacks and the system itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from calls.errors import CallwrightError
from calls.settings import Settings
from dialer.campaign import load as load_campaign
from ivr.check import Known, load

SYSTEM = "system."
"""How the keys begin of what the engine and the nodes of flows say by themselves."""


@dataclass(frozen=True, slots=True)
class Uses:
    """What plays each key, by name; and what could not be read, so that nothing is called unused wrongly."""

    by_key: Mapping[str, tuple[str, ...]]
    unread: tuple[CallwrightError, ...]

    def of(self, key: str) -> tuple[str, ...]:
        """What plays ``key``; a part is played with its whole."""
        whole = key.rpartition(".part-")[0] or key
        return ("system",) if key.startswith(SYSTEM) else self.by_key.get(key) or self.by_key.get(whole, ())


def uses(settings: Settings) -> Uses:
    """Who plays what, by the files of the settings."""
    found: dict[str, list[str]] = {}
    unread: list[CallwrightError] = []
    for path in sorted(settings.flows.glob("*.yaml")):
        _collect(_flow_keys(path), f"flow {path.stem}", found, unread)
    for path in sorted(settings.campaigns.glob("*.toml")):
        _collect(_campaign_keys(path, settings), f"campaign {path.stem}", found, unread)
    if settings.callbacks is not None:
        found.setdefault(settings.callbacks.message, []).append("callbacks")
    return Uses({key: tuple(dict.fromkeys(names)) for key, names in found.items()}, tuple(unread))


def _collect(keys: Iterator[str], name: str, found: dict[str, list[str]], unread: list[CallwrightError]) -> None:
    try:
        for key in keys:
            found.setdefault(key, []).append(name)
    except CallwrightError as fault:
        unread.append(fault)


def _flow_keys(path: Path) -> Iterator[str]:
    yield from load(path, Known()).prompts()


def _campaign_keys(path: Path, settings: Settings) -> Iterator[str]:
    yield load_campaign(path, settings).message.key
