"""Progressive pacing: one line for each agent who is free, so that an agent is there for whoever answers."""

from __future__ import annotations

from dialer.pacing.model import NO_AGENT, Explanation, Observation, Snapshot


class Progressive:
    """One line for each free agent, less what rings, is being listened to, or waits. It learns nothing.

    Waiting inbound calls take the free agents first: no dial while one waits. While more people were abandoned than
    the cap allows, one call at a time.
    """

    def __init__(self, abandonment_cap: float, connect_within_s: float, no_answer_s: float) -> None:
        self._cap = abandonment_cap
        self._last = Explanation("nothing was asked yet")

    def observe(self, seen: Observation) -> None:
        """Nothing: what is free and what rings is all that counts here."""

    def decide(self, snapshot: Snapshot) -> int:
        """New dials now: 0 to ``snapshot.lines_free``."""
        under_way = len(snapshot.ringing_since_s) + len(snapshot.detecting_since_s) + snapshot.waiting
        dials, reason = self._number(snapshot, under_way)
        figures: dict[str, int | float | str] = {
            "ready": snapshot.ready,
            "under_way": under_way,
            "inbound_waiting": snapshot.inbound_waiting,
            "lines_free": snapshot.lines_free,
            "dials": dials,
        }
        self._last = Explanation(reason, figures)
        return dials

    def _number(self, seen: Snapshot, under_way: int) -> tuple[int, str]:
        if seen.inbound_waiting > 0:
            return 0, f"inbound calls wait: {seen.inbound_waiting}"
        if seen.ready <= 0:
            return 0, NO_AGENT
        wanted = seen.ready - under_way
        if wanted <= 0:
            return 0, f"all {seen.ready} free agents have a call under way"
        over_cap = seen.window_abandons > self._cap * seen.window_answers
        if over_cap and under_way:
            return (
                0,
                f"abandonment above the cap ({seen.window_abandons} of {seen.window_answers}): one call at a time",
            )
        if over_cap:
            wanted = 1
        dials = max(0, min(wanted, seen.lines_free))
        if dials < wanted:
            return dials, f"{wanted} wanted, and lines or calls per second leave {dials}"
        return dials, f"free agents: {seen.ready}, calls under way: {under_way}"

    def explain(self) -> Explanation:
        """Why the last decision was what it was."""
        return self._last
