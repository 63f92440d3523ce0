"""What a caller does while a flow is walked, and how it is written: ``1,w,2,w5,h``.

=========  ===========================================================================================
word       the caller
=========  ===========================================================================================
``1``      presses a key, or several: ``200``, ``*#``; after the prompt, unless ``wN`` came before
``w``      is silent until the menu's time is up; in a queue, until the longest wait is over
``wN``     lets N seconds pass: ``w1,2`` presses 2 one second into the prompt
``h``      hangs up, at once: ``w3,h`` after three seconds
``q+``     is served by an agent; ``q-`` waits in vain; ``q0`` nobody is logged in; ``qc`` it is closed; ``qf`` full
``l+``     a look-up finds something: ``l+price=9.50;name=Lamp`` gives these variables their values; ``l-`` there
           is no such thing; ``lf`` it fails; ``lt`` its time is up; ``lr`` it is refused
``g+``     is let through by a guard; ``g-`` is blocked; ``gm`` has called too often
``p+``     has the right PIN; ``p-`` a wrong one; ``pl`` is locked out; ``pf`` nobody can judge it
``c+``     a payment is paid; ``c-`` the card is declined; ``cf`` it fails; ``cu`` nobody knows
``b-``     asks for what cannot be written down: an order, a ticket, an opt-out
``t+``     is transferred; ``t-`` nobody answers; ``tb`` busy; ``td`` declined; ``tr`` refused by a rule
``mN``     speaks for N seconds after a beep: ``m10,#``, ``m10,h``; silence ends it else
``s=...``  says the words: ``s=new order``; ``s?=...`` and is heard unsurely
``s-``     says something that is not understood; ``sd`` recognition fails
``f``      meets a fault of ours: the node fails
=========  ===========================================================================================

When the script is at its end the caller is silent in menus, is served in queues, is transferred, and speaks for 5 s
after a beep; look-ups find something of which nothing is known, PINs are right, payments are paid, and what is
to be kept is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from calls.errors import Location, UserError
from calls.switch.keys import KEYS
from calls.switch.port import Transfer, TransferFailed, Transferred
from ivr.commands import (
    CallerChecked,
    Charge,
    Charged,
    ChargeDeclined,
    ChargeFailed,
    ChargeResult,
    ChargeUnknown,
    CheckCaller,
    Command,
    Commit,
    CommitFailed,
    Deaf,
    Enqueue,
    LockedOut,
    LookedUp,
    Lookup,
    LookupFailed,
    NobodyThere,
    NotVerified,
    QueueClosed,
    QueueFull,
    QueueResult,
    Served,
    TransferRefused,
    Verdict,
    Verified,
    Verify,
    VerifyFailed,
    WaitExpired,
)
from ivr.values import Value

TALK_S = 60.0
"""How long the talks of a walk last, in virtual seconds."""

SPEECH_S = 5.0
"""How long the messages of a walk are."""

NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?\Z")
FOUND = re.compile(r"([a-z][a-z0-9_]{0,63})=(.*)\Z", re.DOTALL)
SPOKEN = re.compile(r"m([0-9]{1,4}(?:\.[0-9]{1,3})?)\Z")
SAYING = re.compile(r"s(\??)=(.*\S.*)\Z", re.DOTALL)
SECONDS = re.compile(r"w([0-9]{1,5}(?:\.[0-9]{1,3})?)\Z")


@dataclass(frozen=True, slots=True)
class Press:
    """Press the keys. ``at_once``: with no regard to what is heard; they are the rest of what was pressed before."""

    keys: str
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Silent:
    """Do nothing until time is up."""


@dataclass(frozen=True, slots=True)
class Pass:
    """Let time pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Leave:
    """Hang up."""


@dataclass(frozen=True, slots=True)
class Fail:
    """A fault of ours: the node is told what it cannot be told."""


