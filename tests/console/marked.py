"""A language of which every word of a catalogue is marked: what a page says beside the marks nobody can translate."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser

import pytest

from console.web import words
from console.web.words import Words

LANGUAGE = "de"
"""The one in whose place it stands."""

_INNERMOST = re.compile(r"\u27e6[^\u27e6\u27e7]*\u27e7")
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,64}")
_WORD = re.compile(r"[^\W\d_]{2,}")
SEEN = (
    "title",
    "aria-label",
    "placeholder",
    "alt",
    "data-confirm",
    "data-label",
    "data-runs",
    "data-none",
    "data-again",
)
HIDDEN = ("script", "style", "code", "pre", "textarea")


def speak(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let consoles that are built from now on speak it to who wants German."""
    found = dict(words.read())
    german = found[LANGUAGE]
    texts = {key: f"\u27e6{text}\u27e7" for key, text in german.texts.items()}
    found[LANGUAGE] = Words(LANGUAGE, texts, german.engine)
    monkeypatch.setattr(words, "read", lambda: found)


class _Shown(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.read_out: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in HIDDEN
        self.read_out += [value or "" for name, value in attrs if name in SEEN]

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in HIDDEN

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text += f" {data}"


def unmarked(page: str, known: Iterable[str]) -> set[str]:
    """The words that the page shows or has read out, and that come from no catalogue; without ``known`` ones, which
    people of the house have written."""
    shown = _Shown()
    shown.feed(page)
    found: set[str] = set()
    for text in (shown.text, *shown.read_out):
        text = _ID.sub(" ", text)
        while (rest := _INNERMOST.sub(" ", text)) != text:
            text = rest
        found.update(_WORD.findall(text))
    return found - set(known)
