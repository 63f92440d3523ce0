"""French. One agrees with what it counts (une heure, vingt et une livres); telephone numbers are said in pairs.

Some names are spelled as they sound, since espeak-ng reads "emme", "plus" and "pence" otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, time

from prompts.spoken import words
from prompts.spoken.language import PREFIX, Currency, Form, Language, Noun, Scale
from prompts.spoken.numbers import cardinal_keys


def date_keys(language: Language, day: date) -> Iterator[str]:
    """Mardi premier décembre deux mille vingt-six."""
    yield f"{PREFIX}weekday-{day.weekday()}"
    yield f"{PREFIX}ordinal-1" if day.day == 1 else f"{PREFIX}{day.day}"
    yield f"{PREFIX}month-{day.month}"
    yield from cardinal_keys(language, day.year)


def date_texts() -> Mapping[str, str]:
    """The pieces of :func:`date_keys` that are not numbers."""
    return {
        **{f"{PREFIX}weekday-{number}": words.weekday("fr", number) for number in range(7)},
        **{f"{PREFIX}month-{number}": words.month("fr", number) for number in range(1, 13)},
    }


def time_keys(at: time) -> Iterator[str]:
    """Quatorze heures trente."""
    yield f"{PREFIX}hour-{at.hour}"
    if at.minute:
        yield f"{PREFIX}{at.minute}" + (Form.FEMININE.value if at.minute in _FEMININE else "")


def time_texts() -> Mapping[str, str]:
    """The pieces of :func:`time_keys` that are not numbers."""
    spoken = {hour: _FEMININE.get(hour) or words.cardinal("fr", hour) for hour in range(24)}
    return {f"{PREFIX}hour-{hour}": f"{text} {'heure' if hour < 2 else 'heures'}" for hour, text in spoken.items()}


_FEMININE = {
    1: "une",
    21: "vingt et une",
    31: "trente et une",
    41: "quarante et une",
    51: "cinquante et une",
    61: "soixante et une",
    81: "quatre-vingt-une",
}
_LETTERS = (
    "a, bé, cé, dé, e, effe, gé, hache, i, ji, ka, elle, aime, enne, o, pé, cu, erre, esse, té, u, vé, double vé, "
    "ixe, i grec, zède"
)
_CENTIME = Noun("centimes", "centime")

FRENCH = Language(
    code="fr",
    forms={Form.FEMININE: _FEMININE},
    before={},
    scales=(
        Scale(10**9, "billion", "milliards", one="un milliard", form=Form.MASCULINE),
        Scale(10**6, "million", "millions", one="un million", form=Form.MASCULINE),
        Scale(10**3, "thousand", "mille", one="mille", form=Form.MASCULINE),
    ),
    point="virgule",
    minus="moins",
    joint="et",
    money_joint="et",
    ordinals={
        hundreds * 100: f"{name} centième"
        for hundreds, name in enumerate(("deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"), 2)
    },
    ordinals_after={1: "unième"},
    ordinal_hundreds=False,
    date_keys=date_keys,
    date_texts=date_texts,
    time_keys=time_keys,
    time_texts=time_texts,
    currencies={
        "EUR": Currency(Noun("euros", "euro", "d'euros"), _CENTIME),
        "USD": Currency(Noun("dollars", "dollar", "de dollars"), _CENTIME),
        "GBP": Currency(
            Noun("livres sterling", "livre sterling", "de livres sterling", Form.FEMININE), Noun("pènce", "penny")
        ),
        "CHF": Currency(Noun("francs suisses", "franc suisse", "de francs suisses"), _CENTIME),
        "CAD": Currency(Noun("dollars canadiens", "dollar canadien", "de dollars canadiens"), _CENTIME),
        "AUD": Currency(Noun("dollars australiens", "dollar australien", "de dollars australiens"), _CENTIME),
        "PLN": Currency(Noun("zlotys", "zloty", "de zlotys"), Noun("groszy", "grosz")),
        "JPY": Currency(Noun("yens", "yen", "de yens")),
    },
    units={
        "day": Noun("jours", "jour"),
        "hour": Noun("heures", "heure", form=Form.FEMININE),
        "minute": Noun("minutes", "minute", form=Form.FEMININE),
        "second": Noun("secondes", "seconde", form=Form.FEMININE),
    },
    letters={
        **dict(zip("abcdefghijklmnopqrstuvwxyz", _LETTERS.split(", "), strict=True)),
        "é": "e accent aigu",
        "è": "e accent grave",
        "ê": "e accent circonflexe",
        "ç": "c cédille",
        "à": "a accent grave",
        "-": "tiret",
        ".": "point",
        "@": "arobase",
        "_": "tiret bas",
        "/": "barre oblique",
        "+": "plusse",
        "&": "esperluette",
        "#": "dièse",
        "*": "étoile",
    },
    phone_pairs=True,
)
