"""A YAML file as plain data with the line of every key: the small, regular part of YAML that flow files need.

Keys are always text, so ``1:`` and ``"1":`` are the same key. Values are text, whole numbers, ``true`` and ``false``,
or nothing; the rest of YAML that surprises people (anchors, aliases, tags, several documents, ``no`` meaning false)
is a fault or plain text. Every fault is found in one reading, save those of YAML's own syntax.

The bytes are parsed by ruamel.yaml's event parser (its C parser where ``ruamel.yaml.clib`` is installed); events
are turned into data without recursion, so that no nesting can exhaust the stack.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from calls.errors import Location
from ivr.faults import Fault, Rule, Severity
from ivr.nodes.base import Place

MAX_BYTES = 1_000_000
"""A flow of 5,000 nodes is smaller; a larger file is another file by mistake."""
MAX_DEPTH = 8
"""A flow's own depth is 4: nodes, node, keys, key."""

FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML does not take. Source: YAML 1.2, production c-printable."""
WHOLE_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\Z")
CONSTANTS = {"true": True, "false": False, "": None, "null": None, "~": None}

Data = dict[str, "Data"] | tuple["Data", ...] | str | int | bool | None


@dataclass(slots=True)
class Document:
    """A file's data, the 1-based line of each place in it, and the faults of its writing."""

    file: Path
    data: Data = None
    raw: bytes = b""
    lines: dict[Place, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def location(self, path: Place) -> Location:
        """Where ``path`` stands: on its own line, or, where it is missing, on that of the nearest that holds it."""
        near = path
        while near and near not in self.lines:
            near = near[:-1]
        return Location(self.file, self.lines.get(near, 1), dotted(path) or None)

    def add(self, path: Place, rule: Rule, problem: str) -> None:
        """Note an error at ``path``."""
        self.faults.append(Fault(self.location(path), Severity.ERROR, rule, problem))


def dotted(path: Place) -> str:
    """``nodes.menu.noinput[0]`` of a path, with what is not printable escaped."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{_printable(part)}" for part in path)
    return text.removeprefix(".")


def read(file: Path) -> Document:
    """The document in ``file``; whatever is wrong with it is among its faults."""
    try:
        raw = file.read_bytes()
    except OSError as problem:
        document = Document(file)
        document.add((), Rule.UNREADABLE, f"cannot be read: {problem.strerror or problem}")
        return document
    return parsed(file, raw)


def parsed(file: Path, raw: bytes) -> Document:
    """The document of ``raw``, the text of ``file``; faults as in :func:`read`."""
    document = Document(file)
    if len(raw) > MAX_BYTES:
        document.add((), Rule.TOO_LARGE, f"is {len(raw)} bytes long, expected at most {MAX_BYTES}")
        return document
    document.raw = raw
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        document.lines[()] = raw.count(b"\n", 0, problem.start) + 1
        document.add((), Rule.NOT_UTF8, "is not UTF-8 text; save the file as UTF-8")
        return document
    forbidden = FORBIDDEN.search(text)
    if forbidden is not None:
        document.lines[()] = text.count("\n", 0, forbidden.start()) + 1
        document.add((), Rule.SYNTAX, f"holds the control character {_printable(forbidden[0])}; take it out")
        return document
    try:
        _Builder(document).build(text)
    except MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        document.lines[()] = mark.line + 1 if mark is not None else 1
        document.add(
            (), Rule.SYNTAX, f"is not YAML: {_words(problem)}; check indentation, quotes, colons and brackets"
        )
    except (YAMLError, ValueError, OverflowError) as problem:  # e.g. an escape that names no character
        document.lines[()] = 1
        document.add((), Rule.SYNTAX, f"is not YAML: {_printable(' '.join(str(problem).split()))}")
    return document


class _Open:
    """A mapping or sequence that is not at its end yet."""

    __slots__ = ("items", "key", "mapping", "muted", "path", "twice", "values")

    def __init__(self, path: Place, *, mapping: bool, muted: bool) -> None:
        self.path = path
        self.mapping = mapping
        self.muted = muted
        """True inside a value that is dropped: its places and faults are not noted."""
        self.items: dict[str, Data] = {}
        self.values: list[Data] = []
        self.key: str | None = None
        self.twice = False
        """True while the value of a key that stood before is read."""

    def next_path(self) -> Place:
        """The place of the value that comes next; where a key is to come, that of the mapping."""
        if self.mapping and self.key is None:
            return self.path
        return (*self.path, len(self.values) if self.key is None else self.key)

    def take(self, value: Data) -> None:
        """Put the value in its place. Of a key that is written twice the first stands."""
        if self.key is None:
            self.values.append(value)
        elif not self.twice:
            self.items[self.key] = value
        self.key = None
        self.twice = False

    def data(self) -> Data:
        """The whole."""
        return self.items if self.mapping else tuple(self.values)


class _Builder:
    """Turns the parser's events into data, keeping the lines."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._open: list[_Open] = []
        self._documents = 0

    def build(self, text: str) -> None:
        """Read ``text`` into the document, up to the first thing after which nothing can be made sense of."""
        for event in YAML(typ="safe").parse(text):
            if not self._take(event):
                return

    def _take(self, event: Event) -> bool:
        """Take one event; False where reading ends here."""
        match event:
            case DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    return self._stop(
                        event, Rule.DOCUMENTS, "a second document begins; expected one: take out the ---"
                    )
            case AliasEvent():
                return self._stop(
                    event, Rule.ALIAS, 'expected a value: aliases are not used in flows (quote a key: "*")'
                )
            case ScalarEvent():
                self._plain_only(event)
                return self._scalar(event)
            case MappingStartEvent() | SequenceStartEvent():
                self._plain_only(event)
                return self._begin(event)
            case CollectionEndEvent():
                self._put(self._open.pop().data())
            case _:
                pass
        return True

    def _scalar(self, event: ScalarEvent) -> bool:
        top = self._open[-1] if self._open else None
        if top is None or not top.mapping or top.key is not None:
            self._mark(event)
            self._put(_value(event))
            return True
        top.key = str(event.value)
        top.twice = top.key in top.items
        if top.twice and not top.muted:
            path = top.next_path()
            self._document.faults.append(
                Fault(
                    Location(self._document.file, _line(event), dotted(path)),
                    Severity.ERROR,
                    Rule.DUPLICATE_KEY,
                    f"is written twice, first on line {self._document.lines[path]}; take one of them out",
                )
            )
        else:
            self._mark(event)
        return True

    def _begin(self, event: MappingStartEvent | SequenceStartEvent) -> bool:
        top = self._open[-1] if self._open else None
        if top is not None and top.mapping and top.key is None:
            return self._stop(
                event, Rule.KEY, "expected a key, which is text; a key with braces or brackets is quoted"
            )
        if len(self._open) >= MAX_DEPTH:
            return self._stop(event, Rule.DEPTH, f"is nested too deeply; expected at most {MAX_DEPTH} levels")
        self._mark(event)
        muted = top is not None and (top.muted or top.twice)
        mapping = isinstance(event, MappingStartEvent)
        self._open.append(_Open(top.next_path() if top else (), mapping=mapping, muted=muted))
        return True

    def _put(self, value: Data) -> None:
        if self._open:
            self._open[-1].take(value)
        else:
            self._document.data = value

    def _here(self) -> Place:
        return self._open[-1].next_path() if self._open else ()

    def _mark(self, event: Event) -> None:
        """Note the line of what begins here: of a key, where it has one."""
        if not (self._open and (self._open[-1].muted or self._open[-1].twice)):
            self._document.lines.setdefault(self._here(), _line(event))

    def _plain_only(self, event: ScalarEvent | MappingStartEvent | SequenceStartEvent) -> None:
        if event.anchor is not None:
            self._fault(event, Rule.ANCHOR, f"has an anchor; anchors are not used in flows: take out &{event.anchor}")
        tag = event.tag
        if tag is not None and str(tag) != "!":
            self._fault(event, Rule.TAG, f"has a tag; tags are not used in flows: take out {tag}")

    def _fault(self, event: Event, rule: Rule, problem: str) -> None:
        where = Location(self._document.file, _line(event), dotted(self._here()) or None)
        self._document.faults.append(Fault(where, Severity.ERROR, rule, _printable(problem)))

    def _stop(self, event: Event, rule: Rule, problem: str) -> bool:
        self._fault(event, rule, problem)
        return False


def _line(event: Event) -> int:
    """The 1-based line on which ``event`` begins."""
    return int(event.start_mark.line) + 1


def _value(event: ScalarEvent) -> Data:
    """What a scalar means: quoted it is text, plain it may be a whole number, true, false or nothing."""
    text = str(event.value)
    if not event.implicit[0]:
        return text
    if text in CONSTANTS:
        return CONSTANTS[text]
    return int(text) if WHOLE_NUMBER.match(text) else text


def _words(problem: MarkedYAMLError) -> str:
    return _printable(", ".join(str(part) for part in (problem.context, problem.problem) if part))


def _printable(text: str) -> str:
    """``text`` on one line, for a message: control characters escaped, at most 200 characters."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)[:200]
