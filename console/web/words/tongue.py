"""How reports speak in the languages of the console: their figures by key, days and numbers as people write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from calls.reports.definitions import Definition
from calls.reports.question import Dimension
from calls.reports.tongue import Tongue
from console.web.words import Words


class PageTongue(Tongue):
    """Of one language."""

    def __init__(self, words: Words) -> None:
        self._t = words
        self.language = words.language

    def say(self, text: str) -> str:
        return self._t.told(text)

    def figure(self, definition: Definition) -> Definition:
        title, currency = self._t(f"figure.t_{definition.base}"), definition.currency
        words = self._t(f"figure.d_{definition.base}")
        return replace(definition, title=f"{title}, {currency}" if currency else title, words=words)

    def section(self, section: str) -> str:
        return self._t(f"reports.section_{section}" if section == "calls" else f"reports.{section}")

    def days(self, first: date, last: date) -> str:
        on = self._t.formats.on
        return on(first) if first == last else f"{on(first)} \N{EN DASH} {on(last)}"

    def dimension(self, dimension: Dimension) -> str:
        return self._t(f"reports.by_{dimension.value}")

    def key(self, dimension: Dimension, value: str) -> str:
        t = self._t
        match dimension:
            case _ if not value:
                return ""
            case Dimension.DAY:
                return t.formats.on(date.fromisoformat(value))
            case Dimension.HOUR | Dimension.HALF | Dimension.QUARTER:
                return f"{t.formats.on(date.fromisoformat(value[:10]))} {value[11:16]}"
            case Dimension.WEEKDAY:
                return t.told(value.rpartition(" ")[2])
            case Dimension.DIRECTION:
                return t.named("reports.", value)
            case Dimension.OUTCOME:
                return t.texts.get(f"outcome.{value}", value)
            case Dimension.DISPOSITION:
                return t.texts.get(f"said.disposition_{value}", value)
            case _:
                return value

    def short(self, dimension: Dimension, value: str) -> str:
        if dimension is Dimension.DAY:
            return f"{date.fromisoformat(value):{self._t.formats.short}}"
        return super().short(dimension, value)

    def left_out(self, titles: str, by: Sequence[Dimension], why: str, words: str) -> str:
        named = ", ".join(map(self.dimension, by))
        return self._t("reports.left_out_why", figures=titles, by=named, why=self._t(f"reports.why_{why}"))
