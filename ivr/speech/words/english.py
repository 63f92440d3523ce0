"""English."""

from __future__ import annotations

from num2words import num2words

from ivr.speech.words.numbers import times_hundred
from ivr.speech.words.tongue import NATO, Calendar, Numerals, Tongue, alphabet, numbered

_CARDINALS = {num2words(number, lang="en"): number for number in range(100)}
_COUNTS = {name: number for name, number in _CARDINALS.items() if number}
_NINE = {name: number for name, number in _COUNTS.items() if number < 10}

ENGLISH = Tongue(
    digits={"oh": "0"} | {name: str(number) for name, number in _CARDINALS.items() if number < 10},
    times={"double": 2, "triple": 3, "treble": 3},
    letters=alphabet("a b c d e f g h i j k l m n o p q r s t u v w x y z", NATO)
    | {
        "zed": "Z",
        "zee": "Z",
        "double you": "W",
        "double u": "W",
        "xray": "X",
        "oh": "O",
        "alfa": "A",
        "juliett": "J",
    },
    numerals=Numerals(
        below_hundred=_CARDINALS,
        hundreds=times_hundred(_NINE, " hundred") | {"a hundred": 100},
        centuries=times_hundred({name: n for name, n in _COUNTS.items() if n > 9 and n % 10}, " hundred"),
        thousand=frozenset({"thousand", "a thousand"}),
        million=frozenset({"million", "a million"}),
        joiner="and",
    ),
    calendar=Calendar(
        days={num2words(day, lang="en", to=kind): day for day in range(1, 32) for kind in ("ordinal", "cardinal")},
        months=numbered(
            "january february march april may june july august september october november december", first=1
        ),
        weekdays=numbered("monday tuesday wednesday thursday friday saturday sunday", first=0),
        near={"today": 0, "tomorrow": 1, "day after tomorrow": 2, "yesterday": -1, "day before yesterday": -2},
        coming=frozenset({"next", "this", "coming"}),
        past=frozenset({"last"}),
        filler=frozenset({"the", "of", "on"}),
        pairs=True,
    ),
)
