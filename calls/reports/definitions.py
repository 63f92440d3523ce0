"""The figures that reports show: each with its definition, numerator and denominator, and nowhere else.

A numerator or denominator is a sum of measures, ``"handled_talk_s + handled_wrap_up_s"``; which measures there are
say the cubes of :mod:`calls.records.totals`, and what they mean docs/records.md. ``within`` and ``short`` stand for
the calls answered within the seconds of the service level, and for those abandoned in under the seconds of a short
abandon.

Source: the house's table of figures; 16 CFR 310.4(b)(4) for abandonment (US), Ofcom's statement of policy for (UK).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from calls.records.totals import AGAIN_DAYS, GOAL

Sums = Mapping[str, float]
"""Measures, added up."""


class Section(StrEnum):
    """Which figures stand together."""

    INBOUND = "inbound"
    FLOWS = "flows"
    OUTBOUND = "outbound"
    MACHINES = "machines"
    SALES = "sales"
    AGENTS = "agents"
    NODES = "nodes"
    ENDINGS = "endings"
    CALLBACKS = "callbacks"
    LEADS = "leads"
    QUALITY = "quality"
    SURVEYS = "surveys"
    SWITCHES = "switches"


class Source(StrEnum):
    """What a figure's measures are added up from."""

    CALLS = "calls"
    ATTEMPTS = "attempts"
    TIME = "time"
    NODES = "nodes"
    ENDINGS = "endings"
    CALLBACKS = "callbacks"
    LEADS = "leads"
    ROLL = "roll"
    REVIEWS = "reviews"
    SURVEYS = "surveys"
    DIALLED_LEADS = "dialled_leads"
    SHIFTS = "shifts"
    MESSAGES = "messages"
    MACHINES = "machines"
    CALLERS_WAITS = "callers_waits"
    CONNECTS = "connects"
    AGENTS_WAITS = "agents_waits"
    DIALLED_WAITS = "dialled_waits"
    PACE = "pace"
    PACE_SHARED = "pace_shared"


@dataclass(frozen=True, slots=True)
class Targets:
    """What some figures are measured against: seconds, and the outcomes of flows that callers come for."""

    service_level_s: float = 20.0
    short_abandon_s: float = 5.0
    goals: tuple[str, ...] = (GOAL,)


USUAL = Targets()


@dataclass(frozen=True, slots=True)
class Definition:
    """One figure. ``unit``: ``ratio``, ``s``, or what is counted. ``denominator`` "": it is a count, or a sum.

    ``words`` say how it comes about: ``{y}``, ``{n}`` and ``{goals}`` in them are those of the targets. ``per``: what
    the denominator is divided by, 3600 for hours of seconds.

    ``money``: the numerator is a sum of values of sales. Such a figure stands once for each currency of the answer,
    its name then ending in it: amounts of two currencies are never added up.

    ``is_percentile``: the numerator is the percentile itself, of as many times as the denominator says.
    """

    name: str
    title: str
    section: Section
    source: Source
    unit: str
    numerator: str
    denominator: str
    words: str
    per: float = 1.0
    money: bool = False
    currency: str = ""
    is_percentile: bool = False

    @property
    def base(self) -> str:
        """The name in the table of figures, without a currency."""
        return self.name.removesuffix(_ending(self.currency))

    def of_currency(self, currency: str) -> Definition:
        """The figure of one currency, ISO 4217."""
        return replace(
            self,
            name=f"{self.name}{_ending(currency)}",
            title=f"{self.title}, {currency}",
            unit=currency,
            currency=currency,
        )

    def said(self, targets: Targets, say: Callable[[str], str] = str) -> str:
        """The definition, with the seconds and goals of the targets in it; ``say``: the language of its words."""
        goals = f" {say('or')} ".join(targets.goals)
        within, short = (say(f"{each:g} s") for each in (targets.service_level_s, targets.short_abandon_s))
        return self.words.format(y=within, n=short, goals=goals)

    @property
    def measures(self) -> frozenset[str]:
        """The measures that it takes."""
        return frozenset(name for _, name in (*terms(self.numerator), *terms(self.denominator)))

    def counted(self, sums: Sums) -> tuple[float, float | None]:
        """Numerator and denominator; the latter None for a count."""
        if self.name == "abandonment_uk":
            return _uk(sums)
        of = total(self.denominator, sums) / self.per if self.denominator else None
        return total(self.numerator, sums), of


