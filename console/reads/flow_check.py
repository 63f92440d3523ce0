"""The text of a flow that somebody edits, checked as a publishing would check it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from calls.errors import UserError
from calls.ids import is_safe_id
from calls.settings import Settings
from calls.text import printable
from console import building
from ivr.check import Draft, check
from ivr.document import MAX_BYTES
from prompts.library import PromptLibrary


class FlowText(BaseModel):
    """A text that is to be checked as the file of the flow ``flow``."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    flow: Annotated[str, Field(max_length=64)]
    text: Annotated[str, Field(max_length=MAX_BYTES)]


class FaultShown(BaseModel):
    """A fault: where, what is wrong and what was expected, which rule, ``error`` or ``warning``."""

    model_config = ConfigDict(frozen=True)
    line: int | None
    key: str
    problem: str
    rule: str
    severity: str


def faults_of(settings: Settings, given: FlowText) -> list[FaultShown]:
    """All faults by line; empty where the text could be published without a word. Reads the prompts' texts.

    Raises:
        UserError: the flow's name is no id, or the text cannot be written.
    """
    if not is_safe_id(given.flow):
        raise UserError(f"{printable(given.flow)!a} is no name of a flow: 1 to 64 letters, digits, _ and -")
    try:
        source = given.text.encode()
    except UnicodeEncodeError as problem:
        raise UserError("the text has half a letter in it, which no file can hold") from problem
    path = settings.flows / f"{given.flow}.yaml"
    library = PromptLibrary(settings.prompts)
    found = check(path, building.known(settings, library), {given.flow: Draft(Path(path.name), source)})
    return [
        FaultShown(
            line=each.where.line,
            key=each.where.key or "",
            problem=each.problem,
            rule=each.rule.value,
            severity=each.severity.value,
        )
        for each in found
    ]
