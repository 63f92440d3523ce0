"""A small reader of extensions.conf that finds what Asterisk finds only in a call: targets that are not there,
brackets that do not close, and text of a caller's in a place where it is evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

HOSTILE = ("CALLERID(", "REDIRECTING(", "PJSIP_HEADER(", "CW_FROM", "CW_USER")
"""What holds a caller's text before it is filtered."""

TAMING = ("FILTER(", "CUT(", "LEN(")
"""Functions whose result means nothing in an expression, or that only hand the text on to such a one."""

LINE = re.compile(r"(?:exten => (?P<exten>[^,]+),(?P<first>\d+)|same => n)(?:\((?P<label>\w+)\))?,(?P<step>.+)\Z")
STEP = re.compile(r"(?P<name>\w+)\((?P<data>.*)\)\Z")


@dataclass(frozen=True, slots=True)
class Step:
    """One priority: where it stands, its label, application and data."""

    context: str
    exten: str
    priority: int
    label: str | None
    application: str
    data: str


def steps(text: str) -> Iterator[Step]:
    """Every priority of a rendered extensions file. A line that is no such thing is an AssertionError."""
    context = exten = ""
    priority = 0
    for line in text.splitlines():
        if not line.strip() or line.startswith((";", "#")):
            continue
        if line.startswith("["):
            context = line.strip("[]")
            continue
        if context == "general" or line.startswith("include => "):
            continue
        found = LINE.match(line)
        assert found, line
        if found["exten"] is not None:
            exten, priority = found["exten"], int(found["first"])
        else:
            priority += 1
        step = STEP.match(found["step"])
        assert step, line
        yield Step(context, exten, priority, found["label"], step["name"], step["data"])


def faults(text: str) -> list[str]:
    """Everything that is wrong with a rendered extensions file."""
    found = list(steps(text))
    return [
        f"{step.context},{step.exten},{step.priority}: {fault}"
        for step in found
        for fault in (*_unbalanced(step), *_lost_targets(step, found), *_evaluated(step))
    ] + _doubled(found)


def _doubled(found: list[Step]) -> list[str]:
    places = [(step.context, step.exten, step.priority) for step in found]
    return [f"{place} stands twice" for place in set(places) if places.count(place) > 1]


def _unbalanced(step: Step) -> Iterator[str]:
    open_ = []
    pairs = {")": "(", "}": "{", "]": "["}
    for sign in step.data:
        if sign in pairs.values():
            open_.append(sign)
        elif sign in pairs and (not open_ or open_.pop() != pairs[sign]):
            yield f"{sign} closes nothing in {step.data!r}"
            return
    if open_:
        yield f"{open_} is not closed in {step.data!r}"


def _targets(step: Step) -> list[str]:
    if step.application == "Goto":
        return [step.data]
    if step.application == "GotoIf":
        return [target for target in step.data.rpartition("?")[2].split(":") if target]
    return []


def _lost_targets(step: Step, found: list[Step]) -> Iterator[str]:
    for target in _targets(step):
        parts = target.split(",")
        if len(parts) == 1:
            here = [each for each in found if (each.context, each.exten) == (step.context, step.exten)]
            if not any(target in (each.label, str(each.priority)) for each in here):
                yield f"no label {target}"
            continue
        context, exten, priority = parts
        there = [each for each in found if each.context == context]
        if exten not in ("${EXTEN}", "${UNIQUEID}"):
            there = [each for each in there if each.exten == exten]
        if not any(priority in (each.label, str(each.priority)) for each in there):
            yield f"no place {target}"


def _evaluated(step: Step) -> Iterator[str]:
    """A caller's text in an expression, or anywhere but in a function that tames it."""
    for name in HOSTILE:
        for use in re.finditer(r"\$\{" + re.escape(name), step.data):
            before = step.data[: use.start()]
            if step.data.startswith("CW_FROM=${PJSIP_HEADER(") and before == "CW_FROM=":
                continue
            if not before.endswith(
                tuple(f"{each}{argument}" for each in TAMING for argument in _leading(each, before))
            ):
                yield f"{name} is used as it stands in {step.data!r}"


def _leading(function: str, before: str) -> list[str]:
    """What may stand between ``function`` and a variable in it: FILTER's set of characters."""
    inner = before.rpartition(function)[2]
    return [inner] if function in before and not set(inner) & set("${}[]") else []
