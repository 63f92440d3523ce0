"""Texts with places: what they may name, and that a value never becomes more than a value."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from calls import templates
from calls.desk_settings import ScreenPop, encoded, scheme_fault
from calls.toml_file import Fault

ADDRESS: TypeAdapter[str] = TypeAdapter(ScreenPop)


def test_values_stand_in_their_places() -> None:
    values = {"name": "Ann", "fields.Time zone": "UTC"}
    assert templates.render("{{{name}}}, {fields.Time zone}, {fields.gone}.", values) == "{Ann}, UTC, ."
    assert templates.fields("{name} {fields.Time zone} {fields.a.b}") == {"Time zone", "a.b"}


@pytest.mark.parametrize(
    "text", ["{nam}", "{}", "{fields.}", "{name", "name}", "{name!r}", "{name:>9}", "{0}", "{name.__class__}", "{{{a"]
)
def test_what_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(Fault):
        templates.checked(text)


@given(st.text(), st.text())
def test_a_value_is_never_read_as_a_place(name: str, field: str) -> None:
    values = {"name": name, "fields.x": field, "number": "SECRET"}
    assert templates.render("<{name}|{fields.x}>", values, str) == f"<{name}|{field}>"


@given(st.text())
def test_a_value_stays_in_its_place_of_an_address(value: str) -> None:
    address = templates.render(
        "https://crm.example/c/{name}?n={number}&x=1", {"name": value, "number": value}, encoded
    )
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "crm.example", "")
    assert parts.path.count("/") == 2 and parts.query.count("&") == 1
    assert unquote(parts.path.removeprefix("/c/"), errors="surrogatepass") == value
    assert address.isascii() and address.isprintable()


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert({name})",
        "https://{name}/x",
        "https://crm{number}.example/",
        "https://",
        "data:text/html,{name}",
        "no address",
        "https://crm.example/{nam}",
    ],
)
def test_an_address_whose_host_a_value_chooses_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        ADDRESS.validate_python(address)


def test_schemes_are_those_of_the_settings() -> None:
    assert scheme_fault("https://crm.example/{number}", ("https",)) is None
    assert scheme_fault("crm:{number}", ("https", "crm")) is None
    assert "allow no http" in str(scheme_fault("http://crm.example/", ("https",)))
