"""Amounts of money in flows: exact decimal numbers, never less than nothing."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema

AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,4})?\Z")
MOST = Decimal(10) ** 9


def price_of(value: object) -> Decimal | None:
    """The amount that ``value`` is, or is written as; None where it is none."""
    match value:
        case bool():
            return None
        case int() | Decimal():
            amount = Decimal(value)
        case str() if AMOUNT.match(value):
            amount = Decimal(value)
        case _:
            return None
    return amount if 0 <= amount < MOST else None


def price(value: object) -> Decimal:
    """The amount of a YAML value.

    Raises:
        ValueError: it is none.
    """
    found = price_of(value)
    if found is None:
        raise ValueError('expected an amount such as "19.50"')
    return found


Price = Annotated[
    Decimal,
    PlainValidator(price),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": r"^[0-9]{1,9}(\.[0-9]{1,4})?$"}, {"type": "integer"}]}),
]
