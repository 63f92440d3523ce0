"""Numbers, shares and times as the people of a language write them (Unicode CLDR 44: Numbers, Dates)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

NARROW, WIDE = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"
DASH = "\N{EN DASH}"

_DECIMAL = re.compile(r"([+-]?\d{1,3}(?:,\d{3})+|[+-]?\d+)(\.\d+)?(%?)( (?:s|h|ms|d|min))?")
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)( \d\d:\d\d.*)?")


@dataclass(frozen=True, slots=True)
class Formats:
    """One language. ``least``: digits of a whole number from which on they are grouped; ``before``: what stands
    between a number and its percent sign; ``day``: of a date (strftime), ``short``: without its year; ``gap``: before
    a colon or a semicolon."""

    point: str
    group: str
    least: int
    before: str
    day: str
    short: str
    gap: str = ""

    def number(self, value: float | None, digits: int = 0) -> str:
        """``value`` with so many digits behind the point; a dash for None."""
        if value is None:
            return DASH
        text = f"{value:,.{digits}f}"
        whole, _, rest = text.partition(".")
        if sum(each.isdigit() for each in whole) < self.least:
            whole = whole.replace(",", "")
        return whole.replace(",", self.group) + (f"{self.point}{rest}" if rest else "")

    def share(self, value: float | None, digits: int = 0) -> str:
        """A share in percent; a dash for None."""
        return DASH if value is None else f"{self.number(100 * value, digits)}{self.before}%"

    def seconds(self, value: float | None, digits: int = 0) -> str:
        """A time in seconds; a dash for None."""
        return DASH if value is None else f"{self.number(value, digits)}{WIDE}s"

    def plain(self, value: float) -> str:
        """A number with no more digits than it has."""
        return f"{value:.10g}".replace(".", self.point)

    def figure(self, value: float | None, unit: str, denominator: float | None = None) -> str:
        """A figure: counts whole, seconds and percent to the tenth, money and what comes per something to the
        hundredth; a dash for None."""
        if unit == "ratio":
            return self.share(value, 1)
        if unit == "s":
            return self.seconds(value, 1)
        is_money = len(unit) == 3 and unit.isupper()
        return self.number(value, 2 if is_money or denominator is not None else 0)

    def on(self, day: date) -> str:
        """A day."""
        return f"{day:{self.day}}"

    def inside(self, text: str) -> str:
        """A text of the engine that is all a number, a share, a day or a time, as it is written here."""
        if found := _DECIMAL.fullmatch(text):
            whole, rest, percent = found[1].replace(",", self.group), found[2] or "", found[3]
            gap = WIDE if self.before else " "
            unit = f"{gap}{found[4].strip()}" if found[4] else f"{self.before}%" if percent else ""
            return f"{whole}{rest.replace('.', self.point)}{unit}"
        if found := _DAY.fullmatch(text):
            try:
                return f"{self.on(date.fromisoformat(found[1]))}{found[2] or ''}"
            except ValueError:
                return text
        return text


FORMATS: Mapping[str, Formats] = {
    "en": Formats(".", ",", 4, "", "%Y-%m-%d", "%m-%d"),
    "de": Formats(",", ".", 4, WIDE, "%d.%m.%Y", "%d.%m."),
    "es": Formats(",", ".", 5, WIDE, "%d/%m/%Y", "%d/%m"),
    "fr": Formats(",", NARROW, 4, NARROW, "%d/%m/%Y", "%d/%m", NARROW),
}
"""By language. English has the days of ISO 8601: its people do not agree on another order."""
