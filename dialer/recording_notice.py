"""Who is told that a talk is recorded, before it is: by the campaign's word, and by where the person is. Pure.

In the states below all who talk must agree to a recording, or at least know of it; elsewhere in the United States one
of them is enough (18 USC 2511(2)(d)). No other country's rule is held here: who is there is told. Confirm with
counsel before the first call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from calls.switch.port import Prompt

RecordingRule = Literal["any", "consent", "announce", "place"]
"""Whose talks are recorded: everybody's; of who agreed beforehand; of who has been told; of who has been told where
the place asks for it, and of everybody else."""

ALL_AGREE: Mapping[str, str] = MappingProxyType(
    {
        "CA": "Cal. Penal Code 632",
        "CT": "Conn. Gen. Stat. 52-570d",
        "DE": "11 Del. C. 1335, 2402, contested",
        "FL": "Fla. Stat. 934.03",
        "IL": "720 ILCS 5/14-2",
        "MD": "Md. Code, Cts. & Jud. Proc. 10-402",
        "MA": "Mass. Gen. Laws ch. 272, 99",
        "MI": "Mich. Comp. Laws 750.539c, contested",
        "MT": "Mont. Code 45-8-213",
        "NV": "Nev. Rev. Stat. 200.620",
        "NH": "N.H. Rev. Stat. 570-A:2",
        "PA": "18 Pa. C.S. 5704",
        "WA": "Wash. Rev. Code 9.73.030",
    }
)
"""States of the United States. Source: recordphonecall.com, "One-Party vs. All-Party Consent"; metaverse.law,
"Two-Party Consent Requirements for Recording Calls"; callsphere.ai, "State Call Recording Laws"; read on 2026-11-30.
Those that the three do not agree on are among them, for who is told cannot complain. The words of the statutes were
read for California (self-law.org), Connecticut (lawserver.com), New Hampshire (law.justia.com, 2017) and Washington
(wa-law.org) on 2026-11-30, in copies: the states' own pages could not be. Those of the others were not."""

UNITED_STATES = "US-"

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
    return not (region.startswith(UNITED_STATES) and region.removeprefix(UNITED_STATES) not in ALL_AGREE)
