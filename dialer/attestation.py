"""How the carrier vouches for the number that a called person sees (STIR/SHAKEN). Pure.

The carrier signs, not the dialler: with ``A`` it knows its customer and that the number is theirs, with ``B`` its
customer alone, with ``C`` only where the call came into its network from. The settings say what each trunk's carrier
gives, so that a campaign can demand it and people are warned.

Source: 47 CFR 64.6300, 64.6301 (definitions, as hallikainen.org has them, 2020); the levels by FCC 20-42, paragraph
8, and ATIS-1000074, as quoted on puck.nether.net (voiceops, 2022-07-05); read on 2026-11-30. Confirm with counsel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from calls.settings import Trunk
from calls.toml_file import Place

BEST_FIRST = ("A", "B", "C")


class Shows(Protocol):
    """What is looked at of a campaign's file."""

    @property
    def ways(self) -> tuple[str, ...]:
        """The trunks."""

    @property
    def shown(self) -> tuple[str, ...]:
        """The numbers that are shown."""


def level(trunk: Trunk, shown: str) -> str | None:
    """What the trunk's carrier gives a call that shows this number; None: the settings do not say. A number that the
    carrier does not know to be ours gets ``B`` at best."""
    if trunk.attestation == "A" and trunk.attested_numbers and shown not in trunk.attested_numbers:
        return "B"
    return trunk.attestation


def is_enough(given: str | None, least: str) -> bool:
    """True where a level is as good as ``least``, or better."""
    return given is not None and BEST_FIRST.index(given) <= BEST_FIRST.index(least)


def lacking(file: Shows, trunks: Sequence[Trunk], least: str) -> Iterator[str]:
    """Where a campaign's calls would have less than ``least``, in words: by trunk and number."""
    for trunk in trunks:
        if trunk.name in file.ways:
            for shown in file.shown:
                given = level(trunk, shown)
                if not is_enough(given, least):
                    told = "is not said to be attested" if given is None else f"is attested {given}"
                    yield f"{shown} over trunk {trunk.name} {told}"


def in_words(trunk: Trunk) -> str:
    """What the settings say of the trunk's carrier, and what follows for the campaigns of it."""
    given = trunk.attestation
    if trunk.loopback_only:
        return f"{trunk.name}: ends on this machine"
    if given is None:
        return f"{trunk.name}: not said, its calls count as unsigned"
    if given == "A" and trunk.attested_numbers:
        return f"{trunk.name}: A for {', '.join(trunk.attested_numbers)}, B for any other number"
    return f"{trunk.name}: {given}"


def faults(file: Shows, trunks: Sequence[Trunk], least: str | None) -> Iterator[tuple[Place, str]]:
    """What keeps a campaign that demands ``least`` from being started."""
    for words in () if least is None else lacking(file, trunks, least):
        yield ("compliance", "attestation"), f"expected {least} at least for every call: {words} ([[trunks]])"
