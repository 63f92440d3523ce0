"""Texts with placeholders: ``You owe {n:number} parts.`` is a fragment, a slot and a fragment, played one by one.

A fragment is a prompt of its own, rendered ahead; what fills a slot is composed of pieces (``prompts/spoken``). Only
a slot of the kind ``text`` needs an engine while the caller waits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import assert_never

from calls.switch.port import Prompt
from prompts.spoken import PAUSE, Kind, SpokenError, Value, spoken, vocabulary


@dataclass(frozen=True, slots=True)
class Fragment:
    """Words between slots, by the key of their own prompt; or a pause, by the key of its piece."""

    key: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A value that is only known in a call."""

    name: str
    kind: Kind
    currency: str | None = None
    """Of money: an ISO 4217 code (``EUR``), or the name of the value that holds one (``currency``)."""

    @property
    def currency_name(self) -> str | None:
        """The name of the value that holds the currency, where it is not written in the text."""
        return self.currency if self.currency is not None and self.currency.islower() else None


Phrase = tuple[Fragment | Slot, ...]
"""What is played for one key, in its order."""


@dataclass(frozen=True, slots=True)
class LiveText:
    """A text that no prompt was rendered for: it is synthesised when it is needed."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Split:
    """A text with placeholders, taken apart."""

    phrase: Phrase
    fragments: Mapping[str, str]
    """Key and text of each fragment that is a prompt of its own."""


_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
_PIECE = re.compile(r"(\{\{|\}\}|\{[^{}]*\}|[{}])")
_STOPS = ".,;:!?\u2026"
"""Where somebody who reads aloud pauses."""


def split(key: str, text: str, language: str) -> Split | str:
    """The fragments and slots of ``text``, or its words alone where it has no placeholder; ``{{`` is a brace.

    Raises:
        ValueError: a brace that is alone, or a placeholder that is none; says what was expected.
    """
    parts: list[str | Slot] = [""]
    for found in _PIECE.split(text):
        words = found[0] if found in ("{{", "}}") else found
        if found in ("{", "}"):
            raise ValueError(f"a brace stands alone; expected {{name}} or {{name:kind}}, or {found * 2} for a brace")
        if found[:1] == "{" and found != "{{":
            parts += [_slot(found[1:-1], language), ""]
        else:
            assert isinstance(parts[-1], str)
            parts[-1] += words
    if len(parts) == 1:
        return "".join(part for part in parts if isinstance(part, str))
    return _assembled(key, parts)


def slots(phrase: Phrase) -> tuple[Slot, ...]:
    """The slots of ``phrase``: what a flow must have a value for, once for each place."""
    return tuple(part for part in phrase if isinstance(part, Slot))


def currencies(held: Iterable[Slot]) -> frozenset[str] | None:
    """The codes that the money of these slots can be of; None where a value says which."""
    money = [slot for slot in held if slot.kind is Kind.MONEY]
    if any(slot.currency_name is not None for slot in money):
        return None
    return frozenset(slot.currency for slot in money if slot.currency is not None)


def compose(phrase: Phrase, values: Mapping[str, Value | None], language: str) -> tuple[Prompt | LiveText, ...]:
    """What is played for ``phrase`` with ``values`` by name.

    Raises:
        SpokenError: a value is missing or cannot be spoken as its slot asks; the message names the slot.
    """
    played: list[Prompt | LiveText] = []
    for part in phrase:
        match part:
            case Fragment(key=key):
                played.append(Prompt(key, language))
            case Slot(name=name):
                try:
                    played += _filled(part, values, language)
                except SpokenError as error:
                    raise SpokenError(f"{{{name}:{part.kind}}}: {error}") from error
            case _:
                assert_never(part)
    return tuple(played)


def _assembled(key: str, parts: list[str | Slot]) -> Split:
    """Numbers the words; where they begin or end with a stop there is a pause, since their own silence is cut off."""
    phrase: list[Fragment | Slot] = []
    fragments: dict[str, str] = {}
    for place, part in enumerate(parts):
        if isinstance(part, Slot):
            phrase.append(part)
            continue
        first, last = place == 0, place == len(parts) - 1
        words = part.strip()
        text = words.lstrip(_STOPS + " ")
        heard = any(sign.isalnum() for sign in text)
        if words[:1] in _STOPS and words and not first and (heard or not last):
            phrase.append(Fragment(PAUSE))
        if not heard:
            continue
        own = f"{key}.part-{len(fragments) + 1}"
        fragments[own] = text
        phrase.append(Fragment(own))
        if text[-1] in _STOPS and not last:
            phrase.append(Fragment(PAUSE))
    return Split(tuple(phrase), fragments)


def _filled(slot: Slot, values: Mapping[str, Value | None], language: str) -> Iterator[Prompt | LiveText]:
    value = _value(slot.name, values)
    if slot.kind is Kind.TEXT:
        yield LiveText(_text(value), language)
        return
    currency = slot.currency
    if (held := slot.currency_name) is not None:
        currency = str(_value(held, values)).strip().upper()
    yield from (Prompt(key, language) for key in spoken(value, slot.kind, language, currency))


def _value(name: str, values: Mapping[str, Value | None]) -> Value:
    value = values.get(name)
    if value is None:
        raise SpokenError(f"there is no value {name!r}")
    return value


def _text(value: Value) -> str:
    if isinstance(value, bool | date | time):
        raise SpokenError(f"{value} is not a text; give the slot a kind, such as date")
    text = str(value)
    if not text.strip():
        raise SpokenError("the text is empty")
    return text


def _slot(inside: str, language: str) -> Slot:
    """The slot that a placeholder names.

    Raises:
        ValueError: it names none, or its kind is not spoken in ``language``.
    """
    if not inside.strip():
        raise ValueError("the braces are empty; expected {name} or {name:kind}")
    name, colon, rest = inside.partition(":")
    if _NAME.match(name) is None:
        raise ValueError(f"{{{inside}}}: the name {name!r} is none; expected a-z, then a-z 0-9 _, up to 64")
    word, _, currency = rest.partition(" ") if colon else (Kind.TEXT.value, "", "")
    if word not in set(Kind):
        raise ValueError(f"{{{inside}}}: the kind {word!r} is not known; expected one of {', '.join(Kind)}")
    kind = Kind(word)
    if kind is Kind.MONEY:
        if _CURRENCY.match(currency) is None and _NAME.match(currency) is None:
            raise ValueError(
                f"{{{inside}}}: expected {{{name}:money EUR}}, or the name of a value that holds the code"
            )
    elif currency:
        raise ValueError(f"{{{inside}}}: {currency!r} is not expected after {word}; only money has a currency")
    slot = Slot(name, kind, currency or None)
    try:
        if kind is not Kind.TEXT:
            vocabulary(language, [kind], currencies([slot]))
    except SpokenError as error:
        raise ValueError(f"{{{inside}}}: {error}") from error
    return slot
