"""Agents' shifts as a CSV file, with the columns ``agent``, ``day``, ``from``, ``to`` and, where there are planned
breaks, ``break``: read, with faults by line and column, and written so that what is written reads the same."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from itertools import pairwise

from calls.agents.shifts import ANY_BREAK, Shift, placed
from calls.errors import UserError

COLUMNS = ("agent", "day", "from", "to")
BREAK = "break"

LARGEST = 20_000
"""Rows of one file: a year of a hundred agents' days."""

SHOWN = 10
"""Of more faults so many are told."""

CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
KIND = re.compile(r"[A-Za-z0-9_-]{1,64}")

Found = list[tuple[int, Shift]]
"""By the number of the line."""


def parse(text: str, agents: Collection[str], name: str, paid: Mapping[str, bool] | None = None) -> list[Shift]:
    """The shifts of a file and their breaks; ``name`` is the file's, for messages. ``paid``: the reasons for which
    agents may pause, and whether such a pause is paid; none: any word is a reason, and paid.

    Raises:
        UserError: says in which lines and columns what is wrong, and what was expected.
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=None))
    try:
        rows = list(reader)
    except csv.Error as problem:
        raise UserError(f"{name}, line {reader.line_num}: {problem}: expected CSV, a shift a line") from problem
    columns = tuple(each.strip().lower() for each in rows[0]) if rows else ()
    if columns not in (COLUMNS, (*COLUMNS, BREAK)):
        raise UserError(f"{name}, line 1: expected the columns {','.join(COLUMNS)}, and {BREAK} behind them or not")
    if len(rows) > LARGEST:
        raise UserError(f"{name}: {len(rows)} lines: expected {LARGEST} at most")
    found: Found = []
    faults: list[str] = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(each.strip() for each in row):
            continue
        if len(row) != len(columns):
            faults.append(f"line {number}: {len(row)} columns: expected {','.join(columns)}")
            continue
        agent, day, begins, ends, *rest = (each.strip() for each in row)
        kind = "".join(rest)
        shift = Shift(agent, day, begins, ends, kind, (paid or {}).get(kind, True))
        wrong = [f"line {number}, {column}: {words}" for column, words in _faults(shift, agents, paid or {})]
        faults += wrong
        if not wrong:
            found.append((number, shift))
    faults += _of_days(found)
    if faults:
        more = [f"and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else []
        raise UserError("; ".join([f"{name}, {faults[0]}", *faults[1:SHOWN], *more]))
    return [shift for _, shift in found]


def written(shifts: Iterable[Shift]) -> str:
    """The file of shifts, breaks behind the shifts of their day."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow((*COLUMNS, BREAK))
    for each in shifts:
        rows.writerow((each.agent_id, each.day, each.begins, each.ends, each.kind))
    return out.getvalue()


def _faults(shift: Shift, agents: Collection[str], paid: Mapping[str, bool]) -> Iterator[tuple[str, str]]:
    if shift.agent_id not in agents:
        known = f"expected one of {', '.join(sorted(agents)[:SHOWN])}" if agents else "there are none: add [[agents]]"
        yield "agent", f"no agent is named {shift.agent_id!a}: {known}"
    if not shift.is_weekly and not _is_date(shift.day):
        yield "day", f"{shift.day!a}: expected mon to sun, or a date such as 2026-05-31"
    if shift.kind and paid and shift.kind not in {*paid, ANY_BREAK}:
        known = ", ".join([ANY_BREAK, *paid])
        yield BREAK, f"{shift.kind!a} is no reason for a pause: expected nothing for a shift, or one of {known}"
    if shift.kind and not KIND.fullmatch(shift.kind):
        yield BREAK, f"{shift.kind!a}: expected a reason for a pause, of letters, digits, - and _"
    if not shift.begins and not shift.ends and not shift.kind:
        return
    if not CLOCK.fullmatch(shift.begins):
        if shift.kind:
            yield "from", f"{shift.begins!a}: expected a time such as 08:30"
        else:
            yield "from", f"{shift.begins!a}: expected a time such as 08:30, or nothing in from and to for a free day"
    if not CLOCK.fullmatch(shift.ends) and shift.ends != "24:00":
        yield "to", f"{shift.ends!a}: expected a time such as 17:00, 24:00 at the latest"


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _of_days(found: Found) -> Iterator[str]:
    """What is wrong between the lines of one agent's day."""
    days: dict[tuple[str, str], Found] = defaultdict(list)
    for number, shift in found:
        days[shift.agent_id, shift.day].append((number, shift))
    for of in days.values():
        free = [number for number, shift in of if not shift.begins]
        if free and len(of) > 1:
            yield f"line {free[0]}, from: {of[0][1].agent_id} has shifts on {of[0][1].day} in other lines"
        elif not free:
            yield from _overlaps(of)


def _overlaps(of: Found) -> Iterator[str]:
    shifts = [(number, each) for number, each in of if not each.kind]
    ordered = sorted((shift.minutes, number) for number, shift in shifts)
    rests = []
    for number, rest in of:
        if rest.kind:
            minutes = placed(rest, [shift for _, shift in shifts])
            if minutes is None:
                yield f"line {number}, from: expected a break within one of the day's shifts"
            else:
                rests.append((minutes, number))
    for what, times in (("shift", ordered), ("break", sorted(rests))):
        for ((_, ends), first), ((begins, _), second) in pairwise(times):
            if begins < ends:
                yield f"line {second}, from: expected no earlier than the end of the {what} in line {first}"
