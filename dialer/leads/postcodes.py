"""Where a person may be, by postcode: all zones of the place that the beginning of the postcode stands for.

Sources, each read on 2026-11-30: Canada, the first letter of a forward sortation area (hippodirect.com, "Canadian
postal code definitions"); Australia, ranges by state (wiki.dominic-ricottone.com, "Australian Postal Codes"), the
islands (reference.com, "Australian zip codes"), and that a postcode may span states (postcodes-australia.com);
Brazil, ranges by state (Correios, by abbreviationfinder.org, "CEP", with the changes of 2008; the borders of
Amazonas, Roraima and Acre not confirmed by a document, so that none of their zones is left out there); Mexico, the
first two digits by state (SEPOMEX, by de.wikipedia.org, "Postleitzahl (Mexiko)"), its zones by ``zone.tab`` of the
IANA time zone database, release 2025b. The postcodes of the United States are those of the ``zipcodes`` package.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping
from functools import lru_cache

import zipcodes

from dialer.leads.places import STATES

EAST_OF_ONTARIO = ("America/Toronto",)
"""Ontario and Quebec keep other times in their north and their east only."""

_CA: Mapping[str, str | tuple[str, ...]] = {
    "A": "NL", "B": "NS", "C": "PE", "E": "NB", "G": "QC", "H": EAST_OF_ONTARIO, "J": EAST_OF_ONTARIO,
    "K": EAST_OF_ONTARIO, "L": EAST_OF_ONTARIO, "M": EAST_OF_ONTARIO, "N": EAST_OF_ONTARIO, "P": "ON", "R": "MB",
    "S": "SK", "T": "AB", "V": "BC", "X": "NT NU", "Y": "YT",
}  # fmt: skip

_AU = (
    (200, 299, "ACT"), (800, 999, "NT"), (872, 872, "NT SA WA"), (1000, 2599, "NSW"), (2600, 2618, "ACT"),
    (2619, 2899, "NSW"), (2899, 2899, ("Pacific/Norfolk",)), (2900, 2920, "ACT"), (2921, 2999, "NSW"),
    (3000, 3999, "VIC"), (4000, 4999, "QLD"), (4370, 4389, "QLD NSW"), (4490, 4499, "QLD NSW"),
    (4825, 4825, "QLD NT"), (5000, 5999, "SA"), (6000, 6797, "WA"), (6798, 6798, ("Indian/Christmas",)),
    (6799, 6799, ("Indian/Cocos",)), (6800, 6999, "WA"), (7000, 7999, "TAS"), (8000, 8999, "VIC"),
    (9000, 9999, "QLD"),
)  # fmt: skip
"""Of ranges that hold a postcode the last one counts. Those of two states lie at a border that mail crosses."""

_BR = (
    (1000, 19999, "SP"), (20000, 28999, "RJ"), (29000, 29999, "ES"), (30000, 39999, "MG"), (40000, 48999, "BA"),
    (49000, 49999, "SE"), (50000, 56999, "PE"), (57000, 57999, "AL"), (58000, 58999, "PB"), (59000, 59999, "RN"),
    (60000, 63999, "CE"), (64000, 64999, "PI"), (65000, 65999, "MA"), (66000, 68899, "PA"), (68900, 68999, "AP"),
    (69000, 69299, "AM"), (69300, 69999, "AM RR AC"), (70000, 73699, "DF GO"), (73700, 76799, "GO"),
    (76800, 76999, "RO"), (77000, 77999, "TO"), (78000, 78899, "MT"), (79000, 79999, "MS"), (80000, 87999, "PR"),
    (88000, 89999, "SC"), (90000, 99999, "RS"),
)  # fmt: skip

_MX_ZONES = {
    "BC": ("Tijuana",), "BCS": ("Mazatlan",), "CAM": ("Merida",), "CHH": ("Chihuahua", "Ciudad_Juarez", "Ojinaga"),
    "NORTH": ("Monterrey", "Matamoros"), "NAY": ("Mazatlan", "Bahia_Banderas"), "ROO": ("Cancun",),
    "SIN": ("Mazatlan",), "SON": ("Hermosillo",), "YUC": ("Merida",), "CENTRE": ("Mexico_City",),
}  # fmt: skip
_MX = (
    (0, 20, "CENTRE"), (21, 22, "BC"), (23, 23, "BCS"), (24, 24, "CAM"), (25, 27, "NORTH"), (28, 30, "CENTRE"),
    (31, 33, "CHH"), (34, 35, "NORTH"), (36, 62, "CENTRE"), (63, 63, "NAY"), (64, 67, "NORTH"), (68, 76, "CENTRE"),
    (77, 77, "ROO"), (78, 79, "CENTRE"), (80, 82, "SIN"), (83, 85, "SON"), (86, 86, "CENTRE"), (87, 89, "NORTH"),
    (90, 96, "CENTRE"), (97, 97, "YUC"), (98, 99, "CENTRE"),
)  # fmt: skip

FORMS = {
    "CA": re.compile(r"([A-Z])[0-9][A-Z](?:[0-9][A-Z][0-9])?\Z"),
    "AU": re.compile(r"([0-9]{3,4})\Z"),
    "BR": re.compile(r"([0-9]{4,5})-?[0-9]{3}\Z"),
    "MX": re.compile(r"([0-9]{1,2})[0-9]{3}\Z"),
    "US": re.compile(r"([0-9]{5})(?:-?[0-9]{4})?\Z"),
}
"""A postcode without spaces, and the part that says where it is. Tables lose the nought that some begin with."""


@lru_cache(maxsize=65_536)
def postcode_zones(text: str, country: str) -> tuple[str, ...]:
    """The zones in which a postcode may be, by name; empty: it is none, or its country's are not known."""
    form = FORMS.get(country)
    found = None if form is None else form.match("".join(text.split()).upper())
    if found is None:
        return ()
    part = found[1]
    match country:
        case "US":
            zone = _zips().get(part)
            return () if zone is None else (zone,)
        case "CA":
            return _zones("CA", _CA.get(part, ()))
        case "AU":
            return _zones("AU", _last(_AU, int(part)))
        case "BR":
            return _zones("BR", _last(_BR, int(part)))
        case _:
            return tuple(sorted(f"America/{zone}" for zone in _MX_ZONES[str(_last(_MX, int(part)))]))


def _last(ranges: tuple[tuple[int, int, str | tuple[str, ...]], ...], number: int) -> str | tuple[str, ...]:
    found: str | tuple[str, ...] = ()
    for first, last, where in ranges:
        if first <= number <= last:
            found = where
    return found


def _zones(country: str, where: str | tuple[str, ...]) -> tuple[str, ...]:
    """The zones themselves, or all of the states that ``where`` names."""
    if not isinstance(where, str):
        return where
    return tuple(sorted({zone for state in where.split() for zone in STATES[country][state]}))


@lru_cache(maxsize=1)
def _zips() -> Mapping[str, str]:
    """The zone of each postcode of the United States: some 40,000, once they are asked for."""
    found = zipcodes.list_all()  # type: ignore[no-untyped-call]
    known = zoneinfo.available_timezones()
    return {each["zip_code"]: each["timezone"] for each in found if each["timezone"] in known}
