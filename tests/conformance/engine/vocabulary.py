"""The words in which whole calls are written: a flow or a dialled number, what people do, and what must come of it.

A script owns the flow, the queue, the agent, the trunk and the campaign of its name; flows and trails may say ``own``
for it. What must come of it is said once and holds on every switch:

``commands``  what the engine asked of the call's channel, in order, parted by ``|``: see :func:`said`
``trail``     the events of the call's record, one on a line: see :func:`told`
``record``    the call's row
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from calls.causes import NORMAL_CLEARING, Outcome
from calls.switch import port
from calls.switch.port import (
    Answer,
    Connect,
    Detected,
    EndedBy,
    Gather,
    Hangup,
    Hold,
    MuteRecording,
    Play,
    PlayRecording,
    Prompt,
    StartRecording,
    StopGather,
    StopPrompts,
    StopRecording,
    SwitchCommand,
    Transfer,
)
from tests.conformance.vocabulary import Act, Need

OWN = "own"
"""What a script calls its flow, queue, agent and trunk; on the premises they have the script's name."""

Span = tuple[float, float]
"""From the shortest to the longest that is right, in seconds; a switch's slack widens it."""


def about(seconds: float) -> Span:
    """Exactly so long, but for the slack."""
    return (seconds, seconds)


@dataclass(frozen=True, slots=True)
class Agent:
    """The agent of the script's own queue, logged in before the call begins."""

    on_hook: bool = False
    """Rung for each call; else nailed up."""
    ends_talk_after_s: float | None = None
    """The agent ends each talk so long after it began; None: leaves that to the other side."""
    holds_after_s: float | None = None
    """The agent puts the caller on hold so long after a talk began; None: does not."""
    takes_back_after_s: float | None = None
    """The agent takes the caller back so long after that; None: leaves the caller on hold."""
    is_away: bool = False
    """Logged in, and on a break."""
    goes_at_the_ring: bool = False
    """Goes on a break when the dialled phone rings: nobody is there for who answers."""


@dataclass(frozen=True, slots=True)
class Record:
    """What the call's row must say. Its parts add up to its duration, whatever they are."""

    outcome: Outcome
    ended_by: EndedBy | None
    last_node: str | None = None
    causes: frozenset[int | None] = frozenset({NORMAL_CLEARING})
    """Where the far end hung up, a switch need not say the cause."""
    is_answered: bool = True
    talks: int = 0
    """With the script's agent."""
    in_queue: bool = False
    """The call waited in the script's queue."""
    is_abandoned: bool = False
    is_opted_out: bool = False
    """The caller's number is on the do-not-call list after the call."""
    ring_s: Span | None = None
    menu_s: Span = (0.0, 0.0)
    wait_s: Span | None = None
    talk_s: Span = (0.0, 0.0)
    hold_s: Span | None = None
    connect_s: Span | None = None
    detected: Detected | None = None


@dataclass(frozen=True, slots=True)
class FlowScript:
    """One call that comes in, through a flow of its own; ``nodes`` is YAML. Without nodes no flow takes the call."""

    name: str
    asserts: str
    nodes: str
    caller: tuple[Act, ...]
    commands: str
    trail: str
    record: Record
    agent: Agent | None = None
    head: str = ""
    """What the flow has beside its nodes, in YAML: extensions, variables."""
    inner: str = ""
    """The nodes of a flow that this one may call as ``own``; it declares ``asked`` and ``answer``."""
    needs: Need = Need.MENU
    may_hold: bool = False
    """What is done for the call may take longer than a moment: then there is music, which no script can foresee."""


@dataclass(frozen=True, slots=True)
class CampaignScript:
    """One lead of a campaign of its own, with a number of this last digit."""

    name: str
    asserts: str
    digit: str
    commands: str
    trail: str
    record: Record
    agent: Agent = Agent()
    detect_machine: bool = False
    ring_timeout_s: float = 8.0
    state: str = ""
    """The state of the United States in which the lead is, WA; "": the lead is in Berlin."""
    tables: str = ""
    """What stands in the campaign's file beside the lines of every campaign."""
    is_told_on_recording: bool = False
    """The recording begins with the announcement, which is ``conformance.short``."""
    needs: Need = Need.DIAL


EngineScript = FlowScript | CampaignScript


def said(command: SwitchCommand) -> str:
    """``command`` in a script's words.

    ::

        answer    play short long    gather short for 1,2    gather long whole for 1    gather for 2 digits
        gather short for 4 to 8 digits
        hold      connect            transfer busy           hangup 16
        record short for 20          start recording    stop recording    mute    unmute    hear
        stop prompts    stop gather
    """
    match command:
        case Answer():
            return "answer"
        case Play(prompts):
            return " ".join(("play", *map(_short, prompts)))
        case Gather(prompts, plan):
            whole = () if command.barge_in else ("whole",)
            choices = [",".join(sorted(plan.choices))] if plan.choices else []
            free = _lengths(sorted(plan.direct_dial_digits))
            return " ".join(("gather", *map(_short, prompts), *whole, "for", " or ".join(choices + free)))
        case StopPrompts():
            return "stop prompts"
        case StopGather():
            return "stop gather"
        case Hold():
            return "hold"
        case Connect():
            return "connect"
        case Transfer(destination):
            return f"transfer {destination}"
        case port.Record(_, prompts, longest_s):
            return " ".join(("record", *map(_short, prompts), "for", f"{longest_s:g}"))
        case PlayRecording():
            return "hear"
        case StartRecording():
            return "start recording"
        case StopRecording():
            return "stop recording"
        case MuteRecording(muted):
            return "mute" if muted else "unmute"
        case Hangup(cause):
            return f"hangup {cause}"
        case _:
            assert_never(command)


def _lengths(lengths: list[int]) -> list[str]:
    """Each by itself; many in a row by the first and the last."""
    if len(lengths) > 2 and lengths == list(range(lengths[0], lengths[-1] + 1)):
        return [f"{lengths[0]} to {lengths[-1]} digits"]
    return [f"{length} digits" for length in lengths]


def _short(prompt: Prompt) -> str:
    return prompt.key.removeprefix("conformance.")


TIMES = frozenset(("took_s", "menu_s", "wait_s", "talk_s", "hold_s", "duration_s"))
"""Differ from run to run; the record's own are judged."""

ELSEWHERE = frozenset(("version", "cause", "traceback", "reference", "id", "recording"))
"""The flow's version is its text's; the cause stands in the record; a traceback is for people; numbers and ids are
given in the order in which calls ask for them."""


def told(kind: str, detail: Mapping[str, object], own: str) -> str:
    """An event in a script's words: kind, node, details, times left out.

    ::

        node_entered menu type=menu
        choice menu keys=1 to=bye barged_in=False
    """
    left_out = TIMES | ELSEWHERE | {"node"}
    words = [kind, *([str(detail["node"])] if "node" in detail else [])]
    for name, value in detail.items():
        if name not in left_out:
            words.append(f"{name}={OWN if value == own else value}")
    return " ".join(words)
