"""The law as data: what a campaign must keep to in one place, with where each rule was read.

No preset is legal advice. Every entry names its source and the day it was written down; ``confirmed`` says whether a
cited document was read or the rule is common knowledge only. **Confirm each with counsel before the first call.**
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from calls.causes import Outcome

COUNSEL = "confirm with counsel before the first call"
WRITTEN_ON = date(2026, 11, 21)
"""When the entries below were put together."""

OFFER_WITHIN_S = 1.8
"""An agent or the message must be there by then: the 2 s of the law less 0.2 s for the way to the ear."""

CONNECT_WITHIN_S = 2.0
"""16 CFR 310.4(b)(4)(iii): within two seconds of the completed greeting. Later is abandoned."""

FIFTEEN_SECONDS = 15.0
"""16 CFR 310.4(b)(4)(ii): ring at least 15 seconds or four rings."""


class ClockStart(StrEnum):
    """When the two seconds begin."""

    ANSWER = "answer"
    GREETING_END = "greeting_end"
    """With machine detection: when it has told a person from a machine."""


class Denominator(StrEnum):
    """Abandoned calls are a share of what."""

    ANSWERED_BY_PERSON = "answered_by_person"
    UK_ESTIMATE = "uk_estimate"
    """est / (connected + est), est = D (1 - am / (am + live)): D abandoned, am and live the machines and people that
    agents handled. While agents do not mark machines am is 0, which makes the figure as strict as it can be.

    Source: Ofcom, Revised statement of policy on persistent misuse (2010, 2015)."""


class Scope(StrEnum):
    """Whose attempts a limit counts."""

    NUMBER = "number"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``attempts`` in any stretch of ``period``; ``period`` None: ever, in the campaign.

    A limit with a period counts the attempts of all campaigns, one without it those of its own.
    """

    scope: Scope
    attempts: int
    period: timedelta | None


