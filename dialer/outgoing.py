"""What a campaign's file says of its way out: the trunks, and the numbers that are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field

from calls.parts import Name, Part
from calls.toml_file import Place
from dialer import caller_ids

CallerId = Annotated[
    str | None,
    Field(pattern=r"^\+?[0-9]{3,15}$", description="a number of 3 to 15 digits, with or without +, in quotes"),
]
Shown = Annotated[
    str,
    Field(pattern=r"^\+[0-9]{3,15}$", description='a number in E.164 such as "+12025550100", in quotes'),
]


class Outgoing(Part):
    """The keys of a campaign's file that say how its calls go out."""

    trunk: Annotated[Name | None, Field(description="the name of a trunk, in quotes")] = None
    trunks: Annotated[tuple[Name, ...], Field(max_length=100, description="a list of names of trunks")] = ()
    """Several trunks instead of one."""
    caller_id: CallerId = None
    caller_ids: Annotated[
        tuple[Shown, ...], Field(max_length=1000, description='a list of numbers such as ["+12025550100"]')
    ] = ()
    """Several numbers to be shown instead of one."""

    @property
    def ways(self) -> tuple[str, ...]:
        """The trunks, one or several."""
        return self.trunks if self.trunk is None else (self.trunk,)

    @property
    def shown(self) -> tuple[str, ...]:
        """The numbers that are shown, one or several."""
        return self.caller_ids if self.caller_id is None else (self.caller_id,)


def faults(file: Outgoing, trunks: Sequence[str]) -> Iterator[tuple[Place, str]]:
    """What does not fit, each with its place. ``trunks``: the names of those of the settings."""
    yield from _one_or_several("trunk", "trunks", file.trunk, file.trunks, 'a name, or trunks = ["...", "..."]')
    yield from _one_or_several(
        "caller_id", "caller_ids", file.caller_id, file.caller_ids, 'a number, or caller_ids = ["...", "..."]'
    )
    for place, name in ways(file):
        if name not in trunks:
            yield place, f"no trunk {name}: the settings have {', '.join(trunks) or 'none'}"
    for index, number in enumerate(file.caller_ids):
        if words := caller_ids.problem_of(number):
            yield ("caller_ids", index), f"{number} cannot be shown: {words}"


def ways(file: Outgoing) -> Iterator[tuple[Place, str]]:
    """The trunks with their places in the file."""
    if file.trunk is not None:
        yield ("trunk",), file.trunk
    for index, name in enumerate(file.trunks):
        yield ("trunks", index), name


def _one_or_several(
    one: str, several: str, given: str | None, many: Sequence[str], expected: str
) -> Iterator[tuple[Place, str]]:
    if given is None and not many:
        yield (one,), f"missing: expected {expected}"
    if given is not None and many:
        yield (several,), f"expected {one} or {several}, not both"
    for index, each in enumerate(many):
        if each in many[:index]:
            yield (several, index), f"{each} is named twice: expected each once"
