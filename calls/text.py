"""Text from callers and switches, made fit for logs and records."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """``text`` without control, format and line-separating characters, and with broken surrogates shown as U+FFFD."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_printable(letter) for letter in text)


def _printable(letter: str) -> str:
    kind = unicodedata.category(letter)
    if kind == "Cs":
        return "\N{REPLACEMENT CHARACTER}"
    return "" if kind in ("Cc", "Cf", "Zl", "Zp") else letter
