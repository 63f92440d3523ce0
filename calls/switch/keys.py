"""The decision of :class:`calls.switch.port.Gather`: which keys make a sequence, and when it is complete.

Pure, and shared by every driver, so that a key means the same on every switch. A driver feeds each key of the caller
as it comes and asks again when no key came in time; it drops the keys that come while nothing gathers.

========================================================  ==============================================
the keys so far                                           the decision
========================================================  ==============================================
valid, and not the beginning of a longer valid sequence   ``Match`` at once
valid, and perhaps the beginning of a longer one          wait ``next_key_timeout_s``, then ``Match``
not valid yet, but may become so                          wait ``next_key_timeout_s``, then ``NoMatch``
can no longer become valid                                ``NoMatch`` at once
none                                                      wait ``first_key_timeout_s``, then ``NoInput``
========================================================  ==============================================

Valid is a sequence that is one of the plan's ``choices``, or that holds digits only and has a length of its
``direct_dial_digits``. So with the choices "1" and "2" and extensions of three digits, "2" waits for a second key as
long as "2.." may be an extension, and with no extension it matches with no delay.

``#`` ends the sequence at once, without being part of it, unless a choice goes on with it at this very place ("#",
"#1" or "1#"): then it is a key like the others. A ``#`` that ends nothing, because nothing was keyed before it, is
``NoMatch("#")``. What is not a key at all is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

from calls.switch.port import KeyPlan, Match, NoInput, NoMatch

DIGITS = frozenset("0123456789")
KEYS = DIGITS | frozenset("*#ABC")
"""The keys of DTMF that count. Source: ITU-T Q.23, and RFC 4733 section 3.2 for events 0 to 15."""

SIGNAL = "D"
"""The sixteenth key is the drivers' own: pressed in the caller's place it stops what plays (Asterisk). A caller's is
dropped on every switch."""

END = "#"
"""Ends a sequence where no choice goes on with it."""


@dataclass(frozen=True, slots=True)
class More:
    """Not decided: wait for the next key, at most the timeout."""


@dataclass(frozen=True, slots=True)
class Complete:
    """Decided: no further key is needed."""

    result: Match | NoMatch


class KeyBuffer:
    """The keys of one ``Gather``. Once complete it stays complete: later keys change nothing."""

    def __init__(self, plan: KeyPlan) -> None:
        self._plan = plan
        self._longest_dial = max(plan.direct_dial_digits, default=0)
        self._keys = ""
        self._barged_in = False
        self._complete: Complete | None = None

    @property
    def keys(self) -> str:
        """What was keyed so far. While it is empty ``first_key_timeout_s`` applies, then ``next_key_timeout_s``."""
        return self._keys

    def press(self, key: str, *, in_prompt: bool = False) -> Complete | More:
        """The decision after one more key; ``in_prompt``: it came while a prompt played.

        A result's ``barged_in`` is that of the first key: this is the one that stopped the prompt.
        """
        if self._complete is not None:
            return self._complete
        if key not in KEYS:
            return More()
        if not self._keys:
            self._barged_in = in_prompt
        if key == END and not self._goes_on(self._keys + key):
            self._complete = Complete(self._judge() if self._keys else NoMatch(END, self._barged_in))
            return self._complete
        self._keys += key
        if self._may_grow(self._keys):
            return More()
        self._complete = Complete(self._judge())
        return self._complete

    def timed_out(self) -> Match | NoMatch | NoInput:
        """The decision when no further key came in time."""
        if self._complete is not None:
            return self._complete.result
        return self._judge() if self._keys else NoInput()

    def _judge(self) -> Match | NoMatch:
        """The result for the keys as they stand."""
        dialled = len(self._keys) in self._plan.direct_dial_digits and DIGITS.issuperset(self._keys)
        if dialled or self._keys in self._plan.choices:
            return Match(self._keys, self._barged_in)
        return NoMatch(self._keys, self._barged_in)

    def _goes_on(self, keys: str) -> bool:
        """True where ``keys`` is a choice or the beginning of one."""
        return any(choice.startswith(keys) for choice in self._plan.choices)

    def _may_grow(self, keys: str) -> bool:
        """True where a longer sequence that begins with ``keys`` is valid."""
        if len(keys) < self._longest_dial and DIGITS.issuperset(keys):
            return True
        return any(len(choice) > len(keys) and choice.startswith(keys) for choice in self._plan.choices)
