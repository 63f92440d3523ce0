"""Which column of a file holds what we know: named by a person, or guessed from its name."""

from __future__ import annotations

from dataclasses import dataclass

from calls.errors import LeadError, Location

SYNONYMS: dict[str, tuple[str, ...]] = {
    "number": (
        "number", "phone", "phonenumber", "telephone", "telephonenumber", "tel", "mobile", "mobilephone",
        "mobilenumber", "cell", "cellphone", "msisdn", "e164", "phone1", "telefon", "telefonnummer", "rufnummer",
        "handy", "telefono", "téléphone",
    ),
    "name": ("name", "fullname", "customer", "customername", "contact", "contactname", "displayname", "company"),
    "time_zone": ("timezone", "tz", "zone", "zeitzone", "ianatimezone"),
    "priority": ("priority", "prio", "rank", "priorität"),
}  # fmt: skip
"""How exporters call the columns that we know, the likeliest first; letters and digits only, in small letters."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The header's names of the columns that we know. What is not named is guessed; every other column is kept."""

    number: str | None = None
    name: str | None = None
    time_zone: str | None = None
    priority: str | None = None


def places_of(header: tuple[str, ...], columns: Columns, where: Location) -> dict[str, int]:
    """Where each column that we know stands."""
    places: dict[str, int] = {}
    for ours in SYNONYMS:
        wanted = getattr(columns, ours)
        index = _named(header, wanted, where) if wanted is not None else _guessed(header, ours)
        if index is not None:
            places[ours] = index
    if "number" not in places:
        raise LeadError(
            f"no column with a telephone number: the header has {', '.join(map(repr, header)) or 'no name'};"
            " name the column",
            Location(where.file, 1),
        )
    if len(set(places.values())) < len(places):
        raise LeadError("one column is named for two things", Location(where.file, 1))
    return places


def _named(header: tuple[str, ...], wanted: str, where: Location) -> int:
    if wanted not in header:
        raise LeadError(
            f"no column {wanted!r}: the header has {', '.join(map(repr, header))}", Location(where.file, 1)
        )
    return header.index(wanted)


def _guessed(header: tuple[str, ...], ours: str) -> int | None:
    plain = ["".join(letter for letter in name.casefold() if letter.isalnum()) for name in header]
    return next((plain.index(synonym) for synonym in SYNONYMS[ours] if synonym in plain), None)
