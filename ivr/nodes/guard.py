"""``guard``: turn away numbers that are blocked, or that call too often."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from ivr.commands import CallerChecked, CheckCaller, Commit, CommitFailed, Committed
from ivr.effects import Flag
from ivr.expressions import parse
from ivr.nodes.base import Duration, Exit, Goto, NodeModel, NodeName, Taken, Unexpected, Visit
from ivr.trail import Kind
from ivr.turn import Turn
from ivr.values import in_words

CALLER = parse("call.caller")

BLOCKED, TOO_MANY = "blocked", "too_many"


class Guard(NodeModel):
    """Lead a caller to ``blocked`` whose number supervisors have blocked, or who called more than ``guard`` times
    ``within`` a time, this call among them. All others, those without a number too, go on to ``next``.

    With ``flag`` a supervisor is shown who calls too often.
    """

    kind: ClassVar[str] = "guard"
    guard: int = Field(ge=1, le=10_000, description="how many calls of a number are too many, less one: 1 to 10000")
    within: Duration = Field(default="10m", validate_default=True, description="in what time, such as 10m")
    flag: bool = Field(default=True, description="true where a supervisor is shown who calls too often, or false")
    blocked: NodeName = Field(description="the node for who is turned away")
    next: NodeName = Field(description="the node for all others")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """``next`` by itself, ``blocked`` by what is known of the number."""
        yield Exit(("blocked",), self.blocked, Taken.BY_CONDITION)
        yield Exit(("next",), self.next)

    def visit(self, turn: Turn) -> Visit:
        """Look the number up, and flag it where that is asked for."""
        number = in_words(turn.value(CALLER))
        if not number:
            turn.note(Kind.GUARD, way="next", calls=0)
            return Goto("next", self.next)
        result = yield CheckCaller(number, self.within)
        if not isinstance(result, CallerChecked):
            raise Unexpected("CheckCaller", result)
        too_many = result.calls > self.guard
        way = BLOCKED if result.blocked else TOO_MANY if too_many else "next"
        turn.note(Kind.GUARD, way=way, calls=result.calls)
        if way == "next":
            return Goto("next", self.next)
        if too_many and self.flag:
            told = yield Commit(Flag(number, f"{result.calls} calls within {self.within:g} s"), turn.key)
            if not isinstance(told, Committed | CommitFailed):
                raise Unexpected("Commit", told)
        return Goto("blocked", self.blocked)
