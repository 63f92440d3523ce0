"""English. Numbers without "and" (two hundred thirty-four), which every English speaker takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, time

from prompts.spoken import words
from prompts.spoken.language import LETTERS, PREFIX, Currency, Language, Noun, Scale


def date_keys(language: Language, day: date) -> Iterator[str]:
    """Tuesday, December first, twenty twenty-six."""
    yield f"{PREFIX}weekday-{day.weekday()}"
    yield f"{PREFIX}month-{day.month}"
    yield f"{PREFIX}day-{day.day}"
    century, rest = divmod(day.year, 100)
    if century % 10 == 0 and rest < 10:
        yield from (f"{PREFIX}{century // 10}", f"{PREFIX}thousand")
        if rest:
            yield f"{PREFIX}{rest}"
    else:
        yield f"{PREFIX}{century}"
        if rest == 0:
            yield f"{PREFIX}hundred"
        else:
            yield f"{PREFIX}oh-{rest}" if rest < 10 else f"{PREFIX}{rest}"


def date_texts() -> Mapping[str, str]:
    """The pieces of :func:`date_keys` that are not numbers."""
    return {
        **{f"{PREFIX}weekday-{number}": words.weekday("en", number) for number in range(7)},
        **{f"{PREFIX}month-{number}": words.month("en", number) for number in range(1, 13)},
        **{f"{PREFIX}day-{number}": words.ordinal("en", number) for number in range(1, 32)},
        **{f"{PREFIX}oh-{number}": f"oh {words.cardinal('en', number)}" for number in range(1, 10)},
        f"{PREFIX}hundred": "hundred",
    }


def time_keys(at: time) -> Iterator[str]:
    """Two thirty p.m.; noon and midnight, since few know which twelve is p.m."""
    if at.minute == 0 and at.hour % 12 == 0:
        yield PREFIX + ("noon" if at.hour else "midnight")
        return
    yield f"{PREFIX}{(at.hour - 1) % 12 + 1}"
    if at.minute:
        yield f"{PREFIX}oh-{at.minute}" if at.minute < 10 else f"{PREFIX}{at.minute}"
    yield PREFIX + ("am" if at.hour < 12 else "pm")


def time_texts() -> Mapping[str, str]:
    """The pieces of :func:`time_keys` that are not numbers; "oh five" is among those of dates."""
    return {
        PREFIX + "noon": "noon",
        PREFIX + "midnight": "midnight",
        PREFIX + "am": "a.m.",
        PREFIX + "pm": "p.m.",
    }


_CENT = Noun("cents", "cent")

ENGLISH = Language(
    code="en",
    forms={},
    before={},
    scales=(
        Scale(10**9, "billion", "billion"),
        Scale(10**6, "million", "million"),
        Scale(10**3, "thousand", "thousand"),
    ),
    point="point",
    minus="minus",
    joint="and",
    money_joint="and",
    ordinals={},
    ordinals_after={},
    ordinal_hundreds=False,
    date_keys=date_keys,
    date_texts=date_texts,
    time_keys=time_keys,
    time_texts=time_texts,
    currencies={
        "EUR": Currency(Noun("euros", "euro"), _CENT),
        "USD": Currency(Noun("dollars", "dollar"), _CENT),
        "GBP": Currency(Noun("pounds", "pound"), Noun("pence", "penny")),
        "CHF": Currency(Noun("Swiss francs", "Swiss franc"), Noun("centimes", "centime")),
        "CAD": Currency(Noun("Canadian dollars", "Canadian dollar"), _CENT),
        "AUD": Currency(Noun("Australian dollars", "Australian dollar"), _CENT),
        "PLN": Currency(Noun("zlotys", "zloty"), Noun("groszy", "grosz")),
        "JPY": Currency(Noun("yen")),
    },
    units={
        "day": Noun("days", "day"),
        "hour": Noun("hours", "hour"),
        "minute": Noun("minutes", "minute"),
        "second": Noun("seconds", "second"),
    },
    letters={
        **LETTERS,
        "-": "dash",
        ".": "dot",
        "@": "at",
        "_": "underscore",
        "/": "slash",
        "+": "plus",
        "&": "ampersand",
        "#": "hash",
        "*": "star",
    },
    phone_pairs=False,
)
