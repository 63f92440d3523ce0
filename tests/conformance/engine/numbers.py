"""Numbers that calls are handed on to, and one that an agent asks first, over the one line of a trunk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

from calls.causes import Outcome
from calls.ids import CallId
from calls.records import store
from calls.records.database import open_readonly
from calls.settings import TransferSettings, Trunk
from calls.switch.port import EndedBy
from tests.conformance.engine import standing
from tests.conformance.engine.parts import BYE
from tests.conformance.engine.play import Bench
from tests.conformance.engine.premises import Premises
from tests.conformance.engine.vocabulary import Agent, FlowScript, Record
from tests.console.asked import ask

TRUNK = "carrier"
_RECORD = Record(Outcome.ANSWERED, EndedBy.US)
OFFICE = FlowScript(
    "office",
    "",
    "office: {transfer_to: call.caller, failed: full, refused: full, next: bye}\nfull: {hangup: [], outcome: full}"
    + BYE,
    (),
    "",
    "",
    _RECORD,
)
SALES = FlowScript("sales", "", "sales: {queue: own, failed: bye, next: bye}" + BYE, (), "", "", _RECORD, Agent())
FIRST, SECOND, ASKED, CUSTOMER = "+493023125120", "+493023125121", "+493023125124", "+493023125199"
"""By their last digits two who answer and hang up after some seconds, and one who stays for eight; and a customer."""

RingIn = Callable[[str, str], Awaitable[Callable[[], Awaitable[None]]]]


def premises_in(folder: Path) -> Premises:
    """One trunk, of one line."""
    premises = Premises([OFFICE, SALES], folder)
    premises.settings = premises.settings.model_copy(
        update={
            "trunks": (
                Trunk(name=TRUNK, dial="sofia/gateway/x/{number}", lines=1, calls_per_second=5, loopback_only=True),
            ),
            "transfer": TransferSettings(
                countries=("DE",), trunk=TRUNK, concurrent=2, longest_minutes=5, minutes_a_day=100
            ),
        }
    )
    return premises


async def numbers_take_the_line(bench: Bench, ring_in: RingIn, premises: Premises) -> None:
    """While a number has the trunk's line no other is dialled; each gives it back when it is over.

    Raises:
        AssertionError: the line was not kept, or not given back.
    """
    office, sales = premises.called(OFFICE), premises.called(SALES)
    stops = [await ring_in(office, FIRST)]
    await standing.until(lambda: in_use(bench) == 1)
    stops.append(await ring_in(office, SECOND))
    await standing.until(lambda: ends(premises).get(SECOND) == "full")
    assert in_use(bench) == 1
    await standing.until(lambda: ends(premises).get(FIRST) == "completed")
    assert in_use(bench) == 0
    assert bench.switch.asked[office].count(f"transfer {TRUNK}") == 1, "who found no line was not dialled"

    stops.append(await ring_in(sales, CUSTOMER))
    await standing.until(lambda: bench._talks(sales) == 1)
    answer = await ask(bench.engine, f"/v1/agents/{SALES.name}/transfer", {"number": ASKED, "attended": True})
    assert answer.status_code == 200, answer.text
    await standing.until(lambda: bench.engine.status().agents[0].asks == "there")
    assert in_use(bench) == 1
    answer = await ask(bench.engine, f"/v1/agents/{SALES.name}/transfer/complete")
    assert answer.status_code == 200, answer.text
    await standing.until(lambda: bench._talks(sales) == 2)
    assert in_use(bench) == 1
    await standing.until(lambda: ends(premises).get(CUSTOMER) == "completed")
    await standing.until(lambda: in_use(bench) == 0)
    for stop in stops:
        await stop()


def in_use(bench: Bench) -> int:
    """How many lines of the trunk."""
    engine = bench.engine
    (trunk,) = engine.dialled.core.view(engine.clock.monotonic_s()).trunks
    return trunk.in_use


def ends(premises: Premises) -> dict[str, str]:
    """What each caller's flow ended with, by the caller's number."""
    with closing(open_readonly(premises.settings.engine.database)) as connection:
        calls = connection.execute("SELECT call_id, caller FROM calls").fetchall()
        told = {caller: store.call_events(connection, CallId(call_id)) for call_id, caller in calls}
    return {
        caller: str(event.detail["outcome"])
        for caller, events in told.items()
        for event in events
        if event.kind == "outcome"
    }
