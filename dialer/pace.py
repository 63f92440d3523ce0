"""``[pacing]`` of a campaign's file: how it dials, and the policy that follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from calls.parts import Part
from calls.toml_file import Place
from dialer.pacing import Broadcast, Policy, Power, Predictive, Progressive
from dialer.presets import CONNECT_WITHIN_S, Preset
from dialer.windows import longest

Mode = Literal["progressive", "power", "predictive", "zero-abandon", "manual", "preview", "broadcast"]

MODES = (
    '"progressive" (one line for each free agent), "power" (a ratio of lines for each), "predictive" (dials ahead'
    ' within the cap), "zero-abandon" (an agent kept for each dial), "manual" or "preview" (agents ask for each dial)'
    ', or "broadcast" (no agents)'
)

BY_HAND = {
    "manual": "manual: agents dial by themselves, the campaign dials nothing for them",
    "preview": "preview: agents look at a lead and ask for its dial, the campaign dials nothing by itself",
}
"""Why the core dials nothing by itself, by mode."""

LIVE_AIM = 0.95
"""A live campaign may be stopped at any hour, not only at its window's end: it steers to this share of the cap."""

Ratio = Annotated[float, Field(ge=1, le=10, description="lines for each free agent, 1 to 10")]
Cap = Annotated[float, Field(ge=0, le=1, description="a share from 0 to 1, such as 0.02")]
PerMinute = Annotated[int, Field(ge=1, le=60_000, description="calls in a minute, a whole number, 1 to 60000")]


class Pacing(Part):
    """``[pacing]``: how many are dialled."""

    mode: Annotated[Mode, Field(description=MODES)] = "progressive"
    ratio: Annotated[Ratio | None, Field(description="lines for each free agent, 1 to 10")] = None
    """Of ``power``; None: 1.5."""
    cap: Annotated[Cap | None, Field(description="a share from 0 to 1, such as 0.02")] = None
    """Abandoned of those who answered, where it is to be less than the preset's."""
    calls_per_minute: Annotated[PerMinute | None, Field(description="calls in a minute, 1 to 60000")] = None
    """Of ``broadcast``; None: as fast as lines and calls per second allow."""

    @property
    def by_hand(self) -> str:
        """Why nothing is dialled unless an agent asks for it; "": it is dialled by itself."""
        return BY_HAND.get(self.mode, "")

    @property
    def each_second(self) -> bool:
        """True where it is decided once a second, whatever happens or not; else at each event."""
        return self.mode in ("predictive", "broadcast")

    @property
    def for_agents(self) -> bool:
        """True where the answered calls are dialled for agents: they must be there within two seconds."""
        return self.mode in ("progressive", "power", "predictive", "zero-abandon")

    def reserves(self, preset: Preset) -> bool:
        """True where an agent is kept for each dial: the mode, the preset or a cap of nothing asks for it."""
        wanted = self.mode == "zero-abandon" or preset.reserve_agent or self.cap_within(preset) <= 0
        return self.for_agents and wanted

    def cap_within(self, preset: Preset) -> float:
        """The share that may be abandoned: the preset's, or less where the file asks for it."""
        return preset.abandonment_cap if self.cap is None else min(self.cap, preset.abandonment_cap)


def policy_of(pacing: Pacing, preset: Preset, ring_timeout_s: float) -> Policy:
    """A new policy, which has seen nothing yet."""
    cap = pacing.cap_within(preset)
    if pacing.reserves(preset):
        return Progressive(cap, CONNECT_WITHIN_S, ring_timeout_s)
    match pacing.mode:
        case "power" if pacing.ratio is not None:
            return Power(cap, CONNECT_WITHIN_S, ring_timeout_s, pacing.ratio)
        case "power":
            return Power(cap, CONNECT_WITHIN_S, ring_timeout_s)
        case "predictive":
            window_s = longest(preset.cap_window).total_seconds()
            return Predictive(cap, CONNECT_WITHIN_S, ring_timeout_s, LIVE_AIM, window_s)
        case "broadcast":
            return Broadcast(pacing.calls_per_minute)
        case _:
            return Progressive(cap, CONNECT_WITHIN_S, ring_timeout_s)


def faults(pacing: Pacing, preset: Preset) -> Iterator[tuple[Place, str]]:
    """What does not fit, each with its place."""
    if pacing.ratio is not None and pacing.mode != "power":
        yield ("pacing", "ratio"), f'is for mode = "power"; the mode is "{pacing.mode}": take one of them out'
    if pacing.calls_per_minute is not None and pacing.mode != "broadcast":
        yield (
            ("pacing", "calls_per_minute"),
            f'is for mode = "broadcast"; the mode is "{pacing.mode}": take one of them out',
        )
    if pacing.cap is not None and pacing.cap > preset.abandonment_cap:
        yield (
            ("pacing", "cap"),
            f"expected {preset.abandonment_cap:g} or less, as preset {preset.name} demands; found {pacing.cap:g}",
        )
