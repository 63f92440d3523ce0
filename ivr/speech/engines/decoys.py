"""Words that stand beside a grammar and take what is not in it, for an engine that else rejects nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

WORDS = (
    "about above across after again age air animal baby bed bird blue boat book box boy bridge brother chair"
    " child church city cloud cold dog door dream earth egg eye face family farm father fire fish flower food"
    " foot game girl glass gold grass hand hat head heart horse house ice iron island job king lake leaf light"
    " list lunch man market milk money moon mother mouth music north ocean paper party peace plate pool queen"
    " rain river road rock room rose salt school sea shoe shop sky snow son song south spring square stone story"
    " street sugar summer sun table tea thing tree valley village voice wall water wave wind wine winter wood"
    " world year zoo"
).split()
"""Common, short, of every sound, and not of menus."""

COUNT = 60

Phones = Sequence[str]


def decoys(words: Iterable[str], phones_of: Callable[[str], Phones]) -> list[str]:
    """:data:`COUNT` decoys that sound like none of ``words``, spread over :data:`WORDS`; fewer where there are not so
    many."""
    near = [phones_of(word) for word in words]
    far = [decoy for decoy in WORDS if not any(_alike(phones_of(decoy), each) for each in near)]
    return [far[place * len(far) // COUNT] for place in range(COUNT)] if len(far) > COUNT else far


def _alike(decoy: Phones, word: Phones) -> bool:
    """Whether half of a word's sounds or more are a decoy's, in their order."""
    return _changes(decoy, word) <= max(1, len(word) // 2)


def _changes(one: Phones, other: Phones) -> int:
    """How many sounds are to be put in, left out or changed to make ``other`` of ``one``."""
    row = list(range(len(other) + 1))
    for at, sound in enumerate(one, 1):
        before, row[0] = row[0], at
        for place, wanted in enumerate(other, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (sound != wanted))
    return row[-1]
