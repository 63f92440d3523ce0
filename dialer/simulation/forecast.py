"""What would come of another agent, another line, another point of cap: a campaign's own records, simulated on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from dialer.pace import policy_of as live_policy
from dialer.pacing import Policy
from dialer.simulation.measured import Measurement
from dialer.simulation.replications import Interval, interval, shared
from dialer.simulation.run import Run
from dialer.simulation.scenario import HOUR_S, Scenario, Shift
from dialer.simulation.staffing import agents_for_abandonment, agents_for_service, lines_for
from dialer.simulation.tally import Tally

POINT = 0.01
"""A point of cap."""

HOURS, WARM_UP_S = 2.0, 1800.0
"""How long each run is where nobody says so, and what goes before that is counted."""

BLOCKED = 0.01
"""The share of dials that may find all lines busy."""

LEAST_LOST = 0.001
"""Staffing by Erlang reckons with no smaller share of lost answers: none at all would take agents without end."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One replication of a variant, with the campaign's own pace."""

    measured: Measurement
    scenario: Scenario
    seed: int

    def tally(self) -> Tally:
        """What comes of it."""
        return Run(self.scenario, self._policy(), self.seed).go()

    def _policy(self) -> Policy:
        campaign, scenario = self.measured.campaign, self.scenario
        preset = replace(
            campaign.preset, abandonment_cap=max(campaign.preset.abandonment_cap, scenario.abandonment_cap)
        )
        pacing = campaign.file.pacing.model_copy(update={"cap": scenario.abandonment_cap})
        return live_policy(pacing, preset, scenario.no_answer_s)


@dataclass(frozen=True, slots=True)
class Variant:
    """What would be with a change. All are 95% intervals; gains are against things as they are."""

    change: str
    talks_per_hour: Interval
    occupancy: Interval
    abandonment: Interval
    gain_per_hour: Interval
    """Talks an hour more."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Staffing:
    """Agents by Erlang's formulas, were the answers to come by chance and not be paced. ``load``: erlangs; ``share``:
    of the answers that may find nobody, the cap; ``within_s``: how soon an agent must be there."""

    answers_per_hour: float
    handling_s: float
    load: float
    share: float
    within_s: float
    none_busy: int
    """So that no more than that share finds all busy (Erlang B)."""
    in_time: int
    """So that all but that share are met in time, where nobody gives up (Erlang C)."""
    few_leave: int
    """So that no more than that share gives up, whose patience is exponential with that mean (Erlang A)."""


def staffing(answers_per_hour: float, scenario: Scenario) -> Staffing | None:
    """For so many answers; None: for none."""
    handling_s = scenario.talk.mean_s + scenario.wrap_up.mean_s
    rate, load = answers_per_hour / HOUR_S, answers_per_hour / HOUR_S * handling_s
    if load <= 0:
        return None
    share, within_s = max(scenario.abandonment_cap, LEAST_LOST), scenario.connect_within_s
    return Staffing(
        answers_per_hour,
        handling_s,
        load,
        share,
        within_s,
        lines_for(load, share),
        agents_for_service(rate, handling_s, 1 - share, within_s),
        agents_for_abandonment(rate, handling_s, within_s, share),
    )


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a campaign's records say of its next hours."""

    measured: Measurement
    variants: tuple[Variant, ...]
    """The first: as things are."""
    hours_left: Interval | None
    """Hours of dialling until the list is through; None: no lead is left."""
    lines_needed: int
    """So that one dial in a hundred finds all lines busy, by Erlang B."""
    staffing: Staffing | None
    """For the answers as they are; None: there are none."""

    def as_json(self) -> dict[str, object]:
        """For programs."""
        seen = self.measured
        return {
            "campaign": seen.campaign.id,
            "from": seen.begin.isoformat(),
            "to": seen.end.isoformat(),
            "dials": seen.dials,
            "talks": seen.talks,
            "agents": seen.scenario.most_agents(),
            "occupancy": seen.occupancy,
            "abandonment": seen.abandonment,
            "variants": [
                {
                    "change": each.change,
                    "talks_per_hour": pair(each.talks_per_hour),
                    "occupancy": pair(each.occupancy),
                    "abandonment": pair(each.abandonment),
                    "gain_per_hour": pair(each.gain_per_hour),
                    "note": each.note,
                }
                for each in self.variants
            ],
            "leads_left": seen.leads_left,
            "hours_left": None if self.hours_left is None else pair(self.hours_left),
            "lines_needed": self.lines_needed,
            "staffing": None if self.staffing is None else asdict(self.staffing),
        }


def pair(each: Interval) -> dict[str, float | None]:
    """A figure with half the width of its interval, None where one run says nothing of it: for JSON."""
    return {"mean": each.mean, "half_width_95": each.half if each.half != float("inf") else None}


def forecast(measured: Measurement, replications: int, workers: int, hours: float = HOURS, nice: int = 0) -> Forecast:
    """By ``replications`` runs of each variant, two or more, of so many hours, all with the same people.

    ``nice``: see :func:`dialer.simulation.replications.shared`.
    """
    warm_up_s = min(WARM_UP_S, hours * HOUR_S / 2)
    lasting = replace(measured.scenario, warm_up_s=warm_up_s, duration_s=warm_up_s + hours * HOUR_S)
    measured = replace(measured, scenario=lasting)
    changes = list(_changes(measured))
    trials = [Trial(measured, scenario, seed) for _, scenario, _ in changes for seed in range(replications)]
    tallies = list(shared(trials, workers, nice))
    groups = [tallies[index : index + replications] for index in range(0, len(tallies), replications)]
    now = groups[0]
    variants = tuple(
        variant(change, group, now, hours, note) for (change, _, note), group in zip(changes, groups, strict=True)
    )
    needed = measured.leads_left * measured.dials_per_lead
    left = interval([needed * hours / max(1, each.dials) for each in now]) if measured.leads_left else None
    held_s = [each.ringing_s + each.talking_s for each in now]
    load = max(held_s) / (hours * HOUR_S)
    answers_per_hour = sum(each.answers for each in now) / (len(now) * hours)
    staffed = staffing(answers_per_hour, measured.scenario)
    return Forecast(measured, variants, left, lines_for(load, BLOCKED), staffed)


def variant(change: str, group: Sequence[Tally], now: Sequence[Tally], hours: float, note: str = "") -> Variant:
    """What came of a change in runs of so many hours, against the runs ``now`` of the same people without it."""
    return Variant(
        change,
        interval([each.connected / hours for each in group]),
        interval([each.occupancy for each in group]),
        interval([each.abandonment for each in group]),
        interval([(each.connected - was.connected) / hours for each, was in zip(group, now, strict=True)]),
        note,
    )


def _changes(measured: Measurement) -> Iterator[tuple[str, Scenario, str]]:
    scenario = measured.scenario
    agents = scenario.most_agents()
    yield "as it is", scenario, ""
    yield "one agent more", replace(scenario, shifts=(Shift(agents + 1),)), ""
    if agents > 1:
        yield "one agent fewer", replace(scenario, shifts=(Shift(agents - 1),)), ""
    yield "one line more", replace(scenario, lines=scenario.lines + 1), ""
    cap, most = scenario.abandonment_cap + POINT, measured.campaign.preset.abandonment_cap
    if cap <= 1:
        note = f"preset {measured.campaign.file.preset} allows {100 * most:g}%" if cap > most + 1e-9 else ""
        yield "one point of cap more", replace(scenario, abandonment_cap=cap), note
    if scenario.abandonment_cap > POINT:
        yield "one point of cap less", replace(scenario, abandonment_cap=scenario.abandonment_cap - POINT), ""
