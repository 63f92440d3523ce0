"""German. A date is in the accusative, which follows am, bis and ab alike: am Dienstag, den ersten Dezember."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, time

from prompts.spoken import words
from prompts.spoken.language import LETTERS, PREFIX, Currency, Form, Language, Noun, Scale
from prompts.spoken.numbers import cardinal_keys

_CENTURIES = range(11, 20)
"""Years that are said in hundreds: neunzehnhundertvierundachtzig, but zweitausendsechsundzwanzig."""


def date_keys(language: Language, day: date) -> Iterator[str]:
    """Dienstag, den ersten Dezember zweitausendsechsundzwanzig."""
    yield f"{PREFIX}weekday-{day.weekday()}"
    yield f"{PREFIX}day-{day.day}"
    yield f"{PREFIX}month-{day.month}"
    century, rest = divmod(day.year, 100)
    if century not in _CENTURIES:
        yield from cardinal_keys(language, day.year)
        return
    yield f"{PREFIX}century-{century}"
    if rest:
        yield f"{PREFIX}{rest}"


def date_texts() -> Mapping[str, str]:
    """The pieces of :func:`date_keys` that are not numbers."""
    return {
        **{f"{PREFIX}weekday-{number}": words.weekday("de", number) for number in range(7)},
        **{f"{PREFIX}month-{number}": words.month("de", number) for number in range(1, 13)},
        **{f"{PREFIX}day-{number}": f"den {words.ordinal('de', number)}n" for number in range(1, 32)},
        **{f"{PREFIX}century-{number}": f"{words.cardinal('de', number)}hundert" for number in _CENTURIES},
    }


def time_keys(at: time) -> Iterator[str]:
    """Vierzehn Uhr dreißig."""
    yield f"{PREFIX}hour-{at.hour}"
    if at.minute:
        yield f"{PREFIX}{at.minute}"


def time_texts() -> Mapping[str, str]:
    """The pieces of :func:`time_keys` that are not numbers."""
    spoken = {hour: "ein" if hour == 1 else words.cardinal("de", hour) for hour in range(24)}
    return {f"{PREFIX}hour-{hour}": f"{text} Uhr" for hour, text in spoken.items()}


_CENT = Noun("Cent")

GERMAN = Language(
    code="de",
    forms={Form.MASCULINE: {1: "ein"}, Form.FEMININE: {1: "eine"}},
    before={},
    scales=(
        Scale(10**9, "billion", "Milliarden", one="eine Milliarde", form=Form.FEMININE),
        Scale(10**6, "million", "Millionen", one="eine Million", form=Form.FEMININE),
        Scale(10**3, "thousand", "tausend", one="eintausend", form=Form.MASCULINE),
    ),
    point="Komma",
    minus="minus",
    joint="und",
    money_joint="und",
    ordinals={},
    ordinals_after={},
    ordinal_hundreds=False,
    date_keys=date_keys,
    date_texts=date_texts,
    time_keys=time_keys,
    time_texts=time_texts,
    currencies={
        "EUR": Currency(Noun("Euro"), _CENT),
        "USD": Currency(Noun("Dollar"), _CENT),
        "GBP": Currency(Noun("Pfund"), Noun("Pence", "Penny")),
        "CHF": Currency(Noun("Schweizer Franken"), Noun("Rappen")),
        "CAD": Currency(Noun("kanadische Dollar", "kanadischer Dollar"), _CENT),
        "AUD": Currency(Noun("australische Dollar", "australischer Dollar"), _CENT),
        "PLN": Currency(Noun("Zloty"), Noun("Groschen")),
        "JPY": Currency(Noun("Yen")),
    },
    units={
        "day": Noun("Tage", "Tag"),
        "hour": Noun("Stunden", "Stunde", form=Form.FEMININE),
        "minute": Noun("Minuten", "Minute", form=Form.FEMININE),
        "second": Noun("Sekunden", "Sekunde", form=Form.FEMININE),
    },
    letters={
        **LETTERS,
        "ä": "Ä.",
        "ö": "Ö.",
        "ü": "Ü.",
        "ß": "Eszett",
        "-": "Bindestrich",
        ".": "Punkt",
        "@": "ät",
        "_": "Unterstrich",
        "/": "Schrägstrich",
        "+": "plus",
        "&": "Und-Zeichen",
        "#": "Raute",
        "*": "Stern",
    },
    phone_pairs=False,
)
