"""French, with the numbers of Belgium and Switzerland."""

from __future__ import annotations

from num2words import num2words

from ivr.speech.words.numbers import times_hundred
from ivr.speech.words.tongue import NATO, Calendar, Numerals, Tongue, alphabet, numbered

_CARDINALS = {num2words(number, lang="fr"): number for number in range(100)}
_ONES = {name: number for name, number in _CARDINALS.items() if number < 10}
_ALSO = {
    f"{tens}{' et ' if number == 1 else ' '}{name}" if number else tens: value + number
    for tens, value in (("septante", 70), ("huitante", 80), ("octante", 80), ("nonante", 90))
    for name, number in _ONES.items()
}
_OTHER = {"une": 1, "vingt et une": 21, "quatre vingt": 80}

FRENCH = Tongue(
    digits={"une": "1"} | {name: str(number) for name, number in _ONES.items()},
    times={"double": 2, "triple": 3},
    letters=alphabet(
        "a b c d e f g h i j k l m n o p q r s t u v w x y z",
        "a bé cé dé e effe gé hache i ji ka elle emme enne o pé qu erre esse té u vé w ixe y zède",
        NATO,
    )
    | {"i grec": "Y", "double v": "W", "double vé": "W"},
    numerals=Numerals(
        below_hundred=_CARDINALS | _ALSO | _OTHER,
        hundreds={"cent": 100}
        | {
            name: value
            for word in (" cent", " cents")
            for name, value in times_hundred({name: n for name, n in _ONES.items() if n > 1}, word).items()
        },
        centuries=times_hundred({name: n for name, n in _CARDINALS.items() if 11 <= n <= 19}, " cent"),
        thousand=frozenset({"mille"}),
        million=frozenset({"million", "millions"}),
        joiner="et",
    ),
    calendar=Calendar(
        days={name: day for name, day in _CARDINALS.items() if 1 <= day <= 31} | {"premier": 1},
        months=numbered(
            "janvier février mars avril mai juin juillet août septembre octobre novembre décembre", first=1
        ),
        weekdays=numbered("lundi mardi mercredi jeudi vendredi samedi dimanche", first=0),
        near={"aujourd'hui": 0, "demain": 1, "après-demain": 2, "hier": -1, "avant-hier": -2},
        coming=frozenset({"prochain", "ce"}),
        past=frozenset({"dernier"}),
        filler=frozenset({"le"}),
    ),
)
