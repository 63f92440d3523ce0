"""A flow file read and held against its models; what does not fit becomes faults in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from calls.hours import HoursProblem
from calls.ids import is_safe_id
from ivr.document import Data, Document, parsed, read
from ivr.expressions import ExpressionProblem
from ivr.faults import Fault, Rule, Severity, did_you_mean
from ivr.flow import FlowFile
from ivr.nodes import KINDS, Node, kind_of
from ivr.nodes.base import NodeModel, Place, written

ITEM = "the key of a prompt, such as main.welcome (small letters, digits, _, - and .)"
NODE_NAME = "the name of a node, such as opening_hours (a small letter, then small letters, digits and _)"
SEQUENCE = '1 to 10 of the keys 0-9, * and #, in quotes, such as "1"'
EXTENSION = '2 to 10 digits in quotes, such as "201"'
SEQUENCE_KEYS = frozenset("0123456789*#")
SOME_KINDS = "such as say, menu, queue or hangup"
OF_HOURS = ("zone", "country", "region")
SHOWN = 40
"""How much of a wrong value a message repeats."""

NODES: TypeAdapter[NodeModel] = TypeAdapter(Node)


@dataclass(slots=True)
class Reading:
    """What could be read of a flow file. ``nodes``: those that are right, where the whole is not, too."""

    document: Document
    file: FlowFile | None = None
    nodes: dict[str, NodeModel] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    """The names of all nodes, those too that are wrong inside."""
    start: str | None = None
    fault: str | None = None
    language: str | None = None
    languages: tuple[str, ...] = ()
    """All that the flow may speak, ``language`` first; empty where that is not known."""
    variables: frozenset[str] | None = None
    """Those that the flow declares; None where they are not known."""
    extensions: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read_flow(path: Path, source: bytes | None = None) -> Reading:
    """What is in ``path``, or in ``source``, with every fault of its writing and of its shape."""
    document = read(path) if source is None else parsed(path, source)
    reading = Reading(document, faults=list(document.faults))
    if not is_safe_id(path.stem):
        reading.faults.append(
            _fault(
                document,
                (),
                Rule.FLOW_ID,
                f'the file\'s name "{path.stem}" names the flow; expected letters, digits, _ and -',
            )
        )
    if document.data is None and document.faults:
        return reading
    try:
        reading.file = FlowFile.model_validate(document.data)
    except ValidationError as problem:
        errors = problem.errors(include_url=False)
        reading.faults.extend(_explain(document, error) for error in errors)
        _salvage(reading, frozenset(error["loc"][:2] for error in errors))
    else:
        reading.nodes = dict(reading.file.nodes)
        reading.names = frozenset(reading.nodes)
        reading.start, reading.language = reading.file.start, reading.file.language
        reading.fault = reading.file.fault
        reading.languages = reading.file.spoken
        reading.variables = frozenset(reading.file.variables)
        reading.extensions = reading.file.extensions
    return reading


def _salvage(reading: Reading, bad: frozenset[tuple[int | str, ...]]) -> None:
    """Take over what is right, so that all faults are told at once and not only those of shape."""
    data = reading.document.data
    if not isinstance(data, dict):
        return
    nodes = data.get("nodes")
    if isinstance(nodes, dict):
        reading.names = frozenset(nodes)
        for name, node in nodes.items():
            if ("nodes", name) not in bad:
                reading.nodes[name] = NODES.validate_python(node)
    language, extensions = data.get("language"), data.get("extensions")
    reading.start, reading.fault = (_node_name(data.get(key), (key,) in bad) for key in ("start", "fault"))
    reading.language = language if isinstance(language, str) and ("language",) not in bad else None
    wrong = {place[0] for place in bad if place}
    others, declared = data.get("languages", ()), data.get("variables", {})
    if reading.language is not None and isinstance(others, tuple) and "languages" not in wrong:
        reading.languages = tuple(dict.fromkeys((reading.language, *map(str, others))))
    if isinstance(declared, dict) and "variables" not in wrong:
        reading.variables = frozenset(declared)
    if isinstance(extensions, dict):
        good = {key: to for key, to in extensions.items() if ("extensions", key) not in bad and isinstance(to, str)}
        reading.extensions = {key: str(to) for key, to in good.items()}


def _node_name(value: Data, is_bad: bool) -> str | None:
    return value if isinstance(value, str) and not is_bad else None


def _fault(document: Document, path: Place, rule: Rule, problem: str) -> Fault:
    return Fault(document.location(path), Severity.ERROR, rule, problem)


def _explain(document: Document, error: ErrorDetails) -> Fault:
    """One of pydantic's errors, with its place in the file and in our words."""
    path = _path(error["loc"])
    model = _model_at(document.data, path)
    match error["type"]:
        case "extra_forbidden":
            return _fault(document, path, Rule.UNKNOWN_KEY, _unknown_key(path, model))
        case "missing":
            kind = f'a {model.kind} node has "{path[-1]}"' if issubclass(model, NodeModel) else "a flow has it"
            problem = f"is missing; {kind}: {_expected(path, model)}"
            return _fault(document, path, Rule.MISSING_KEY, problem)
        case "union_tag_not_found" | "union_tag_invalid":
            return _fault(document, path, Rule.UNKNOWN_KIND, _unknown_kind(error["input"]))
        case "value_error":
            return _value_error(document, path, error)
        case _:
            return _fault(
                document, path, Rule.BAD_VALUE, f"expected {_expected(path, model)}, not {_shown(error['input'])}"
            )