def _ending(currency: str) -> str:
    return f"_{currency.lower()}" if currency else ""


@cache
def terms(words: str) -> tuple[tuple[int, str], ...]:
    """The measures of a sum with their signs."""
    found, sign = [], 1
    for word in words.split():
        if word in "+-":
            sign = 1 if word == "+" else -1
        else:
            found.append((sign, word))
            sign = 1
    return tuple(found)


@cache
def _adder(words: str) -> Callable[[Sums], float]:
    match terms(words):
        case ((1, name),):
            return lambda sums: sums.get(name, 0)
        case several:
            return lambda sums: sum([sign * sums.get(name, 0) for sign, name in several])


def total(words: str, sums: Sums) -> float:
    """A sum of measures."""
    return _adder(words)(sums)


def _uk(sums: Sums) -> tuple[float, float]:
    """Ofcom's abandonment: of what was abandoned the share that machines are of what agents handled is taken off."""
    handled, marked = sums.get("dialled_handled", 0), sums.get("machines_by_agents", 0)
    live, abandoned = handled - marked, sums.get("dialled_abandoned", 0)
    estimate = abandoned * live / handled if handled else float(abandoned)
    return estimate, live + estimate


def _inbound(name: str, title: str, unit: str, numerator: str, denominator: str, words: str) -> Definition:
    return Definition(name, title, Section.INBOUND, Source.CALLS, unit, numerator, denominator, words)


def _flow(name: str, title: str, unit: str, numerator: str, denominator: str, words: str) -> Definition:
    return Definition(name, title, Section.FLOWS, Source.CALLS, unit, numerator, denominator, words)


def _dialled(name: str, title: str, unit: str, numerator: str, denominator: str, words: str) -> Definition:
    return Definition(name, title, Section.OUTBOUND, Source.ATTEMPTS, unit, numerator, denominator, words)


def _tried(name: str, title: str, unit: str, numerator: str, denominator: str, words: str) -> Definition:
    return Definition(name, title, Section.OUTBOUND, Source.DIALLED_LEADS, unit, numerator, denominator, words)


def _mean(name: str, title: str, section: Section, source: Source, of: str, words: str) -> Definition:
    return Definition(name, title, section, source, "s", f"{of}_s", of, words)


def _p95(name: str, title: str, section: Section, source: Source, of: str, words: str) -> Definition:
    said = f"{words}, 95th percentile by nearest rank, to a tenth of a second; beside it {_PLACE}"
    return Definition(name, title, section, source, "s", f"{of}_p95", of, said, is_percentile=True)


def _switch(name: str, title: str, unit: str, numerator: str, denominator: str, words: str) -> Definition:
    return Definition(name, title, Section.SWITCHES, Source.CALLS, unit, numerator, denominator, words)


def _machine(name: str, title: str, unit: str, numerator: str, denominator: str, words: str) -> Definition:
    return Definition(name, title, Section.MACHINES, Source.CALLS, unit, numerator, denominator, words)


def _talk(
    name: str, title: str, section: Section, unit: str, numerator: str, denominator: str, words: str, per: float = 1.0
) -> Definition:
    return Definition(name, title, section, Source.CALLS, unit, numerator, denominator, words, per)


def _money(
    name: str, title: str, section: Section, source: Source, denominator: str, words: str, per: float = 1.0
) -> Definition:
    return Definition(name, title, section, source, "money", SOLD, denominator, words, per, money=True)


def _time(state: str, title: str, words: str) -> Definition:
    return Definition(f"time_{state}", title, Section.AGENTS, Source.TIME, "s", state, "", words)


def _node(name: str, title: str, unit: str, numerator: str, denominator: str, words: str) -> Definition:
    return Definition(name, title, Section.NODES, Source.NODES, unit, numerator, denominator, words)


