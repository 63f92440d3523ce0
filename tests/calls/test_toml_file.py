"""Where each key of a TOML file stands, and how a wrong one is named."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.errors import CampaignError, SettingsError
from calls.toml_file import Place, dotted, parse, read

PATH = Path("here.toml")


def line_of(text: str, *place: str | int) -> int | None:
    return parse(text.encode(), PATH, SettingsError).where(place).line


NESTED = '''\
# a comment = 1
top = 1
"quoted key" = 2
'literal.key' = 3
dotted.one = 4
dotted."two.three" = 5

[table]
long = """
fake = 1
[fake]
\\""" still
"""
raw = \'\'\'
other_fake = 2
\'\'\'
after = "# no comment"
list = [
  1, # one
  "two]",
  [3,
   4],
  { a = 1, "b c" = [
     5 ] },
]

[table.inner]
deep = 2020-01-01T00:00:00Z
  [table . "in ner2" ]
  deep = inf

[[rows]]
name = "first"
[rows.sub]
x = 1
[[rows.parts]]
y = 1
[[rows.parts]]
y = 2
[[rows]]
name = "second"
[[rows.parts]]
y = 3
'''


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("top",), 2),
        (("quoted key",), 3),
        (("literal.key",), 4),
        (("dotted", "one"), 5),
        (("dotted", "two.three"), 6),
        (("table",), 8),
        (("table", "long"), 9),
        (("table", "raw"), 14),
        (("table", "after"), 17),
        (("table", "list"), 18),
        (("table", "list", 0), 19),
        (("table", "list", 1), 20),
        (("table", "list", 2), 21),
        (("table", "list", 2, 1), 22),
        (("table", "list", 3), 23),
        (("table", "list", 3, "a"), 23),
        (("table", "list", 3, "b c"), 23),
        (("table", "list", 3, "b c", 0), 24),
        (("table", "inner"), 27),
        (("table", "inner", "deep"), 28),
        (("table", "in ner2", "deep"), 30),
        (("rows", 0, "name"), 33),
        (("rows", 0, "sub", "x"), 35),
        (("rows", 0, "parts", 0, "y"), 37),
        (("rows", 0, "parts", 1, "y"), 39),
        (("rows", 1), 40),
        (("rows", 1, "name"), 41),
        (("rows", 1, "parts", 0, "y"), 43),
    ],
)
def test_each_key_has_its_line(place: Place, line: int) -> None:
    assert line_of(NESTED, *place) == line


def test_a_missing_key_has_the_line_of_what_should_hold_it() -> None:
    assert line_of(NESTED, "rows", 1, "missing") == 40
    assert line_of(NESTED, "nowhere") is None


def test_windows_line_ends_and_a_mark_at_the_beginning_change_nothing() -> None:
    text = "\ufeff" + NESTED.replace("\n", "\r\n")
    assert line_of(text, "rows", 1, "parts", 0, "y") == 43


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb = \n", 2),
        ("a = 1\n[b\n", 2),
        ("a = 1\na = 2\n", 2),
        ('a = """\nx\ny', 3),
        ("a = 1\n\n\nb", 4),
        ("a = [1,\n2,\n", 2),
    ],
)
def test_what_is_no_toml_is_named_with_its_line(text: str, line: int) -> None:
    with pytest.raises(CampaignError, match="not TOML") as caught:
        parse(text.encode(), PATH, CampaignError)
    assert caught.value.where.line in (line, line + 1)  # Python's versions differ about the line after the last
    assert caught.value.where.file == PATH


def test_not_utf8_is_named_with_its_line() -> None:
    with pytest.raises(SettingsError, match="save the file as UTF-8") as caught:
        parse(b"a = 1\nb = '\xff'\n", PATH, SettingsError)
    assert caught.value.where.line == 2


def test_a_huge_file_is_not_read_as_settings() -> None:
    with pytest.raises(SettingsError, match="larger than"):
        parse(b"#" * (4 * 1024 * 1024 + 1), PATH, SettingsError)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        read(tmp_path / "none.toml", SettingsError)


def test_places_as_people_write_them() -> None:
    assert dotted(("trunks", 0, "lines")) == "trunks[0].lines"
    assert dotted(()) == ""


KEYS = st.text(st.sampled_from("ab.\"'\\ #=[]{}é-_1"), max_size=5)
VALUES = st.recursive(
    st.integers(-9, 9) | st.booleans() | st.text(st.sampled_from("ab\"'\\#=[]{},\n é"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def written(value: object) -> str:
    """A value as inline TOML; arrays with a line for each member."""
    match value:
        case dict():
            return "{" + ", ".join(f"{json.dumps(key)} = {written(item)}" for key, item in value.items()) + "}"
        case list():
            return "[\n" + "".join(f"{written(item)}, # ]\n" for item in value) + "]"
        case _:
            return json.dumps(value)


def places(value: object, place: Place) -> list[Place]:
    match value:
        case dict():
            return [place, *(each for key, item in value.items() for each in places(item, (*place, key)))]
        case list():
            return [place, *(each for index, item in enumerate(value) for each in places(item, (*place, index)))]
        case _:
            return [place]


@given(st.dictionaries(KEYS, VALUES, max_size=4))
@settings(max_examples=150)
def test_every_place_of_any_document_has_a_line_that_shows_it(data: dict[str, object]) -> None:
    text = "".join(f"{json.dumps(key)} = {written(value)}\n" for key, value in data.items())
    assert tomllib.loads(text) == data
    document = parse(text.encode(), PATH, SettingsError)
    rows = text.split("\n")
    assert set(document.lines) == {place for key in data for place in places(data[key], (key,))}
    for place, line in document.lines.items():
        if isinstance(place[-1], str):
            assert json.dumps(place[-1]) in rows[line - 1]
