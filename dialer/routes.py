"""Which trunk carries a call: longest prefix, lowest cost, its switch's turn, the order named. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from calls.settings import Trunk


@dataclass(frozen=True, slots=True)
class Room:
    """A trunk of a campaign, with how many calls may be added on it at this moment, and why it is none."""

    trunk: Trunk
    free: int
    why: str = ""
    turn: float = 0.0
    """How many calls its switch has had, by its weight: of equal trunks that of the lowest is taken."""
    step: float = 0.0
    """By how much one more call puts that up."""
    away: bool = False
    """Its switch cannot be reached, or not by the agent: nothing waits for it while others carry."""
    beside: int = 0
    """Of its lines, those that legs hold which are no attempts, and which the store does not know."""


@dataclass(frozen=True, slots=True)
class Route:
    """The trunk that is taken. ``carriers``: how many of the campaign's trunks carry such a number."""

    trunk: Trunk
    carriers: int


@dataclass(frozen=True, slots=True)
class NoRoute:
    """No trunk at this moment, and why. ``never``: no trunk of the campaign carries such a number."""

    reason: str
    never: bool = False


def prefix_of(trunk: Trunk, number: str) -> str | None:
    """The longest prefix of the trunk that ``number`` (E.164) begins with; "": it carries all; None: not this one."""
    if not trunk.prefixes:
        return ""
    return max((each for each in trunk.prefixes if number.startswith(each)), key=len, default=None)


def carries(trunks: Iterable[Trunk], number: str) -> bool:
    """Whether one of ``trunks`` carries the number."""
    return any(prefix_of(each, number) is not None for each in trunks)


def choose(number: str, rooms: Sequence[Room], congested_on: Collection[str] = ()) -> Route | NoRoute:
    """The trunk for a call to ``number``; ``rooms``: the campaign's trunks in the order named.

    ``congested_on``: the trunks that were congested when the number was dialled last: the turn is of another, if any
    other carries the number.
    """
    fitting = [(prefix, room) for room in rooms if (prefix := prefix_of(room.trunk, number)) is not None]
    if not fitting:
        return NoRoute(f"no trunk carries {number}: {', '.join(each.trunk.name for each in rooms)}", never=True)
    others = [each for each in fitting if not (each[1].away or each[1].trunk.name in congested_on)] or fitting
    by_rank = sorted(others, key=_rank)  # stable: as named
    for _, room in by_rank:
        if room.free > 0:
            return Route(room.trunk, len(fitting))
    return NoRoute("; ".join(room.why or f"trunk {room.trunk.name} is full" for _, room in by_rank))


def _rank(fitting: tuple[str, Room]) -> tuple[int, float, float]:
    prefix, room = fitting
    return (-len(prefix), room.trunk.cost_a_minute, room.turn)


def joined(ways: Iterable[Sequence[str]]) -> list[frozenset[str]]:
    """Trunks that campaigns have in common, directly or by others, together; ``ways``: each campaign's."""
    groups: list[frozenset[str]] = []
    for each in ways:
        apart = [group for group in groups if group.isdisjoint(each)]
        groups = [*apart, frozenset(each).union(*(group for group in groups if group not in apart))]
    return groups


def describe(rooms: Sequence[Room], health: Sequence[str]) -> str:
    """What is wrong with the campaign's trunks while others of it carry; "" where nothing is, or none carries.

    ``health``: of each, "" where nothing is wrong.
    """
    ill = [words for words in health if words]
    well = [room.trunk.name for room, words in zip(rooms, health, strict=True) if not words]
    if not ill or not well:
        return ""
    return f"{'; '.join(ill)}; {', '.join(well)} {'carries' if len(well) == 1 else 'carry'}"
