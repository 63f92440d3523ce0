"""What agents dial on their own phones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.agents.codes import Code, Order, parse
from calls.errors import UserError
from calls.floor_settings import PauseReason, check_reason, key_faults, reason_of_key

LUNCH = PauseReason(id="lunch", label="Lunch", key="1", paid=False, limit_minutes=30)
CLASS = PauseReason(id="training", label="Training")


@pytest.mark.parametrize(
    ("dialled", "code"),
    [
        ("*91", Code(Order.LOG_IN)),
        ("*92", Code(Order.LOG_OUT)),
        ("*93", Code(Order.READY)),
        ("*94", Code(Order.PAUSE)),
        ("*947", Code(Order.PAUSE, "7")),
        ("*95", Code(Order.DONE)),
        ("*96", Code(Order.STATE)),
        ("*97", Code(Order.PAUSE_RECORDING)),
        ("*98", Code(Order.RESUME_RECORDING)),
        ("*9", None),
        ("*90", Code(Order.ASK)),
        ("*9012", Code(Order.ASK, "12")),
        ("*99", Code(Order.HAND_ON)),
        ("*99123", Code(Order.HAND_ON, "123")),
        ("*991234", None),
        ("*911", None),
        ("*9477", None),
        ("*9४", None),
        ("91", None),
        ("", None),
    ],
)
def test_each_code_is_one_order(dialled: str, code: Code | None) -> None:
    assert parse(dialled, "*9") == code


@given(st.text(max_size=8), st.sampled_from(["*9", "#", "77"]))
def test_nothing_that_is_dialled_is_a_fault_of_ours(dialled: str, prefix: str) -> None:
    code = parse(prefix + dialled, prefix)
    assert code is None or prefix + code.order.value + code.key == prefix + dialled


def test_reasons_are_checked_where_there_are_any() -> None:
    check_reason((), "whatever")
    check_reason((LUNCH, CLASS), "training")
    with pytest.raises(UserError, match="expected one of lunch, training"):
        check_reason((LUNCH, CLASS), "")
    assert [reason_of_key((LUNCH, CLASS), key) for key in "12"] == ["lunch", None]


def test_a_digit_is_one_reasons() -> None:
    twice = PauseReason(id="break", label="Break", key="1")
    assert list(key_faults((LUNCH, CLASS, twice))) == [(2, "1 is the key of lunch: expected another one")]
