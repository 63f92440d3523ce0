"""The numbers by which Kaldi knows the phones: silence, each phone at four places of a word, and garbage."""

from __future__ import annotations

from tests.tinyvosk.pronunciation import PHONES

SILENCE_ID = 1
PLACES = ("begin", "internal", "end", "singleton")
"""Of a phone in its word, by Kaldi's names in ``word_boundary.int``."""

GARBAGE_ID = 2 + len(PLACES) * (len(PHONES) - 1)
LAST_ID = GARBAGE_ID


def phone_id(phone: str, place: int, length: int) -> int:
    """``phone`` as number ``place`` of the ``length`` phones of a word."""
    where = "singleton" if length == 1 else "begin" if place == 0 else "end" if place == length - 1 else "internal"
    return 2 + len(PLACES) * (PHONES.index(phone) - 1) + PLACES.index(where)


def output_of(phone: int) -> int:
    """The network's output for a phone: one for all its places."""
    if phone == SILENCE_ID:
        return 0
    return len(PHONES) if phone == GARBAGE_ID else 1 + (phone - 2) // len(PLACES)


def enter(phone: int) -> int:
    """The transition into the next state, which ends the phone's only one."""
    return 2 * phone


def stay(phone: int) -> int:
    """The transition that stays in the phone."""
    return 2 * phone - 1


def boundaries() -> str:
    """``word_boundary.int``: what each phone is in its word."""
    lines = [f"{SILENCE_ID} nonword"]
    for phone in range(2, LAST_ID + 1):
        place = "singleton" if phone == GARBAGE_ID else PLACES[(phone - 2) % len(PLACES)]
        lines.append(f"{phone} {place}")
    return "\n".join(lines) + "\n"
