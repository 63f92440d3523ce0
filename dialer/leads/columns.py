"""Which column of a file holds what we know: named by a person, or guessed from its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from calls.errors import LeadError, Location
from dialer.order import Kind

NUMBERS: Mapping[str, Kind] = MappingProxyType(
    {"number": Kind.OTHER, "mobile": Kind.MOBILE, "home": Kind.HOME, "work": Kind.WORK, "other": Kind.OTHER}
)
"""What we know that is a number, and of which kind. Several columns may be the same."""

SYNONYMS: dict[str, tuple[str, ...]] = {
    "number": (
        "number", "phone", "phonenumber", "telephone", "telephonenumber", "tel", "msisdn", "e164", "phone1",
        "primaryphone", "mainphone", "telefon", "telefonnummer", "rufnummer", "telefono", "téléphone",
    ),
    "mobile": (
        "mobile", "mobilephone", "mobilenumber", "cell", "cellphone", "cellnumber", "phonemobile", "phonecell",
        "handy", "handynummer", "mobil", "mobiltelefon", "móvil", "movil", "portable",
    ),
    "home": ("home", "homephone", "homenumber", "phonehome", "landline", "privatephone", "telefonprivat", "festnetz"),
    "work": (
        "work", "workphone", "worknumber", "phonework", "office", "officephone", "business", "businessphone",
        "companyphone", "telefongeschäftlich", "dienstlich",
    ),
    "other": (
        "other", "otherphone", "altphone", "alternatephone", "phone2", "phone3", "phone4", "phone5", "telephone2",
        "secondaryphone", "telefon2",
    ),
    "name": ("name", "fullname", "customer", "customername", "contact", "contactname", "displayname", "company"),
    "time_zone": ("timezone", "tz", "zone", "zeitzone", "ianatimezone"),
    "priority": ("priority", "prio", "rank", "priorität"),
    "person": (
        "person", "personid", "customerid", "customernumber", "clientid", "accountid", "accountnumber",
        "kundennummer", "externalid",
    ),
    "country": ("country", "countrycode", "land", "pays", "país"),
    "state": ("state", "province", "region", "stateprovince", "bundesland", "estado"),
    "postcode": ("postcode", "postalcode", "zip", "zipcode", "plz", "postleitzahl"),
}  # fmt: skip
"""How exporters call the columns that we know, the likeliest first; letters and digits only, in small letters."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where what we know stands, by the column's place. ``numbers`` in the order of the file."""

    numbers: tuple[tuple[str, int], ...]
    singles: Mapping[str, int]

    def named(self, header: tuple[str, ...]) -> dict[str, str]:
        """What we know, by the names of its columns."""
        found: dict[str, str] = {}
        for ours, place in [*self.numbers, *self.singles.items()]:
            found[ours] = f"{found[ours]}, {header[place]}" if ours in found else header[place]
        return found


def parse_map(texts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """``number=Phone,mobile=Cell`` as pairs of what we know and its column; no column: not to be guessed.

    Raises:
        LeadError: not such a text, or nothing that we know.
    """
    pairs = []
    for pair in ",".join(texts).split(","):
        ours, equals, header = (part.strip() for part in pair.partition("="))
        if not equals or ours not in SYNONYMS:
            raise LeadError(f"expected KIND=COLUMN with a kind of {', '.join(SYNONYMS)}; found {pair.strip()!r}")
        pairs.append((ours, header))
    return tuple(pairs)


def places_of(header: tuple[str, ...], given: Iterable[tuple[str, str]], where: Location) -> Places:
    """Where each column that we know stands: those that are given, and for the rest the likeliest by their names.

    Raises:
        LeadError: a given column is not there or is given twice, or no column holds a number.
    """
    taken: dict[int, str] = {}
    for ours, name in given:
        if name:
            place = _named(header, name, where)
            if place in taken:
                raise LeadError("one column is named for two things", Location(where.file, 1))
            taken[place] = ours
    named = {ours for ours, _ in given}
    guesses = {place: ours for ours in SYNONYMS for place in _guessed(header, ours) if ours not in named}
    for place, ours in guesses.items():
        taken.setdefault(place, ours)
    numbers = tuple((ours, place) for place, ours in sorted(taken.items()) if ours in NUMBERS)
    if not numbers:
        raise LeadError(
            f"no column with a telephone number: the header has {', '.join(map(repr, header)) or 'no name'};"
            " name the column",
            Location(where.file, 1),
        )
    singles = {ours: place for ours in SYNONYMS if ours not in NUMBERS for place, of in taken.items() if of == ours}
    return Places(numbers, singles)


def _named(header: tuple[str, ...], wanted: str, where: Location) -> int:
    if wanted not in header:
        raise LeadError(
            f"no column {wanted!r}: the header has {', '.join(map(repr, header))}", Location(where.file, 1)
        )
    return header.index(wanted)


def _guessed(header: tuple[str, ...], ours: str) -> list[int]:
    """The places of all numbers of a kind; of anything else the likeliest place only."""
    plain = ["".join(letter for letter in name.casefold() if letter.isalnum()) for name in header]
    found = [plain.index(synonym) for synonym in SYNONYMS[ours] if synonym in plain]
    return found if ours in NUMBERS else found[:1]
