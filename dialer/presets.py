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
from calls.people.consents import ConsentKind
from dialer.windows import CalendarMonth, CapWindow

COUNSEL = "confirm with counsel before the first call"
WRITTEN_ON = date(2026, 11, 29)
"""When the entries below were looked up last."""

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
    agents handled, by the disposition that they gave. Who gives none makes the figure as strict as it can be.

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
    """After an attempt of a person came to ``outcome``: no attempt for ``period``, from any campaign.

    ``unless_agent``: it does not hold where an agent is sure to be there when the person answers.
    """

    outcome: Outcome
    period: timedelta
    unless_agent: bool = False


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
    cap_window: CapWindow = timedelta(days=30)
    denominator: Denominator = Denominator.ANSWERED_BY_PERSON
    machine_detection: bool = True
    """Whether a campaign may tell machines from people; where not, the clock always starts at the answer."""
    limits: tuple[Limit, ...] = ()
    cool_downs: tuple[CoolDown, ...] = ()
    consents: tuple[ConsentKind, ...] = ()
    """Nobody is dialled without them."""
    mobile_consent: bool = False
    """Who may be on a mobile telephone is dialled by a machine only with that consent; without it, by hand."""
    prerecorded_consent: bool = False
    """A broadcast, whose recorded voice sells, is heard only by who agreed to that."""
    message_opt_out: bool = False
    """The safe-harbour message offers an automatic way never to be called again."""
    reserve_agent: bool = False
    """An agent is kept free for each dial, so that whoever answers meets one."""
    loopback_only: bool = False
    """Dials only trunks that lead nowhere outside."""
    attestation: str | None = None
    """A campaign whose calls the carrier is not known to sign so, or better, is warned; None: none is."""

    def clock(self, detect_machine: bool) -> ClockStart:
        """When the two seconds begin in a campaign with or without machine detection."""
        return ClockStart.GREETING_END if detect_machine else ClockStart.ANSWER


_DAY = timedelta(hours=24)
_US_HOURS = Source("hours 8:00 to 21:00 at the called party", "US FTC, 16 CFR 310.4(c)", True)
_US_CAP = Source(
    "abandoned at most 3% of calls answered by a person, per campaign over 30 days or the campaign's part of it; "
    "ring 15 s or four rings; name and number by a message within 2 s of the greeting; records kept",
    "US FTC TSR, 16 CFR 310.4(b)(4), by dnc.com and Lexology",
    True,
)
_US_FCC = Source(
    "the same 3%, 30 days, 15 s; the message offers an automated opt-out", "US FCC, 47 CFR 64.1200(a)(6)-(7)", False
)
_US_MOBILE = Source(
    "no automatic dialling of a mobile number without consent; American numbers do not show what they are, so each "
    "one needs it; dialling by hand needs none",
    "US FCC, 47 CFR 64.1200(a)(1)(iii), as of 2021-09-01; VICIdial's manual",
    True,
)
_US_PRERECORDED = Source(
    "a recorded voice that sells: written consent, and an opt-out by key or voice", "US FTC, 73 FR 51164", True
)
_US_LIST = Source(
    "the national do-not-call list in use is at most 31 days old: name it in [compliance] do_not_call",
    "US FTC, 16 CFR 310.4(b)(3)(iv), by njcar.org",
    True,
)
_TELEMARKETING = (_US_CAP, _US_FCC, _US_MOBILE, _US_PRERECORDED, _US_LIST)

