"""What answered a dialled call: a person, who says a word and waits, or a machine, which speaks on.

FreeSWITCH's ``mod_avmd`` finds the beep of a machine, and so comes when its greeting is over; ``wait_for_silence``
counts the packets that somebody speaks in, which tells the two apart at the first pause. No audio leaves the switch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from calls.switch.port import Detected
from calls.wire.esl import Headers
from calls.wire.esl_applications import WaitForSilence

PACKET_MS = 20

_COUNT = re.compile(r"[0-9]{1,6}\Z")


@dataclass(frozen=True, slots=True)
class AmdRule:
    """When which is which, in milliseconds. The figures of Asterisk's AMD() in our dialplan, as far as both have
    them."""

    greeting_ms: int = 1_500
    """Who speaks for so long before a pause is a machine."""
    after_greeting_silence_ms: int = 600
    """The pause behind the first words; ``wait_for_silence`` looks away for 500 ms after it."""
    total_analysis_ms: int = 4_000
    shortest_word_ms: int = 100
    silence_threshold: int = 256

    @property
    def application(self) -> WaitForSilence:
        """What the switch is asked to do."""
        return WaitForSilence(
            self.silence_threshold,
            self.after_greeting_silence_ms // PACKET_MS,
            self.shortest_word_ms // PACKET_MS,
            self.total_analysis_ms,
        )

    def judge(self, ended: Headers) -> Detected:
        """What it was, by the variables that ``wait_for_silence`` leaves."""
        packets = ended.get("variable_wait_for_silence_listenhits")
        if not _COUNT.match(packets):
            return Detected.UNSURE
        spoke_ms = int(packets) * PACKET_MS
        if spoke_ms >= self.greeting_ms:
            return Detected.MACHINE
        paused = ended.get("variable_wait_for_silence_timeout") == "false"
        return Detected.HUMAN if paused and spoke_ms >= self.shortest_word_ms else Detected.UNSURE
