"""What a caller of a fake FreeSWITCH does, and what became of the call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Key:
    """A key, so many seconds after the answer."""

    at_s: float
    key: str


@dataclass(frozen=True, slots=True)
class Leave:
    """The caller hangs up, so many seconds after the answer (or after the call, with ``unanswered``)."""

    at_s: float
    unanswered: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """One call of one caller."""

    acts: Sequence[Key | Leave] = ()
    number: str = "4930111"
    name: str = "Alice Caller"
    called: str = "8084"


@dataclass(slots=True)
class Seen:
    """What became of a call, as FreeSWITCH knows it."""

    uuid: str
    by_caller: bool = False
    cause: str = ""
    answered: bool = False
    resumed: bool = False
    """Our connection went while the call was up: the dialplan's next action ran."""
    commands: list[str] = field(default_factory=list)
    played: list[str] = field(default_factory=list)
