"""The settings of who works on the floor beside agents and queues: pauses, codes of agents' phones, supervisors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

from pydantic import Field

from calls.errors import UserError
from calls.parts import Count, Endpoint, Flag, Language, Name, Part, Title


class PauseReason(Part):
    """``[[pause_reasons]]``: why an agent may pause. With none of them any text is a reason."""

    id: Name
    label: Title
    key: Annotated[str | None, Field(pattern=r"^[0-9]$", description='one key, "0" to "9", in quotes')] = None
    """The digit of it behind the code for a pause on the agent's own phone; none: not to be had there."""
    paid: Flag = True
    limit_minutes: Count | None = None
    """How long one such pause may last; who stays longer is shown so."""


class SupervisorSettings(Part):
    """``[[supervisors]]``: who may hear agents' talks, and by which phone."""

    id: Name
    name: Title
    switch: Name | None = None
    """Where the phone is reached, and whose talks it can be put beside; needed where there are several switches."""
    endpoint: Endpoint
    trunk: Name | None = None
    """The trunk over which the phone is reached: it takes one of the trunk's lines; none: it is reached over none."""
    announce: Flag = True
    """The agent hears a tone before the supervisor hears the talk."""


TargetDigits = Annotated[str, Field(pattern=r"^[0-9]{1,3}$")]
TransferTarget = Annotated[str, Field(pattern=r"^(agent|queue|destination|supervisor) [A-Za-z0-9_-]{1,64}$")]


class FeatureCodes(Part):
    """``[feature_codes]``: what agents dial on their own phones. The dialplan is rendered with ``prefix``."""

    prefix: Annotated[
        str, Field(pattern=r"^[*#0-9]{1,6}$", description='what every code begins with, such as "*9", in quotes')
    ] = "*9"
    language: Language | None = None
    """What is said to agents; none: in the first language of the prompts."""
    authenticator: Name | None = None
    """Who judges the PIN that a log-in asks for, by the agent's id; none: no PIN is asked for."""
    transfers: Annotated[
        dict[TargetDigits, TransferTarget],
        Field(
            description='one to three digits and an agent, a queue, a destination or a supervisor: {1 = "queue a"}'
        ),
    ] = Field(default_factory=dict)
    """To whom callers are handed on by the digits behind the code for that."""


def check_reason(reasons: Iterable[PauseReason], reason: str) -> None:
    """Nothing, where an agent may pause for ``reason``.

    Raises:
        UserError: the settings have reasons, and this is none of them.
    """
    known = [each.id for each in reasons]
    if known and reason not in known:
        raise UserError(f"{reason!r} is no reason for a pause: expected one of {', '.join(known)}")


def reason_of_key(reasons: Iterable[PauseReason], key: str) -> str | None:
    """The reason whose digit is ``key``; None: there is none."""
    return next((each.id for each in reasons if each.key == key), None)


def target_faults(targets: Mapping[str, str], known: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, str]]:
    """Targets that nothing is; ``known``: the names by kind. The digits, and what is wrong."""
    for digits, target in targets.items():
        kind, _, name = target.partition(" ")
        names = list(known[kind])
        if name not in names:
            yield (
                digits,
                f"there is no {kind} {name}: expected one of {', '.join(names) or 'none, for there are none'}",
            )


def key_faults(reasons: Iterable[PauseReason]) -> Iterator[tuple[int, str]]:
    """Digits that two reasons share: which of the reasons, and what is wrong."""
    seen: dict[str, str] = {}
    for index, reason in enumerate(reasons):
        if reason.key is None:
            continue
        if reason.key in seen:
            yield index, f"{reason.key} is the key of {seen[reason.key]}: expected another one"
        seen.setdefault(reason.key, reason.id)