_LOCKED_OUT = tuple(
    CoolDown(outcome, timedelta(hours=72), unless_agent=True)
    for outcome in (Outcome.ABANDONED, Outcome.MACHINE, Outcome.LOST, Outcome.PBX_LOST)
)
"""Abandoned, machine, or perhaps silent: nobody knows what the person of a lost call heard."""

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
        mobile_consent=True,
        prerecorded_consent=True,
        attestation="A",
        message_opt_out=True,
        sources=(_US_HOURS, *_TELEMARKETING),
    ),
    Preset(
        name="us-florida",
        hours={"mon-sun": "08:00-20:00"},
        limits=(Limit(Scope.PERSON, 3, _DAY),),
        mobile_consent=True,
        prerecorded_consent=True,
        attestation="A",
        message_opt_out=True,
        sources=(
            *_TELEMARKETING,
            Source(
                "8:00 to 20:00 at the called party; at most 3 calls in 24 h on one subject, from whatever "
                "number; every subject is taken to be one",
                "Florida Statutes 501.616(6), by the enrolled CS/SB 1120 (2021) and lawserver.com",
                True,
            ),
        ),
    ),
    Preset(
        name="us-collections",
        hours={"mon-sun": "08:00-21:00"},
        limits=(Limit(Scope.PERSON, 7, timedelta(days=7)),),
        cool_downs=(CoolDown(Outcome.ANSWERED, timedelta(days=7)),),
        mobile_consent=True,
        attestation="A",
        sources=(
            _US_CAP,
            _US_MOBILE,
            Source(
                "7 calls in 7 days a debt; 7 days' pause after a conversation; a debt is taken to be a person's "
                "only one",
                "US CFPB Regulation F, 12 CFR 1006.14(b)(2), consumerfinance.gov",
                True,
            ),
            Source("8:00 to 21:00 at the called party", "US CFPB Regulation F, by NAFCU", True),
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
        cool_downs=_LOCKED_OUT,
        sources=(
            Source(
                "no 3% safe harbour: every silent or abandoned call is misuse, by its harm; the cap of 0.1% is ours",
                "UK Ofcom, statement in force since 2017-03-01",
                True,
            ),
            Source("the estimate of abandoned calls without machine detection", "UK Ofcom, 2010 and 2015", True),
            Source(
                "who was taken for a machine is not dialled again that day unless an agent is there; held for 72 "
                "h here",
                "UK Ofcom, in force from 2011-02-01, by blog.ttnc.co.uk",
                True,
            ),
            Source(
                "no redial for 72 h after an abandoned or silent call, unless an agent is guaranteed; a message "
                "without marketing",
                "UK, until 2017",
                False,
            ),
            Source("hours and no public holidays: prudent, no statute read", "Callwright", False),
        ),
    ),
    Preset(
        name="canada",
        hours={"mon-fri": "09:00-21:30", "sat-sun": "10:00-18:00"},
        abandonment_cap=0.05,
        cap_window=CalendarMonth("America/Toronto"),
        sources=(
            Source(
                "abandoned: no representative within 2 s",
                "Canada CRTC, Unsolicited Telecommunications Rules, part I, crtc.gc.ca",
                True,
            ),
            Source(
                "weekdays 9:00 to 21:30, weekends 10:00 to 18:00; the national list in use is at most 31 days "
                "old: name it in [compliance] do_not_call",
                "Canada CRTC, Key Unsolicited Telecommunications Rules, crtc.gc.ca",
                True,
            ),
            Source("abandoned at most 5% in a calendar month, taken as Toronto's", "Canada CRTC", False),
        ),
    ),
    Preset(
        name="germany",
        hours={"mon-sat": "08:00-20:00"},
        holidays="DE",
        limits=(Limit(Scope.PERSON, 3, _DAY),),
        sources=(
            Source(
                "not before 8:00 or after 20:00 on working days; advertising not on Sundays and national holidays (a "
                "state's are kept too); over 3 calls a day is harassment; number shown; fewer than three rings "
                "counts as dropped: three rings take 11 s or more, 15 s are kept",
                "Germany, Bundesnetzagentur, Belästigende Anrufversuche",
                True,
            ),
            Source("no rate in statute: the cap of 3% is ours", "Callwright", False),
        ),
    ),
    Preset(
        name="france",
        hours={"mon-fri": "10:00-13:00, 14:00-20:00"},
        holidays="FR",
        limits=(Limit(Scope.PERSON, 4, timedelta(days=30)),),
        cool_downs=(CoolDown(Outcome.ANSWERED, timedelta(days=60)),),
        consents=(ConsentKind.CALLS,),
        sources=(
            Source(
                "Monday to Friday 10:00 to 13:00 and 14:00 to 20:00, not on holidays; at most 4 calls in 30 "
                "days; 60 days' pause after a refusal in a conversation (after every conversation here)",
                "France, décret 2022-1313, legifrance.gouv.fr",
                True,
            ),
            Source(
                "only with consent, since 2026-08-11",
                "France, loi 2025-594, article 13, vie-publique.fr",
                True,
            ),
            Source("no rate in statute: the cap of 3% is ours", "Callwright", False),
        ),
    ),
    Preset(
        name="spain",
        hours={"mon-fri": "09:00-21:00"},
        holidays="ES",
        consents=(ConsentKind.CALLS,),
        sources=(
            Source(
                "not before 9:00 or after 21:00, not on holidays or at weekends",
                "Spain, Real Decreto Legislativo 1/2007, article 96.2, by genbeta.com and consumoresponde.es",
                True,
            ),
            Source(
                "only with consent or another legal ground, of which only consent is kept here",
                "Spain, Ley 11/2022, article 66.1.b, and AEPD Circular 1/2023, boe.es",
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
                "weekdays 9:00 to 20:00, Saturday 9:00 to 17:00; number shown",
                "Australia, Telemarketing and Research Calls Industry Standard 2017, donotcall.gov.au",
                True,
            ),
            Source(
                "none on Sundays and national holidays (a state's are kept too)",
                "Australia, packleader.net.au",
                True,
            ),
            Source("no rate read: the cap of 3% is ours", "Callwright", False),
        ),
    ),
    Preset(
        name="zero-abandon",
        hours={"mon-fri": "09:00-20:00"},
        abandonment_cap=0.0,
        reserve_agent=True,
        sources=(
            Source(
                "nobody who answers is left without an agent: one is kept free for each dial; the hours are the "
                "narrowest of most presets here; where the law says more, its preset is the one to take",
                "Callwright",
                True,
            ),
        ),
    ),
)

