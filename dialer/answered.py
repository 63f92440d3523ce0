"""What a campaign's file says of calls that are answered: machines, the message in time, a flow instead of agents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from calls.parts import Flag, Key, Part, PromptKey
from calls.toml_file import Place
from dialer.pace import Pacing
from dialer.presets import Preset

Detector = Annotated[Literal["switch", "engine"], Field(description='"switch" or "engine"')]
NameOrNone = Annotated[
    str | None,
    Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="a name of 1 to 64 letters, digits, _ and -, in quotes"),
]
Machine = Annotated[Literal["hang_up", "message", "person"], Field(description='"hang_up", "message" or "person"')]
"""Hang up at once; leave a message; or treat it as if a person had answered, so that agents say what it is."""


OPTED_OUT = "system.opted_out"
"""The prompt that confirms that somebody is never called again."""


class Answered(Part):
    """The keys of a campaign's file that say what follows on an answer."""

    queue: NameOrNone = None
    """Whose agents talk to who answers. None: of a broadcast, which promises no agent."""
    detect_machine: Flag = False
    detector: Detector = "switch"
    """Who tells machines from people."""
    machine: Machine = "hang_up"
    """What is done with an answering machine."""
    machine_message: PromptKey = None
    """What is left on a machine with ``machine = "message"``."""
    safe_harbour: PromptKey = None
    """What a person hears who answered and for whom no agent came in time. None: of a broadcast."""
    opt_out_key: Key = None
    """The key by which who hears the message is never called again."""
    flow: NameOrNone = None
    """The flow that who answers is led into, of a broadcast."""


def _detector_faults(file: Answered) -> Iterator[tuple[Place, str]]:
    if file.detector == "engine" and not file.detect_machine:
        yield ("detector",), 'detector = "engine" needs detect_machine = true: nobody looks for machines'


def faults(file: Answered, pacing: Pacing, queues: list[str]) -> Iterator[tuple[Place, str]]:
    """What does not fit, each with its place. ``queues``: those of the settings."""
    yield from _detector_faults(file)
    yield from _machine_faults(file)
    if pacing.mode == "broadcast":
        yield from _broadcast_faults(file)
        return
    if file.queue is None:
        yield ("queue",), "missing: expected a name of the settings' queues, whose agents talk to who answers"
    elif file.queue not in queues:
        yield ("queue",), f"no queue {file.queue}: the settings have {', '.join(queues) or 'none'}"
    if file.safe_harbour is None:
        yield ("safe_harbour",), "missing: expected a prompt's key, for people whom no agent reached in time"
    if file.flow is not None:
        yield ("flow",), f'is for [pacing] mode = "broadcast"; the mode is "{pacing.mode}": take one of them out'


def _machine_faults(file: Answered) -> Iterator[tuple[Place, str]]:
    if file.machine != "hang_up" and not file.detect_machine:
        yield ("machine",), f'machine = "{file.machine}" needs detect_machine = true: nobody looks for machines'
    if file.machine == "message" and not file.machine_message:
        yield ("machine",), "no message for machines: name its prompt in machine_message"
    if file.machine_message and file.machine != "message":
        yield ("machine_message",), f'only machine = "message" leaves a message; found machine = "{file.machine}"'


def _broadcast_faults(file: Answered) -> Iterator[tuple[Place, str]]:
    if file.flow is None:
        yield ("flow",), 'missing: mode = "broadcast" leads who answers into a flow, and flow names it'
    for key in ("queue", "safe_harbour", "opt_out_key"):
        if getattr(file, key) is not None:
            yield (key,), 'mode = "broadcast" promises nobody an agent; its flow has nodes for this: take it out'


def warnings(file: Answered, pacing: Pacing, preset: Preset) -> Iterator[tuple[Place, str]]:
    """What is allowed and should be looked at, each with its place."""
    if preset.message_opt_out and pacing.for_agents and file.opt_out_key is None:
        yield (
            ("opt_out_key",),
            f"preset {preset.name} wants a way out of further calls in the safe-harbour message: expected a key,"
            ' such as opt_out_key = "9", and a message that names it',
        )
