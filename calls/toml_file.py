"""TOML files of people: read, checked against a model, and every fault named with file, line and key.

``tomllib`` gives values without their places, so the text is scanned once more for where each key stands. The scan
runs only on text that ``tomllib`` has taken, so it follows the grammar without checking it.

Source: TOML 1.0.0, https://toml.io/en/v1.0.0
"""

from __future__ import annotations

import json
import re
import tomllib
import types
import typing
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from calls.errors import Location, UserError

Place = tuple[str | int, ...]
"""Where a value stands in a document: keys, and indexes into arrays from 0."""

M = TypeVar("M", bound=BaseModel)

MAX_BYTES = 4 * 1024 * 1024
"""More than any settings or campaign file of a person; a larger one is not such a file."""

SHOWN = 60
"""How much of a wrong value a message repeats."""


class Fault(ValueError):
    """What a model's own check says to a person; it takes the place of the field's description."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, and where. ``variables``: places whose value came from an environment variable instead."""

    data: dict[str, object]
    path: Path | None = None
    lines: Mapping[Place, int] = field(default_factory=dict)
    variables: Mapping[Place, str] = field(default_factory=dict)

    def where(self, place: Place) -> Location:
        """File, line and dotted key of ``place``; where it is missing, the line of what should hold it."""
        if place in self.variables:
            return Location(key=self.variables[place])
        known = (place[:size] for size in range(len(place), 0, -1))
        line = next((self.lines[each] for each in known if each in self.lines), None)
        return Location(self.path, line, dotted(place) or None)


def dotted(place: Place) -> str:
    """The place as people write it: ``trunks[0].lines``; the index counts from 0."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".")


def read(path: Path, wrong: type[UserError]) -> Document:
    """The document in ``path``.

    Raises:
        wrong: it cannot be read, is not UTF-8, or is not TOML.
    """
    try:
        raw = path.read_bytes()
    except OSError as problem:
        raise wrong(f"cannot be read: {problem.strerror}", Location(path)) from problem
    return parse(raw, path, wrong)


def parse(raw: bytes, path: Path, wrong: type[UserError]) -> Document:
    """As :func:`read`, from the bytes of ``path``."""
    if len(raw) > MAX_BYTES:
        raise wrong(f"larger than {MAX_BYTES} bytes: this is no such file", Location(path))
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        raise wrong("not UTF-8: save the file as UTF-8", Location(path, line)) from problem
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        reason, line = _syntax(str(problem), text)
        raise wrong(f"not TOML: {reason}", Location(path, line)) from problem
    return Document(data, path, dict(_Scan(text).lines()))


def _syntax(message: str, text: str) -> tuple[str, int]:
    """tomllib's words without their place, and the line of that place."""
    found = re.search(r"\s*\(at (?:line (\d+), column \d+|end of document)\)\Z", message)
    if found is None:
        return message, 1
    last = max(text.rstrip("\n").count("\n") + 1, 1)
    return message[: found.start()], int(found[1]) if found[1] else last


def checked(model: type[M], document: Document, wrong: type[UserError]) -> M:
    """The document as a ``model``. Types are taken as written: ``"30"`` is not a number.

    Raises:
        wrong: names the first fault, what was expected there, and how many more there are. Unknown keys come
            first: a misspelt key is also a missing one.
    """
    try:
        return model.model_validate_json(json.dumps(document.data, default=_not_json), strict=True)
    except ValidationError as problem:
        errors = _errors(problem, document.data)
    errors.sort(key=lambda each: (each[1]["type"] != "extra_forbidden", document.where(each[0]).line or 0))
    place, first = errors[0]
    more = len(errors) - 1
    follow = f" (and {more} more fault{'s' if more > 1 else ''})" if more else ""
    raise wrong(_words(model, place, first) + follow, document.where(place))


def _errors(problem: ValidationError, data: object) -> list[tuple[Place, ErrorDetails]]:
    """Each fault once with its place: a union reports one for each of its members at the same key."""
    first: dict[Place, ErrorDetails] = {}
    for error in problem.errors():
        first.setdefault(_place(error["loc"], data), error)
    return list(first.items())


def _place(loc: Place, data: object) -> Place:
    """``loc`` as far as the document goes, and the one key that is missing there; pydantic adds names of its own."""
    place: Place = ()
    for part in loc:
        if isinstance(data, dict) and isinstance(part, str):
            if part not in data and part in data.values():
                continue  # the kind of a table, by which pydantic chose its model
            place = (*place, part)
            if part not in data:
                return place
            data = data[part]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            place = (*place, part)
            data = data[part]
        else:
            return place
    return place


def _not_json(value: object) -> object:
    """Dates and times of TOML, which no setting takes: handed on as something that no field takes for a text."""
    return {"date or time": str(value)}


def _words(model: type[BaseModel], place: Place, error: ErrorDetails) -> str:
    owner, found = _field_at(model, place)
    expected = _described(found) or error["msg"]
    match error["type"]:
        case "extra_forbidden":
            return _unknown_key(owner, str(place[-1]))
        case "missing":
            return f"missing: expected {expected}"
        case "value_error" if isinstance(error["ctx"]["error"], Fault):
            return str(error["ctx"]["error"])
        case _ if found is not None and found.annotation is SecretStr:
            return f"expected {expected}"
        case _:
            return f"expected {expected}, found {_shown(error['input'])}"


