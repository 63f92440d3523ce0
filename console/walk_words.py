"""What happens in a walk through a flow, in words: for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from enum import Enum

from calls.switch.port import Gather, KeyPlan, Prompt, Record, Transfer
from ivr.commands import Command, Enqueue, Listen, Lookup, Result
from ivr.speech.expected import Expected

SHOWN_KEYS = 12
"""How many choices are shown of a menu; a company has hundreds of extensions."""


def asks(command: Command) -> str:
    """What a person who walks may type at ``command``."""
    match command:
        case Listen():
            return "words or keys (empty: silence, s?=words: heard unsurely, s-: not understood, h: hang up)"
        case Gather():
            return "keys (empty: silence, h: hang up)"
        case Lookup():
            return "l+price=9.50: it is found, l-: it is not, lf: it fails, h: hang up"
        case Enqueue():
            return "q+: an agent comes, q-: nobody comes, h: hang up"
        case Record():
            return "m10: speaks for 10 s, #: ends it, empty: speaks for 5 s, h: hang up"
        case _:
            return "t+: it is answered, t-: it is not, h: hang up"


def described(command: Command) -> Iterator[str]:
    """What is listened for or waited for, and for how long; what is heard is shown already."""
    match command:
        case Listen(gather, expected):
            yield f"listens for {_expected(expected)}"
            yield from described(gather)
        case Gather():
            yield f"listens for {_choices(command.plan)}"
            first = (
                f"{command.first_key_timeout_s:g} s for the first key, {command.next_key_timeout_s:g} s for each more"
            )
            yield first if command.barge_in else f"{first}; not before the end of the prompts"
        case Enqueue():
            most = (
                "as long as the queue has it" if command.max_wait_s is None else f"{command.max_wait_s:g} s at most"
            )
            yield f"waits in {command.queue}, priority {command.priority}, {most}"
            if command.announce:
                yield f"hears this again every {command.announce_every_s:g} s, and music between"
        case Transfer(destination, ring_s):
            yield f"rings {destination} for {ring_s:g} s at most"
        case _:
            told = [f"{name} {value}" for name, value in _held(command)]
            if told:
                yield ", ".join(told)


def _choices(plan: KeyPlan) -> str:
    choices = sorted(plan.choices, key=lambda keys: (len(keys), keys))
    shown = choices[:SHOWN_KEYS] + ([f"… ({len(choices)} in all)"] if len(choices) > SHOWN_KEYS else [])
    return ", ".join(shown + [f"any {length} digits" for length in sorted(plan.direct_dial_digits)])


def _expected(expected: Expected) -> str:
    """What may be said: of phrases the first few, else what kind of thing."""
    phrases = [f'"{phrase}"' for phrase in expected.phrases]
    if not phrases:
        return f"{expected.kind.value} by voice"
    more = [f"… ({len(phrases)} in all)"] if len(phrases) > SHOWN_KEYS else []
    return ", ".join(phrases[:SHOWN_KEYS] + more)


def _held(value: Command | Result) -> Iterator[tuple[str, object]]:
    """The fields of a command or a result that say something; prompts are shown by their texts."""
    for each in fields(value):
        held = getattr(value, each.name)
        if held in (None, False, ()) or (isinstance(held, tuple) and isinstance(held[0], Prompt)):
            continue
        yield each.name, held.value if isinstance(held, Enum) else held


def result_in_words(result: Result) -> str:
    """A result in a few words: its name, and what it carries."""
    return f"{type(result).__name__} {', '.join(str(held) for _, held in _held(result))}".strip()