def _callback(name: str, title: str, unit: str, numerator: str, denominator: str, words: str) -> Definition:
    return Definition(name, title, Section.CALLBACKS, Source.CALLBACKS, unit, numerator, denominator, words)


def _lead(name: str, title: str, unit: str, numerator: str, denominator: str, words: str) -> Definition:
    return Definition(name, title, Section.LEADS, Source.LEADS, unit, numerator, denominator, words)


def _review(name: str, title: str, unit: str, numerator: str, denominator: str, words: str) -> Definition:
    return Definition(name, title, Section.QUALITY, Source.REVIEWS, unit, numerator, denominator, words)


def _survey(name: str, title: str, numerator: str, denominator: str, words: str) -> Definition:
    return Definition(name, title, Section.SURVEYS, Source.SURVEYS, "ratio", numerator, denominator, words)


WAIT_BANDS_S = (10, 20, 60, 120, 300)
"""The seconds at which a band of waits ends, and the next begins."""


def _band(place: int) -> Definition:
    """The share of answered calls whose wait lies in one band, its end in it and its begin not."""
    begin, end = (0, *WAIT_BANDS_S)[place], (*WAIT_BANDS_S, None)[place]
    name = f"wait_over_{begin}" if end is None else f"wait_to_{end}"
    title = f"Wait over {begin} s" if end is None else f"Wait {begin}-{end} s"
    said = " and ".join([f"over {begin} s"] * (begin > 0) + [f"up to {end} s"] * (end is not None))
    top = "answered" if end is None else f"answered_in_{end}"
    below = f" - answered_in_{begin}" if begin else ""
    return _inbound(name, title, "ratio", f"{top}{below}", "answered", f"answered after a wait of {said} / answered")


_PLACE = "which of how many it is, the shortest being the first"
_CONNECT = (
    "in calls that an agent talked in, from the answer or the detected end of the greeting, as the campaign's preset"
    " says, to the agent"
)
_WAIT = "time ready or reserved without a break before a talk; a talk counts to the time in which it began"
SOLD = "sold"
HANDLING = "handled_talk_s + handled_hold_s + handled_wrap_up_s"
WORKED = "talking + wrap_up"
READY = "ready + reserved"
LOGGED_IN = "ready + reserved + talking + wrap_up + paused"
UK = "dialled_abandoned + dialled_handled + machines_by_agents"