@dataclass(frozen=True, slots=True)
class CoolDown:
    """After an attempt of a person came to ``outcome``: no attempt for ``period``, from any campaign."""

    outcome: Outcome
    period: timedelta


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule was read. ``confirmed`` False: common knowledge, no document was read."""

    rule: str
    where: str
    confirmed: bool
    written_on: date = WRITTEN_ON
    note: str = COUNSEL


@dataclass(frozen=True, slots=True)
class Preset:
    """The rules of one place. Hours are local to the called party."""

    name: str
    hours: Mapping[str, str] | None
    """Days to times, as ``calls.hours`` reads them; None: always open."""
    sources: tuple[Source, ...]
    holidays: str | None = None
    """Country (ISO 3166) whose public holidays are closed; a holiday of any of its states counts."""
    min_ring_s: float = FIFTEEN_SECONDS
    abandonment_cap: float = 0.03
    cap_window: timedelta = timedelta(days=30)
    denominator: Denominator = Denominator.ANSWERED_BY_PERSON
    machine_detection: bool = True
    """Whether a campaign may tell machines from people; where not, the clock always starts at the answer."""
    limits: tuple[Limit, ...] = ()
    cool_downs: tuple[CoolDown, ...] = ()
    loopback_only: bool = False
    """Dials only trunks that lead nowhere outside."""

    def clock(self, detect_machine: bool) -> ClockStart:
        """When the two seconds begin in a campaign with or without machine detection."""
        return ClockStart.GREETING_END if detect_machine else ClockStart.ANSWER


_DAY = timedelta(hours=24)
_US_HOURS = Source("hours 8:00 to 21:00 at the called party", "US FTC, 16 CFR 310.4(c)", True)
_US_CAP = Source(
    "abandoned at most 3% of calls answered by a person, per campaign over 30 days; ring 15 s; message within 2 s",
    "US FTC TSR, 16 CFR 310.4(b)(4), as quoted by dnc.com and Lexology",
    True,
)
_US_FCC = Source(
    "the same 3%, 30 days, 15 s; the message offers an automated opt-out", "US FCC, 47 CFR 64.1200(a)(6)-(7)", False
)

_ALL = (
    Preset(
        name="demo",
        hours=None,
        min_ring_s=1.0,
        abandonment_cap=1.0,
        loopback_only=True,
        sources=(Source("always open; nobody is called: loopback trunks only", "Callwright", True),),
    ),
    Preset(
        name="us-telemarketing",
        hours={"mon-sun": "08:00-21:00"},
        sources=(_US_HOURS, _US_CAP, _US_FCC),
    ),
    Preset(
        name="us-florida",
        hours={"mon-sun": "08:00-20:00"},
        limits=(Limit(Scope.PERSON, 3, _DAY),),
        sources=(
            _US_CAP,
            _US_FCC,
            Source(
                "to 20:00; at most 3 calls in 24 h on one subject", "Florida, by covelaw and VICIdial's manual", True
            ),
        ),
    ),
    Preset(
        name="us-collections",
        hours={"mon-sun": "08:00-21:00"},
        limits=(Limit(Scope.PERSON, 7, timedelta(days=7)),),
        cool_downs=(CoolDown(Outcome.ANSWERED, timedelta(days=7)),),
        sources=(
            _US_CAP,
            Source(
                "7 calls in 7 days a debt; 7 days' pause after a conversation; 8:00 to 21:00; a debt is taken to be "
                "a person's only one",
                "US CFPB Regulation F, by NAFCU",
                True,
            ),
        ),
    ),
    Preset(
        name="uk-strict",
        hours={"mon-fri": "08:00-21:00", "sat-sun": "09:00-20:00"},
        holidays="GB",
        abandonment_cap=0.001,
        cap_window=_DAY,
        denominator=Denominator.UK_ESTIMATE,
        machine_detection=False,
        cool_downs=(CoolDown(Outcome.ABANDONED, timedelta(hours=72)),),
        sources=(
            Source(
                "no 3% safe harbour: every silent or abandoned call is misuse, by its harm; the cap of 0.1% is ours",
                "UK Ofcom, statement in force since 2017-03-01",
                True,
            ),
            Source("the estimate of abandoned calls without machine detection", "UK Ofcom, 2010 and 2015", True),
            Source(
                "no redial for 72 h after an abandoned call; a message without marketing", "UK, until 2017", False
            ),
            Source("hours and no public holidays: prudent, no statute read", "Callwright", False),
        ),
    ),
    Preset(
        name="canada",
        hours={"mon-fri": "09:00-21:30", "sat-sun": "10:00-18:00"},
        abandonment_cap=0.05,
        cap_window=timedelta(days=31),
        sources=(
            Source("abandoned: no representative within 2 s", "Canada CRTC", True),
            Source(
                "5% a calendar month (held over 31 days); weekdays 9:00 to 21:30, weekends 10 to 18", "CRTC", False
            ),
        ),
    ),
    Preset(
        name="germany",
        hours={"mon-sat": "08:00-20:00"},
        holidays="DE",
        limits=(Limit(Scope.PERSON, 3, _DAY),),
        sources=(
            Source(
                "not before 8:00 or after 20:00 on working days, not on Sundays and holidays; over 3 calls a day is "
                "harassment; number shown; fewer than three rings counts as dropped",
                "Germany, Bundesnetzagentur",
                True,
            ),
            Source("no rate in statute: the cap of 3% is ours", "Callwright", False),
        ),
    ),
    Preset(
        name="australia",
        hours={"mon-fri": "09:00-20:00", "sat": "09:00-17:00"},
        holidays="AU",
        sources=(
            Source(
                "weekdays 9:00 to 20:00, Saturday 9:00 to 17:00, none on Sundays and national holidays (a state's "
                "holidays are kept too)",
                "Australia, by packleader; the mapping of days is to be confirmed",
                True,
            ),
            Source("no rate read: the cap of 3% is ours", "Callwright", False),
        ),
    ),
)

PRESETS: Mapping[str, Preset] = MappingProxyType({preset.name: preset for preset in _ALL})
"""The presets by name."""
