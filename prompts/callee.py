"""Speech of people and machines who are called, for test callees: raw mu-law that SIPp plays as RTP.

An answering-machine detector listens to the rhythm of a greeting: a person says one word and waits, a machine speaks
on. So the silence after the words is part of the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from prompts.audio import encode, to_telephone
from prompts.formats import TELEPHONE_RATE_HZ, Format
from prompts.index import write_whole
from prompts.synthesis import Synthesizer, Utterance

MULAW_SILENCE = b"\xff"
"""The mu-law code of zero. Source: ITU-T G.711, table 2."""


@dataclass(frozen=True, slots=True)
class Callee:
    """What is heard from an answered line: silence, the words, silence."""

    text: str
    voice: str = "en"
    silence_before_s: float = 0.3
    silence_after_s: float = 8.0


PERSON = Callee("Hello?", voice="en-us")
MACHINE = Callee(
    "Hello. You have reached the voice mailbox of Morgan and Taylor. We cannot take your call at the moment. "
    "Please leave your name, your number and a short message after the tone, and we will call you back.",
    voice="en-gb",
    silence_after_s=3.0,
)


def write_callee(callee: Callee, target: Path, synthesizer: Synthesizer) -> float:
    """Write ``target``, headerless mu-law at 8 kHz, and give its length in seconds.

    Raises:
        PromptError: the engine cannot speak it.
        OSError: ``target`` cannot be written.
    """
    speech = encode(to_telephone(synthesizer.speak(Utterance(callee.text, callee.voice))), Format.ULAW)
    before, after = (
        MULAW_SILENCE * round(seconds * TELEPHONE_RATE_HZ)
        for seconds in (callee.silence_before_s, callee.silence_after_s)
    )
    data = before + speech + after
    write_whole(target, data)
    return len(data) / TELEPHONE_RATE_HZ
