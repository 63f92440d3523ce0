"""English. A date in figures is read month first, except where the tag names a region that has the day first."""

from __future__ import annotations

import re
from datetime import date, time

from prompts.aloud import saying
from prompts.aloud.called import called
from prompts.aloud.language import Before, Read, Rule, Short, Wording
from prompts.aloud.moments import clock, figures
from prompts.spoken import words as names
from prompts.spoken.english import ENGLISH
from prompts.spoken.language import Noun
from prompts.spoken.values import YEARS

_MONTHS = {names.month("en", number): number for number in range(1, 13)}
_SHORT_MONTHS = {name[:3]: number for name, number in _MONTHS.items()} | {"Sept": 9}
_MONTH = "|".join([*_MONTHS, *(f"{name}\\." for name in _SHORT_MONTHS)])
_TO = r"(?: ?[-\u2013] ?| to )"
_MONTH_DAY = re.compile(
    rf"({_MONTH}) ([0-9]{{1,2}})(?:st|nd|rd|th)?(?:{_TO}([0-9]{{1,2}})(?:st|nd|rd|th)?(?! ?[ap]\.?m\b))?"
    r"(?:,? ([0-9]{4}))?(?!\w|[.:][0-9])"
)
_MONTH_YEAR = re.compile(rf"({_MONTH}) ([0-9]{{4}})(?!\w|[.:,][0-9])")
_DAY_MONTH = re.compile(
    rf"([0-9]{{1,2}})(?:st|nd|rd|th)?(?:{_TO}([0-9]{{1,2}})(?:st|nd|rd|th)?)? ({_MONTH})(?: ([0-9]{{4}}))?(?!\w)"
)
_TWELVE = re.compile(r"([0-9]{1,2})(?:[:.]([0-9]{2}))? ?(a|p)(?:\.m\.|m\b)", re.IGNORECASE)
_ORDINAL = re.compile(r"([0-9]{1,3})(?:st|nd|rd|th)(?!\w)")
_OCLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?![\w:])")


def year_words(year: int) -> str:
    """Nineteen eighty-four; twenty twenty-six."""
    return " ".join(text for key, text in saying.date_parts(ENGLISH, date(year, 1, 1)) if _is_year(key))


def day_words(day: date, before: str) -> str:
    """December first."""
    parts = dict(saying.date_parts(ENGLISH, day))
    return f"{parts[f'month-{day.month}']} {parts[f'day-{day.day}']}"


def _is_year(key: str) -> bool:
    return not key.startswith(("month-", "day-"))


def _month_day(wording: Wording, text: str, at: int) -> Read | None:
    """``December 1, 2026``, ``May 1-3``."""
    found = _MONTH_DAY.match(text, at)
    return None if found is None else _dated(found[1], found[2], found[3], found[4], found.end())


def _month_year(wording: Wording, text: str, at: int) -> Read | None:
    """``Dec. 2026``."""
    found = _MONTH_YEAR.match(text, at)
    if found is None or int(found[2]) not in YEARS:
        return None
    return Read(f"{names.month('en', _month(found[1]))} {year_words(int(found[2]))}", found.end())


def _month(name: str) -> int:
    return _MONTHS.get(name) or _SHORT_MONTHS[name.rstrip(".")]


def _day_month(wording: Wording, text: str, at: int) -> Read | None:
    """``1 December 2026``, ``1-3 May``."""
    found = _DAY_MONTH.match(text, at)
    return None if found is None else _dated(found[3], found[1], found[2], found[4], found.end())


def _dated(month: str, day: str, last: str | None, year: str | None, end: int) -> Read | None:
    """A day of a month, or the days from one to the ``last``."""
    try:
        found = date(int(year or 2024), _month(month), int(day))
        until = found.replace(day=int(last)) if last else None
    except ValueError:
        return None
    if found.year not in YEARS:
        return None
    words = day_words(found, "")
    if until:
        words += f" to {names.ordinal('en', until.day)}"
    return Read(f"{words} {year_words(found.year)}" if year else words, end)


def _twelve(wording: Wording, text: str, at: int) -> Read | None:
    """``9:05 am``."""
    found = _TWELVE.match(text, at)
    if found is None or not 1 <= int(found[1]) <= 12 or int(found[2] or 0) > 59:
        return None
    hour = int(found[1]) % 12 + (12 if found[3].lower() == "p" else 0)
    return Read(saying.said(ENGLISH, ENGLISH.time_keys(time(hour, int(found[2] or 0)))), found.end())


def _oclock(wording: Wording, text: str, at: int) -> Read | None:
    """``9:30``, of which nobody knows whether it is in the morning: nothing is added."""
    found = _OCLOCK.match(text, at)
    if found is None or not 1 <= int(found[1]) <= 12 or int(found[2]) > 59:
        return None
    hour, minute = names.cardinal("en", int(found[1])), int(found[2])
    if minute == 0:
        return Read(f"{hour} o'clock", found.end())
    words = names.cardinal("en", minute)
    return Read(f"{hour} oh {words}" if minute < 10 else f"{hour} {words}", found.end())


def _ordinal(wording: Wording, text: str, at: int) -> Read | None:
    """``3rd``."""
    found = _ORDINAL.match(text, at)
    if found is None or (at and text[at - 1].isalnum()) or found[1] == "0":
        return None
    return Read(names.ordinal("en", int(found[1])), found.end())


def _round(wording: Wording, text: str, at: int) -> Read | None:
    """``24/7``."""
    return Read("twenty-four seven", at + 4) if re.compile(r"24/7(?![\w/])").match(text, at) else None


