"""What a session was given and what it gave, as plain JSON: what a replay needs of a real call.

A value is written as its class's name with those of its fields that are not at their default:
``{"Match": {"keys": "1"}}``, ``{"Done": {}}``. The words come from the classes of ``ivr/commands.py``, so that a new
command or result needs nothing here. :data:`FORMAT` stands in each exchange, so that a later release knows what it
reads.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from typing import Any, TypeVar, cast, get_args

from pydantic import TypeAdapter, ValidationError

from ivr.commands import Notice, Result
from ivr.speech.expected import Expected
from ivr.trail import Json

T = TypeVar("T")

FORMAT = 1
"""Of what this module writes."""

MASK = "***"
"""Stands for each text of a result that is secret, and for each value that a look-up by a secret found."""

DECIMAL = "$decimal"
"""The key of an exact number as a text. No variable has this name."""

UNCHANGED = frozenset({str, int, float, bool, type(None)})
"""What is plain already."""

LONGEST_SET = 64
"""Of a larger set (the extensions of a company), and of more phrases (the names of its people), only the size is
kept: they are the flow's own."""


class NotAnExchange(ValueError):
    """What was read is not what this module writes."""


def encoded(value: object) -> dict[str, Json]:
    """A command, a result or another dataclass by its name."""
    return {type(value).__name__: _plain(value)}


def masked(value: Result) -> dict[str, Json]:
    """A result of which each text is :data:`MASK`: a PIN is one, and who is asked for it may say it again. How a call
    ended is none."""
    ((name, inside),) = encoded(value).items()
    if isinstance(inside, dict):
        inside = {key: _covered(getattr(value, key), told) for key, told in inside.items()}
    return {name: inside}


def _covered(held: object, told: Json) -> Json:
    match held:
        case str() if not isinstance(held, Enum):
            return MASK
        case Mapping():
            return {str(name): MASK for name in held}
        case _:
            return told


def _plain(value: object) -> Any:
    kind = type(value)
    if kind in UNCHANGED:
        return value
    match value:
        case Enum():
            return value.value
        case frozenset() | set():
            return sorted(map(_plain, value)) if len(value) <= LONGEST_SET else {"size": len(value)}
        case tuple() | list():
            return [_plain(each) for each in value]
        case Mapping():
            return {str(name): _plain(each) for name, each in value.items()}
        case Expected(phrases=phrases) if len(phrases) > LONGEST_SET:
            return _plain(replace(value, phrases={"size": str(len(phrases))}))
        case datetime():
            return value.isoformat()
        case Decimal():
            return {DECIMAL: str(value)}
        case _ if is_dataclass(value):
            held = [(name, getattr(value, name), default) for name, default in _defaults(cast(Hashable, kind))]
            return {name: _plain(inside) for name, inside, default in held if inside != default}
        case _:
            return str(value)


@cache
def _defaults(kind: Any) -> tuple[tuple[str, object], ...]:
    """The fields of a dataclass and their defaults."""
    return tuple((each.name, each.default) for each in fields(kind))


def result_of(data: object) -> Result:
    """The result that :func:`encoded` made ``data`` of.

    Raises:
        NotAnExchange: it is none.
    """
    result: Result = _decoded(data, get_args(Result))
    return result


def notice_of(data: object) -> Notice:
    """The notice that :func:`encoded` made ``data`` of.

    Raises:
        NotAnExchange: it is none.
    """
    notice: Notice = _decoded(data, get_args(Notice))
    return notice


def decoded(data: object, kind: type[T]) -> T:
    """The value of class ``kind`` that :func:`encoded` made ``data`` of.

    Raises:
        NotAnExchange: it is none.
    """
    value: T = _decoded(data, (kind,))
    return value


def _decoded(data: object, kinds: tuple[type, ...]) -> Any:
    if not isinstance(data, Mapping) or len(data) != 1:
        raise NotAnExchange(f"expected one value by its name, not {str(data)[:80]!a}")
    ((name, inside),) = data.items()
    kind = next((each for each in kinds if each.__name__ == name), None)
    if kind is None:
        raise NotAnExchange(f"{str(name)[:40]!a} is none of {', '.join(each.__name__ for each in kinds)}")
    try:
        return _adapter(kind).validate_python(_restored(inside))
    except ValidationError as problem:
        raise NotAnExchange(f"{name}: {problem.errors(include_url=False)[0]['msg']}") from problem
    except InvalidOperation as problem:
        raise NotAnExchange(f"{name}: expected a number as a text at {DECIMAL}") from problem


def _restored(data: object) -> object:
    match data:
        case Mapping():
            number = data.get(DECIMAL) if len(data) == 1 else None
            return {name: _restored(each) for name, each in data.items()} if number is None else Decimal(str(number))
        case list():
            return [_restored(each) for each in data]
        case _:
            return data


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
