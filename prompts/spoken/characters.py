"""What is said sign by sign: digits, spelled words, telephone numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import phonenumbers

from prompts.spoken import words
from prompts.spoken.kinds import SpokenError
from prompts.spoken.language import PAUSE, PREFIX, SILENCE, Language

MAX_DIGITS = 40
"""An IBAN has 34 signs; nobody follows more."""

MAX_SPELLED = 100
"""An e-mail address that somebody can still follow."""

MAX_PHONE = 20
"""E.164 has 15 digits at most; an access code stands before some."""

_SEPARATORS = re.compile(r"[ \-./()]+")
_GROUP = 3
"""Digits of a group where a number shows none."""


def digits_keys(text: str) -> Iterator[str]:
    """Each digit; a run of spaces and hyphens between two is a pause.

    Raises:
        SpokenError: something else is in it, or it is too long.
    """
    groups = re.split(r"[ -]+", text.strip(" -"))
    _require_digits(text, groups, MAX_DIGITS)
    yield from _joined(tuple(_single(group)) for group in groups)


def spelled_keys(language: Language, text: str) -> Iterator[str]:
    """The name of each sign; a space is a pause.

    Raises:
        SpokenError: a sign that has no name here.
    """
    if not text.strip() or len(text) > MAX_SPELLED:
        raise SpokenError(f"a text to be spelled has 1 to {MAX_SPELLED} signs, not {len(text.strip())}")
    yield from _joined(tuple(_sign(language, sign) for sign in word) for word in text.split())


def phone_keys(language: Language, text: str) -> Iterator[str]:
    """A number in the groups of its country where it begins with ``+``, else in those that it is written in.

    Raises:
        SpokenError: not a telephone number.
    """
    plain = text.strip()
    plus = plain.startswith("+")
    groups = [group for group in _SEPARATORS.split(plain.removeprefix("+")) if group]
    _require_digits(text, groups, MAX_PHONE)
    if plus:
        groups = _by_country("".join(groups)) or groups
    if len(groups) == 1:
        groups = _grouped(groups[0], 2 if language.phone_pairs else _GROUP)
    speak = _pairs if language.phone_pairs else _single
    if plus:
        yield sign_key("+")
    yield from _joined(tuple(speak(group)) for group in groups)


def character_texts(language: Language) -> dict[str, str]:
    """Every piece of a sign; the digits are in numbers.py."""
    return {PAUSE: SILENCE} | {sign_key(sign): name for sign, name in language.letters.items()}


def sign_key(sign: str) -> str:
    """``spoken.letter-a``; what a key cannot hold is named by its code point: ``spoken.letter-u002b`` for ``+``."""
    plain = sign.isascii() and sign.isalpha()
    return f"{PREFIX}letter-{sign if plain else f'u{ord(sign):04x}'}"


def _joined(groups: Iterator[tuple[str, ...]]) -> Iterator[str]:
    for place, group in enumerate(groups):
        if place:
            yield PAUSE
        yield from group


def _require_digits(text: str, groups: list[str], most: int) -> None:
    if not all(group.isascii() and group.isdigit() for group in groups) or not groups:
        raise SpokenError(f"{text!r} is not digits; expected 0 to 9, with spaces or hyphens between groups")
    if (length := sum(map(len, groups))) > most:
        raise SpokenError(f"{length} digits are too many to follow; at most {most}")


def _single(group: str) -> Iterator[str]:
    return (PREFIX + digit for digit in group)


def _pairs(group: str) -> Iterator[str]:
    """Two digits as a number, a zero before the second and an odd first digit by themselves."""
    if len(group) % 2:
        yield PREFIX + group[0]
        group = group[1:]
    for first, second in zip(group[::2], group[1::2], strict=True):
        if first == "0":
            yield from (PREFIX + first, PREFIX + second)
        else:
            yield PREFIX + first + second


def _grouped(digits: str, size: int) -> list[str]:
    """Groups of ``size`` digits, the last of them longer rather than one digit alone."""
    groups = [digits[at : at + size] for at in range(0, len(digits), size)]
    if size > 2 and len(groups) > 1 and len(groups[-1]) == 1:
        last = groups.pop()
        groups[-1] += last
    return groups


def _by_country(digits: str) -> list[str]:
    """The groups in which the number's own country writes it; none where it is not known."""
    try:
        number = phonenumbers.parse("+" + digits)
    except phonenumbers.NumberParseException:
        return []
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    groups = [group for group in _SEPARATORS.split(written.removeprefix("+")) if group]
    return groups if "".join(groups) == digits else []


def _sign(language: Language, sign: str) -> str:
    for known in (sign.lower(), unicodedata.normalize("NFD", sign.lower())[0]):
        if known.isascii() and known.isdigit():
            return PREFIX + known
        if known in language.letters:
            return sign_key(known)
    raise SpokenError(f"{sign!r} (U+{ord(sign):04X}) has no name in {words.language_name(language.code)}")
