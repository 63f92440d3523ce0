"""Where people may be by their postcode: the zones of all places that it may stand for."""

from __future__ import annotations

from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.leads.places import STATES
from dialer.leads.postcodes import FORMS, postcode_zones

TORONTO = "America/Toronto"


@pytest.mark.parametrize(
    ("country", "postcode", "zones"),
    [
        ("US", "10001", "America/New_York"),
        ("US", "79901-1234", "America/Denver"),
        ("CA", "M5V 3L9", TORONTO),
        ("CA", "k1a", TORONTO),
        ("CA", "P0T2C0", "America/Atikokan America/Toronto America/Winnipeg"),
        ("CA", "G4T 9A1", "America/Blanc-Sablon America/Halifax America/Toronto"),
        ("CA", "A1A 1A1", "America/Goose_Bay America/St_Johns"),
        ("CA", "S9V 0A1", "America/Edmonton America/Regina America/Swift_Current"),
        ("AU", "2000", "Australia/Brisbane Australia/Broken_Hill Australia/Lord_Howe Australia/Sydney"),
        ("AU", "2600", "Australia/Sydney"),
        ("AU", "800", "Australia/Darwin"),
        ("AU", "0872", "Australia/Adelaide Australia/Darwin Australia/Eucla Australia/Perth"),
        ("AU", "2899", "Pacific/Norfolk"),
        ("AU", "6798", "Indian/Christmas"),
        ("BR", "69900-000", "America/Boa_Vista America/Eirunepe America/Manaus America/Rio_Branco"),
        ("BR", "53990-000", "America/Noronha America/Recife"),
        ("BR", "1310-100", "America/Sao_Paulo"),
        ("BR", "76801000", "America/Porto_Velho"),
        ("MX", "22000", "America/Tijuana"),
        ("MX", "1000", "America/Mexico_City"),
        ("MX", "77500", "America/Cancun"),
        ("MX", "32000", "America/Chihuahua America/Ciudad_Juarez America/Ojinaga"),
        ("CA", "D1A 1A1", ""),
        ("CA", "M5V 3L", ""),
        ("BR", "78950-000", ""),
        ("DE", "10115", ""),
        ("US", "10001; DROP", ""),
        ("AU", "०८७२", ""),
    ],
)
def test_all_zones_of_a_postcode(country: str, postcode: str, zones: str) -> None:
    assert postcode_zones(postcode, country) == tuple(zones.split())


@given(st.sampled_from(sorted(FORMS)), st.data())
def test_what_has_the_form_is_somewhere_or_nowhere(country: str, data: st.DataObject) -> None:
    """Every zone is one of the database, sorted, and of a state one of that country's."""
    postcode = data.draw(st.from_regex(FORMS[country], fullmatch=True))
    zones = postcode_zones(postcode, country)
    assert list(zones) == sorted(set(zones)) and set(zones) <= available_timezones()
    if country in ("CA", "BR"):
        assert set(zones) <= {zone for state in STATES[country].values() for zone in state}


@given(st.text(max_size=12), st.text(max_size=3))
def test_nothing_that_people_write_is_a_fault_of_ours(postcode: str, country: str) -> None:
    postcode_zones(postcode, country)
