"""Reads the world's log and the database, and finds broken invariants. It shares no code with the dialer."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator

from calls.settings import Trunk
from tests.dialer.actors import Entry
from tests.dialer.world import World

CONNECT_S = 1.8 + 0.001


def broken(world: World, *, per_person: int, at_end: bool = False) -> list[str]:
    """Every invariant that does not hold, in words."""
    log, database = world.log, world.db
    found = [
        *_do_not_call(log, world.forbidden_at),
        *_attempts_per_person(log, per_person),
        *_one_at_a_time(log),
        *over_trunks(world),
        *_agent_or_message(log, detecting=world.campaign.file.detect_machine),
        *_stopped(log),
        *_no_agents(log),
        *_records(database, at_end),
        *_invited_are_recorded(log, database),
    ]
    return found


def over_trunks(world: World) -> list[str]:
    """Where a trunk had more than its lines or its calls per second, in words."""
    return [each for trunk in (world.trunk, *world.others) for each in _trunk(world.log, trunk)]


def _of(log: list[Entry], *kinds: str) -> Iterator[Entry]:
    return (entry for entry in log if entry.kind in kinds)


def _do_not_call(log: list[Entry], forbidden_at: dict[str, float]) -> Iterator[str]:
    for entry in _of(log, "invite"):
        if entry.number in forbidden_at and entry.at > forbidden_at[entry.number]:
            yield f"I1/I11: {entry.number} invited at {entry.at}, forbidden at {forbidden_at[entry.number]}"


def _attempts_per_person(log: list[Entry], most: int) -> Iterator[str]:
    for number, count in Counter(entry.number for entry in _of(log, "invite")).items():
        if count > most:
            yield f"I3: {number} invited {count} times, {most} allowed"


def _one_at_a_time(log: list[Entry]) -> Iterator[str]:
    number_of: dict[str, str] = {}
    up: Counter[str] = Counter()
    for entry in _of(log, "invite", "end"):
        if entry.kind == "invite":
            if entry.attempt in number_of:
                yield f"attempt {entry.attempt} was invited twice"
            number_of[entry.attempt] = entry.number
            up[entry.number] += 1
            if up[entry.number] > 1:
                yield f"I4: {entry.number} has two calls at {entry.at}"
        else:
            up[number_of[entry.attempt]] -= 1


def _trunk(log: list[Entry], trunk: Trunk) -> Iterator[str]:
    here = {entry.attempt for entry in _of(log, "invite") if entry.trunk == trunk.name}
    up = 0
    for entry in (each for each in _of(log, "invite", "end") if each.attempt in here):
        up += 1 if entry.kind == "invite" else -1
        if up > trunk.lines:
            yield f"I6: {up} calls on trunk {trunk.name} at {entry.at}"
    times = [entry.at for entry in _of(log, "invite") if entry.attempt in here]
    for index, first in enumerate(times):
        within = sum(1 for at in times[index:] if at - first < 1.0)
        if within > trunk.calls_per_second:
            yield f"I6: {within} invites on trunk {trunk.name} in the second from {first}"


def _agent_or_message(log: list[Entry], *, detecting: bool) -> Iterator[str]:
    """I5: once it is ours and until it ends, a call has an agent or the message within 1.8 s."""
    clock: dict[str, float] = {}
    answered: dict[str, float] = {}
    for entry in log:
        match entry.kind:
            case "answer":
                answered[entry.attempt] = entry.at
            case "arrive":
                clock[entry.attempt] = entry.at if detecting else answered.get(entry.attempt, entry.at)
            case "connect" | "message":
                begun = clock.pop(entry.attempt, None)
                late = begun is not None and entry.at - begun > CONNECT_S
                if (
                    late
                    and begun is not None
                    and answered.get(entry.attempt, 0.0) > _last(log, "crash", entry.at) + 5
                ):
                    yield f"I5: {entry.attempt} waited {entry.at - begun:.2f} s"
            case "end":
                begun = clock.pop(entry.attempt, None)
                machine = _number(log, entry.attempt)[-1] == "4" and detecting
                crashed = _last(log, "crash", entry.at) > (begun or 0.0)
                if begun is not None and entry.at - begun > CONNECT_S and not machine and not crashed:
                    yield f"I5: {entry.attempt} had nobody for {entry.at - begun:.2f} s"


def _last(log: list[Entry], kind: str, before: float) -> float:
    return max((entry.at for entry in _of(log, kind) if entry.at <= before), default=-1e9)


def _number(log: list[Entry], attempt: str) -> str:
    return next(entry.number for entry in _of(log, "invite") if entry.attempt == attempt)


def _stopped(log: list[Entry]) -> Iterator[str]:
    since: float | None = None
    for entry in log:
        if entry.kind.startswith("campaign "):
            since = None if entry.kind == "campaign running" else entry.at
        elif entry.kind == "invite" and since is not None and entry.at > since + 1.0:
            yield f"I11: {entry.number} invited at {entry.at}, no campaign ran since {since}"


def _no_agents(log: list[Entry]) -> Iterator[str]:
    ready, inbound, since = 0, 0, 0.0
    for entry in log:
        if entry.kind.startswith("floor "):
            _, ready_text, inbound_text = entry.kind.split()
            ready, inbound, since = int(ready_text), int(inbound_text), entry.at
        elif entry.kind == "invite" and (ready == 0 or inbound) and entry.at > since:
            yield f"{entry.number} invited at {entry.at} with {ready} agents free and {inbound} inbound waiting"


def _records(database: sqlite3.Connection, at_end: bool) -> Iterator[str]:
    for attempt_id, state, outcome in database.execute("SELECT attempt_id, state, outcome FROM attempts"):
        rows = database.execute("SELECT outcome FROM calls WHERE call_id = ?", (attempt_id,)).fetchall()
        if state == "done" and rows != [(outcome,)]:
            yield f"I7: attempt {attempt_id} is done as {outcome} and has the records {rows}"
        if state != "done" and (rows or at_end):
            yield f"I7: attempt {attempt_id} is {state} and has the records {rows}"
    per_person: dict[str, int] = defaultdict(int)
    for person, count in database.execute(
        "SELECT person_key, count(*) FROM attempts WHERE state <> 'done' GROUP BY person_key"
    ):
        per_person[person] = count
        if count > 1:
            yield f"I4: {person} has {count} open attempts"


def _invited_are_recorded(log: list[Entry], database: sqlite3.Connection) -> Iterator[str]:
    known = {row[0] for row in database.execute("SELECT attempt_id FROM attempts")}
    unsent = {
        row[0] for row in database.execute("SELECT attempt_id FROM attempts WHERE decision LIKE '%\"sent\":false%'")
    }
    for entry in _of(log, "invite"):
        if entry.attempt not in known:
            yield f"{entry.attempt} was dialled and stands in no row"
        if entry.attempt in unsent:
            yield f"{entry.attempt} was dialled and is recorded as never sent"
