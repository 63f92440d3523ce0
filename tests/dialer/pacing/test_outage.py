"""A dead trunk told from people who do not answer."""

from __future__ import annotations

import pytest

from dialer.pacing.outage import FAILED_IN_A_ROW, Outage


def test_refusals_of_the_network_say_nothing_of_people() -> None:
    outage = Outage()
    assert [outage.failed(38) for _ in range(FAILED_IN_A_ROW)] == [False] * FAILED_IN_A_ROW
    assert "refused" in outage.reason(0.3)


@pytest.mark.parametrize("cause", [None, 18, 19])
def test_silence_is_an_outage_once_chance_would_hardly_do_it(cause: int | None) -> None:
    outage = Outage()
    for _ in range(25):
        assert outage.failed(cause)
    assert outage.reason(0.3) == ""
    outage.failed(cause)
    assert "none of the last 26" in outage.reason(0.3)
    assert outage.reason(0.05) == ""


def test_a_busy_line_is_a_trunk_that_works() -> None:
    outage = Outage()
    for _ in range(100):
        outage.failed(19)
    outage.failed(17)
    assert outage.reason(0.3) == ""


def test_an_answer_ends_it() -> None:
    outage = Outage()
    for _ in range(100):
        outage.failed(38)
    outage.reached()
    assert outage.reason(0.3) == ""
