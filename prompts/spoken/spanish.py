"""Spanish. Numbers agree with what they count: un euro, veintiuna libras, doscientas mil libras."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, time

from prompts.spoken import words
from prompts.spoken.language import PREFIX, Currency, Form, Language, Noun, Scale
from prompts.spoken.numbers import cardinal_keys


def date_keys(language: Language, day: date) -> Iterator[str]:
    """Martes, uno de diciembre de dos mil veintiséis."""
    yield f"{PREFIX}weekday-{day.weekday()}"
    yield f"{PREFIX}{day.day}"
    yield f"{PREFIX}month-{day.month}"
    yield from cardinal_keys(language, day.year)


def date_texts() -> Mapping[str, str]:
    """The pieces of :func:`date_keys` that are not numbers."""
    return {
        **{f"{PREFIX}weekday-{number}": words.weekday("es", number) for number in range(7)},
        **{f"{PREFIX}month-{number}": f"de {words.month('es', number)} de" for number in range(1, 13)},
    }


def time_keys(at: time) -> Iterator[str]:
    """Catorce horas y treinta minutos."""
    yield f"{PREFIX}hour-{at.hour}" + ("-and" if at.minute else "")
    if at.minute:
        yield f"{PREFIX}minute-{at.minute}"


def time_texts() -> Mapping[str, str]:
    """The pieces of :func:`time_keys`."""
    hours = {hour: f"{_feminine(hour)} {'hora' if hour == 1 else 'horas'}" for hour in range(24)}
    minutes = {minute: f"{_masculine(minute)} {'minuto' if minute == 1 else 'minutos'}" for minute in range(1, 60)}
    return {
        **{f"{PREFIX}hour-{hour}": text for hour, text in hours.items()},
        **{f"{PREFIX}hour-{hour}-and": f"{text} y" for hour, text in hours.items()},
        **{f"{PREFIX}minute-{minute}": text for minute, text in minutes.items()},
    }


def _masculine(number: int) -> str:
    return _MASCULINE.get(number) or words.cardinal("es", number)


def _feminine(number: int) -> str:
    return _FEMININE.get(number) or words.cardinal("es", number)


def _of(many: str) -> str:
    """After whole millions."""
    return f"de {many}"


_TENS = {30: "treinta", 40: "cuarenta", 50: "cincuenta", 60: "sesenta", 70: "setenta", 80: "ochenta", 90: "noventa"}
_MASCULINE = {1: "un", 21: "veintiún", **{tens + 1: f"{name} y un" for tens, name in _TENS.items()}}
_FEMININE = {
    1: "una",
    21: "veintiuna",
    **{tens + 1: f"{name} y una" for tens, name in _TENS.items()},
    200: "doscientas",
    300: "trescientas",
    400: "cuatrocientas",
    500: "quinientas",
    600: "seiscientas",
    700: "setecientas",
    800: "ochocientas",
    900: "novecientas",
}
_LETTERS = (
    "a, be, ce, de, e, efe, ge, hache, i, jota, ka, ele, eme, ene, eñe, o, pe, cu, erre, ese, te, u, uve, uve doble, "
    "equis, i griega, zeta"
)
_CENTIMO = Noun("céntimos", "céntimo")
_CENTAVO = Noun("centavos", "centavo")

SPANISH = Language(
    code="es",
    forms={Form.MASCULINE: _MASCULINE, Form.FEMININE: _FEMININE},
    before={100: "ciento"},
    scales=(
        Scale(10**6, "million", "millones", one="un millón", form=Form.MASCULINE),
        Scale(10**3, "thousand", "mil", one="mil"),
    ),
    point="coma",
    minus="menos",
    joint="y",
    money_joint="con",
    ordinals={},
    ordinals_after={},
    ordinal_hundreds=True,
    date_keys=date_keys,
    date_texts=date_texts,
    time_keys=time_keys,
    time_texts=time_texts,
    currencies={
        "EUR": Currency(Noun("euros", "euro", _of("euros")), _CENTIMO),
        "USD": Currency(Noun("dólares", "dólar", _of("dólares")), _CENTAVO),
        "GBP": Currency(Noun("libras", "libra", _of("libras"), Form.FEMININE), Noun("peniques", "penique")),
        "CHF": Currency(Noun("francos suizos", "franco suizo", _of("francos suizos")), _CENTIMO),
        "CAD": Currency(Noun("dólares canadienses", "dólar canadiense", _of("dólares canadienses")), _CENTAVO),
        "AUD": Currency(Noun("dólares australianos", "dólar australiano", _of("dólares australianos")), _CENTAVO),
        "PLN": Currency(Noun("eslotis", "esloti", _of("eslotis")), Noun("groszy", "grosz")),
        "JPY": Currency(Noun("yenes", "yen", _of("yenes"))),
    },
    units={
        "day": Noun("días", "día"),
        "hour": Noun("horas", "hora", form=Form.FEMININE),
        "minute": Noun("minutos", "minuto"),
        "second": Noun("segundos", "segundo"),
    },
    letters={
        **dict(zip("abcdefghijklmnñopqrstuvwxyz", _LETTERS.split(", "), strict=True)),
        "-": "guion",
        ".": "punto",
        "@": "arroba",
        "_": "guion bajo",
        "/": "barra",
        "+": "más",
        "&": "i comercial",
        "#": "almohadilla",
        "*": "asterisco",
    },
    phone_pairs=False,
)
