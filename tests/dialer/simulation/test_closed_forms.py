"""The simulator against what queueing theory says exactly: the 95% interval covers it.

Streams and seeds are fixed, so a test is right for good or wrong for good; the intervals are narrow enough to fail a
simulator that is off by a tenth.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from dialer.simulation.closed_forms import erlang_a, erlang_b, erlang_c, erlang_c_wait_s
from dialer.simulation.distributions import Constant, Exponential, LogNormal
from dialer.simulation.replications import interval, replicate
from tests.dialer.simulation.streams import MEASURED_S, queue, stream

REPLICATIONS = 10


@pytest.mark.parametrize(("agents", "load"), [(3, 2.0), (10, 9.0)])
def test_loss_is_erlang_b(agents: int, load: float) -> None:
    results = replicate("stream", queue(agents, 30.0, Constant(0.0)), stream(load / 30.0), REPLICATIONS)
    assert results.abandonment.covers(erlang_b(agents, load))
    assert results.abandonment.half < 0.1 * erlang_b(agents, load)


def test_loss_does_not_depend_on_the_form_of_talks() -> None:
    scenario = replace(queue(10, 30.0, Constant(0.0)), talk=LogNormal(20.0, 30.0), wrap_up=Constant(10.0))
    results = replicate("stream", scenario, stream(0.3), REPLICATIONS)
    assert results.abandonment.covers(erlang_b(10, 9.0))


def test_waiting_is_erlang_c() -> None:
    """Against the form at the load that each run really had: waits hang on it so much that the rest is noise."""
    results = replicate("stream", queue(10, 30.0, Constant(inf)), stream(0.25), 2 * REPLICATIONS, first=700)
    waited = interval(
        [each.waited / each.connected - erlang_c(10, each.talking_s / MEASURED_S) for each in results.tallies]
    )
    wait_s = interval(
        [
            each.waited_s / each.connected - erlang_c_wait_s(10, each.talking_s / MEASURED_S / 30.0, 30.0)
            for each in results.tallies
        ]
    )
    assert waited.covers(0.0)
    assert wait_s.covers(0.0)
    assert waited.half < 0.03


@pytest.mark.parametrize(("rate", "patience_s"), [(0.35, 20.0), (0.30, 60.0)])
def test_abandonment_is_erlang_a(rate: float, patience_s: float) -> None:
    results = replicate("stream", queue(10, 30.0, Exponential(patience_s)), stream(rate), REPLICATIONS)
    assert results.abandonment.covers(erlang_a(10, rate, 30.0, patience_s))


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (erlang_b(10, 9.0), 0.168),
        (erlang_b(1, 1.0), 0.5),
        (erlang_b(5, 0.0), 0.0),
        (erlang_c(1, 0.5), 0.5),
        (erlang_c(10, 10.0), 1.0),
        (erlang_c(2, 1.0), 1 / 3),
        (erlang_c_wait_s(1, 0.5, 1.0), 1.0),
    ],
)
def test_forms_by_known_values(form: float, value: float) -> None:
    assert form == pytest.approx(value, abs=5e-4)


def test_erlang_a_lies_between_loss_and_queue() -> None:
    impatient = erlang_a(10, 0.3, 30.0, 1e-3)
    assert impatient == pytest.approx(erlang_b(10, 9.0), rel=1e-2)
    assert erlang_a(10, 0.25, 30.0, 1e6) == pytest.approx(0.0, abs=1e-4)
