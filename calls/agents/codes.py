"""What agents dial on their own phones, behind the prefix of the settings. Pure.

====  ==========================================================
1     log in
2     log out, after the call in hand
3     be ready again
4     pause; 4 and a digit: for the reason of that digit
5     the wrap-up is over
6     hear one's own state
7     pause the recording of the talk in hand
8     record it again
9     hand the caller over to who was asked; 9 and digits: hand
      the caller on to the target of these digits
0     take the caller back from a question; 0 and digits: ask
      the target of these digits first
====  ==========================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Order(Enum):
    """What the agent asks for."""

    LOG_IN = "1"
    LOG_OUT = "2"
    READY = "3"
    PAUSE = "4"
    DONE = "5"
    STATE = "6"
    PAUSE_RECORDING = "7"
    RESUME_RECORDING = "8"
    HAND_ON = "9"
    ASK = "0"


DIGITS = {Order.PAUSE: 1, Order.HAND_ON: 3, Order.ASK: 3}
"""How many digits may follow an order."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was understood. ``key``: of the reason for a pause, or of a target; "" where none was dialled."""

    order: Order
    key: str = ""


def parse(dialled: str, prefix: str) -> Code | None:
    """The code in what was dialled; None: it is none."""
    digits = dialled.removeprefix(prefix)
    if digits == dialled or not digits.isascii() or not digits.isdecimal():
        return None
    try:
        order = Order(digits[0])
    except ValueError:
        return None
    key = digits[1:]
    if len(key) > DIGITS.get(order, 0):
        return None
    return Code(order, key)
