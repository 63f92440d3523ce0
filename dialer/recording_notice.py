"""Who is told that a talk is recorded, before it is: by the campaign's word, and by where the person is. Pure.

Where a state of the United States asks for it is in :mod:`dialer.recording_law`. No other country's rule is held
here: who is there is told. Confirm with counsel before the first call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from calls.switch.port import Prompt
from dialer.recording_law import ALL_AGREE, UNITED_STATES

RecordingRule = Literal["any", "consent", "announce", "place"]
"""Whose talks are recorded: everybody's; of who agreed beforehand; of who has been told; of who has been told where
the place asks for it, and of everybody else."""

NOT_RECORDED = "system.not_recorded"
"""The prompt that confirms a no."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a person hears before the recording begins. ``refuse_key`` "": there is none to refuse it."""

    prompt: Prompt
    refuse_key: str = ""


def must_be_told(rule: str, region: str) -> bool:
    """Whether somebody in ``region``, a country or a country and its state (``US-CA``), is told before the recording.

    A state of the United States must be known: who may be in any is told.
    """
    if rule != "place":
        return rule == "announce"
    country, _, state = region.partition("-")
    return not (country == UNITED_STATES and state and state not in ALL_AGREE)