_STREET = {"St.": ("Saint", "Street"), "Dr.": ("Doctor", "Drive")}
_NAMES = {
    "Mr.": "Mister", "Mr": "Mister", "Mrs.": "Missis", "Mrs": "Missis", "Ms.": "Miz", "Prof.": "Professor",
    "Rev.": "Reverend", "Capt.": "Captain", "Lt.": "Lieutenant", "Sgt.": "Sergeant", "Gen.": "General",
}  # fmt: skip
_ALWAYS = {
    "e.g.": "for example", "i.e.": "that is", "etc.": "et cetera", "vs.": "versus", "approx.": "approximately",
    "Ave.": "Avenue", "Blvd.": "Boulevard", "Rd.": "Road", "Apt.": "Apartment", "Dept.": "Department",
    "dept.": "department", "Inc.": "Incorporated", "Ltd.": "Limited", "Ltd": "Limited", "Corp.": "Corporation",
    "Bros.": "Brothers", "Jr.": "Junior", "Sr.": "Senior", "max.": "maximum", "incl.": "including",
    "excl.": "excluding", "tel.": "telephone", "hrs.": "hours", "Mon.": "Monday", "Tue.": "Tuesday",
    "Tues.": "Tuesday", "Wed.": "Wednesday", "Thu.": "Thursday", "Thurs.": "Thursday", "Fri.": "Friday",
    "w/o": "without", "c/o": "care of",
}  # fmt: skip
_ENDING = frozenset({"etc.", "Ave.", "Blvd.", "Rd.", "Inc.", "Ltd.", "Corp.", "Bros.", "Jr.", "Sr.", "hrs."})
_NUMBERED = {"No.": "number", "Nos.": "numbers", "ext.": "extension", "p.": "page", "pp.": "pages", "Fig.": "figure"}

_CALLED = called("112|999|000|988|[1-9]11|10[15]", "call|dial|ring|phone|text", "or|and")
"""Numbers of help: those of North America that end in 11, and those of Europe, Britain and Australia."""

_RULES: tuple[Rule, ...] = (
    _CALLED,
    _round,
    _twelve,
    _oclock,
    clock(r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"),
    _day_month,
)


_WEEK, _A_MONTH, _YEAR = Noun("weeks", "week"), Noun("months", "month"), Noun("years", "year")


def _wording(order: str) -> Wording:
    return Wording(
        spoken=ENGLISH,
        decimal=".",
        groups=",",
        shorts={
            **{short: Short(words, ends=short in _ENDING) for short, words in _ALWAYS.items()},
            **{short: Short(words, Before.NUMBER) for short, words in _NUMBERED.items()},
            **{f"{name}.": Short(names.month("en", number), Before.NUMBER) for name, number in _SHORT_MONTHS.items()},
            "Sat.": Short("Saturday", Before.SPAN),
            "Sun.": Short("Sunday", Before.SPAN),
            **{short: Short(words) for short, words in _NAMES.items()},
            **{name: Short(one, Before.NAME, other, ends=True) for name, (one, other) in _STREET.items()},
            "Co.": Short("Company", ends=True),
            "Ext.": Short("extension", Before.NUMBER),
        },
        signs={
            "&": "and",
            "%": "percent",
            "‰": "per mille",
            "@": "at",
            "§": "section",
            "§§": "sections",
            "€": "euros",
            "$": "dollars",
            "£": "pounds",
            "¥": "yen",
            "½": "one half",
            "¼": "one quarter",
            "¾": "three quarters",
            "°": "degrees",
            "=": "equals",
            "№": "number",
        },
        units={
            "%": Noun("percent"),
            "km/h": Noun("kilometers an hour", "kilometer an hour"),
            "°C": Noun("degrees Celsius"),
            "°F": Noun("degrees Fahrenheit"),
            "km": Noun("kilometers", "kilometer"),
            "m": Noun("meters", "meter"),
            "cm": Noun("centimeters", "centimeter"),
            "mm": Noun("millimeters", "millimeter"),
            "kg": Noun("kilograms", "kilogram"),
            "g": Noun("grams", "gram"),
            "l": Noun("liters", "liter"),
            "h": Noun("hours", "hour"),
            "hrs": Noun("hours", "hour"),
            "min": Noun("minutes", "minute"),
            "mins": Noun("minutes", "minute"),
            "min.": Noun("minutes", "minute"),
            "sec": Noun("seconds", "second"),
            "s": Noun("seconds", "second"),
            "kWh": Noun("kilowatt hours", "kilowatt hour"),
            "x": Noun("times", "time"),
            "¢": Noun("cents", "cent"),
            "week": _WEEK,
            "weeks": _WEEK,
            "month": _A_MONTH,
            "months": _A_MONTH,
            "year": _YEAR,
            "years": _YEAR,
            "MB": Noun("megabytes", "megabyte"),
            "GB": Noun("gigabytes", "gigabyte"),
        },
        to="to",
        per="a",
        digits_after=frozenset("pin code zip extension dial flight".split()),
        years_after=frozenset("in since of by from until till year before after for early late during".split()),
        year_words=year_words,
        day_words=day_words,
        rules=(figures(order), *_RULES, _ordinal),
        letter_rules=(_month_day, _month_year),
        phone=re.compile(r"(?:1[-. ])?\(?[0-9]{3}\)?[-. ][0-9]{3}[-. ][0-9]{4}(?!\w)|[0-9]{3}-[0-9]{4}(?![\w-])"),
    )


ENGLISH_WORDING = _wording(r"(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>[0-9]{4}|[0-9]{2})")
DAY_FIRST_WORDING = _wording(r"(?P<day>[0-9]{1,2})/(?P<month>[0-9]{1,2})/(?P<year>[0-9]{4}|[0-9]{2})")
