"""What an agent says came of a call: the dispositions that a campaign or a queue offers, and what each leads to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from calls.parts import Flag, Name, Part, Title
from calls.toml_file import Fault, Place

NONE = "none"
"""What stands in the record where one was required and the agent gave none in time. No file may use it."""

CURRENCY = 'a currency such as "EUR" (ISO 4217)'
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description=CURRENCY)]
Rest = Annotated[float, Field(ge=1, le=90 * 86400, description="seconds, 1 to 7776000 (90 days)")]
Times = Annotated[int, Field(ge=1, le=50, description="a whole number, 1 to 50")]


class Recycle(Part):
    """``recycle = {after_s = 3600, times = 3}``: the lead is dialled again, so many times after this disposition."""

    after_s: Rest
    times: Times


class Disposition(Part):
    """``[dispositions.<id>]``: one thing that may have come of a call. The id stands in the records."""

    label: Title
    """What the agent reads."""
    recycle: Annotated[Recycle | None, Field(description="a table with after_s and times")] = None
    do_not_call: Flag = False
    """The person's number goes on the do-not-call list at once."""
    sale: Flag = False
    """The agent says what was sold for: an amount and its currency."""
    currency: Annotated[Currency | None, Field(description=CURRENCY)] = None
    """Of a sale, where the agent names none."""
    next_number: Flag = False
    """The number was not the person's: the lead is dialled on its next one, and is done where it has none."""
    close: Flag = False
    """The lead is done: it is not dialled again, whatever became of the call."""
    callback: Flag = False
    """The agent says when the person is to be called back. The lead is done with that."""
    machine: Flag = False
    """The agent says that a machine had answered."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """Refuse what contradicts itself."""
        again = self.recycle is not None or self.next_number
        if self.callback and (again or self.do_not_call):
            raise Fault("callback calls at a time that was promised: expected no recycle, next_number or do_not_call")
        if again and (self.close or self.do_not_call or self.sale):
            raise Fault("recycle and next_number dial the lead again, close, do_not_call and sale never: choose one")
        if self.recycle is not None and self.next_number:
            raise Fault("recycle dials the same lead later, next_number another number at once: choose one")
        if self.currency is not None and not self.sale:
            raise Fault("a currency is that of a sale: expected sale = true beside it")
        return self


Dispositions = Annotated[
    dict[Name, Disposition], Field(description="a table for each, with a label: [dispositions.sold]")
]

DEFAULTS: Mapping[str, Disposition] = {
    "sale": Disposition(label="Sale", sale=True, close=True),
    "not_interested": Disposition(label="Not interested", close=True),
    "no_time": Disposition(label="No time now", recycle=Recycle(after_s=4 * 3600, times=3)),
    "callback": Disposition(label="Call back", callback=True),
    "wrong_number": Disposition(label="Wrong number", next_number=True),
    "machine": Disposition(label="Answering machine", machine=True, recycle=Recycle(after_s=2 * 3600, times=2)),
    "do_not_call": Disposition(label="Must not be called", do_not_call=True, close=True),
    "done": Disposition(label="Dealt with", close=True),
}
"""What agents may give where a campaign or a queue names none."""


def offered(given: Mapping[str, Disposition]) -> Mapping[str, Disposition]:
    """The dispositions of a campaign or a queue that names ``given``."""
    return given or DEFAULTS


def faults(given: Mapping[str, Disposition]) -> Iterator[tuple[Place, str]]:
    """What is wrong with the dispositions of a campaign or a queue, each with its place there."""
    if NONE in given:
        yield ("dispositions", NONE), "none stands for a disposition that was not given: expected another name"