PRESETS: Mapping[str, Preset] = MappingProxyType({preset.name: preset for preset in _ALL})
"""The presets by name."""


NOT_HELD: tuple[Source, ...] = (
    Source(
        "reassigned numbers: a consent does not pass to a number's next owner. One that the FCC's database said is "
        "given up is dialled by no campaign until somebody agrees anew; that it was asked lately is demanded by "
        "[compliance] reassigned_within_days alone, for asking is voluntary (who was told no by mistake is not "
        "liable)",
        "US FCC, 47 CFR 64.1200(m), by FCC 18-177, 84 FR 11226, regulations.justia.com, and accountsrecovery.net",
        True,
        date(2026, 11, 30),
    ),
    Source(
        "the caller's number is attested by the carrier (STIR/SHAKEN); the dialler shows a number and signs nothing: "
        "[[trunks]] attestation says what the carrier gives, [compliance] attestation demands it, and the presets of "
        "the United States warn of less than A, which no rule asks of a caller",
        "US FCC, 47 CFR 64.6300 ff., as hallikainen.org has it (2020); FCC 20-42, paragraph 8, on puck.nether.net",
        True,
        date(2026, 11, 30),
    ),
    Source(
        "recording: [compliance] recording holds who must hear of it, for the United States alone, state by state "
        "with where each was read; no preset sets it",
        "callwright campaign recording-law",
        True,
    ),
    Source("business numbers and private ones are not told apart: every number is held to be private", "", False),
    Source(
        "the text of the safe-harbour message (who calls, an opt-out, no marketing) is the campaign's own", "", False
    ),
)
"""What the law asks and no preset can hold: for people to see to."""
