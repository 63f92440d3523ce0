"""``payment``: take an amount from a card that the caller keys; the digits reach the gateway and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import Field

from calls.switch.port import Done, KeyPlan, MuteRecording, RecordingFailed
from ivr.cards import Card, Digits
from ivr.commands import Charge, Charged, ChargeDeclined, ChargeFailed, ChargeUnknown, Command, Result
from ivr.expressions import Expression
from ivr.nodes.asking import Asking, Question, entry
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
    PromptKey,
    PromptKeys,
    SomePromptKeys,
    Taken,
    Unexpected,
    VariableName,
    Visit,
    listed,
)
from ivr.nodes.card_rules import CODES, LONGEST, SHORTEST, is_good, is_number
from ivr.nodes.menu import NOINPUT, NOMATCH
from ivr.nodes.prices import price_of
from ivr.trail import Kind
from ivr.turn import Turn

FEW = Annotated[tuple[PromptKey, ...], Field(max_length=2)]
"""Three tries at most, so that nobody finds out cards by trying."""


class Payment(NodeModel):
    """Let the caller key a card's number, its expiry (month and year, four digits) and perhaps its security code, and
    ask the gateway for the amount.

    From the first question to the last digit the call's recording is muted, and nothing is kept of what is keyed.
    ``unknown`` is where a caller goes of whom nobody knows whether they have paid: they must be told so, and never be
    let pay again before that is known.
    """

    kind: ClassVar[str] = "payment"
    payment: Expressed = Field(description="an expression that gives the amount, such as order_total")
    gateway: Name = Field(description="the name of a payment gateway in the settings")
    card: SomePromptKeys = Field(description="a list of prompts that ask for the card's number")
    expiry: SomePromptKeys = Field(description="a list of prompts that ask for month and year, such as 0 5 2 9")
    code: PromptKeys = Field(default=(), description="a list of prompts that ask for the security code; [] for none")
    meanwhile: PromptKeys = Field(default=(), description="a list of prompts, such as [main.one_moment]")
    music: Name = Field(default="default", description="the name of a class of music")
    token: VariableName | None = Field(default=None, description="a variable that takes the gateway's word for it")
    last_four: VariableName | None = Field(
        default=None, description="a variable that takes the card's last four digits"
    )
    first_key: Duration = Field(
        default="15s", validate_default=True, description="the wait for the first key, such as 15s"
    )
    next_key: Duration = Field(
        default="5s", validate_default=True, description="the wait for each further key, such as 5s"
    )
    noinput: FEW = Field(default=(NOINPUT,), description="a list of at most two prompts, one for each further try")
    nomatch: FEW = Field(
        default=(NOMATCH, NOMATCH), description="a list of at most two prompts, one for each further try"
    )
    failed: NodeName = Field(description="the node for when nothing was paid, nor asked of the gateway for good")
    declined: NodeName | None = Field(default=None, description="the node for a card that was declined")
    unknown: NodeName = Field(description="the node for when nobody knows whether it was paid")
    next: NodeName = Field(description="the node to go on with once it is paid")

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """``failed`` by itself, the others by a caller who keys a card."""
        yield Exit(("failed",), self.failed)
        for name, to in {"declined": self.declined, "unknown": self.unknown, "next": self.next}.items():
            if to is not None:
                yield Exit((name,), to, Taken.BY_CALLER)

    def prompts(self) -> Iterator[tuple[Place, str]]:
        """All questions."""
        for name in ("card", "expiry", "code", "meanwhile", "noinput", "nomatch"):
            yield from listed(name, getattr(self, name))

    def needs(self) -> Iterator[tuple[Place, Need, str]]:
        """The gateway."""
        yield ("gateway",), Need.GATEWAY, self.gateway

    def expressions(self) -> Iterator[tuple[Place, Expression]]:
        """The amount."""
        yield ("payment",), self.payment

    def sets(self) -> Iterator[tuple[Place, str]]:
        """What is known of a payment."""
        for name in ("token", "last_four"):
            if (variable := getattr(self, name)) is not None:
                yield (name,), variable

    def visit(self, turn: Turn) -> Visit:
        """Ask for the card, and pay."""
        self._tell(turn, None, None)
        amount = price_of(turn.value(self.payment))
        if not amount:
            return self._left(turn, amount, "failed", "no_amount")
        muted = yield MuteRecording(True)
        if not isinstance(muted, Done):
            return self._left(turn, amount, "failed", "not_muted")
        card = yield from self._card(turn)
        try:
            unmuted = yield MuteRecording(False)
            if not isinstance(unmuted, Done | RecordingFailed):
                raise Unexpected("MuteRecording", unmuted)
            if card is None:
                return self._left(turn, amount, "failed", "no_card")
            return (yield from self._pay(turn, amount, card))
        finally:
            if card is not None:
                card.wipe()

    def _card(self, turn: Turn) -> Generator[Command, Result, Card | None]:
        """The card; None where the tries are used up."""
        today = turn.now.at.astimezone(turn.scope.zone).date()
        number = yield from self._digits(turn, self.card, entry(SHORTEST, LONGEST), is_number)
        if number is None:
            return None
        expiry = yield from self._digits(turn, self.expiry, entry(4, 4), lambda keys: is_good(keys, today))
        if expiry is None:
            number.wipe()
            return None
        if not self.code:
            return Card(number, expiry)
        code = yield from self._digits(turn, self.code, entry(*CODES), lambda keys: len(keys) in CODES)
        if code is None:
            number.wipe()
            expiry.wipe()
            return None
        return Card(number, expiry, code)

    def _digits(
        self, turn: Turn, prompts: tuple[str, ...], plan: KeyPlan, fits: Callable[[str], bool]
    ) -> Generator[Command, Result, Digits | None]:
        question = Question(prompts, plan, self.first_key, self.next_key, self.noinput, self.nomatch, secret=True)
        asking = Asking(turn, question)
        while (keys := (yield from asking.keys())) is not None:
            if fits(keys):
                return Digits(keys)
            asking.wrong("")
        return None

    def _pay(self, turn: Turn, amount: Decimal, card: Card) -> Generator[Command, Result, Goto]:
        said, last4 = turn.prompts(self.meanwhile), card.last4  # whoever charges wipes the card
        turn.conceal()
        result = yield Charge(self.gateway, amount, card, turn.key, said, self.music)
        match result:
            case Charged(token):
                self._tell(turn, token, last4)
                return self._left(turn, amount, "next", None)
            case ChargeDeclined(reason):
                return self._left(turn, amount, "declined", reason)
            case ChargeUnknown(reason):
                return self._left(turn, amount, "unknown", reason)
            case ChargeFailed(reason):
                return self._left(turn, amount, "failed", reason)
            case _:
                raise Unexpected("Charge", result)

    def _tell(self, turn: Turn, token: str | None, last4: str | None) -> None:
        if self.token is not None:
            turn.set(self.token, token)
        if self.last_four is not None:
            turn.set(self.last_four, last4)

    def _left(self, turn: Turn, amount: Decimal | None, way: str, reason: str | None) -> Goto:
        """The way out, with what the trail says of it."""
        told = "paid" if way == "next" else way
        turn.note(
            Kind.PAYMENT,
            gateway=self.gateway,
            amount=None if amount is None else f"{amount:f}",
            result=told,
            reason=reason,
        )
        nodes = {"next": self.next, "unknown": self.unknown, "declined": self.declined}
        to = nodes.get(way)
        return Goto(way, to) if to is not None else Goto("failed", self.failed)
