"""The room on trunks: whose lines and calls per second are free, why none is, and what their switches are at.

Attempts and legs that are none share them. Each of them is counted from when it has its line to when that is free.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from calls.settings import Trunk
from dialer.campaign import Campaign
from dialer.routes import Room
from dialer.trunks import TrunkGate
from dialer.turns import Turns

HOLD_LOOK_S = 0.25
"""Who waits for a line looks again after this whether the switch has settled."""


class TrunkRooms:
    """Of all trunks. Whoever has a line is counted in :attr:`held` or :attr:`beside`, by the trunk's name."""

    def __init__(
        self,
        trunks: Iterable[Trunk],
        now: float,
        turns: Turns,
        asked: Callable[[str], int],
        wake: Callable[[float | None], None],
    ) -> None:
        """``asked``: how many attempts the store was asked for on a trunk and has not begun yet. ``wake`` hears when
        there is a call a second more."""
        self.held: Counter[str] = Counter()
        self.unsent: Counter[str] = Counter()
        """Attempts by trunk, and those of them that are not sent: asked for whenever anything happens to one."""
        self.beside: Counter[str] = Counter()
        """Legs by trunk that are no attempts."""
        self.waiting: Counter[str] = Counter()
        """Those that wait for a call a second: attempts leave it to them."""
        self.gates = {trunk.name: TrunkGate(trunk, now) for trunk in trunks}
        self.turns = turns
        self._asked = asked
        self._wake = wake
        self._owners = {gate.trunk.switch or "" for gate in self.gates.values()}
        several = len(self._owners) > 1
        self.holds = {
            owner: f"{f'switch {owner}' if several else 'the switch'} is not connected yet" for owner in self._owners
        }
        """Why nothing is dialled on a switch; "" where nothing holds."""

    # --- switches ---------------------------------------------------------------------------------------------

    @property
    def hold(self) -> str:
        """Why nothing is dialled at all; "" where something may be."""
        held = [self.holds.get(switch, "") for switch in sorted(self._owners)]
        return "; ".join(held) if all(held) else ""

    def hold_of(self, campaign: Campaign) -> str:
        """Why nothing is dialled on any switch of the campaign; "" where something may be."""
        held = [self.holds.get(switch, "") for switch in self.ways_of(campaign)]
        return "; ".join(held) if all(held) else ""

    def switch_of(self, trunk: str) -> str:
        """The switch that owns the trunk; "": the only one, or the settings do not have the trunk any more."""
        gate = self.gates.get(trunk)
        return (gate.trunk.switch or "") if gate is not None else ""

    def ways_of(self, campaign: Campaign) -> Mapping[str, tuple[str, ...]]:
        """The campaign's trunks by the switches that own them, in the order named."""
        ways: dict[str, tuple[str, ...]] = {}
        for trunk in campaign.file.ways:
            switch = self.switch_of(trunk)
            ways[switch] = (*ways.get(switch, ()), trunk)
        return ways

    def open_ways(self, campaign: Campaign, now: float, switch: str | None = None) -> tuple[Room, ...]:
        """See :meth:`dialer.core.DialerCore.open_ways`. Calls per second are not counted: one call waits for them."""
        gates = [self.gates[trunk] for trunk in campaign.file.ways]
        up = [gate for gate in gates if not self._elsewhere(gate, switch)]
        all_rest = all(gate.describe(now) for gate in up)
        return tuple(self._open_way(gate, now, all_rest, self._elsewhere(gate, switch)) for gate in gates)

    def _elsewhere(self, gate: TrunkGate, switch: str | None) -> str:
        """Why a call that must be on ``switch`` (None: any) does not go over the trunk; "": it may."""
        owner = gate.trunk.switch or ""
        if switch is not None and owner != switch:
            return f"trunk {gate.trunk.name} is of switch {owner}, the agent is reached on {switch}"
        return self.holds.get(owner, "")

    def _open_way(self, gate: TrunkGate, now: float, all_rest: bool, elsewhere: str) -> Room:
        rests = gate.describe(now)
        free = gate.trunk.lines if not elsewhere and (all_rest or not rests) else 0
        beside = self.beside[gate.trunk.name]
        return self._in_turn(Room(gate.trunk, free, elsewhere or rests, away=bool(elsewhere), beside=beside))

    def _in_turn(self, room: Room) -> Room:
        owner = room.trunk.switch or ""
        return replace(room, turn=self.turns.at(owner), step=self.turns.step(owner))

    def free(self, trunk: str, now: float) -> tuple[int, bool]:
        """How many calls may be added on a trunk, beyond what the store was asked for and has not answered yet; True:
        its lines bound them, and not its calls per second."""
        gate = self.gates[trunk]
        if self.holds.get(gate.trunk.switch or ""):
            return 0, False
        per_second = gate.may_place(now) - self.unsent[trunk] - self.waiting[trunk] - self._asked(trunk)
        if per_second <= 0:
            self._wake(gate.next_at(now))
        lines = self._lines_left(gate.trunk)
        return max(0, min(lines, per_second)), lines <= per_second

    def room(self, trunk: str, now: float) -> Room:
        """A trunk, how many calls may be added on it, and why it is none."""
        gate = self.gates[trunk]
        if hold := self.holds.get(gate.trunk.switch or ""):
            return self._in_turn(Room(gate.trunk, 0, hold, away=True))
        free, by_lines = self.free(trunk, now)
        full = f"trunk full: {gate.trunk.lines} lines of {trunk}"
        busy = gate.describe(now) or f"{gate.trunk.calls_per_second:g} calls per second on {trunk}"
        why = "" if free else full if by_lines else busy
        return self._in_turn(Room(gate.trunk, free, why, beside=self.beside[trunk]))

    def may_place(self, gate: TrunkGate, now: float) -> bool:
        """Whether an unsent attempt may go out. One that was asked for may have been begun while the last line was
        given to a leg that is no attempt: it goes when one is free again."""
        name = gate.trunk.name
        full = self.held[name] + self.beside[name] > gate.trunk.lines
        return gate.may_place(now) > self.waiting[name] and not full

    def _lines_left(self, trunk: Trunk) -> int:
        name = trunk.name
        return trunk.lines - self.held[name] - self.beside[name] - self._asked(name)

    # --- legs that are no attempts ----------------------------------------------------------------------------

    def line_free_at(self, trunk: str, now: float) -> float | None:
        """When a leg that is no attempt may go out by the trunk, by its calls per second; None: it is full. While it
        is not known what is up on the trunk's switch none goes out."""
        gate = self.gates[trunk]
        if self.holds.get(gate.trunk.switch or ""):
            return now + HOLD_LOOK_S
        return gate.spare_at(now) if self._lines_left(gate.trunk) > 0 else None
