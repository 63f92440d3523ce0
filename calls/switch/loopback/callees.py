"""How the people whom we dial act: by the last digit of their number, as the SIPp callees of the tests do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from random import Random

from calls.switch.loopback.callers import Step
from calls.switch.loopback.voice import said, tone

NUMBER = re.compile(r"[0-9+]*([0-9])[^0-9@]*(?:@|\Z)")
"""The last digit before a host part, or at the end."""

HUMAN_AMD_S = 0.6
"""How long detection takes for "Hello?" and a silence."""

MACHINE_AMD_S = 2.0
"""How long detection takes for a long greeting."""


@dataclass(frozen=True, slots=True)
class Callee:
    """One far end. Times in seconds."""

    refuses_with: int | None = None
    """The Q.850 cause with which it says no at once."""
    answer_after_s: float | None = None
    """From the first ring; None: never."""
    talk_s: float = 0.0
    """From the answer until it hangs up."""
    is_machine: bool = False
    greets: bytes = b""
    """What it sounds from the answer on, 8 kHz; else it is silent."""
    steps: tuple[Step, ...] = ()
    """What a dialled person does once a flow can hear it; after the last step they stay on the line."""

    @property
    def detection_s(self) -> float:
        """How long answering-machine detection takes."""
        return MACHINE_AMD_S if self.is_machine else HUMAN_AMD_S


GREETING_S = 3.0
"""How long a machine's greeting is."""

BEEP_AFTER_S = 0.3
BEEP_S = 0.4
BEEP_HZ = 1_000.0


HELLO_S = 0.6
"""How long a person's hello is, who then waits."""


@cache
def _hello() -> bytes:
    return said("", HELLO_S)


@cache
def _greeting() -> bytes:
    return said("", GREETING_S) + tone(0.0, BEEP_AFTER_S) + tone(BEEP_HZ, BEEP_S)


def callee_of(number: str, draw: Random) -> Callee:
    """The far end of ``number``, which may be a dial string with a host part.

    ===========  ===================================================================
    last digit   what it does
    ===========  ===================================================================
    0, 1, 2      answers after 1 to 4 s, says hello, and hangs up after 3 to 6 s; no digit at all too
    3            answers after 0.8 s and hangs up after 0.3 s
    4            a machine: answers after 2 s, greets for 3 s, beeps, and hangs up after 8 s
    5            busy: 486, cause 17
    6            rings until we give up
    7            503, cause 34
    8            404, cause 1
    9            480, cause 19
    ===========  ===================================================================
    """
    found = NUMBER.search(number)
    match found.group(1) if found else "":
        case "3":
            return Callee(answer_after_s=0.8, talk_s=0.3)
        case "4":
            return Callee(answer_after_s=2.0, talk_s=8.0, is_machine=True, greets=_greeting())
        case "5":
            return Callee(refuses_with=17)
        case "6":
            return Callee()
        case "7":
            return Callee(refuses_with=34)
        case "8":
            return Callee(refuses_with=1)
        case "9":
            return Callee(refuses_with=19)
        case _:
            return Callee(answer_after_s=draw.uniform(1.0, 4.0), talk_s=draw.uniform(3.0, 6.0), greets=_hello())
