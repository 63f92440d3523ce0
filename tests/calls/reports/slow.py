"""Every figure once more, in another way: from the raw records of a day in plain Python, without SQL and roll-ups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from calls.causes import Outcome
from calls.records.store import CallEvent, CallRecord, Direction
from calls.switch.port import Detected
from tests.calls.records.raw_days import BEGIN, CURRENCIES, Day, with_late_wrap_ups

Fraction = tuple[float, float | None]


@dataclass(frozen=True)
class Seen:
    """One call of the day, with all that is known of it."""

    call: CallRecord
    events: tuple[CallEvent, ...]
    day: Day

    @property
    def dialled(self) -> bool:
        return self.call.direction is Direction.OUTBOUND

    @property
    def person(self) -> str:
        return self.call.called if self.dialled else self.call.caller

    @property
    def kinds(self) -> set[str]:
        return {each.kind for each in self.events}

    @property
    def word(self) -> object:
        return next((each.detail["outcome"] for each in self.events if each.kind == "outcome"), None)

    @property
    def handled(self) -> bool:
        return self.call.agent_id is not None

    @property
    def offered(self) -> bool:
        return not self.dialled and self.call.wait_s is not None

    @property
    def entered(self) -> bool:
        return "node_entered" in self.kinds and self.call.outcome is not Outcome.CANCELLED

    @property
    def contained(self) -> bool:
        return self.entered and not self.kinds & {"queue_entered", "transfer_started"}

    @property
    def said(self) -> tuple[str, bool, bool, str | None] | None:
        return self.day.said.get(self.call.call_id)

    @property
    def machine(self) -> bool:
        return self.said is not None and self.said[1]

    @property
    def sold(self) -> bool:
        return self.said is not None and self.said[3] is not None

    def sold_for(self, currency: str) -> Decimal:
        if self.said is None or self.said[3] is None or CURRENCIES[self.said[0]] != currency:
            return Decimal(0)
        return Decimal(self.said[3])

    def again_within(self, limit: timedelta, closed: bool) -> bool:
        for other in self.day.calls:
            is_later = other.direction is Direction.INBOUND and other.started_at > self.call.started_at
            gap = other.started_at - self.call.started_at
            if self.person and other.caller == self.person and is_later:
                if gap < limit or (closed and gap == limit):
                    return True
        return False


def work(call: CallRecord) -> float:
    """What a call cost its agents."""
    return call.talk_s + (call.hold_s or 0.0) + (call.wrap_up_s or 0.0)


def seen(day: Day) -> list[Seen]:
    """The calls of the day as they stand at its end."""
    return [Seen(call, events, day) for call, events in zip(with_late_wrap_ups(day), day.events, strict=True)]


def figures(calls: list[Seen], service_level_s: float, short_s: float) -> dict[str, Fraction]:
    """The figures that are made of calls: name, numerator and denominator."""

    def n(which: Callable[[Seen], object]) -> int:
        return sum(1 for each in calls if which(each))

    def seconds(which: Callable[[Seen], object], of: Callable[[CallRecord], float | None]) -> float:
        return sum(of(each.call) or 0.0 for each in calls if which(each))

    def answered(each: Seen) -> bool:
        return each.offered and each.handled

    def abandoned(each: Seen) -> bool:
        return each.offered and not each.handled and each.call.abandoned

    within = n(lambda each: answered(each) and (each.call.wait_s or 0.0) <= service_level_s)
    short = n(lambda each: abandoned(each) and (each.call.wait_s or 0.0) < short_s)
    offered, got, lost, handled = (
        n(lambda each: each.offered),
        n(answered),
        n(abandoned),
        n(lambda each: each.handled),
    )
    known = n(lambda each: each.handled and each.person)
    again = n(lambda each: each.handled and each.again_within(timedelta(days=7), closed=True))
    entered = n(lambda each: each.entered)
    goals = n(
        lambda each: each.contained and each.word == "completed" and not each.again_within(timedelta(days=1), False)
    )
    sales = n(lambda each: each.handled and each.sold)
    dialled = [each for each in calls if each.dialled]
    unsure = (Detected.HUMAN, Detected.UNSURE)
    people = [each for each in dialled if each.handled and each.call.detected in unsure]
    machines = [each for each in dialled if each.handled and each.call.detected is Detected.MACHINE]
    marked = sum(each.handled and each.machine for each in dialled)
    live = sum(each.handled for each in dialled) - marked
    dropped = sum(each.call.abandoned for each in dialled)
    est = dropped * live / (live + marked) if live + marked else float(dropped)
    handling = seconds(lambda each: each.handled, work)
    held = n(lambda each: each.handled and each.call.hold_s is not None)
    hold = seconds(lambda each: each.handled, lambda call: call.hold_s)
    return {
        "offered": (offered, None),
        "answered": (got, None),
        "abandoned": (lost, None),
        "service_level": (within, offered - short),
        "service_level_of_answered": (within, got),
        "service_level_of_offered": (within, offered),
        "abandonment": (lost, offered),
        "abandonment_adjusted": (lost - short, offered - short),
        "asa": (seconds(answered, lambda call: call.wait_s), got),
        "aht": (seconds(answered, work), got),
        **_bands([each.call.wait_s or 0.0 for each in calls if answered(each)]),
        "handled": (handled, None),
        "transfers": (n(lambda each: each.handled and "transferred" in each.kinds), handled),
        "held": (held, handled),
        "hold": (hold, held),
        "hold_share": (hold, handling),
        "fcr": (known - again, known),
        "entered": (entered, None),
        "containment_technical": (n(lambda each: each.contained), entered),
        "containment_functional": (goals, entered),
        "drop_off": (n(lambda each: each.entered and each.word in ("hung_up", "abandoned")), entered),
        "machines_detected": (sum(each.call.detected is Detected.MACHINE for each in dialled), None),
        "machines_by_agents": (marked, None),
        "machines_missed": (sum(each.machine for each in people), len(people)),
        "people_taken_for_machines": (sum(not each.machine for each in machines), len(machines)),
        "abandonment_uk": (est, live + est),
        "switch_calls": (len(calls), None),
        "switch_dialled": (len(dialled), None),
        "switch_lost": (n(lambda each: each.call.outcome in (Outcome.LOST, Outcome.PBX_LOST)), len(calls)),
        "sales": (sales, None),
        "conversion": (sales, handled),
        "sales_per_handling_hour": (sales, handling / 3600),
        "dispositions_given": (n(lambda each: each.handled and each.said), None),
        "dispositions_missing": (n(lambda each: each.handled and each.said and each.said[0] == "none"), handled),
        "handling_time": (handling, handled),
        **_money(
            [each for each in calls if each.handled],
            "sold",
            {
                "value_per_sale": sales,
                "value_per_call": handled,
                "value_per_handling_hour": handling / 3600,
            },
        ),
    }


def _bands(waits: list[float]) -> dict[str, Fraction]:
    """How many callers waited for so long."""
    bands = {"to_10": (-1, 10), "to_20": (10, 20), "to_60": (20, 60), "to_120": (60, 120), "to_300": (120, 300)}
    return {
        f"wait_{name}": (sum(over < each <= end for each in waits), len(waits))
        for name, (over, end) in (bands | {"over_300": (300, 10**9)}).items()
    }


def _money(calls: list[Seen], total: str, per: dict[str, float]) -> dict[str, Fraction]:
    """By currency, exactly: a sum, and what it is divided by."""
    found: dict[str, Fraction] = {}
    for currency in CURRENCIES.values():
        sold = float(sum((each.sold_for(currency) for each in calls), Decimal(0)))
        found[f"{total}_{currency.lower()}"] = (sold, None)
        found |= {f"{name}_{currency.lower()}": (sold, below) for name, below in per.items()}
    return found


def nodes(calls: list[Seen]) -> dict[str, dict[str, Fraction]]:
    """The figures of nodes, by node: counted event by event."""
    found: dict[str, dict[str, float]] = {}
    for each in calls:
        if each.call.flow is None or each.call.outcome is Outcome.CANCELLED:
            continue
        for name in {event.detail["node"] for event in each.events if event.kind == "node_entered"}:
            sums = found.setdefault(str(name), {})
            for key, value in _node(each, str(name)).items():
                sums[key] = sums.get(key, 0.0) + value
    return {name: _node_figures(sums) for name, sums in found.items()}


def _node(seen_: Seen, name: str) -> dict[str, float]:
    mine = [event for event in seen_.events if event.detail.get("node") == name]
    wrong = [event for event in mine if event.kind in ("noinput", "nomatch")]
    chosen = [event for event in mine if event.kind == "choice"]
    spoken = [event for event in chosen if event.detail.get("by") == "speech"]
    left = seen_.word in ("hung_up", "abandoned")
    return {
        "entries": sum(event.kind == "node_entered" for event in mine),
        "took": sum(float(str(event.detail["took_s"])) for event in mine if event.kind == "node_left"),
        "noinput": sum(event.kind == "noinput" for event in wrong),
        "nomatch": sum(event.kind == "nomatch" for event in wrong),
        "retries": sum(int(str(event.detail.get("left", 0))) > 0 for event in wrong),
        "drops": sum(left and event.kind == "hung_up" and event.detail["by"] == "caller" for event in mine),
        "choices": len(chosen),
        "keys": len(chosen) - len(spoken),
        "speech": len(spoken),
        "confidence": 0.5 * len(spoken),
        "zero_outs": sum(_chosen_before(seen_.events, place) == name for place in _people(seen_.events)),
    }


def _people(events: tuple[CallEvent, ...]) -> list[int]:
    """Where a call came to a queue or a transfer."""
    kinds = ("queue", "transfer")
    return [
        place for place, event in enumerate(events) if event.kind == "node_entered" and event.detail["type"] in kinds
    ]


def _chosen_before(events: tuple[CallEvent, ...], place: int) -> object:
    """The node of the last choice since the node before."""
    for event in reversed(events[:place]):
        if event.kind == "node_entered":
            return None
        if event.kind == "choice":
            return event.detail["node"]
    return None


def _node_figures(sums: dict[str, float]) -> dict[str, Fraction]:
    entries, choices = sums["entries"], sums["choices"]
    return {
        "entries": (entries, None),
        "time": (sums["took"], entries),
        "node_drop_off": (sums["drops"], entries),
        "noinput": (sums["noinput"], entries),
        "nomatch": (sums["nomatch"], entries),
        "retries": (sums["retries"], entries),
        "zero_outs": (sums["zero_outs"], entries),
        "by_keys": (sums["keys"], choices),
        "by_speech": (sums["speech"], choices),
        "confidence": (sums["confidence"], sums["speech"]),
    }


def dialled(calls: list[Seen], on_roll: int = 3, by: tuple[object, ...] = ()) -> dict[str, Fraction]:
    """The figures that are made of attempts, by some dimensions; ``on_roll``: the leads on the rolls of theirs."""
    tried = [each for each in calls if each.dialled and each.call.call_id not in each.day.unsent]

    def outcome(each: Seen) -> Outcome:
        return each.day.outcomes[each.call.call_id]

    answered = [e for e in tried if outcome(e) in (Outcome.ANSWERED, Outcome.ABANDONED, Outcome.MACHINE)]
    people = [
        each
        for each in tried
        if (outcome(each) in (Outcome.ANSWERED, Outcome.ABANDONED) or each.call.abandoned) and not each.machine
    ]
    late = [
        each
        for each in people
        if each.call.abandoned
        or outcome(each) is Outcome.ABANDONED
        or (each.handled and each.call.connect_s is not None and each.call.connect_s > 2.0)
    ]
    contacts = [each for each in tried if each.handled]
    right = [each for each in contacts if not each.machine and not (each.said and each.said[2])]
    n = len
    leads = {each.call.lead_id for each in tried}
    roll = on_roll if tried or not by else 0
    return {
        "leads_dialled": (n(leads), None),
        "answer_rate_of_leads": (n({each.call.lead_id for each in answered}), n(leads)),
        "contact_rate_of_leads": (n({each.call.lead_id for each in contacts}), n(leads)),
        "right_party_rate_of_leads": (n({each.call.lead_id for each in right}), n(leads)),
        "penetration_in_time": (n({(each.call.campaign_id, each.call.lead_id) for each in tried}), roll),
        "saturation_in_time": (n(tried), roll),
        "attempts": (n(tried), None),
        "answer_rate_of_attempts": (n(answered), n(tried)),
        "contact_rate_of_attempts": (n(contacts), n(tried)),
        "right_party_rate_of_attempts": (n(right), n(tried)),
        "abandonment_us": (n(late), n(people)),
        "attempts_per_contact": (n(tried), n(contacts)),
        "machine_share": (sum(outcome(each) is Outcome.MACHINE for each in tried), n(answered)),
        "conversion_of_contacts": (sum(each.sold for each in contacts), n(contacts)),
        **_money(
            contacts,
            "sold_by_attempts",
            {
                "value_per_contact": n(contacts),
                "value_per_contact_hour": sum(work(e.call) for e in contacts) / 3600,
            },
        ),
    }


STATES_BEGIN = BEGIN + timedelta(hours=9, seconds=1.5)


def agent_seconds(day: Day, begin: datetime, end: datetime, now: datetime) -> dict[tuple[str, str], float]:
    """How long each agent was in each state within the time; the last state of each goes on up to ``now``."""
    found: dict[tuple[str, str], float] = {}
    for agent in ("ann", "bob"):
        at = STATES_BEGIN
        mine = [each for each in day.states if each[0] == agent]
        for place, (_, state, _, lasted_s) in enumerate(mine):
            until = now if place == len(mine) - 1 else at + timedelta(seconds=lasted_s)
            lasted = (min(until, end) - max(at, begin)).total_seconds()
            if lasted > 0:
                found[agent, state.value] = found.get((agent, state.value), 0.0) + lasted
            at += timedelta(seconds=lasted_s)
    return found


NODE_FIGURES = set(
    _node_figures(
        dict.fromkeys(
            (
                "entries",
                "took",
                "noinput",
                "nomatch",
                "retries",
                "drops",
                "choices",
                "keys",
                "speech",
                "confidence",
                "zero_outs",
            ),
            0.0,
        )
    )
)
