"""German. A date and a place in a row are inflected by the word before them: am ersten, der erste, erster."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from prompts.aloud.called import NO_NOUN, called
from prompts.aloud.context import previous_word
from prompts.aloud.language import Before, Read, Short, Wording
from prompts.aloud.moments import clock, figures
from prompts.spoken import words as names
from prompts.spoken.german import GERMAN
from prompts.spoken.language import Form, Noun

_WEAK = frozenset("am im zum beim vom den dem ab seit bis des einem ihrem".split())
"""After these a number ends in -n."""
_NOMINATIVE = frozenset("der die das".split())
_MONTHS = {names.month("de", number): number for number in range(1, 13)}
_TEXTUAL = re.compile(rf"([0-9]{{1,2}})\. ?({'|'.join(_MONTHS)})(?: ([0-9]{{4}}))?(?!\w)")
_JOINT = r" ?(?:,|[-\u2013]|und|oder|bis)(?: (?:der|den|dem|zum))? ?"
"""Between the days of one month, of which only the last is written with it."""
_DAY = r"[0-9]{1,2}\."
_LISTED = re.compile(rf"([0-9]{{1,2}})\.(?=(?:{_JOINT}{_DAY}){{1,6}} ?(?:{'|'.join(_MONTHS)})(?!\w))")
_LISTED_BEFORE = re.compile(rf"(?<![0-9.])(?:{_DAY}{_JOINT})+\Z")
_DASH = re.compile(r" ?[-\u2013] ?")
_BACK = 60
"""How far before a day those are looked for that are listed with it."""

_RANKED = {
    "Stock": "er", "Etage": "e", "Obergeschoss": "es", "Untergeschoss": "es", "Quartal": "es", "Platz": "er",
    "Klasse": "e", "Mal": "es", "Mahnung": "e", "Rate": "e", "Tag": "er", "Woche": "e", "Jahr": "es", "Kapitel": "es",
    "Versuch": "er", "Stelle": "e", "Halbjahr": "es", "Auflage": "e", "Instanz": "e", "Jahrhundert": "es",
}  # fmt: skip
"""What is numbered with a stop, and how a number ends before it. Before other nouns a stop may end a sentence:
"Drücken Sie die 3. Danach ..."."""
_ORDINAL = re.compile(rf"([0-9]{{1,3}})\. ?(?={'|'.join(_RANKED)})([^\W\d_]+)")


def year_words(year: int) -> str:
    """Neunzehnhundertvierundachtzig; zweitausendsechsundzwanzig."""
    if 1100 <= year < 2000:
        hundred = f"{names.cardinal('de', year // 100)}hundert"
        return hundred + (names.cardinal("de", year % 100) if year % 100 else "")
    return names.cardinal("de", year)


def day_words(day: date, before: str) -> str:
    """Ersten Dezember, in the case that the word before asks for."""
    return f"{_ranked(day.day, before, 'er')} {names.month('de', day.month)}"


def _ranked(number: int, before: str, ending: str) -> str:
    stem = names.ordinal("de", number).removesuffix("e")
    weekday = before in {names.weekday("de", each).casefold() for each in range(7)}
    if before in _WEAK or weekday:
        return f"{stem}en"
    return f"{stem}e" if before in _NOMINATIVE else f"{stem}{ending}"


def _textual(wording: Wording, text: str, at: int) -> Read | None:
    """``1. Dezember 2026``."""
    found = _TEXTUAL.match(text, at)
    if found is None or (at and text[at - 1] in ".0123456789"):
        return None
    try:
        day = date(int(found[3] or 2024), _MONTHS[found[2]], int(found[1]))
    except ValueError:
        return None
    words = day_words(day, _case_word(text, at))
    return Read(f"{words} {year_words(day.year)}" if found[3] else words, found.end())


def _listed(wording: Wording, text: str, at: int) -> Read | None:
    """The first of ``1. und 2. Mai`` and ``3.-5. Juni``."""
    found = _LISTED.match(text, at)
    if found is None or not 1 <= int(found[1]) <= 31 or (at and text[at - 1] in ".0123456789"):
        return None
    words = _ranked(int(found[1]), _case_word(text, at), "er")
    dash = _DASH.match(text, found.end())
    return Read(f"{words} {wording.to} ", dash.end()) if dash else Read(words, found.end())


def _case_word(text: str, at: int) -> str:
    """The word that says in which case a day is, in lower case: the one before all that are listed with it."""
    start = max(0, at - _BACK)
    listed = _LISTED_BEFORE.search(text[start:at])
    return previous_word(text, start + listed.start() if listed else at).casefold()


def _ordinal(wording: Wording, text: str, at: int) -> Read | None:
    """``3. Stock``."""
    found = _ORDINAL.match(text, at)
    if found is None or found[2] not in _RANKED or found[1] == "0" or (at and text[at - 1] in ".,0123456789"):
        return None
    words = _ranked(int(found[1]), previous_word(text, at).casefold(), _RANKED[found[2]])
    return Read(f"{words} {found[2]}", found.end())


def _street(wording: Wording, text: str, at: int) -> Read | None:
    """``Hauptstr.``."""
    found = re.compile(r"([^\W\d_]{2,})str\.").match(text, at)
    return None if found is None else Read(f"{found[1]}straße", found.end())


_ALWAYS = {
    "z.B.": "zum Beispiel", "z. B.": "zum Beispiel", "d.h.": "das heißt", "d. h.": "das heißt",
    "usw.": "und so weiter", "etc.": "et cetera", "u.a.": "unter anderem", "u. a.": "unter anderem",
    "bzw.": "beziehungsweise", "ca.": "circa", "inkl.": "inklusive", "exkl.": "exklusive",
    "zzgl.": "zuzüglich", "evtl.": "eventuell",
    "ggf.": "gegebenenfalls", "max.": "maximal", "Mio.": "Millionen", "Mrd.": "Milliarden", "Tel.": "Telefon",
    "Str.": "Straße", "str.": "straße", "vgl.": "vergleiche", "i.d.R.": "in der Regel", "i. d. R.": "in der Regel",
    "o.ä.": "oder ähnliches", "s.o.": "siehe oben", "bzgl.": "bezüglich", "gem.": "gemäß", "Abt.": "Abteilung",
    "Mo.": "Montag", "Di.": "Dienstag", "Mi.": "Mittwoch", "Do.": "Donnerstag", "Sa.": "Samstag",
    "geb.": "geboren", "MwSt.": "Mehrwertsteuer", "Hbf.": "Hauptbahnhof", "Pl.": "Platz", "v.a.": "vor allem",
    "u.U.": "unter Umständen", "u. U.": "unter Umständen", "z.Zt.": "zur Zeit", "z. Zt.": "zur Zeit",
    "z.T.": "zum Teil", "z. T.": "zum Teil", "i.A.": "im Auftrag",
}  # fmt: skip
_ENDING = frozenset({"usw.", "etc.", "Str.", "str.", "o.ä."})
_TITLES = {"Dr.": "Doktor", "Prof.": "Professor", "Hr.": "Herr", "Hrn.": "Herrn", "Dipl.-Ing.": "Diplomingenieur"}
_NUMBERED = {
    "Nr.": "Nummer",
    "Abs.": "Absatz",
    "Art.": "Artikel",
    "Kap.": "Kapitel",
    "S.": "Seite",
    "Durchw.": "Durchwahl",
}
_HOUR, _MINUTE, _SECOND = (GERMAN.units[name] for name in ("hour", "minute", "second"))

GERMAN_WORDING = Wording(
    spoken=GERMAN,
    decimal=",",
    groups=". '\u2019",
    shorts={
        **{short: Short(words, ends=short in _ENDING) for short, words in _ALWAYS.items()},
        **{short: Short(words, Before.NUMBER) for short, words in _NUMBERED.items()},
        "So.": Short("Sonntag", Before.SPAN),
        **{short: Short(words) for short, words in _TITLES.items()},
        "St.": Short("Sankt", Before.NAME),
        "Fr.": Short("Frau", Before.PERSON, "Freitag"),
    },
    signs={
        "&": "und",
        "%": "Prozent",
        "‰": "Promille",
        "@": "ät",
        "§": "Paragraph",
        "§§": "Paragraphen",
        "€": "Euro",
        "$": "Dollar",
        "£": "Pfund",
        "¥": "Yen",
        "½": "einhalb",
        "¼": "ein Viertel",
        "¾": "drei Viertel",
        "°": "Grad",
        "=": "gleich",
        "№": "Nummer",
    },
    units={
        "%": Noun("Prozent"),
        "km/h": Noun("Kilometer pro Stunde"),
        "°C": Noun("Grad Celsius"),
        "km": Noun("Kilometer"),
        "m": Noun("Meter"),
        "cm": Noun("Zentimeter"),
        "mm": Noun("Millimeter"),
        "kg": Noun("Kilogramm"),
        "g": Noun("Gramm"),
        "l": Noun("Liter"),
        "kWh": Noun("Kilowattstunden"),
        "Std.": _HOUR,
        "h": _HOUR,
        "Min.": _MINUTE,
        "min": _MINUTE,
        "Sek.": _SECOND,
        "s": _SECOND,
        "Woche": Noun("Wochen", "Woche", form=Form.FEMININE),
        "Monat": Noun("Monate", "Monat"),
        "Jahr": Noun("Jahre", "Jahr"),
        "Mal": Noun("Mal"),
        "Monate": Noun("Monate", "Monat"),
        "Jahre": Noun("Jahre", "Jahr"),
        "x": Noun("mal"),
        "Ct.": Noun("Cent"),
        "Ct": Noun("Cent"),
        "MB": Noun("Megabyte"),
        "GB": Noun("Gigabyte"),
    },
    to="bis",
    per="pro",
    digits_after=frozenset("pin code plz durchwahl apparat".split()),
    years_after=frozenset("jahr jahre jahres seit von bis ab im anno vor nach in".split()),
    year_words=year_words,
    day_words=day_words,
    rules=(
        called(
            "11[02]|116 ?117|911",
            "rufen Sie(?: bitte)?(?: die)?|rufe|wählen Sie(?: bitte)?|Notruf|Notrufnummer|Nummer|die|unter",
            "oder|und|oder die|und die",
            after=NO_NOUN,
        ),
        figures(r"(?P<day>[0-9]{1,2})\. ?(?P<month>[0-9]{1,2})\.(?: ?(?P<year>[0-9]{4}|[0-9]{2}))?"),
        clock(r"(?P<hour>[0-9]{1,2})[:.](?P<minute>[0-9]{2}) ?(?:Uhr|h)"),
        clock(r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"),
        clock(
            r"(?P<hour>[0-9]{1,2})\.(?P<minute>[0-9]{2})(?= ?(?:[-\u2013]|bis|und|oder) ?[0-9]{1,2}[.:][0-9]{2} ?Uhr)"
        ),
        clock(r"(?P<hour>[0-9]{1,2})(?P<minute>)? ?Uhr", wholly=True),
        _listed,
        _textual,
        _ordinal,
    ),
    letter_rules=(_street,),
)

SWISS_WORDING = replace(GERMAN_WORDING, decimal=".", groups="'\u2019")
