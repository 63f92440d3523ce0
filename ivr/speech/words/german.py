"""German."""

from __future__ import annotations

from num2words import num2words

from ivr.speech.words.numbers import times_hundred
from ivr.speech.words.tongue import NATO, Calendar, Numerals, Tongue, alphabet, numbered

_CARDINALS = {num2words(number, lang="de"): number for number in range(100)}
_COUNTS = {name: number for name, number in _CARDINALS.items() if number and name != "eins"} | {"ein": 1}
_OTHER = {
    name.replace("zwei", "zwo").replace("dreißig", "dreissig"): number
    for name, number in _COUNTS.items()
    if name.startswith("zweiund") or "dreißig" in name
} | {"ein": 1, "eine": 1, "zwo": 2}
_ORDINALS = {num2words(day, lang="de", to="ordinal"): day for day in range(1, 32)}
_PLACES = {stem + ending: day for stem, day in _ORDINALS.items() for ending in ("", "r", "n")}

GERMAN = Tongue(
    digits={"zwo": "2"} | {name: str(number) for name, number in _CARDINALS.items() if number < 10},
    times={"doppel": 2, "zweimal": 2, "dreimal": 3},
    letters=alphabet(
        "a b c d e f g h i j k l m n o p q r s t u v w x y z",
        NATO,
        "anton berta cäsar dora emil friedrich gustav heinrich ida julius kaufmann ludwig martha nordpol otto paula"
        " quelle richard samuel theodor ulrich viktor wilhelm xanthippe ypsilon zacharias",
    )
    | {"ä": "Ä", "ö": "Ö", "ü": "Ü", "eszett": "ß", "jot": "J", "siegfried": "S"},
    numerals=Numerals(
        below_hundred=_CARDINALS | _OTHER,
        hundreds=times_hundred({name: n for name, n in _COUNTS.items() if n < 10} | {"": 1, "zwo": 2}, "hundert"),
        centuries=times_hundred({name: n for name, n in _COUNTS.items() if n > 9 and n % 10}, "hundert"),
        thousand=frozenset({"tausend"}),
        million=frozenset({"million", "millionen"}),
        joiner="und",
        glued=True,
    ),
    calendar=Calendar(
        days=_PLACES,
        months=numbered("januar februar märz april mai juni juli august september oktober november dezember", first=1)
        | {"jänner": 1, "feber": 2, "juno": 6, "julei": 7}
        | {name: place for name, place in _PLACES.items() if place <= 12},
        weekdays=numbered("montag dienstag mittwoch donnerstag freitag samstag sonntag", first=0) | {"sonnabend": 5},
        near={"heute": 0, "morgen": 1, "übermorgen": 2, "gestern": -1, "vorgestern": -2},
        coming=frozenset({"nächster", "nächsten", "kommender", "kommenden", "diesen", "dieser"}),
        past=frozenset({"letzter", "letzten", "voriger", "vorigen"}),
        filler=frozenset({"am", "der", "den", "dem"}),
    ),
)