def _described(found: FieldInfo | None) -> str | None:
    """What the field expects; where it may be left out that stands within its type."""
    if found is None or found.description:
        return found.description if found else None
    notes = (note for member in typing.get_args(found.annotation) for note in getattr(member, "__metadata__", ()))
    return next((note.description for note in notes if isinstance(note, FieldInfo) and note.description), None)


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."


def _unknown_key(owner: type[BaseModel] | None, key: str) -> str:
    known = sorted(found.alias or name for name, found in owner.model_fields.items()) if owner else []
    near = get_close_matches(key, known, n=1)
    return f"unknown key: did you mean {near[0]}?" if near else f"unknown key: expected one of {', '.join(known)}"


def _field_at(model: type[BaseModel], place: Place) -> tuple[type[BaseModel] | None, FieldInfo | None]:
    """The model that holds ``place``, and its field there."""
    owner: type[BaseModel] | None = model
    found: FieldInfo | None = None
    is_named = False  # the next part is a name of the file's own, in a table of models
    for part in place:
        if isinstance(part, int):
            continue
        if is_named:
            is_named = False
            continue
        if found is not None:
            inner = _model_in(found.annotation)
            if inner is None:
                return owner, found
            owner = inner
        found = _field(owner, part) if owner else None
        if found is None:
            return owner, None
        is_named = _model_in(found.annotation) is not None and _is_table(found.annotation)
    return owner, found


def _is_table(annotation: object) -> bool:
    """True for ``dict[Name, Model]``, alone or as one of several."""
    return typing.get_origin(annotation) is dict or any(_is_table(each) for each in typing.get_args(annotation))


def _field(owner: type[BaseModel], key: str) -> FieldInfo | None:
    """The field that a file calls ``key``."""
    named = (found for name, found in owner.model_fields.items() if (found.alias or name) == key)
    return next(named, None)


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The model in an annotation such as ``Engine``, ``tuple[Trunk, ...]`` or ``Trunk | None``."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else None
    return next((inner for each in typing.get_args(annotation) if (inner := _model_in(each))), None)


class _Scan:
    """One walk over the text of a valid document, giving the line of each key."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._newlines = [found.start() for found in re.finditer("\n", text)]
        self._lengths: dict[Place, int] = {}
        self._found: dict[Place, int] = {}

    def lines(self) -> Mapping[Place, int]:
        """Place of each table, key and array member, and its line from 1."""
        table: Place = ()
        while self._skip():
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._found

    def _note(self, place: Place) -> None:
        self._found.setdefault(place, bisect_right(self._newlines, self._at - 1) + 1)

    def _skip(self) -> bool:
        """Go past blanks, newlines and comments; False at the end."""
        self._at = _BLANK.match(self._text, self._at).end()  # type: ignore[union-attr]  # it matches nothing at all too
        return self._at < len(self._text)

    def _header(self) -> Place:
        is_array = self._text.startswith("[[", self._at)
        start = self._at
        self._at += 2 if is_array else 1
        keys = self._keys()
        self._at += 2 if is_array else 1
        end, self._at = self._at, start
        place: Place = ()
        for count, key in enumerate(keys, start=1):
            place = (*place, key)
            self._note(place)
            if is_array and count == len(keys):
                self._lengths[place] = self._lengths.get(place, 0) + 1
            if place in self._lengths:
                place = (*place, self._lengths[place] - 1)
                self._note(place)
        self._at = end
        return place

    def _keys(self) -> list[str]:
        """The parts of a dotted key; stops behind it."""
        keys: list[str] = []
        while True:
            self._blanks()
            found = _KEY.match(self._text, self._at)
            assert found is not None, "tomllib took this text"
            raw = found[0]
            keys.append(str(tomllib.loads(f"key = {raw}")["key"]) if raw[0] in "\"'" else raw)
            self._at = found.end()
            self._blanks()
            if self._text[self._at] != ".":
                return keys
            self._at += 1

    def _blanks(self) -> None:
        while self._text[self._at] in " \t":
            self._at += 1

    def _pair(self, table: Place) -> None:
        start = self._at
        keys = self._keys()
        behind, self._at = self._at, start
        place = table
        for key in keys:
            place = (*place, key)
            self._note(place)
        self._at = behind + 1
        self._skip()
        self._value(place)

    def _value(self, place: Place) -> None:
        found = _TEXT.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
        elif self._text[self._at] == "[":
            self._members(place, "]")
        elif self._text[self._at] == "{":
            self._members(place, "}")
        else:
            found = _BARE.match(self._text, self._at)
            assert found is not None, "tomllib took this text"
            self._at = found.end()

    def _members(self, place: Place, close: str) -> None:
        self._at += 1
        index = 0
        while self._skip() and self._text[self._at] != close:
            if close == "]":
                self._note((*place, index))
                self._value((*place, index))
                index += 1
            else:
                self._pair(place)
            self._skip()
            if self._text[self._at] == ",":
                self._at += 1
        self._at += 1


_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*'""")
_TEXT = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")' + r"|'''.*?'{3,5}(?!')" + r'|"(?:[^"\\\n]|\\.)*"' + r"|'[^'\n]*'", re.DOTALL
)
_BARE = re.compile(r"[^,\]}\n#]+")