DEFINITIONS: tuple[Definition, ...] = (
    _inbound("offered", "Offered", "calls", "offered", "",
             "calls that asked for an agent; those that ended in the menus did not"),
    _inbound("answered", "Answered", "calls", "answered", "", "offered calls that an agent talked with"),
    _inbound("abandoned", "Abandoned", "calls", "abandoned", "", "offered calls whose caller hung up while waiting"),
    _inbound("service_level", "Service level", "ratio", "within", "offered - short",
             "offered calls answered within {y} / (offered - those abandoned in under {n})"),
    _inbound("service_level_of_answered", "Service level, of answered", "ratio", "within", "answered",
             "answered within {y} / answered"),
    _inbound("service_level_of_offered", "Service level, of offered", "ratio", "within", "offered",
             "answered within {y} / offered"),
    _inbound("abandonment", "Abandonment", "ratio", "abandoned", "offered", "abandoned while waiting / offered"),
    _inbound("abandonment_adjusted", "Abandonment, adjusted", "ratio", "abandoned - short", "offered - short",
             "abandoned while waiting / offered, those abandoned in under {n} taken from both"),
    _inbound("asa", "ASA", "s", "waited_s", "answered", "waits of answered calls / answered"),
    *(_band(place) for place in range(len(WAIT_BANDS_S) + 1)),
    _p95("wait_p95", "Wait, p95", Section.INBOUND, Source.CALLERS_WAITS, "waits", "waits of answered calls"),
    _inbound("aht", "AHT", "s", "talk_s + hold_s + wrap_up_s", "answered", "(talk + hold + wrap-up) / handled"),
    _talk("handled", "Handled", Section.INBOUND, "calls", "handled", "",
          "calls that an agent talked in, both directions"),
    _talk("transfers", "Transfers", Section.INBOUND, "ratio", "transferred", "handled",
          "calls that an agent gave on / calls that an agent talked in"),
    _talk("held", "Held", Section.INBOUND, "ratio", "held", "handled",
          "calls whose caller was on hold, for a question to somebody else too / calls that an agent talked in"),
    _talk("hold", "Hold", Section.INBOUND, "s", "handled_hold_s", "held",
          "time on hold, from the end of the talk to the moment in which caller and agent hear each other again"
          " / calls whose caller was on hold"),
    _talk("hold_share", "Hold, of handling", Section.INBOUND, "ratio", "handled_hold_s", HANDLING,
          "time on hold / (talk + hold + wrap-up) of calls that an agent talked in"),
    _talk("fcr", "First contact resolution", Section.INBOUND, "ratio", "persons - persons_again", "persons",
          f"contacts whose person did not call again within {AGAIN_DAYS} days, as far as numbers tell / contacts"
          " whose number is known"),
    _flow("entered", "Entered", "calls", "entered", "", "calls that came to the flow's first node"),
    _flow("containment_technical", "Containment, technical", "ratio", "contained", "entered",
          "technical: calls that never reached a queue or a transfer / calls that entered the flow"),
    _flow("containment_functional", "Containment, functional", "ratio", "goals", "entered",
          "functional: contained calls with the outcome {goals} whose caller did not call again within 24 h, as far"
          " as numbers tell / calls that entered the flow"),
    _flow("drop_off", "Drop-off", "ratio", "dropped", "entered",
          "calls that the caller left before anything came of them (hung_up, abandoned) / calls that entered the"
          " flow"),
    _dialled("attempts", "Attempts", "attempts", "attempts", "", "numbers dialled; each try counts"),
    _dialled("answer_rate_of_attempts", "Answer rate, of attempts", "ratio", "answered", "attempts",
             "attempts answered, machines too / attempts"),
    _dialled("contact_rate_of_attempts", "Contact rate, of attempts", "ratio", "contacts", "attempts",
             "attempts in which an agent talked / attempts"),
    _dialled("right_party_rate_of_attempts", "Right-party contact rate, of attempts", "ratio", "right_party",
             "attempts",
             "attempts in which an agent talked, and said neither that it was a machine nor that the number was"
             " somebody else's / attempts"),
    _tried("leads_dialled", "Leads dialled", "leads", "leads_dialled", "",
           "leads that were dialled in the time, each once"),
    _tried("answer_rate_of_leads", "Answer rate, of leads", "ratio", "answered_leads", "leads_dialled",
           "leads that answered, machines too / leads dialled in the time"),
    _tried("contact_rate_of_leads", "Contact rate, of leads", "ratio", "contact_leads", "leads_dialled",
           "leads with whom an agent talked / leads dialled in the time"),
    _tried("right_party_rate_of_leads", "Right-party contact rate, of leads", "ratio", "right_party_leads",
           "leads_dialled",
           "leads with whom an agent talked, who said neither that it was a machine nor that the number was somebody"
           " else's / leads dialled in the time"),
    _tried("penetration_in_time", "Penetration in the time", "ratio", "roll_dialled", "roll_now",
           "leads dialled in the time / leads that are on the campaigns' rolls now"),
    _tried("saturation_in_time", "Saturation in the time", "attempts", "roll_attempts", "roll_now",
           "attempts of the time / leads that are on the campaigns' rolls now"),
    _dialled("abandonment_us", "Abandonment (US)", "ratio", "late", "by_person",
             "answered by a person and an agent came not at all or after more than 2 s / answered by a person; the"
             " clock starts as the campaign's preset says, at the answer or at the detected end of the greeting; who"
             " hangs up before that was not abandoned; what its agent found to be a machine's was not answered by a"
             " person; a call of which a crash left unknown whether a person answered counts as abandoned"),
    Definition("dials_per_agent_hour", "Dials per agent hour", Section.OUTBOUND, Source.PACE, "attempts", "attempts",
               "agents_s",
               "attempts / hours in which agents were logged in and not paused, those of all queues and campaigns",
               3600.0),
    Definition("dials_per_shared_hour", "Dials per agent hour, shared", Section.OUTBOUND, Source.PACE_SHARED,
               "attempts", "attempts", "shared_s",
               "attempts / hours of agents for the campaign: of what each agent was logged in and not paused on a"
               " day, the share that the campaign's calls have of all that the agent handled (talk + hold + wrap-up)"
               " on that day; an agent who handled nothing on a day counts to none",
               3600.0),
    _mean("time_to_connect", "Time to connect", Section.OUTBOUND, Source.CONNECTS, "connects",
          f"time {_CONNECT}, added up / such calls"),
    _p95("time_to_connect_p95", "Time to connect, p95", Section.OUTBOUND, Source.CONNECTS, "connects",
         f"time {_CONNECT}"),
    _mean("agent_wait_dialled", "Agent wait", Section.OUTBOUND, Source.DIALLED_WAITS, "dialled_waits",
          f"{_WAIT}, added up / talks in attempts that were waited for"),
    _p95("agent_wait_dialled_p95", "Agent wait, p95", Section.OUTBOUND, Source.DIALLED_WAITS, "dialled_waits",
         f"{_WAIT}, of talks in attempts"),
    _dialled("attempts_per_contact", "Attempts per contact", "attempts", "attempts", "contacts",
             "attempts / attempts in which an agent talked"),
    _dialled("machine_share", "Machines", "ratio", "machines", "answered", "answered by a machine / answered"),
    _dialled("conversion_of_contacts", "Conversion", "ratio", "sales", "contacts",
             "attempts that an agent sold in / attempts in which an agent talked"),
    _money("sold_by_attempts", "Sold", Section.OUTBOUND, Source.ATTEMPTS, "",
           "sum of the values of the sales in attempts, by currency"),
    _money("value_per_contact", "Value per contact", Section.OUTBOUND, Source.ATTEMPTS, "contacts",
           "sum of the sales' values / attempts in which an agent talked"),
    _money("value_per_contact_hour", "Value per hour of contacts", Section.OUTBOUND, Source.ATTEMPTS,
           "talk_s + hold_s + wrap_up_s",
           "sum of the sales' values / hours of talk, hold and wrap-up in these attempts", 3600.0),
    _machine("machines_detected", "Machines detected", "calls", "machines_detected", "",
             "calls that detection took for a machine"),
    _machine("machines_by_agents", "Machines met by agents", "calls", "machines_by_agents", "",
             "calls that an agent talked in and found to be a machine's"),
    _machine("machines_missed", "Machines missed", "ratio", "machines_missed", "taken_for_people",
             "machines by the agent's word / calls that detection took for a person, or was not sure of, and an agent"
             " handled"),
    _machine("people_taken_for_machines", "People taken for machines", "ratio", "people_taken", "taken_for_machines",
             "people by the agent's word / calls that detection took for a machine and an agent handled all the same;"
             ' known only with machine = "person"'),
    Definition("messages_cut", "Messages cut", Section.MACHINES, Source.MESSAGES, "ratio", "cut", "messages",
               "messages on machines that the far end hung up on / messages begun; people do so, and some machines"),
    Definition("machines_called_back", "Called back", Section.MACHINES, Source.MACHINES, "ratio", "called_back",
               "hung_up",
               "numbers that called us within 24 h / calls that ended as a machine's without an agent; people do so"
               " who were taken for machines, and owners of machines"),
    _machine("abandonment_uk", "Abandonment (UK)", "ratio", UK, UK,
             "est / (est + live): est = abandoned x (1 - am / (am + live)), am and live the machines and people that"
             " agents handled, by their word; where they handled none, all that were abandoned"),
    _talk("sales", "Sales", Section.SALES, "sales", "sales", "", "calls that an agent sold in"),
    _talk("conversion", "Conversion", Section.SALES, "ratio", "sales", "handled",
          "calls with a sale / calls that an agent talked in"),
    _talk("sales_per_handling_hour", "Sales per handling hour", Section.SALES, "sales", "sales", HANDLING,
          "sales / hours of talk, hold and wrap-up in these calls, not those of the log-in", 3600.0),
    _money("sold", "Sold", Section.SALES, Source.CALLS, "", "sum of the sales' values, by currency"),
    _money("value_per_sale", "Value per sale", Section.SALES, Source.CALLS, "sales",
           "sum of the sales' values / calls that an agent sold in, in whatever currency"),
    _money("value_per_call", "Value per call", Section.SALES, Source.CALLS, "handled",
           "sum of the sales' values / calls that an agent talked in"),
    _money("value_per_handling_hour", "Value per handling hour", Section.SALES, Source.CALLS, HANDLING,
           "sum of the sales' values / hours of talk, hold and wrap-up in these calls", 3600.0),
    _talk("dispositions_given", "Dispositions given", Section.SALES, "calls", "dispositions", "",
          "calls of which an agent said what came of them"),
    _talk("dispositions_missing", "Dispositions missing", Section.SALES, "ratio", "dispositions_missing", "handled",
          "calls whose wrap-up ended without the disposition that it required / calls that an agent talked in"),
    _talk("handling_time", "Handling time", Section.AGENTS, "s", HANDLING, "handled",
          "(talk + hold + wrap-up) / calls that an agent talked in, both directions"),
    _time("ready", "Ready", "time ready for a call"),
    _time("reserved", "Reserved", "time in which a call was on its way to the agent"),
    _time("talking", "Talking", "time in talks, while their callers are on hold too"),
    _time("wrap_up", "Wrap-up", "time of writing up"),
    _time("paused", "Paused", "time in pauses, for whatever reason"),
    _time("logged_out", "Offline", "time logged out"),
    Definition("occupancy", "Occupancy", Section.AGENTS, Source.TIME, "ratio", WORKED, f"{WORKED} + {READY}",
               "(talking + wrap-up) / (talking + wrap-up + waiting for a call, ready or reserved)"),
    Definition("utilisation", "Utilisation", Section.AGENTS, Source.TIME, "ratio", f"{WORKED} + {READY}", LOGGED_IN,
               "(talking + wrap-up + ready + reserved) / logged-in time"),
    _mean("agent_wait", "Wait between calls", Section.AGENTS, Source.AGENTS_WAITS, "agent_waits",
          f"{_WAIT}, added up / talks that were waited for; one that goes on counts to no queue yet"),
    _p95("agent_wait_p95", "Wait between calls, p95", Section.AGENTS, Source.AGENTS_WAITS, "agent_waits",
         f"{_WAIT}, of all talks"),
    Definition("scheduled_time", "Scheduled", Section.AGENTS, Source.SHIFTS, "s", "scheduled_s", "",
               "time in which agents were to work by their shifts, with paid breaks, up to now"),
    Definition("adherence", "Adherence", Section.AGENTS, Source.SHIFTS, "ratio", "in_schedule_s", "scheduled_s",
               "scheduled time in which the agent was logged in and not paused, in planned breaks paused for their"
               " reason / scheduled time, up to now; unpaid breaks are not scheduled"),
    _node("entries", "Entries", "entries", "entries", "", "times that a call came to the node"),
    _node("time", "Time", "s", "took_s", "entries", "time in the node, that in its subflow too / entries"),
    _node("node_drop_off", "Drop-off", "ratio", "drops", "entries", "callers who hung up at the node / entries"),
    _node("noinput", "No input", "ratio", "noinput", "entries", "silences / entries"),
    _node("nomatch", "No match", "ratio", "nomatch", "entries", "wrong inputs / entries"),
    _node("retries", "Retries", "ratio", "retries", "entries", "further tries after either / entries"),
    _node("zero_outs", "Zero-outs", "ratio", "zero_outs", "entries", "choices of a queue or a transfer / entries"),
    _node("by_keys", "By keys", "ratio", "by_keys", "choices", "choices by keys / choices"),
    _node("by_speech", "By speech", "ratio", "by_speech", "choices", "choices by speech / choices"),
    _node("confidence", "Confidence", "ratio", "confidence", "confidences",
          "the recogniser's confidence in choices by speech, added up / such choices"),
    _switch("switch_calls", "Calls", "calls", "calls", "", "calls that the switch had"),
    _switch("switch_dialled", "Dialled", "calls", "dialled", "", "calls of them that were dialled"),
    _switch("switch_lost", "Lost", "ratio", "lost", "calls", "calls that ended as lost or pbx_lost / calls"),
    Definition("ended", "Calls", Section.ENDINGS, Source.ENDINGS, "calls", "calls", "",
               "calls that are over, in both directions; of some no agent said a disposition"),
    _callback("callbacks_asked", "Asked for", "callbacks", "asked", "", "callbacks that were asked for in the time"),
    _callback("callbacks_reached", "Reached", "ratio", "reached", "asked",
              "of these, those whose person was reached by now / asked for"),
    _callback("callbacks_kept", "Kept within the window", "ratio", "kept", "asked",
              "of these, those that were dialled within the promised window / asked for"),
    _callback("callbacks_open", "Still open", "callbacks", "open", "",
              "of these, those that wait or are dialled now"),
    _callback("callback_tries", "Tries", "tries", "tries", "asked", "tries / asked for"),
    _lead("leads", "Leads", "leads", "leads", "", "leads that were imported in the time"),
    _lead("penetration", "Penetration", "ratio", "leads_attempted", "leads",
          "of these, the leads that were dialled by now, in any campaign / leads"),
    _lead("saturation", "Saturation", "attempts", "lead_attempts", "leads",
          "attempts at these leads by now, in any campaign / leads"),
    Definition("roll", "On the roll", Section.LEADS, Source.ROLL, "leads", "roll", "",
               "leads on the campaigns' rolls that were imported in the time; in two campaigns a lead counts twice"),
    Definition("penetration_of_roll", "Penetration of campaigns", Section.LEADS, Source.ROLL, "ratio",
               "roll_attempted", "roll",
               "of these, the leads that their campaign has dialled by now / leads on the campaigns' rolls"),
    Definition("saturation_of_roll", "Saturation of campaigns", Section.LEADS, Source.ROLL, "attempts",
               "roll_attempts", "roll",
               "attempts of the campaigns at these leads by now / leads on the campaigns' rolls"),
    _review("reviews", "Reviews", "reviews", "reviews", "",
            "reviews of talks in calls of the time; those by which reviewers compare themselves do not count"),
    _review("review_score", "Mean score", "ratio", "score", "reviews", "scores, 0 to 1, added up / reviews"),
    _review("review_passed", "Passed", "ratio", "passed", "reviews",
            "reviews at or above their form's pass mark and with no critical failure / reviews"),
    _review("review_failed", "Critical failures", "ratio", "critical", "reviews",
            "reviews in which a critical question was failed / reviews"),
    _review("review_answered", "Answered by the agent", "ratio", "answered", "reviews",
            "reviews that the agent has answered by now / reviews"),
    _survey("csat", "CSAT", "satisfied", "rated", "answers of 4 and 5 / answers, of questions rated from 1 to 5"),
    _survey("nps", "NPS", "promoters - detractors", "recommended",
            "(answers of 9 and 10 - answers of 0 to 6) / answers, of questions rated from 0 to 10"),
    _survey("yes_rate", "Yes", "yes", "decided", "answers of yes / answers, of questions of yes or no"),
    _survey("response_rate", "Response rate", "replied", "asked",
            "questions answered / questions asked; who skipped one or hung up at it did not answer"),
)  # fmt: skip
"""All of them, in the order in which a report shows them."""

BY_NAME: Mapping[str, Definition] = {each.name: each for each in DEFINITIONS}


SHOWN_TOO: Mapping[Section, frozenset[str]] = {
    Section.AGENTS: frozenset(
        {"handled", "transfers", "held", "hold", "hold_share", "sales", "conversion", "sales_per_handling_hour"}
    )
    | {"time_to_connect", "time_to_connect_p95"}
}
"""Figures that a section shows beside its own."""


def of_section(section: Section, *, by_campaign: bool = True) -> tuple[Definition, ...]:
    """The figures of a section, in their order. ``by_campaign``: campaigns are asked for; agents' time is shared out
    to them only then."""
    too = SHOWN_TOO.get(section, frozenset())
    found = (each for each in DEFINITIONS if each.section is section or each.name in too)
    return tuple(each for each in found if by_campaign or each.source is not Source.PACE_SHARED)
