"""Power pacing: a ratio of lines for each free agent, for as long as the cap has room for one more abandoned call."""

from __future__ import annotations

from math import floor

from dialer.pacing.model import NO_AGENT, Explanation, Observation, Snapshot

RATIO = 1.5
"""Lines for each free agent where nobody said another number."""


class Power:
    """``ratio`` lines for each free agent, less what rings, is being listened to, or waits. It learns nothing.

    Nobody is dialled ahead of the agents while one more abandoned call would break the cap: then, and until enough
    people have answered at the start, it is one line for each free agent. Waiting inbound calls go first.
    """

    def __init__(
        self, abandonment_cap: float, connect_within_s: float, no_answer_s: float, ratio: float = RATIO
    ) -> None:
        self._cap = abandonment_cap
        self._ratio = ratio
        self._last = Explanation("nothing was asked yet")

    def observe(self, seen: Observation) -> None:
        """Nothing: the ratio is fixed."""

    def decide(self, snapshot: Snapshot) -> int:
        """New dials now: 0 to ``snapshot.lines_free``."""
        under_way = len(snapshot.ringing_since_s) + len(snapshot.detecting_since_s) + snapshot.waiting
        ratio, guarded = self._ratio_now(snapshot)
        wanted, reason = self._number(snapshot, under_way, ratio)
        dials = max(0, min(wanted, snapshot.lines_free))
        if dials < wanted:
            reason = f"{wanted} wanted, and lines or calls per second leave {dials}"
        figures: dict[str, int | float | str] = {
            "wanted": wanted,
            "dials": dials,
            "ratio": ratio,
            "ready": snapshot.ready,
            "under_way": under_way,
            "answers": snapshot.window_answers,
            "abandons": snapshot.window_abandons,
            "cap": self._cap,
        }
        self._last = Explanation(f"{reason}{guarded if snapshot.ready else ''}", figures)
        return dials

    def _ratio_now(self, seen: Snapshot) -> tuple[float, str]:
        """The ratio that the cap has room for, and why it is less than the file's."""
        if seen.window_abandons + 1 <= self._cap * seen.window_answers or self._ratio <= 1:
            return self._ratio, ""
        spent = f"{seen.window_abandons} of {seen.window_answers} abandoned"
        return 1.0, f" (one line for each: with {spent}, one more would break the cap of {100 * self._cap:g}%)"

    def _number(self, seen: Snapshot, under_way: int, ratio: float) -> tuple[int, str]:
        if seen.inbound_waiting > 0:
            return 0, f"inbound calls wait: {seen.inbound_waiting}"
        if seen.ready <= 0:
            return 0, NO_AGENT
        wanted = max(0, floor(ratio * seen.ready) - under_way)
        return wanted, f"{ratio:g} lines for each of {seen.ready} free agents, less {under_way} under way"

    def explain(self) -> Explanation:
        """Why the last decision was what it was."""
        return self._last
