"""``authenticate``: let the caller prove by a PIN that an account is theirs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from calls.switch.port import Gather, KeyPlan, Match, NoInput, NoMatch
from ivr.commands import LockedOut, NotVerified, Verified, Verify, VerifyFailed
from ivr.expressions import Expression
from ivr.nodes.base import (
    Duration,
    Exit,
    Expressed,
    Goto,
    Name,
    Need,
    NodeModel,
    NodeName,
    Place,
    SomePromptKeys,
    Taken,
    Unexpected,
    Visit,
    listed,
)
from ivr.nodes.collect import Lengthy
from ivr.nodes.menu import NOINPUT, Retries, further_try
from ivr.trail import Kind
from ivr.turn import Turn
from ivr.values import in_words

WRONG = "system.wrong_pin"


class Authenticate(NodeModel):
    """Ask for the PIN of ``account`` and have an authenticator of the settings judge it.

    ``wrong`` is a list of prompts, one for each further try after a wrong PIN, ``noinput`` one for each after a
    silence; when a list is at its end the caller goes to ``failed``. Who has guessed too often, as a caller or at the
    account, goes to ``locked``, whatever is keyed. ``unavailable`` is the node for when nobody could judge. Nothing
    of the PIN is kept, and an account that does not exist sounds and takes as long as a wrong PIN.
    """

    kind: ClassVar[str] = "authenticate"
    authenticate: Name = Field(description="the name of an authenticator in the settings")
    account: Expressed = Field(description="an expression that gives the account, such as customer")
    pin: SomePromptKeys = Field(description="a list of prompts that ask for the PIN, such as [auth.pin]")
    length: Lengthy = Field(description='a number of digits such as 4, or a range such as "4-8"')
    first_key: Duration = Field(
        default="7s", validate_default=True, description="the wait for the first key, such as 7s"
    )
    next_key: Duration = Field(
        default="4s", validate_default=True, description="the wait for each further key, such as 4s"
    )
    noinput: Retries = Field(default=(NOINPUT,), description="a list of prompts, one for each try after a silence")
    wrong: Retries = Field(
        default=(WRONG, WRONG), description="a list of prompts, one for each try after a wrong PIN"
    )
    failed: NodeName = Field(description="the node for when all tries are used up")
    locked: NodeName | None = Field(default=None, description="the node for who has guessed too often")
    unavailable: NodeName | None = Field(default=None, description="the node for when nobody could judge")
    next: NodeName = Field(description="the node to go on with once the PIN was right")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """``next`` needs a caller who keys; the others by themselves."""
        for name, to in (("failed", self.failed), ("locked", self.locked), ("unavailable", self.unavailable)):
            if to is not None:
                yield Exit((name,), to)
        yield Exit(("next",), self.next, Taken.BY_CALLER)

    def needs(self) -> Iterator[tuple[Place, Need, str]]:
        """The authenticator."""
        yield ("authenticate",), Need.AUTHENTICATOR, self.authenticate

    def expressions(self) -> Iterator[tuple[Place, Expression]]:
        """The account."""
        yield ("account",), self.account

    def prompts(self) -> Iterator[tuple[Place, str]]:
        """What is asked, and what is said before each further try."""
        yield from listed("pin", self.pin)
        yield from listed("noinput", self.noinput)
        yield from listed("wrong", self.wrong)

    def visit(self, turn: Turn) -> Visit:
        """Ask until the PIN is right, the tries are used up, or the account is locked."""
        account = in_words(turn.value(self.account)).strip()
        plan = KeyPlan(frozenset(), frozenset(range(self.length.least, self.length.most + 1)))
        before: tuple[str, ...] | None = ()
        silences = wrongs = 0
        while before is not None:
            prompts = turn.prompts((*before, *self.pin))
            turn.conceal()
            result = yield Gather(prompts, plan, self.first_key, self.next_key)
            match result:
                case NoInput():
                    silences += 1
                    before = further_try(turn, Kind.NOINPUT, self.noinput, silences)
                    continue
                case Match(keys) | NoMatch(keys):
                    pass
                case _:
                    raise Unexpected("Gather", result)
            turn.conceal()
            judged = yield Verify(self.authenticate, account, keys)
            turn.note(Kind.AUTHENTICATED, result=type(judged).__name__.lower())
            match judged:
                case Verified():
                    return Goto("next", self.next)
                case LockedOut():
                    return self._leave("locked", self.locked)
                case VerifyFailed():
                    return self._leave("unavailable", self.unavailable)
                case NotVerified():
                    wrongs += 1
                    before = further_try(turn, Kind.NOMATCH, self.wrong, wrongs, "")
                case _:
                    raise Unexpected("Verify", judged)
        return Goto("failed", self.failed)

    def _leave(self, way: str, to: str | None) -> Goto:
        return Goto("failed", self.failed) if to is None else Goto(way, to)
