"""``order``: let the caller order items by their codes, and write the order down once it is confirmed."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Annotated, ClassVar, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from calls.switch.port import KeyPlan
from ivr.commands import Command, Commit, CommitFailed, Committed, LookedUp, Lookup, LookupFailed, Result
from ivr.effects import Json, Webhook
from ivr.expressions import Expression
from ivr.nodes.asking import Asking, Question, choices, entry
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
    PromptKeys,
    SomePromptKeys,
    Taken,
    Unexpected,
    VariableName,
    Visit,
    listed,
)
from ivr.nodes.digits import Lengths, lengths
from ivr.nodes.lookup import Path
from ivr.nodes.menu import NOINPUT, NOMATCH, Retries
from ivr.nodes.ordering import Item, Stop, Wanted, total
from ivr.nodes.prices import price_of
from ivr.nodes.voice import yes_or_no
from ivr.nodes.webhook import SECRET
from ivr.speech.expected import Expected, SpokenKind
from ivr.trail import Kind
from ivr.turn import Turn

YES, NO = "1", "2"
"""The keys of every question that is answered by yes or no."""

SETS = (
    "order_code",
    "order_item",
    "order_price",
    "order_quantity",
    "order_amount",
    "order_lines",
    "order_total",
    "order_reference",
)
"""The variables of the node, for what is said and for what comes after it."""

MOST_LINES = 50

Lengthy = Annotated[
    Lengths,
    PlainValidator(lengths),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^[1-9][0-9]?(-[1-9][0-9]?)?$"}]}),
]
ItemCode = Annotated[str, Field(pattern=r"^[0-9]{1,40}$")]


class OrderNode(NodeModel):
    """Ask for codes and quantities, say each again, say the total, and send the order to a webhook.

    Items stand in the flow (``items``) or are looked up (``source``). Every question that is answered by yes or no
    takes 1 for yes and 2 for no, or the words in a flow that is answered by voice. Nothing is kept of an order that
    was not confirmed as a whole.
    """

    kind: ClassVar[str] = "order"
    order: SomePromptKeys = Field(description="a list of prompts that ask for a code, such as [order.ask]")
    items: Annotated[dict[ItemCode, Item], Field(max_length=1000)] = Field(
        default_factory=dict, description='codes and items, such as {"1001": {price: "19.50", prompt: item.lamp}}'
    )
    source: Name | None = Field(default=None, description="the name of a look-up in the settings")
    argument: VariableName = Field(default="code", description="the look-up's placeholder for the code")
    price: Path = Field(
        default="price", validate_default=True, description="the path of the price in what is looked up"
    )
    name: Path = Field(
        default="name", validate_default=True, description="the path of the item's name in what is looked up"
    )
    digits: Lengthy = Field(
        default=4, validate_default=True, description='how many digits a code has, such as 4 or "4-10"'
    )
    spoken: bool = Field(default=False, description="true where codes and quantities may be said, or false")
    meanwhile: PromptKeys = Field(default=(), description="a list of prompts, such as [main.one_moment]")
    music: Name = Field(default="default", description="the name of a class of music")
    unknown: PromptKeys = Field(default=(), description="a list of prompts for a code that there is not")
    quantity: SomePromptKeys = Field(description="a list of prompts that ask how many")
    most: int = Field(default=99, ge=1, le=9999, description="the greatest quantity, from 1 to 9999")
    confirm: SomePromptKeys = Field(
        description="a list of prompts that say an item again and ask whether it is right"
    )
    more: SomePromptKeys = Field(description="a list of prompts that ask whether there is more")
    lines: int = Field(default=20, ge=1, le=MOST_LINES, description="how many items an order has, from 1 to 50")
    total: SomePromptKeys = Field(description="a list of prompts that say the total and ask whether to order")
    first_key: Duration = Field(
        default="7s", validate_default=True, description="the wait for the first key, such as 7s"
    )
    next_key: Duration = Field(
        default="3s", validate_default=True, description="the wait for each further key, such as 3s"
    )
    noinput: Retries = Field(default=(NOINPUT,), description="a list of prompts, one for each try after a silence")
    nomatch: Retries = Field(
        default=(NOMATCH, NOMATCH), description="a list of prompts, one for each try after a wrong entry"
    )
    send: Name = Field(description="the name of the webhook in the settings that takes orders")
    values: Annotated[dict[VariableName, Expressed], Field(max_length=50)] = Field(
        default_factory=dict, description="names and expressions that go with it, such as {customer: call.customer}"
    )
    failed: NodeName = Field(description="the node for when no order comes about")
    cancelled: NodeName | None = Field(default=None, description="the node for a caller who does not confirm it")
    next: NodeName = Field(description="the node to go on with once it is written down")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.items) is (self.source is not None):
            raise ValueError("expected items, or a source, and not both")
        return self

    def exits(self, extensions: dict[str, str]) -> Iterator[Exit]:
        """``failed`` by itself, the others by the caller."""
        yield Exit(("failed",), self.failed)
        if self.cancelled is not None:
            yield Exit(("cancelled",), self.cancelled, Taken.BY_CALLER)
        yield Exit(("next",), self.next, Taken.BY_CALLER)

    def expects(self, language: str) -> Iterator[tuple[Place, Expected]]:
        """Codes and quantities."""
        if self.spoken:
            yield ("order",), Expected(SpokenKind.DIGITS, language, least=self._shortest, most=self._longest)
            yield ("quantity",), Expected(SpokenKind.NUMBER, language)

    def prompts(self) -> Iterator[tuple[Place, str]]:
        """All questions."""
        for name in ("order", "meanwhile", "unknown", "quantity", "confirm", "more", "total", "noinput", "nomatch"):
            yield from listed(name, getattr(self, name))
        for code, item in self.items.items():
            if item.prompt is not None:
                yield ("items", code, "prompt"), item.prompt

    def needs(self) -> Iterator[tuple[Place, Need, str]]:
        """The webhook, and the look-up."""
        yield ("send",), Need.WEBHOOK, self.send
        if self.source is not None:
            yield ("source",), Need.LOOKUP, self.source

    def expressions(self) -> Iterator[tuple[Place, Expression]]:
        """What goes with it."""
        for name, expression in self.values.items():
            yield ("values", name), expression

    def sets(self) -> Iterator[tuple[Place, str]]:
        """See :data:`SETS`."""
        for name in SETS:
            yield ("order",), name

    # --- the talk ----------------------------------------------------------------------------------------------

    def visit(self, turn: Turn) -> Visit:
        """Take the order, and write it down."""
        for name in SETS:
            turn.set(name, None)
        ordered: list[Wanted] = []
        try:
            while True:
                ordered.append((yield from self._line(turn, ordered)))
                self._sum_up(turn, ordered)
                full = len(ordered) == self.lines
                if full or not (yield from self._agreed(turn, self.more)):
                    break
            if not (yield from self._agreed(turn, self.total)):
                raise Stop("cancelled", "cancelled")
            reference = yield from self._write(turn, ordered)
        except Stop as stop:
            turn.note(Kind.ORDERED, lines=len(ordered), total=None, reference=None, failed=stop.why)
            if stop.way == "cancelled" and self.cancelled is not None:
                return Goto("cancelled", self.cancelled)
            return Goto("failed", self.failed)
        turn.note(Kind.ORDERED, lines=len(ordered), total=f"{total(ordered):f}", reference=reference, failed=None)
        turn.set("order_reference", reference)
        return Goto("next", self.next)

    def _line(self, turn: Turn, before: list[Wanted]) -> Generator[Command, Result, Wanted]:
        """One item that the caller has confirmed."""
        while True:
            item = yield from self._item(turn)
            turn.set("order_code", item.code)
            turn.set("order_item", item.name)
            turn.set("order_price", item.price)
            wanted = Wanted(item.code, item.name, item.price, item.prompt, (yield from self._many(turn)))
            turn.set("order_quantity", wanted.quantity)
            turn.set("order_amount", wanted.amount)
            turn.set("order_total", total([*before, wanted]))
            said = (item.prompt, *self.confirm) if item.prompt is not None else self.confirm
            is_right = yield from self._agreed(turn, said)
            turn.note(Kind.ORDER_LINE, code=item.code, quantity=wanted.quantity, confirmed=is_right)
            if is_right:
                return wanted

    def _item(self, turn: Turn) -> Generator[Command, Result, Wanted]:
        """An item that there is."""
        code = Expected(SpokenKind.DIGITS, turn.language, least=self._shortest, most=self._longest)
        plan = entry(self._shortest, self._longest)
        asking = self._asking(turn, self.order, plan, code if self.spoken else None, said_again=True)
        while (given := (yield from asking.keys())) is not None:
            found = yield from self._found(turn, given)
            if found is not None:
                return found
            asking.wrong(given, self.unknown)
        raise Stop("failed", "no_code")

    def _found(self, turn: Turn, code: str) -> Generator[Command, Result, Wanted | None]:
        """The item of this code; None where there is none."""
        if self.source is None:
            item = self.items.get(code)
            return None if item is None else Wanted(code, item.name, item.price, item.prompt)
        paths = {"price": self.price.source, "name": self.name.source}
        said = turn.prompts(self.meanwhile)
        result = yield Lookup(self.source, {self.argument: code}, paths, said, self.music)
        match result:
            case LookedUp(values):
                turn.note(Kind.LOOKED_UP, lookup=self.source, result="found")
                price, name = price_of(values.get("price")), values.get("name")
                if price is None:
                    raise Stop("failed", "no_price")
                return Wanted(code, name if isinstance(name, str) else "", price)
            case LookupFailed(reason):
                turn.note(Kind.LOOKED_UP, lookup=self.source, result=reason)
                if reason == "missing":
                    return None
                raise Stop("failed", "lookup")
            case _:
                raise Unexpected("Lookup", result)

    def _many(self, turn: Turn) -> Generator[Command, Result, int]:
        """How many."""
        number = Expected(SpokenKind.NUMBER, turn.language) if self.spoken else None
        asking = self._asking(turn, self.quantity, entry(1, len(str(self.most))), number, said_again=True)
        while (keys := (yield from asking.keys())) is not None:
            if 1 <= int(keys) <= self.most:
                return int(keys)
            asking.wrong(keys)
        raise Stop("failed", "no_quantity")

    def _agreed(self, turn: Turn, prompts: tuple[str, ...]) -> Generator[Command, Result, bool]:
        """What the caller says to a question of yes or no."""
        agreed = yes_or_no(turn.language, YES, NO)
        keys = yield from self._asking(turn, prompts, choices(YES, NO), agreed).keys()
        if keys is None:
            raise Stop("failed", "no_answer")
        return keys == YES

    def _write(self, turn: Turn, ordered: list[Wanted]) -> Generator[Command, Result, str]:
        """Write the order down; its reference."""
        if any(turn.is_secret(expression) for expression in self.values.values()):
            raise Stop("failed", SECRET)
        items: list[Json] = [each.as_json() for each in ordered]
        others = {name: turn.value(expression) for name, expression in self.values.items()}
        result = yield Commit(Webhook(self.send, {**others, "items": items, "total": total(ordered)}), turn.key)
        match result:
            case Committed(reference):
                return reference
            case CommitFailed(reason):
                raise Stop("failed", reason)
            case _:
                raise Unexpected("Commit", result)

    def _sum_up(self, turn: Turn, ordered: list[Wanted]) -> None:
        turn.set("order_lines", len(ordered))
        turn.set("order_total", total(ordered))

    def _asking(
        self,
        turn: Turn,
        prompts: tuple[str, ...],
        plan: KeyPlan,
        expected: Expected | None = None,
        *,
        said_again: bool = False,
    ) -> Asking:
        return Asking(
            turn,
            Question(
                prompts,
                plan,
                self.first_key,
                self.next_key,
                self.noinput,
                self.nomatch,
                expected=expected,
                said_again=said_again,
            ),
        )

    @property
    def _shortest(self) -> int:
        return min(map(len, self.items), default=self.digits.least)

    @property
    def _longest(self) -> int:
        return max(map(len, self.items), default=self.digits.most)
