"""What was said and keyed in a call as far as its flow had a part in it: what the caller heard, and what was
understood of the answers. Nobody writes down what caller and agent say to each other; a line says so there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from calls.switch.port import Prompt
from console.reads.recordings import Happened

LONGEST = 500
"""Lines of one call."""

Texts = Callable[[Prompt], str]


class Speaker(StrEnum):
    """Whose line it is; ``note``: nobody's, something is said about the call."""

    FLOW = "flow"
    CALLER = "caller"
    NOTE = "note"


class Line(BaseModel):
    """``since_s``: after the call began. ``confidence``: 0 to 1 where words were heard by voice and the recogniser
    gave one; ``unsure``: they were asked about."""

    model_config = ConfigDict(frozen=True)
    since_s: float
    who: Speaker
    text: str
    confidence: float | None = None
    unsure: bool = False


def transcript(happened: Iterable[Happened], texts: Texts) -> tuple[Line, ...]:
    """The lines of a call, in order; none where no flow asked and no agent talked. ``texts``: what a prompt says."""
    found: list[Line] = []
    asked_s = 0.0
    for each in happened:
        if each.kind == "exchange":
            command = each.detail.get("command")
            if each.detail.get("masked") and isinstance(command, dict) and "Gather" in command:
                found.append(Line(since_s=asked_s, who=Speaker.FLOW, text="(asks for a secret)"))
            elif said := _prompts(command, texts):
                found.append(Line(since_s=asked_s, who=Speaker.FLOW, text=said))
            asked_s = each.since_s  # the next command is given where this one has its result
        found += _lines(each)
    found.sort(key=lambda line: line.since_s)
    return tuple(found[:LONGEST])


def _prompts(command: object, texts: Texts) -> str:
    """What a command let the caller hear, in words; "" where it is none of ours."""
    match command:
        case {"Listen": {"gather": Mapping() as inside}}:
            pass
        case {"Play": Mapping() as inside} | {"Gather": Mapping() as inside} | {"Record": Mapping() as inside}:
            pass
        case _:
            return ""
    told = inside.get("prompts")
    if not isinstance(told, list):
        return ""
    keys = ("key", "language", "text")
    said = [Prompt(**{name: str(each.get(name) or "") for name in keys}) for each in told if isinstance(each, dict)]
    return " ".join(texts(each) for each in said)


def _lines(each: Happened) -> Iterator[Line]:
    told = each.detail
    match each.kind:
        case "choice" | "direct_dial" | "nomatch" | "collected" | "directory" | "said":
            yield _answer(each)
        case "noinput":
            yield Line(since_s=each.since_s, who=Speaker.CALLER, text="(says and presses nothing)")
        case "agent_connected":
            words = f"Agent {told.get('agent')} comes: what the two say is not written down."
            yield Line(since_s=each.since_s, who=Speaker.NOTE, text=words)
        case "talk_ended":
            yield Line(since_s=each.since_s, who=Speaker.NOTE, text="The talk is over.")
        case "payment":
            yield Line(since_s=each.since_s, who=Speaker.NOTE, text=f"A payment: {told.get('result')}.")
        case "hung_up":
            yield Line(since_s=each.since_s, who=Speaker.NOTE, text=f"Hung up by {told.get('by')}.")
        case _:
            return


def _answer(each: Happened) -> Line:
    told = each.detail
    if told.get("words") and (told.get("by") == "speech" or each.kind == "said"):
        confidence = told.get("confidence")
        text = str(told["words"])
        if each.kind == "nomatch":
            text += " (fits nothing that was asked for)"
        return Line(
            since_s=each.since_s,
            who=Speaker.CALLER,
            text=text,
            confidence=float(confidence) if isinstance(confidence, int | float) else None,
            unsure=told.get("sure") is False,
        )
    keys = str(told.get("keys") or told.get("digits") or "")
    if keys:
        wrong = ", which fits nothing" if each.kind == "nomatch" else ""
        return Line(since_s=each.since_s, who=Speaker.CALLER, text=f"(presses {keys}{wrong})")
    if each.kind == "collected":
        return Line(since_s=each.since_s, who=Speaker.CALLER, text=f"({told.get('length', 0)} secret digits)")
    return Line(since_s=each.since_s, who=Speaker.CALLER, text="(answers with what is not taken)")
