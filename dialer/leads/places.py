"""Where a person may be, by state: all zones of the place, and of a state that is split all of its.

Source: 49 CFR part 71 (zones of the United States, read as the IANA time zone database applies them); the tables
``zone1970.tab`` and ``northamerica``, ``australasia``, ``southamerica`` of that database, release 2025b, for other
countries; ISO 3166-2 for the codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

EAST, CENTRAL, MOUNTAIN, PACIFIC = "New_York", "Chicago", "Denver", "Los_Angeles"

_US = {
    "AL": CENTRAL, "AK": "Anchorage Juneau Sitka Metlakatla Yakutat Nome Adak", "AZ": f"Phoenix {MOUNTAIN}",
    "AR": CENTRAL, "CA": PACIFIC, "CO": MOUNTAIN, "CT": EAST, "DE": EAST, "DC": EAST, "FL": f"{EAST} {CENTRAL}",
    "GA": EAST, "HI": "Pacific/Honolulu", "ID": f"Boise {PACIFIC}", "IL": CENTRAL,
    "IN": "Indiana/Indianapolis Indiana/Knox Indiana/Marengo Indiana/Petersburg Indiana/Tell_City Indiana/Vevay"
    f" Indiana/Vincennes Indiana/Winamac {CENTRAL}",
    "IA": CENTRAL, "KS": f"{CENTRAL} {MOUNTAIN}", "KY": f"{EAST} Kentucky/Louisville Kentucky/Monticello {CENTRAL}",
    "LA": CENTRAL, "ME": EAST, "MD": EAST, "MA": EAST, "MI": "Detroit Menominee", "MN": CENTRAL, "MS": CENTRAL,
    "MO": CENTRAL, "MT": MOUNTAIN, "NE": f"{CENTRAL} {MOUNTAIN}", "NV": f"{PACIFIC} {MOUNTAIN} Boise", "NH": EAST,
    "NJ": EAST, "NM": MOUNTAIN, "NY": EAST, "NC": EAST,
    "ND": f"{CENTRAL} {MOUNTAIN} North_Dakota/Beulah North_Dakota/Center North_Dakota/New_Salem",
    "OH": EAST, "OK": f"{CENTRAL} {MOUNTAIN}", "OR": f"{PACIFIC} Boise", "PA": EAST, "RI": EAST, "SC": EAST,
    "SD": f"{CENTRAL} {MOUNTAIN}", "TN": f"{EAST} {CENTRAL}", "TX": f"{CENTRAL} {MOUNTAIN}", "UT": MOUNTAIN,
    "VT": EAST, "VA": EAST, "WA": PACIFIC, "WV": EAST, "WI": CENTRAL, "WY": MOUNTAIN, "PR": "Puerto_Rico",
    "VI": "St_Thomas", "GU": "Pacific/Guam", "MP": "Pacific/Saipan", "AS": "Pacific/Pago_Pago",
}  # fmt: skip

_CA = {
    "AB": "Edmonton", "BC": "Vancouver Edmonton Creston Dawson_Creek Fort_Nelson", "MB": "Winnipeg", "NB": "Moncton",
    "NL": "St_Johns Goose_Bay", "NS": "Halifax Glace_Bay", "NT": "Yellowknife Inuvik",
    "NU": "Iqaluit Rankin_Inlet Cambridge_Bay Resolute", "ON": "Toronto Winnipeg Atikokan", "PE": "Halifax",
    "QC": "Toronto Halifax Blanc-Sablon", "SK": "Regina Swift_Current Edmonton", "YT": "Whitehorse Dawson",
}  # fmt: skip

_AU = {
    "ACT": "Sydney", "NSW": "Sydney Broken_Hill Lord_Howe Brisbane", "NT": "Darwin", "QLD": "Brisbane Lindeman",
    "SA": "Adelaide Eucla", "TAS": "Hobart", "VIC": "Melbourne", "WA": "Perth Eucla",
}  # fmt: skip

_BR = {
    "AC": "Rio_Branco", "AL": "Maceio", "AP": "Belem", "AM": "Manaus Eirunepe", "BA": "Bahia", "CE": "Fortaleza",
    "DF": "Sao_Paulo", "ES": "Sao_Paulo", "GO": "Sao_Paulo", "MA": "Fortaleza", "MT": "Cuiaba", "MS": "Campo_Grande",
    "MG": "Sao_Paulo", "PA": "Belem Santarem", "PB": "Fortaleza", "PR": "Sao_Paulo", "PE": "Recife Noronha",
    "PI": "Fortaleza", "RJ": "Sao_Paulo", "RN": "Fortaleza", "RS": "Sao_Paulo", "RO": "Porto_Velho",
    "RR": "Boa_Vista", "SC": "Sao_Paulo", "SP": "Sao_Paulo", "SE": "Maceio", "TO": "Araguaina",
}  # fmt: skip

_NAMES = {
    "US": "alabama AL alaska AK arizona AZ arkansas AR california CA colorado CO connecticut CT delaware DE"
    " districtofcolumbia DC florida FL georgia GA hawaii HI idaho ID illinois IL indiana IN iowa IA kansas KS"
    " kentucky KY louisiana LA maine ME maryland MD massachusetts MA michigan MI minnesota MN mississippi MS"
    " missouri MO montana MT nebraska NE nevada NV newhampshire NH newjersey NJ newmexico NM newyork NY"
    " northcarolina NC northdakota ND ohio OH oklahoma OK oregon OR pennsylvania PA rhodeisland RI southcarolina SC"
    " southdakota SD tennessee TN texas TX utah UT vermont VT virginia VA washington WA westvirginia WV wisconsin WI"
    " wyoming WY puertorico PR",
    "CA": "alberta AB britishcolumbia BC manitoba MB newbrunswick NB newfoundlandandlabrador NL novascotia NS"
    " northwestterritories NT nunavut NU ontario ON princeedwardisland PE quebec QC québec QC saskatchewan SK"
    " yukon YT",
    "AU": "australiancapitalterritory ACT newsouthwales NSW northernterritory NT queensland QLD southaustralia SA"
    " tasmania TAS victoria VIC westernaustralia WA",
}


def _table(area: str, states: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType(
        {
            state: tuple(sorted(zone if zone.startswith("Pacific/") else f"{area}/{zone}" for zone in zones.split()))
            for state, zones in states.items()
        }
    )


STATES: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "US": _table("America", _US),
        "CA": _table("America", _CA),
        "AU": _table("Australia", _AU),
        "BR": _table("America", _BR),
    }
)
"""The zones of each state of the countries that have several zones and whose states we know, by country and code."""


@lru_cache(maxsize=4096)
def state(text: str, country: str) -> str | None:
    """The code of a state of ``country`` that is written as a code (``CA``, ``US-CA``) or a name; None: no such."""
    known = STATES.get(country)
    if known is None:
        return None
    code = text.strip().upper().removeprefix(f"{country}-")
    if code in known:
        return code
    plain = "".join(letter for letter in text.casefold() if letter.isalpha())
    names = _NAMES.get(country, "").split()
    return dict(zip(names[::2], names[1::2], strict=True)).get(plain)


def narrowed(of_number: tuple[str, ...], of_place: tuple[str, ...]) -> tuple[str, ...]:
    """The zones in which a person may be, by both. Where they say nothing in common neither is trusted: all of both,
    so that the hours must be open in each."""
    if not of_place:
        return of_number
    if not of_number:
        return of_place
    common = set(of_number) & set(of_place)
    return tuple(sorted(common or {*of_number, *of_place}))
