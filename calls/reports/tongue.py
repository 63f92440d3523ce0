"""How a report speaks: English here; the console has the languages of its people in the place of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from calls.reports.definitions import Definition, Targets
from calls.reports.question import Dimension


class Tongue:
    """English. A language overrides what it says otherwise; names of columns in CSV and JSON are of none."""

    language = "en"
    """Its code, as HTML has it."""

    def say(self, text: str) -> str:
        """An English text, or a number as it stands in English."""
        return text

    def figure(self, definition: Definition) -> Definition:
        """The figure with its title and definition in this language."""
        return definition

    def said(self, definition: Definition, targets: Targets) -> str:
        """A definition, with the seconds and goals of the targets in it."""
        return self.figure(definition).said(targets, self.say)

    def section(self, section: str) -> str:
        """A section's name, or that of the calls themselves."""
        return section.capitalize()

    def days(self, first: date, last: date) -> str:
        """Whole days, both within."""
        return f"{first}" if first == last else f"{first} to {last}"

    def dimension(self, dimension: Dimension) -> str:
        """What stands above a column of its values."""
        return dimension.name.lower()

    def key(self, dimension: Dimension, value: str) -> str:
        """A value of a dimension; "" where it has none."""
        return value

    def short(self, dimension: Dimension, value: str) -> str:
        """The same where there is little room: a day without its year, of an interval its time of day."""
        if dimension in (Dimension.HOUR, Dimension.HALF, Dimension.QUARTER):
            midnight = value[11:16] == "00:00"
            return f"{self.short(Dimension.DAY, value[:10])} {value[11:16]}" if midnight else value[11:16]
        return value[5:] if dimension is Dimension.DAY else (self.key(dimension, value) or self.say("none"))[:14]

    def left_out(self, titles: str, by: Sequence[Dimension], why: str, words: str) -> str:
        """A sentence: which figures are not there, and by what not; ``why``: the name of the reason, ``words`` the
        reason in English."""
        return f"{titles}: not by {', '.join(each.value for each in by)}, for {words}."


ENGLISH = Tongue()
