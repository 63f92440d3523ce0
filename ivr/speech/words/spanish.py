"""Spanish."""

from __future__ import annotations

from num2words import num2words

from ivr.speech.words.tongue import NATO, Calendar, Numerals, Tongue, alphabet, numbered

_CARDINALS = {num2words(number, lang="es"): number for number in range(100)}
_SHORT = {
    name.removesuffix("uno") + short: number
    for name, number in _CARDINALS.items()
    if name.endswith("uno")
    for short in ("una", "ún" if name == "veintiuno" else "un")
}
_HUNDREDS = {
    "cien": 100, "ciento": 100, "doscientos": 200, "trescientos": 300, "cuatrocientos": 400, "quinientos": 500,
    "seiscientos": 600, "setecientos": 700, "ochocientos": 800, "novecientos": 900,
}  # fmt: skip

SPANISH = Tongue(
    digits={name: str(number) for name, number in _CARDINALS.items() if number < 10},
    times={"doble": 2, "triple": 3},
    letters=alphabet(
        "a b c d e f g h i j k l m n o p q r s t u v w x y z",
        "a be ce de e efe ge hache i jota ka ele eme ene o pe cu erre ese te u uve w equis ye zeta",
        NATO,
    )
    | {"ñ": "Ñ", "eñe": "Ñ", "ve": "V", "i griega": "Y", "uve doble": "W", "doble u": "W", "doble ve": "W"},
    numerals=Numerals(
        below_hundred=_CARDINALS | _SHORT,
        hundreds=_HUNDREDS | {name.replace("os", "as"): value for name, value in _HUNDREDS.items() if value > 100},
        centuries={},
        thousand=frozenset({"mil"}),
        million=frozenset({"millón", "millones"}),
        joiner="",
    ),
    calendar=Calendar(
        days={name: day for name, day in _CARDINALS.items() if 1 <= day <= 31} | {"primero": 1},
        months=numbered(
            "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre", first=1
        )
        | {"setiembre": 9},
        weekdays=numbered("lunes martes miércoles jueves viernes sábado domingo", first=0),
        near={"hoy": 0, "mañana": 1, "pasado mañana": 2, "ayer": -1, "anteayer": -2, "antes ayer": -2},
        coming=frozenset({"próximo", "este", "que", "viene"}),
        past=frozenset({"pasado", "último"}),
        filler=frozenset({"el", "de", "del", "día"}),
    ),
)
