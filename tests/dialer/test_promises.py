"""When a person can be promised a call: times of the person's own, and hours at which nobody is called."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.callbacks import NoSuchTime
from calls.ids import AgentId, AttemptId, CallId, CampaignId, QueueName
from calls.people import callbacks, consents, do_not_call
from calls.people.callbacks import Booking
from calls.people.consents import Consent, ConsentKind
from calls.records.times import as_text
from dialer import roll
from dialer.attempts import Place
from dialer.callbacks import begin, campaign_for, instant, register, require_hours
from dialer.compliance import Refused
from dialer.own_rules import OwnRules
from tests.dialer.conftest import LOOPBACK, make_campaign
from tests.dialer.desk_store import ANNA, BOOT, NUMBER, DeskStore
from tests.dialer.world import START

BERLIN = ("Europe/Berlin",)


@pytest.mark.parametrize(
    ("text", "zones", "utc"),
    [
        ("2026-12-01T09:30", BERLIN, "2026-12-01T08:30"),
        ("2026-07-01T09:30", BERLIN, "2026-07-01T07:30"),
        ("2026-12-01T09:30+05:30", (), "2026-12-01T04:00"),
        ("2026-12-01T09:30Z", BERLIN, "2026-12-01T09:30"),
        ("2026-12-01T09:30", ("Europe/Berlin", "Europe/Paris"), "2026-12-01T08:30"),
        ("2026-01-05T09:30", ("Australia/Lord_Howe",), "2026-01-04T22:30"),
    ],
)
def test_a_time_without_an_offset_is_the_persons_own(text: str, zones: tuple[str, ...], utc: str) -> None:
    assert instant(text, zones) == datetime.fromisoformat(f"{utc}+00:00")


@pytest.mark.parametrize(
    ("text", "zones", "words"),
    [
        ("at nine", BERLIN, "expected a time such as"),
        ("2026-12-01T09:30", (), "time zone is not clear .none is known"),
        ("2026-12-01T09:30", ("Europe/Berlin", "Europe/London"), "is not clear .Europe/Berlin, Europe/London"),
        ("2026-03-29T02:30", BERLIN, "does not exist in Europe/Berlin"),
    ],
)
def test_what_is_no_time_is_refused(text: str, zones: tuple[str, ...], words: str) -> None:
    with pytest.raises(NoSuchTime, match=words):
        instant(text, zones)


SINCE = datetime(2020, 1, 1, tzinfo=UTC)


@given(st.integers(0, 16 * 366 * 24 * 60), st.sampled_from(["Europe/Berlin", "America/Adak"]))
def test_an_own_time_is_that_time_there_or_refused(minutes: int, zone: str) -> None:
    local = (SINCE + timedelta(minutes=minutes)).replace(tzinfo=None)
    try:
        found = instant(local.isoformat(), (zone,))
    except NoSuchTime:
        gap = local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo(zone))
        assert gap.replace(tzinfo=None) != local
    else:
        assert found.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local


def test_a_time_outside_the_calling_hours_is_refused_with_the_next_that_is_not() -> None:
    number, night = "+493023125000", datetime(2026, 5, 5, 21, tzinfo=UTC)
    require_hours("germany", number, BERLIN, datetime(2026, 5, 5, 9, tzinfo=UTC))
    with pytest.raises(
        NoSuchTime, match=r"refuse a call then \(calling_hours\): possible from 2026-05-06 0\d:00 Europe"
    ):
        require_hours("germany", number, BERLIN, night)
    with pytest.raises(NoSuchTime, match="time_zone"):
        require_hours("germany", number, (), night)
    require_hours("demo", number, (), night)


@pytest.mark.parametrize(
    ("changed", "ways", "shown"),
    [
        ({}, ("loop",), ("+12025550100",)),
        (
            {
                "trunk": None,
                "trunks": '["loop"]',
                "caller_id": None,
                "caller_ids": '["+12025550100", "+12025550102"]',
            },
            ("loop",),
            ("+12025550100", "+12025550102"),
        ),
    ],
)
def test_it_is_dialled_as_the_campaign_in_whose_call_it_was_promised(
    tmp_path: Path, changed: dict[str, str | None], ways: tuple[str, ...], shown: tuple[str, ...]
) -> None:
    tables = '[dispositions.asked]\nlabel = "Asked"\n[script]\ntext = {en = "Hello {name}"}\n'
    tables += '[compliance]\nrecording = "consent"\ndo_not_call = ["national"]\n'
    store = DeskStore(make_campaign(tmp_path, tables, "autumn", **changed))
    booking = Booking(
        CallId("c"), "k", NUMBER, QueueName("sales"), START, START, True, START, START, 3, 60.0,
        origin=store.campaign.campaign_id,
    )  # fmt: skip
    found = campaign_for(store.db, booking, {})
    assert found is not None and found.on_request and found.id == "promised-autumn"
    assert (found.file.ways, found.file.shown) == (ways, shown)
    assert found.file.compliance == OwnRules(recording="consent")  # what a person asked for needs no more
    assert (found.file.dispositions, found.file.script) == (
        store.campaign.file.dispositions,
        store.campaign.file.script,
    )
    assert campaign_for(store.db, replace(booking, origin=None), {}) is None


def asked(origin: str | None = None, by: AgentId | None = None) -> Booking:
    """A callback for the number: in a call, or booked by an agent without one."""
    call_id = CallId("c") if by is None else callbacks.by_number(by)
    return Booking(
        call_id, "k", NUMBER, QueueName("sales"), START, START, True, START, START + timedelta(days=1), 3, 60.0,
        origin=None if origin is None else CampaignId(origin), booked_by=by or "",
    )  # fmt: skip


def rule_of(store: DeskStore, booking: Booking, at: datetime) -> str | None:
    """The rule that refuses the call ``at``; None: it is dialled."""
    found = campaign_for(store.db, replace(booking, origin=store.campaign.campaign_id), {})
    assert found is not None
    register(store.db, found, at)
    callbacks.book(store.db, booking)
    (kept,) = callbacks.callbacks(store.db, open_only=True)
    begun = begin(store.db, kept, found, at, Place("main", BOOT, LOOPBACK), AttemptId("cb1"))
    return begun.rule if isinstance(begun, Refused) else None


def forbid(store: DeskStore, at: datetime, campaign: str | None = None) -> None:
    of = None if campaign is None else CampaignId(campaign)
    do_not_call.add(store.db, do_not_call.Entry(NUMBER, "console", "", at, "me", campaign_id=of))


SOON = START + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("booking", "forbidden_at", "campaign", "rule"),
    [
        (asked(), START - timedelta(days=1), None, None),
        (asked(), SOON, None, "do_not_call"),
        (asked(by=ANNA), START - timedelta(days=1), None, "do_not_call"),
        (asked("autumn"), START - timedelta(days=1), "autumn", None),
        (asked("autumn"), SOON, "autumn", "do_not_call"),
        (asked("promised-autumn"), SOON, "autumn", "do_not_call"),
        (asked(), SOON, "autumn", None),
    ],
)
def test_only_what_a_person_asked_for_goes_before_an_older_entry(
    tmp_path: Path, booking: Booking, forbidden_at: datetime, campaign: str | None, rule: str | None
) -> None:
    store = DeskStore(make_campaign(tmp_path))
    forbid(store, forbidden_at, campaign)
    assert rule_of(store, booking, SOON) == rule


LONG = "a-campaign-with-a-name-that-goes-on-and-on-until-no-letter-is-left"[:60]


def test_a_long_id_keeps_its_own_list_and_its_own_promises(tmp_path: Path) -> None:
    """Once both were cut to the same 64 letters, and what was forbidden to the campaign was not to its promise."""
    store = DeskStore(make_campaign(tmp_path, campaign_id=LONG))
    promised = campaign_for(store.db, asked(LONG), {})
    assert promised is not None and len(promised.id) <= 64
    assert promised.keeps_to(CampaignId(LONG)) and not promised.keeps_to(CampaignId(LONG[:55]))
    other = make_campaign(tmp_path, campaign_id=f"{LONG[:-1]}x").model_copy(update={"on_request": False})
    roll.enter(store.db, other.model_copy(update={"file": other.file.model_copy(update={"name": "Other"})}), START)
    another = campaign_for(store.db, asked(other.id), {})
    assert another is not None and another.id != promised.id
    forbid(store, SOON, LONG)
    assert rule_of(store, asked(promised.id), SOON) == "do_not_call"


def test_a_promise_of_before_whose_id_was_cut_short_is_held_to_its_list(tmp_path: Path) -> None:
    store = DeskStore(make_campaign(tmp_path, campaign_id=LONG))
    forbid(store, SOON, LONG)
    cut = f"promised-{LONG}"[:64]
    assert rule_of(store, asked(cut), SOON) == "do_not_call"
    assert make_campaign(tmp_path, campaign_id=cut).model_copy(update={"on_request": True}).keeps_to(CampaignId(LONG))


def test_who_was_promised_a_call_sees_the_number_of_before(tmp_path: Path) -> None:
    pool = '["+12025550100", "+12025550101", "+12025550102"]'
    store = DeskStore(make_campaign(tmp_path, caller_id=None, caller_ids=pool))
    store.db.execute("INSERT INTO caller_ids_shown VALUES ('autumn', '+12025550100', 5)")
    shown = store.dial().caller_id
    assert shown == "+12025550101"
    store.db.execute("UPDATE attempts SET state = 'done', outcome = 'answered'")
    assert rule_of(store, asked("autumn"), SOON) is None
    rows = store.db.execute("SELECT campaign_id, caller_id FROM attempts ORDER BY campaign_id").fetchall()
    assert rows == [("autumn", shown), ("promised-autumn", shown)]


def test_a_number_that_an_agent_books_is_held_to_the_imported_lists(tmp_path: Path) -> None:
    """One that cannot be read is one that cannot be asked: nobody is dialled."""
    store = DeskStore(make_campaign(tmp_path))
    row = ("national", "v", str(tmp_path / "gone"), 1, as_text(START), as_text(START), "me", "file")
    store.db.execute("INSERT INTO number_lists VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    assert rule_of(store, asked(by=ANNA), SOON) == "do_not_call_list"
    assert rule_of(DeskStore(make_campaign(tmp_path)), asked(), SOON) is None


def test_a_number_that_an_agent_books_needs_the_consents_of_the_place(tmp_path: Path) -> None:
    store = DeskStore(make_campaign(tmp_path, preset='"us-telemarketing"'))
    weekday = datetime(2027, 3, 2, 15, tzinfo=UTC)
    assert rule_of(store, asked(by=ANNA), weekday) == "consent"
    consents.give(store.db, [Consent(NUMBER, ConsentKind.MOBILE, START, "form")], START, "me")
    assert rule_of(store, asked(by=ANNA), weekday) is None
