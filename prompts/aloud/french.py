"""French. The first of a month is "premier", the other days are counted; telephone numbers are said in pairs."""

from __future__ import annotations

import re
from datetime import date

from prompts.aloud.language import Before, Read, Short, Wording
from prompts.aloud.moments import clock, figures
from prompts.spoken import words as names
from prompts.spoken.french import FRENCH
from prompts.spoken.language import Form, Noun

_ORDINAL = re.compile(r"([0-9]{1,3})(er|re|ère|e|ème|nd|nde)(?!\w)")
_MONTHS = "|".join(names.month("fr", number) for number in range(1, 13))
_FIRST = re.compile(rf"1 (?={_MONTHS})")


def year_words(year: int) -> str:
    """Deux mille vingt-six."""
    return names.cardinal("fr", year)


def day_words(day: date, before: str) -> str:
    """Premier décembre."""
    number = "premier" if day.day == 1 else names.cardinal("fr", day.day)
    return f"{number} {names.month('fr', day.month)}"


def _ordinal(wording: Wording, text: str, at: int) -> Read | None:
    """``1er``, ``2e``."""
    found = _ORDINAL.match(text, at)
    if found is None or found[1] == "0" or (at and text[at - 1].isalnum()):
        return None
    if found[1] == "1":
        return Read("premier" if found[2] == "er" else "première", found.end())
    if found[1] == "2" and found[2] in ("nd", "nde"):
        return Read("second" if found[2] == "nd" else "seconde", found.end())
    return Read(names.ordinal("fr", int(found[1])), found.end())


def _first(wording: Wording, text: str, at: int) -> Read | None:
    """``1 décembre``."""
    found = _FIRST.match(text, at)
    return Read("premier ", found.end()) if found and (at == 0 or not text[at - 1].isalnum()) else None


_ALWAYS = {
    "p. ex.": "par exemple", "p.ex.": "par exemple", "etc.": "et cetera", "c.-à-d.": "c'est-à-dire",
    "tél.": "téléphone", "av.": "avenue", "bd": "boulevard", "boul.": "boulevard", "env.": "environ",
    "max.": "maximum", "Cie": "compagnie", "dép.": "département", "lun.": "lundi",
    "ven.": "vendredi", "sam.": "samedi", "dim.": "dimanche",
    "svp": "s'il vous plaît", "SVP": "s'il vous plaît", "s.v.p.": "s'il vous plaît", "incl.": "inclus",
}  # fmt: skip
_TITLES = {
    "M.": "monsieur", "MM.": "messieurs", "Mme": "madame", "Mme.": "madame", "Mmes": "mesdames",
    "Mlle": "mademoiselle", "Mlle.": "mademoiselle",
    "Dr": "docteur", "Dr.": "docteur", "Pr": "professeur", "Me": "maître", "St": "saint", "Ste": "sainte",
}  # fmt: skip
_NUMBERED = {"n°": "numéro", "nº": "numéro", "no": "numéro", "art.": "article", "p.": "page"}

_COUNTED = (
    Noun("ans", "an", many="d'ans"),
    Noun("appels", "appel", many="d'appels"),
    Noun("messages", "message", many="de messages"),
    Noun("personnes", "personne", many="de personnes", form=Form.FEMININE),
    Noun("années", "année", many="d'années", form=Form.FEMININE),
    Noun("semaines", "semaine", many="de semaines", form=Form.FEMININE),
    Noun("commandes", "commande", many="de commandes", form=Form.FEMININE),
    Noun("factures", "facture", many="de factures", form=Form.FEMININE),
    Noun("nuits", "nuit", many="de nuits", form=Form.FEMININE),
)
"""What is counted in the texts of calls, and whose gender the number takes."""

FRENCH_WORDING = Wording(
    spoken=FRENCH,
    decimal=",",
    groups=" .",
    shorts={
        **{short: Short(words, ends=short == "etc.") for short, words in _ALWAYS.items()},
        **{short: Short(words, Before.NUMBER) for short, words in _NUMBERED.items()},
        "mar.": Short("mardi", Before.SPAN),
        "mer.": Short("mercredi", Before.SPAN),
        "jeu.": Short("jeudi", Before.SPAN),
        **{short: Short(words, Before.NAME) for short, words in _TITLES.items()},
    },
    signs={
        "&": "et",
        "%": "pour cent",
        "‰": "pour mille",
        "@": "arobase",
        "§": "paragraphe",
        "§§": "paragraphes",
        "€": "euros",
        "$": "dollars",
        "£": "livres",
        "¥": "yens",
        "½": "un demi",
        "¼": "un quart",
        "¾": "trois quarts",
        "°": "degrés",
        "=": "égale",
        "№": "numéro",
    },
    units={
        "%": Noun("pour cent"),
        "km/h": Noun("kilomètres à l'heure", "kilomètre à l'heure"),
        "°C": Noun("degrés Celsius", "degré Celsius"),
        "km": Noun("kilomètres", "kilomètre"),
        "m": Noun("mètres", "mètre"),
        "cm": Noun("centimètres", "centimètre"),
        "mm": Noun("millimètres", "millimètre"),
        "kg": Noun("kilogrammes", "kilogramme"),
        "g": Noun("grammes", "gramme"),
        "l": Noun("litres", "litre"),
        "kWh": Noun("kilowattheures", "kilowattheure"),
        "min": FRENCH.units["minute"],
        "mn": FRENCH.units["minute"],
        "min.": FRENCH.units["minute"],
        "s": FRENCH.units["second"],
        "fois": Noun("fois", form=Form.FEMININE),
        **{name: noun for noun in _COUNTED for name in (noun.one, noun.other) if name},
        "mois": Noun("mois"),
        "x": Noun("fois", form=Form.FEMININE),
        "Mo": Noun("mégaoctets", "mégaoctet"),
        "Go": Noun("gigaoctets", "gigaoctet"),
    },
    to="à",
    per="par",
    digits_after=frozenset("pin code poste".split()),
    years_after=frozenset(),
    year_words=year_words,
    day_words=day_words,
    rules=(
        figures(r"(?P<day>[0-9]{1,2})[/.-](?P<month>[0-9]{1,2})[/.-](?P<year>[0-9]{4}|[0-9]{2})"),
        clock(r"(?P<hour>[0-9]{1,2}) ?[h:] ?(?P<minute>[0-9]{2})"),
        clock(r"(?P<hour>[0-9]{1,2})(?P<minute>)? ?h", wholly=True),
        _first,
        _ordinal,
    ),
    phone=re.compile(r"0 8[0-9]{2}(?: [0-9]{3}){2}(?!\w|[.,][0-9])"),
)
