"""What is wrong with a flow file: each fault with its place, how grave it is, and what was expected."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum

from calls.errors import Location


class Severity(Enum):
    """An error keeps a flow from being used; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Rule(StrEnum):
    """What a flow file can break. The names are stable; ``docs/flows.md`` says what each finds."""

    UNREADABLE = "unreadable"
    TOO_LARGE = "too-large"
    NOT_UTF8 = "not-utf8"
    SYNTAX = "syntax"
    DOCUMENTS = "documents"
    ANCHOR = "anchor"
    ALIAS = "alias"
    TAG = "tag"
    KEY = "key"
    DEPTH = "depth"
    DUPLICATE_KEY = "duplicate-key"
    FLOW_ID = "flow-id"
    UNKNOWN_KEY = "unknown-key"
    MISSING_KEY = "missing-key"
    UNKNOWN_KIND = "unknown-kind"
    BAD_VALUE = "bad-value"
    UNKNOWN_NODE = "unknown-node"
    UNKNOWN_QUEUE = "unknown-queue"
    UNKNOWN_DESTINATION = "unknown-destination"
    MISSING_PROMPT = "missing-prompt"
    NO_EXTENSIONS = "no-extensions"
    ENDLESS_LOOP = "endless-loop"
    UNREACHABLE = "unreachable"
    UNUSED_EXTENSIONS = "unused-extensions"
    OVERLAPPING_KEYS = "overlapping-keys"
    LONG_MENU = "long-menu"
    NO_PERSON = "no-person"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault."""

    where: Location
    severity: Severity
    rule: Rule
    problem: str

    def __str__(self) -> str:
        """``file:line: key: error: what is wrong and what was expected [rule]``."""
        return f"{self.where}: {self.severity.value}: {self.problem} [{self.rule}]"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``; did you mean "menu"?`` where one of ``known`` is near to ``name``, else what there is to choose from."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f'; did you mean "{near[0]}"?'
    if not names:
        return "; there are none"
    more = ", …" if len(names) > 8 else ""
    return f"; there are: {', '.join(names[:8])}{more}"
