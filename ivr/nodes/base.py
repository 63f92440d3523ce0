"""What every kind of node is: a model of its YAML, the exits it has, and its part of the talk with the caller.

A kind is one file here: a model whose field of the kind's own name holds the main thing (``say: [prompts]``,
``queue: support``), with the options and branches beside it. ``ivr/nodes/__init__.py`` lists the kinds.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic.fields import FieldInfo

from ivr.commands import Ask, Result
from ivr.expressions import Expression, parse
from ivr.speech.expected import Expected
from ivr.turn import Turn

Place = tuple[str | int, ...]
"""Where a value stands in its file: ``("nodes", "menu", "keys", "1")``; inside a node without the first two."""

DURATION = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,3})?)(ms|s|m|h)\Z")
SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
LONGEST_S = 86_400.0
"""A day: no wait in a telephone call is longer, and a slip of the pen is found."""


def duration_s(value: object) -> float:
    """Seconds of a duration such as ``5s``, ``1.5s``, ``500ms``, ``3m`` or ``1h``.

    Raises:
        ValueError: it is none, or is zero or longer than a day.
    """
    match = DURATION.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("expected a duration with its unit, such as 5s, 1.5s, 500ms, 3m or 1h")
    seconds = float(match[1]) * SECONDS[match[2]]
    if not 0 < seconds <= LONGEST_S:
        raise ValueError("expected a duration above 0 and of at most 24h")
    return seconds


Duration = Annotated[
    float,
    BeforeValidator(duration_s),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,4}(\.[0-9]{1,3})?(ms|s|m|h)$", "examples": ["5s", "3m"]}),
]


def expression(value: object) -> Expression:
    """The expression of a YAML value: its text, or a bare number, true or false.

    Raises:
        ExpressionProblem: it is none.
    """
    match value:
        case bool():
            return parse("true" if value else "false")
        case int() | str():
            return parse(str(value))
        case _:
            raise ValueError('expected an expression, such as balance < 0 or "a text"')


Expressed = Annotated[
    Expression,
    PlainValidator(expression),
    WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1}, {"type": "integer"}, {"type": "boolean"}]}),
]
"""An expression, wherever a node takes one."""
Condition = Annotated[Expression, PlainValidator(expression), WithJsonSchema({"type": "string"})]
"""The same as a key of a mapping, which is always text."""
NodeName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
PromptKey = Annotated[str, Field(pattern=r"^[a-z0-9_-]+(\.[a-z0-9_-]+)*$", max_length=100)]
PromptKeys = Annotated[tuple[PromptKey, ...], Field(max_length=20)]
SomePromptKeys = Annotated[tuple[PromptKey, ...], Field(min_length=1, max_length=20)]
KeySequence = Annotated[str, Field(pattern=r"^[0-9*#]{1,10}$")]
Extension = Annotated[str, Field(pattern=r"^[0-9]{2,10}$")]
LanguageTag = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
VariableName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""A name in the settings: of a queue, a destination, a class of music; also an outcome."""


class Taken(Enum):
    """Who brings about that an exit is taken."""

    BY_ITSELF = "by_itself"
    """Nobody: a caller who does nothing may come this way."""
    BY_CALLER = "by_caller"
    BY_CONDITION = "by_condition"
    """What the flow knows at that moment: a caller who does nothing may come this way, though not for ever."""
    BY_PERSON = "by_person"
    """Somebody of ours: an agent or a destination talked with the caller."""


class Need(Enum):
    """What a node names that stands outside of its flow; the value is its name in messages and rules."""

    QUEUE = "queue"
    DESTINATION = "destination"
    FLOW = "flow"
    AUTHENTICATOR = "authenticator"
    WEBHOOK = "webhook"
    LOOKUP = "lookup"
    GATEWAY = "gateway"
    SKILL = "skill"
    CALLBACK = "callback"


@dataclass(frozen=True, slots=True)
class Exit:
    """One way out of a node: where it is written, the node it leads to, and who takes it."""

    path: Place
    to: str
    taken: Taken = Taken.BY_ITSELF
    label: str = ""
    """What a picture says of it, where that is more than its last key."""


@dataclass(frozen=True, slots=True)
class Goto:
    """Leave for another node. ``exit``: by which key of the node."""

    exit: str
    node: str


@dataclass(frozen=True, slots=True)
class End:
    """End the call. ``outcome``: what it came to."""

    exit: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Return:
    """Leave the flow for the one that called it. ``word``: what it came to."""

    exit: str
    word: str


Visit = Generator[Ask, Result, Goto | End | Return]
"""One caller's stay in a node: commands out, results in, and the way the caller leaves."""


class Unexpected(Exception):
    """A result that its command cannot have: our bug, or a driver's."""

    def __init__(self, command: str, result: Result) -> None:
        super().__init__(f"{command} ended in {type(result).__name__}")


class NodeModel(BaseModel, ABC):
    """A node as it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    kind: ClassVar[str]
    reaches_person: ClassVar[bool] = False
    """True where the node brings the caller to a person."""

    @abstractmethod
    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """All ways out, ``extensions`` being those of the flow.

        What keeps every call finite: a kind that does not end the call has an exit that is taken by itself.
        """

    @abstractmethod
    def visit(self, turn: Turn) -> Visit:
        """Talk with the caller."""

    def prompts(self) -> Iterator[tuple[Place, str]]:
        """Every prompt key that the node may play, with where it is written."""
        yield from ()

    def needs(self) -> Iterator[tuple[Place, Need, str]]:
        """What the node names outside of the flow, with where it is written."""
        yield from ()

    def expressions(self) -> Iterator[tuple[Place, Expression]]:
        """Every expression of the node, with where it is written."""
        yield from ()

    def sets(self) -> Iterator[tuple[Place, str]]:
        """The variables that the node may set, with where they are written."""
        yield from ()

    def expects(self, language: str) -> Iterator[tuple[Place, Expected]]:
        """What the caller may say in ``language``, with where it is written. Questions of yes or no are left out."""
        yield from ()

    def hears(self, language: str) -> Iterator[tuple[Place, Expected]]:
        """What the caller may say besides in a flow that is answered by voice, and that does not make it one."""
        yield from ()


def written(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The keys of a model as they are written in a file, and what is known of each."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def listed(name: str, keys: tuple[str, ...]) -> Iterator[tuple[Place, str]]:
    """The prompt keys of the field ``name``, each with its place."""
    for index, key in enumerate(keys):
        yield (name, index), key
