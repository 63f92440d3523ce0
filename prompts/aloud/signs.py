"""Telephone numbers, addresses of the net, and signs that have a word."""

from __future__ import annotations

import re

from prompts.aloud import saying
from prompts.aloud.context import ends_sentence
from prompts.aloud.figures import unit_pattern, units
from prompts.aloud.language import Read, Wording
from prompts.spoken import SpokenError

_INTERNATIONAL = re.compile(r"\+[0-9][0-9 ()/.-]{5,24}[0-9](?![\w])")
_WITH_ZERO = re.compile(r"\(?0[0-9)][0-9 ()/-]{4,20}[0-9](?!\w|[.,][0-9])")
_CHAIN = re.compile(r"[0-9]+(?:-[0-9]+){2,}(?!\w)")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SITE = re.compile(
    r"(?:https?://|www\.)[\w.-]+\w(?:/[\w./-]*\w)?/?|[\w-]+\.(?:com|org|net|eu|de|es|fr|co\.uk|io)(?!\w)"
)
_ALONE = re.compile(r"[*#+](?!\w)")
_CODE = re.compile(r"(?:[*#]{1,2}[0-9]+)+[*#]*(?![\w*#]|[-.,:][0-9])")
_NUMBERED = re.compile(r"#[0-9]")
_BETWEEN = re.compile(r"\+ ?[0-9]")
_AMOUNT = re.compile(r"[0-9] ?[^\W\d_.]*[.€$£¢]?\Z")
_FEWEST = 6
"""Digits of a telephone number that begins with 0."""


def phone(wording: Wording, text: str, at: int) -> Read | None:
    """A number that begins with + or 0, or is written as those at home are."""
    if at and (text[at - 1].isalnum() or text[at - 1] in "+-"):
        return None
    patterns = (_INTERNATIONAL, _WITH_ZERO, *([wording.phone] if wording.phone else []), _CHAIN)
    for pattern in patterns:
        found = pattern.match(text, at)
        if found is None:
            continue
        shown = found[0].replace("(0)", " ").strip()
        if sum(char.isdigit() for char in shown) < _FEWEST and pattern in (_INTERNATIONAL, _WITH_ZERO):
            continue
        try:
            return Read(saying.phone(wording.spoken, shown), found.end())
        except SpokenError:
            continue
    return None


def address(wording: Wording, text: str, at: int) -> Read | None:
    """An e-mail address or one of the web: its stops and signs have names, its words stay."""
    found = _MAIL.match(text, at) or _SITE.match(text, at)
    if found is None:
        return None
    shown = re.sub(r"\Ahttps?://|/\Z", "", found[0])
    web = f"{wording.spoken.letters['w']} " * 3 if shown.startswith("www.") else ""
    named = (f" {wording.spoken.letters[char]} " if char in ".@-_/+" else char for char in shown.removeprefix("www"))
    return Read(" ".join(f"{web}{''.join(named)}".split()), found.end())


def sign(wording: Wording, text: str, at: int) -> Read | None:
    """A sign that has a word: the words beside it are kept apart from it."""
    for length in (2, 1):
        words = wording.signs.get(text[at : at + length])
        if words is None or not text[at : at + length]:
            continue
        before = " " if at and not text[at - 1].isspace() and text[at - 1] not in "(\"'" else ""
        end = at + length
        after = " " if text[end : end + 1].isalnum() else ""
        return Read(f"{before}{words}{after}", end)
    return None


def code(wording: Wording, text: str, at: int) -> Read | None:
    """``*67``, ``*21#``: keys by name. ``#1`` is none: it is a number."""
    found = _CODE.match(text, at)
    if found is None or (at and not (text[at - 1].isspace() or text[at - 1] in "(\"'")) or not _is_code(found[0]):
        return None
    parts = re.findall(r"[*#]|[0-9]+", found[0])
    named = (wording.spoken.letters[part] if part in "*#" else saying.digits(wording.spoken, part) for part in parts)
    return Read(" ".join(named), found.end())


def _is_code(keys: str) -> bool:
    """True for what begins or goes on with a star, and for what ends in a second sign; **768** is emphasis."""
    signs = re.sub("[0-9]", "", keys)
    return (signs.endswith("#") and len(signs) > 1) or ("*" in signs and not signs.startswith("**"))


def key(wording: Wording, text: str, at: int) -> Read | None:
    """``*``, ``#`` and ``+`` that stand alone are keys or signs with a name; so is a ``+`` between figures,
    and ``#1`` is a number."""
    name = wording.spoken.letters.get(text[at]) if text[at] in "*#+" else None
    if name is None:
        return None
    if text[at] == "#" and _NUMBERED.match(text, at):
        return Read(f"{wording.signs['№']} ", at + 1)
    if _ALONE.match(text, at) and (at == 0 or text[at - 1].isspace()):
        return Read(name, at + 1)
    return Read(f" {name} ", at + 1) if _BETWEEN.match(text, at) and at and text[at - 1].isdigit() else None


def per(wording: Wording, text: str, at: int) -> Read | None:
    """``/min`` after an amount."""
    if text[at] != "/" or not _AMOUNT.search(text, max(0, at - 20), at):
        return None
    found = unit_pattern(wording).match(text, at + 1)
    if found is None or text[at + 1 : at + 2] == " ":
        return None
    noun = units(wording)[found[1]]
    stop = "." if found[1].endswith(".") and ends_sentence(text, found.end()) else ""
    return Read(f" {wording.per} {noun.one or noun.other}{stop}", found.end())


def alternatives(wording: Wording, text: str, at: int) -> Read | None:
    """The stroke between two words is not said: and/or."""
    if text[at] != "/" or not re.search(r"[^\W\d_]{2}\Z", text[max(0, at - 2) : at]):
        return None
    return Read(" ", at + 1) if re.compile(r"[^\W\d_]{2}").match(text, at + 1) else None