def _value_error(document: Document, path: Place, error: ErrorDetails) -> Fault:
    """What one of our own validators says."""
    problem = error.get("ctx", {}).get("error")
    if isinstance(problem, ExpressionProblem):
        return _fault(document, path, Rule.BAD_EXPRESSION, str(problem))
    if isinstance(problem, HoursProblem):
        inside: Place = (problem.key,) if problem.key in OF_HOURS else ("hours", problem.key)
        if (*path, *inside) not in document.lines:
            inside = ("dates", problem.key)
        return _fault(document, (*path, *inside), Rule.BAD_VALUE, problem.reason)
    return _fault(document, path, Rule.BAD_VALUE, f"{problem}, not {_shown(error['input'])}")


def _path(loc: tuple[int | str, ...]) -> Place:
    """Our path of pydantic's: without the tag of the node's kind, and without its mark for a mapping's key."""
    if len(loc) > 2 and loc[0] == "nodes" and loc[2] in KINDS:
        loc = (*loc[:2], *loc[3:])
    return loc[:-1] if loc[-1:] == ("[key]",) else loc


def _model_at(data: Data, path: Place) -> type[BaseModel]:
    """The model that holds ``path``: a kind of node, or the flow."""
    if len(path) > 2 and path[0] == "nodes" and isinstance(data, dict):
        nodes = data["nodes"]
        if isinstance(nodes, dict):
            kind = kind_of(nodes[str(path[1])])
            return KINDS[kind] if kind is not None else FlowFile
    return FlowFile


def _expected(path: Place, model: type[BaseModel]) -> str:
    """What belongs at ``path``, in words."""
    inside = path[2:] if issubclass(model, NodeModel) else path
    match inside:
        case ():
            return "a flow: the keys language, start and nodes"
        case ("nodes", _):
            return NODE_NAME
        case ("keys", str(key)) if not SEQUENCE_KEYS.issuperset(key) or len(key) > 10:
            return SEQUENCE
        case ("extensions", str(key)) if not key.isdecimal() or not 2 <= len(key) <= 10:
            return EXTENSION
        case ("keys" | "extensions", _):
            return NODE_NAME
        case (_, int()):
            return ITEM
        case (name, *_) if str(name) in (fields := written(model)):
            return fields[str(name)].description or str(name)
        case _:
            return "something else"


def _unknown_key(path: Place, model: type[BaseModel]) -> str:
    """What to say of a key that does not belong where it stands."""
    name = str(path[-1])
    known = did_you_mean(name, written(model))
    if not issubclass(model, NodeModel):
        return f"is not a key of a flow{known}"
    if name in KINDS:
        return f'a node is of one kind, and this one is a {model.kind} node already; make "{name}" a node of its own'
    return f"is not a key of a {model.kind} node{known}"


def _unknown_kind(node: object) -> str:
    """What to say of a node that has none of the keys that make a kind."""
    if not isinstance(node, Mapping):
        return f"expected a node, which begins with its kind, {SOME_KINDS}, not {_shown(node)}"
    for key in node:
        near = did_you_mean(str(key), KINDS)
        if "did you mean" in near:
            return f'is of no kind: "{key}" is none{near}'
    return f"is of no kind; expected a key that is one, {SOME_KINDS}"


def _shown(value: object) -> str:
    """A wrong value as a message repeats it: on one line, and not at length."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case Mapping():
            return "keys with values" if value else "nothing"
        case tuple():
            return "a list" if value else "an empty list"
        case _:
            text = str(value)
            return ascii(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")
