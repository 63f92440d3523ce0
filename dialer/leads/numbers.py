"""The numbers of a lead and which of them is dialled next. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from dialer.compliance import Lead, Refused
from dialer.order import Kind


@dataclass(frozen=True, slots=True)
class LeadNumber:
    """One number of a lead, with the zones that the person may be in when it rings."""

    kind: Kind
    lead: Lead


def in_turn(
    numbers: Sequence[LeadNumber], kinds: Sequence[Kind], tries: Mapping[str, int], dead: Collection[str]
) -> list[LeadNumber]:
    """The numbers that may be asked about, the one whose turn it is first.

    ``kinds`` go first in their order, what they do not name as it comes; ``tries``: how often each number was dialled
    so far, the fewest first, so that one attempt after another goes through them; ``dead``: they lead to nobody.
    """
    rank = {kind: place for place, kind in enumerate(kinds)}
    alive = [each for each in numbers if each.lead.number not in dead]
    return sorted(alive, key=lambda each: (tries.get(each.lead.number, 0), rank.get(each.kind, len(rank))))


def of_all(refused: Sequence[Refused]) -> Refused:
    """What stands for a lead of whose numbers none may be dialled: the one that may be dialled the earliest.

    Of those that may never be, the first; with no number left at all, the rule ``number``.
    """
    return min(
        (each for each in refused if each.until is not None),
        key=lambda each: each.until,  # type: ignore[arg-type, return-value]  # None was left out
        default=refused[0] if refused else Refused("number", None),
    )
