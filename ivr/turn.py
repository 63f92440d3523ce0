"""What a node sees of the call while the caller is in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from calls.switch.port import Prompt
from ivr.trail import Detail, Instant, Kind, TrailEvent


class Turn:
    """The state of one call that nodes share: the moment, the language, the extensions, the trail, the outcome."""

    def __init__(self, language: str, extensions: Mapping[str, str], now: Instant, draw: float = 0.0) -> None:
        self.language = language
        self.extensions = extensions
        self.node = ""
        """The node the caller is in; "" before the first."""
        self.outcome: str | None = None
        """The call's outcome, once it is settled."""
        self.trail: list[TrailEvent] = []
        self.talk_s = 0.0
        self.wait_s = 0.0
        self.connected_s: float | None = None
        """When the talk under way with an agent began, on the monotonic clock."""
        self.draw = draw
        """A number in [0, 1) for the next split."""
        self.arms: dict[str, str] = {}
        """The ways that this call was sent by its splits, by their names."""
        self._began = now
        self._now = now

    @property
    def now(self) -> Instant:
        """The moment of the latest result."""
        return self._now

    def move_to(self, now: Instant) -> None:
        """Take ``now`` for the moment; the monotonic clock never runs backwards here."""
        self._now = now if now.mono_s >= self._now.mono_s else Instant(now.at, self._now.mono_s)

    @property
    def since_s(self) -> float:
        """Seconds since the session began."""
        return self._now.mono_s - self._began.mono_s

    def prompts(self, keys: Iterable[str]) -> tuple[Prompt, ...]:
        """The prompts of ``keys`` in the caller's language."""
        return tuple(Prompt(key, self.language) for key in keys)

    def note(self, kind: Kind, **detail: str | int | float | bool | None) -> None:
        """Add to the trail, with the node where there is one; seconds to the millisecond."""
        named: Detail = {"node": self.node, **detail} if self.node else detail
        exact = {name: round(value, 3) if isinstance(value, float) else value for name, value in named.items()}
        self.trail.append(TrailEvent(self._now.at, self.since_s, kind, exact))

    def settle(self, outcome: str) -> None:
        """Let ``outcome`` be the call's, unless one is settled already."""
        if self.outcome is None:
            self.outcome = outcome
