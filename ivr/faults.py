"""What is wrong with a flow file: each fault with its place, how grave it is, and what was expected."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from calls.errors import Location


class Severity(Enum):
    """An error keeps a flow from being used; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. ``rule`` is the stable name of what was broken, e.g. ``unknown-node``."""

    where: Location
    severity: Severity
    rule: str
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
