"""``lists`` of a campaign: several lists that are dialled beside each other by their weights. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from calls.ids import ListId
from calls.parts import Name, Part


class ListShare(Part):
    """One list of several, and how many of its leads are dialled for each of another's of weight 1."""

    name: Name
    weight: Annotated[int, Field(ge=1, le=1000, description="a whole number, 1 to 1000")] = 1


def interleave(
    weights: Mapping[ListId, int], ready: Mapping[ListId, int], credit: Mapping[ListId, int], count: int
) -> tuple[list[ListId], dict[ListId, int]]:
    """Whose leads are next, and the credit that each list has then: smooth weighted round robin.

    In each turn every list that has a lead left gets its weight as credit; the one with the most is next and pays
    what all got. So a list of weight 3 is not dialled three times in a row. ``ready``: how many leads each list has,
    ``credit``: as the last call gave it. A list that has run dry gives its credit up.

    Source: nginx's upstream round robin (commit 52327e0627f4, 2012).
    """
    left = {name: ready.get(name, 0) for name in weights}
    owed = {name: credit.get(name, 0) for name in weights}
    turns: list[ListId] = []
    while len(turns) < count and (open_ := [name for name in weights if left[name] > 0]):
        for name in open_:
            owed[name] += weights[name]
        best = max(open_, key=lambda name: owed[name])
        owed[best] -= sum(weights[name] for name in open_)
        left[best] -= 1
        turns.append(best)
    return turns, {name: owed[name] if left[name] > 0 else 0 for name in weights}