@dataclass(frozen=True, slots=True)
class Speak:
    """Speak."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Say:
    """Say the words, where an answer by voice is taken. ``sure``: whether they are heard surely.

    ``understood`` is false for words that are not, whatever they are; those that are not expected never are.
    """

    words: str
    sure: bool = True
    understood: bool = True


@dataclass(frozen=True, slots=True)
class Mishear:
    """Say something while recognition fails."""

    deaf: Deaf


Outside = (
    QueueResult
    | Transferred
    | TransferFailed
    | TransferRefused
    | LookedUp
    | LookupFailed
    | ChargeResult
    | Verdict
    | CallerChecked
    | CommitFailed
)


@dataclass(frozen=True, slots=True)
class Comes:
    """What comes of what the caller waits for: an agent, a telephone that rings, a source, a PIN, the books."""

    result: Outside

    def answers(self, command: Command) -> bool:
        """True where it may come of ``command``."""
        match command:
            case Enqueue():
                return isinstance(self.result, QueueResult)
            case Transfer():
                return isinstance(self.result, Transferred | TransferFailed | TransferRefused)
            case Lookup():
                return isinstance(self.result, LookedUp | LookupFailed)
            case Charge():
                return isinstance(self.result, ChargeResult)
            case Verify():
                return isinstance(self.result, Verdict)
            case CheckCaller():
                return isinstance(self.result, CallerChecked)
            case Commit():
                return isinstance(self.result, CommitFailed)
            case _:
                return False


Act = Press | Silent | Pass | Leave | Comes | Speak | Say | Mishear | Fail

WORDS: dict[str, Act] = {
    "w": Silent(),
    "h": Leave(),
    "q+": Comes(Served(TALK_S)),
    "q-": Comes(WaitExpired()),
    "q0": Comes(NobodyThere()),
    "qc": Comes(QueueClosed()),
    "qf": Comes(QueueFull()),
    "l+": Comes(LookedUp({})),
    "l-": Comes(LookupFailed("missing")),
    "lf": Comes(LookupFailed("failed")),
    "lt": Comes(LookupFailed("timeout")),
    "lr": Comes(LookupFailed("refused")),
    "g+": Comes(CallerChecked(blocked=False, calls=1)),
    "g-": Comes(CallerChecked(blocked=True, calls=1)),
    "gm": Comes(CallerChecked(blocked=False, calls=10_001)),
    "p+": Comes(Verified()),
    "p-": Comes(NotVerified()),
    "pl": Comes(LockedOut()),
    "pf": Comes(VerifyFailed("unavailable")),
    "c+": Comes(Charged("a-token")),
    "c-": Comes(ChargeDeclined("declined")),
    "cf": Comes(ChargeFailed("not_reached")),
    "cu": Comes(ChargeUnknown("timeout")),
    "b-": Comes(CommitFailed("unavailable")),
    "t+": Comes(Transferred(TALK_S)),
    "t-": Comes(TransferFailed("no_answer")),
    "tb": Comes(TransferFailed("busy")),
    "td": Comes(TransferFailed("declined")),
    "tr": Comes(TransferRefused("country")),
    "s-": Say("", understood=False),
    "sd": Mishear(Deaf("crashed")),
    "f": Fail(),
}


def parse(script: str) -> tuple[Act, ...]:
    """The acts of a script. An empty one has none.

    Raises:
        UserError: a word is none of the table above.
    """
    words = [word.strip() for word in script.split(",")] if script.strip() else []
    return tuple(act(word, position) for position, word in enumerate(words, start=1))


def act(word: str, position: int = 1) -> Act:
    """The act of one word, the ``position``-th of its script.

    Raises:
        UserError: the word is none of the table above.
    """
    if word in WORDS:
        return WORDS[word]
    if word.startswith("l+"):
        return Comes(LookedUp(dict(_found(each, word, position) for each in word[2:].split(";"))))
    seconds = SECONDS.match(word)
    if seconds is not None:
        return Pass(float(seconds[1]))
    spoken = SPOKEN.match(word)
    if spoken is not None:
        return Speak(float(spoken[1]))
    said = SAYING.match(word)
    if said is not None:
        return Say(said[2].strip(), sure=not said[1])
    if word and KEYS.issuperset(word):
        return Press(word)
    raise UserError(
        f"{word!a} is not understood; expected keys such as 1 or 200, or one of: {', '.join(WORDS)}, w5, m10, s=yes",
        Location(key=f"keys, word {position}"),
    )


def _found(text: str, word: str, position: int) -> tuple[str, Value]:
    """A variable and its value, as ``price=9.50`` says: a number where it is written as one, else a text."""
    said = FOUND.match(text)
    if said is None:
        raise UserError(
            f"{word!a} is not understood; expected variables and values such as l+price=9.50;name=Lamp",
            Location(key=f"keys, word {position}"),
        )
    return said[1], as_found(said[2])


def as_found(text: str) -> Value:
    """What a look-up gives that says ``text``: a number where it is written as one."""
    if NUMBER.match(text):
        return Decimal(text) if "." in text else int(text)
    return text
