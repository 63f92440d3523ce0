"""One lead of a list, edited and taken out: checked as an import checks it, and no limit begins anew by it."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from calls.causes import Outcome
from calls.errors import LeadError, Location
from calls.ids import AttemptId, CallId, LeadId, QueueName
from calls.people import callbacks, persons
from calls.people.callbacks import Booking
from calls.records import lead_totals
from calls.records.times import as_text
from dialer import attempts, compliance, hopper, judging, requested, roll
from dialer.attempts import Place
from dialer.compliance import Allowed, Refused
from dialer.events import BegunAttempt
from dialer.leads import lists, one, store
from dialer.leads.file import LeadFile
from dialer.leads.one import Change, StoredLead
from dialer.leads.report import ImportReport
from dialer.leads.results import results
from dialer.leads.table import open_table
from dialer.order import Kind
from tests.dialer.conftest import LOOPBACK, make_campaign
from tests.dialer.desk_store import ANNA, BOOT, DeskStore

OLD, NEW, WORK, OTHER = "+12025550100", "+13125550140", "+12025550160", "+12025550177"
LIMITS = "[attempts]\nper_number = 2\nper_person = 2\n"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskStore]:
    made = DeskStore(make_campaign(tmp_path, LIMITS))
    yield made
    kept = [[tuple(row) for row in made.db.execute(f"SELECT * FROM {cube.table}")] for cube in lead_totals.CUBES]
    lead_totals.recount(made.db)
    for cube, before in zip(lead_totals.CUBES, kept, strict=True):
        assert [tuple(row) for row in made.db.execute(f"SELECT * FROM {cube.table}")] == before, "the roll-ups hold"
    made.db.close()


IDS = itertools.count()


def load(desk: DeskStore, *lines: str, to: str = "autumn", columns: tuple[tuple[str, str], ...] = ()) -> ImportReport:
    where = Location(Path("a.csv"))
    table = open_table(io.BytesIO("\n".join(lines).encode()), where)
    leads = LeadFile(table, where, "US", columns)
    return store.import_leads(desk.db, leads, to, desk.now, lambda: f"import{next(IDS)}")


def edit(desk: DeskStore, change: Change, number: str = OLD) -> tuple[tuple[str, ...], StoredLead]:
    done = one.edit(desk.db, one.find(desk.db, "autumn", number), change, desk.now)
    return done.what, done.lead


def state(desk: DeskStore, number: str) -> tuple[object, ...]:
    sql = "SELECT state, tries, excluded FROM campaign_leads JOIN leads USING (lead_id) WHERE number = ?"
    return tuple(desk.db.execute(sql, (number,)).fetchone())


def may_dial(desk: DeskStore, number: str) -> Allowed | Refused:
    """What the rules say of the lead with this number."""
    lead = hopper.lead(desk.db, desk.campaign.campaign_id, one.find(desk.db, "autumn", number).lead_id)
    assert lead is not None
    return judging.verdict_on(desk.db, lead[0], compliance.rules_of(desk.campaign), desk.now)


def next_number(desk: DeskStore) -> str | None:
    due = hopper.due(desk.db, desk.campaign.campaign_id, desk.now, 1)
    return due[0].lead.number if due else None


# --- edit -------------------------------------------------------------------------------------------------------


def test_a_new_number_is_dialled_where_its_zone_says(desk: DeskStore) -> None:
    what, lead = edit(desk, Change(numbers=((Kind.MOBILE, NEW), (Kind.WORK, WORK)), name="Mill", priority=7))
    assert what == ("numbers", "name", "priority", "region")
    assert [(each.kind, each.number) for each in lead.numbers] == [(Kind.MOBILE, NEW), (Kind.WORK, WORK)]
    assert lead.numbers[0].time_zones == ("America/Chicago",)
    assert lead.numbers[1].time_zones == ("America/New_York",)
    assert (lead.name, lead.priority, lead.region) == ("Mill", 7, "US")
    assert next_number(desk) == NEW
    with pytest.raises(LeadError, match="no lead of list autumn has the number"):
        one.find(desk.db, "autumn", OLD)
    assert edit(desk, Change(name="Mill"), WORK) == ((), lead), "the same again changes nothing"


def test_what_an_import_would_refuse_is_refused_and_nothing_has_changed(desk: DeskStore) -> None:
    load(desk, "Phone", OTHER)
    before = one.find(desk.db, "autumn", OLD)
    for change, words in (
        (Change(numbers=((Kind.OTHER, "+12"),)), "number"),
        (Change(numbers=((Kind.OTHER, OLD), (Kind.WORK, "+1911"))), "left out"),
        (Change(numbers=((Kind.OTHER, OTHER),)), "first number of another lead of list autumn"),
        (Change(numbers=tuple((Kind.OTHER, f"+1202555{each:04}") for each in range(100, 111))), "at most 10 numbers"),
        (Change(name="x" * 201), "the name is longer than 200 characters"),
        (Change(name="a\x07b"), "control character"),
        (Change(priority=5000), "from -1000 to 1000"),
        (Change(time_zone="EST"), "no summer time"),
        (Change(time_zone="Mars/North"), "no time zone"),
        (Change(fields={"Town": "x" * 4001}), "more than 4000 characters"),
        (Change(fields={" ": "x"}), "the name of a field"),
    ):
        with pytest.raises(LeadError, match=words):
            edit(desk, change)
    assert one.find(desk.db, "autumn", OLD) == before


def test_zones_go_by_place_and_number_and_a_given_one_stays(desk: DeskStore) -> None:
    columns = (("state", "Where"), ("person", ""))
    load(desk, "Phone,Where,Time zone,Customer id", f"{OTHER},Kansas,,", f"{WORK},,America/Denver,", columns=columns)
    desk.db.execute("UPDATE imports SET options = ?", (json.dumps({"map": "state=Where,person="}),))
    _, lead = edit(desk, Change(fields={"Town": "Salina"}), OTHER)
    assert lead.region == "US-KS" and "America/Chicago" in lead.numbers[0].time_zones
    what, lead = edit(desk, Change(fields={"Where": "California"}), OTHER)
    assert what == ("time_zone", "region", "field Where") and lead.region == "US-CA"
    assert "America/Los_Angeles" in lead.numbers[0].time_zones and "America/Chicago" not in lead.numbers[0].time_zones
    what, lead = edit(desk, Change(numbers=((Kind.OTHER, NEW),)), WORK)
    assert what == ("numbers",) and lead.numbers[0].time_zones == ("America/Denver",), "the row had named it"
    what, lead = edit(desk, Change(time_zone=""), NEW)
    assert what == ("time_zone",) and lead.numbers[0].time_zones == ("America/Chicago",)
    what, lead = edit(desk, Change(time_zone="Pacific/Honolulu"), NEW)
    assert what == ("time_zone",) and lead.numbers[0].time_zones == ("Pacific/Honolulu",)


def test_fields_come_and_go_and_filters_look_again(tmp_path: Path) -> None:
    desk = DeskStore(make_campaign(tmp_path, '[filter.fields]\nTown = "London"\n'))
    assert state(desk, OLD) == ("new", 0, 1) and next_number(desk) is None
    assert edit(desk, Change(fields={"Town": "London", "Owes": "7"}))[0] == ("field Town", "field Owes")
    assert state(desk, OLD) == ("new", 0, 0) and next_number(desk) == OLD
    what, lead = edit(desk, Change(fields={"Town": "", "Owes": "7"}))
    assert what == ("field Town",) and lead.fields == {"Owes": "7"} and next_number(desk) is None
    desk.db.close()


def test_while_it_is_dialled_its_numbers_stay_and_all_else_may_change(desk: DeskStore) -> None:
    attempt = desk.dial()
    with pytest.raises(LeadError, match="being dialled, or has a call: change its numbers when that is over"):
        edit(desk, Change(numbers=((Kind.OTHER, NEW),)))
    assert edit(desk, Change(name="Mill"))[0] == ("name",)
    with pytest.raises(LeadError, match="being dialled, or has a call: remove it"):
        one.remove(desk.db, one.find(desk.db, "autumn", OLD), desk.now)
    desk.finish(attempt)
    assert "numbers" in edit(desk, Change(numbers=((Kind.OTHER, NEW),)))[0]


def test_a_number_that_led_to_nobody_is_mended_and_dialled_again(desk: DeskStore) -> None:
    """Where the campaign is done with a lead for another reason, an edit changes nothing of that."""
    desk.call("wrong_number")
    assert state(desk, OLD)[0] == "done"
    edit(desk, Change(name="Mill"))
    assert state(desk, OLD)[0] == "done"
    edit(desk, Change(numbers=((Kind.OTHER, NEW),)))
    assert state(desk, NEW) == ("retry", 1, 0) and next_number(desk) == NEW
    desk.call("not_interested")
    edit(desk, Change(numbers=((Kind.OTHER, WORK),)), NEW)
    assert state(desk, WORK)[0] == "done"


def test_a_refusal_is_asked_again_and_a_promised_time_is_kept(desk: DeskStore) -> None:
    lead_id, later = LeadId(f"lead{OLD}"), desk.now + timedelta(hours=9)
    for until, after in ((None, "retry"), (later, "retry")):
        judging.refuse(desk.db, desk.campaign.campaign_id, lead_id, Refused("calling_hours", until), desk.now)
        zone = "Europe/London" if until is None else "Asia/Tokyo"
        edit(desk, Change(time_zone=zone))
        assert state(desk, OLD)[0] == after and next_number(desk) == OLD
    hopper.set_lead(desk.db, desk.campaign.campaign_id, lead_id, "retry", as_text(later))
    desk.db.execute("UPDATE refusals SET until_at = ?", (as_text(desk.now),))
    edit(desk, Change(time_zone="Europe/Paris"))
    assert next_number(desk) is None, "busy: in nine hours, as its campaign says"


def test_no_limit_begins_anew_by_an_edit(desk: DeskStore) -> None:
    """The number has its own tries, whoever is thought to be behind it."""
    desk.call("not_interested")
    lists.recycle(desk.db, desk.campaign.campaign_id, (Outcome.ANSWERED,), desk.later(60), "", desk.now)
    desk.call("not_interested")
    assert may_dial(desk, OLD) == Refused("attempts", None)
    edit(desk, Change(numbers=((Kind.OTHER, NEW),)))
    edit(desk, Change(numbers=((Kind.OTHER, OLD),)), NEW)
    assert may_dial(desk, OLD) == Refused("attempts", None)
    edit(desk, Change(numbers=((Kind.OTHER, OLD), (Kind.WORK, WORK))))
    edit(desk, Change(numbers=((Kind.WORK, WORK),)))
    assert may_dial(desk, WORK) == Refused("attempts", None), "both were of one person"
    assert state(desk, WORK)[1] == 2


def test_the_customer_id_says_who_it_is_after_an_edit_too(desk: DeskStore) -> None:
    load(desk, "Phone,Customer id", f"{OTHER},K-1", f"{WORK},K-2")
    edit(desk, Change(numbers=((Kind.OTHER, NEW),)), OTHER)
    keys = dict(desk.db.execute("SELECT number, person_key FROM leads").fetchall())
    assert keys[NEW] == OTHER and keys[WORK] == WORK, "by the id they are one, with one set of limits"
    edit(desk, Change(fields={"Customer id": "K-1"}), WORK)
    keys = dict(desk.db.execute("SELECT number, person_key FROM leads").fetchall())
    assert len({keys[NEW], keys[WORK]}) == 1


# --- remove -----------------------------------------------------------------------------------------------------


def test_a_lead_that_was_never_dialled_is_gone(desk: DeskStore) -> None:
    load(desk, "Phone,Mobile", f"{OTHER},{WORK}")
    assert one.remove(desk.db, one.find(desk.db, "autumn", WORK), desk.now) is False
    assert [row[0] for row in desk.db.execute("SELECT number FROM leads")] == [OLD]
    assert desk.db.execute("SELECT count(*) FROM lead_numbers").fetchone()[0] == 0
    assert load(desk, "Phone", OTHER).counts.imported == 1
    assert state(desk, OTHER) == ("new", 0, 0)


def test_a_dialled_one_stays_for_its_records_and_comes_back_with_its_tries(desk: DeskStore) -> None:
    load(desk, "Phone,Name", f"{OTHER},Left alone")
    desk.call("not_interested")
    lists.recycle(desk.db, desk.campaign.campaign_id, (Outcome.ANSWERED,), desk.later(60), "", desk.now)
    assert one.remove(desk.db, one.find(desk.db, "autumn", OLD), desk.now) is True
    assert next_number(desk) == OTHER and state(desk, OLD) == ("retry", 1, 1)
    detail = lists.detail(desk.db, "autumn")
    assert detail.view.leads == 1 and lists.overview(desk.db)[0].leads == 1
    with pytest.raises(LeadError, match="no lead of list autumn"):
        one.find(desk.db, "autumn", OLD)
    found = results(desk.db, "autumn")
    rows = {row[0]: dict(zip(found.columns, row, strict=True)) for row in found.page(desk.db).rows}
    assert rows[OLD]["lead state"] == "removed" and rows[OLD]["disposition"] == "not_interested"
    assert persons.best_of_number(desk.db, OLD) is None and persons.of_number(desk.db, OLD)[0].removed
    with pytest.raises(LeadError, match="was removed from list autumn: add it to the list again"):
        edit(desk, Change(numbers=((Kind.OTHER, OLD),)), OTHER)

    lead_id = LeadId(f"lead{OLD}")
    place = Place("main", BOOT, LOOPBACK)
    refused = requested.begin(desk.db, desk.campaign, lead_id, OLD, desk.now, place, AttemptId("r"), "anna")
    assert refused == Refused("not_on_the_roll", None), "nor does an agent dial it who was shown it before"

    desk.later(7200)
    report = load(desk, "Phone,Name", f"{OLD},Back again", f"{OTHER},Left alone", f"{OLD},Twice")
    assert (report.counts.imported, report.counts.known, report.counts.refused) == (1, 1, 1)
    lead = one.find(desk.db, "autumn", OLD)
    assert (lead.lead_id, lead.name, state(desk, OLD)) == (lead_id, "Back again", ("retry", 1, 0))
    assert lists.overview(desk.db)[0].leads == 2
    assert lead.imported_at == as_text(desk.now), "what is kept for so long is kept from now on"
    desk.call("not_interested")
    assert may_dial(desk, OLD) == Refused("attempts", None), "the try of before counts"


def test_a_removed_one_stays_out_of_new_campaigns_and_of_moves(desk: DeskStore, tmp_path: Path) -> None:
    desk.call("not_interested")
    one.remove(desk.db, one.find(desk.db, "autumn", OLD), desk.now)
    load(desk, "Phone", OTHER, to="winter")
    assert lists.move(desk.db, "autumn", "winter", "").taken == 0
    second = make_campaign(tmp_path, campaign_id="second", name='"Second"')
    roll.register(desk.db, second, desk.now)
    assert desk.db.execute("SELECT count(*) FROM campaign_leads WHERE campaign_id = 'second'").fetchone()[0] == 0
    roll.register(desk.db, make_campaign(tmp_path, LIMITS + '[order]\nby = "newest"\n'), desk.now)
    assert state(desk, OLD)[2] == 1, "also where all are looked at again"
    assert load(desk, "Phone", OLD, to="winter").counts.imported == 1, "another list may have it"


def test_who_dials_its_number_by_hand_has_it_in_the_list_again(desk: DeskStore) -> None:
    desk.call("not_interested")
    one.remove(desk.db, one.find(desk.db, "autumn", OLD), desk.now)
    lead_id = requested.lead_of(desk.db, desk.campaign, OLD, desk.now)
    place = Place("main", BOOT, LOOPBACK)
    begun = requested.begin(desk.db, desk.campaign, lead_id, OLD, desk.now, place, AttemptId("r"), "anna")
    assert isinstance(begun, BegunAttempt) and begun.try_number == 2
    assert state(desk, OLD) == ("dialling", 2, 0)


def test_who_waits_for_a_callback_or_is_written_about_is_not_removed(desk: DeskStore) -> None:
    attempt = desk.dial()
    call_id = desk.talk(attempt)
    desk.finish(attempt)
    with pytest.raises(LeadError, match="an agent has not said yet"):
        one.remove(desk.db, one.find(desk.db, "autumn", OLD), desk.now)
    desk.give(call_id, "not_interested")
    desk.close(call_id)
    due = desk.now + timedelta(hours=1)
    number = callbacks.promise(
        desk.db,
        Booking(
            CallId("c"), "k", OLD, QueueName("sales"), desk.now, desk.now, True, due, due, 3, 600.0,
            agent_id=ANNA,
        ),
    )  # fmt: skip
    with pytest.raises(LeadError, match=f"waits for callback {number}: cancel that first"):
        one.remove(desk.db, one.find(desk.db, "autumn", OLD), desk.now)
    callbacks.cancel(desk.db, number, "me", desk.now)
    assert one.remove(desk.db, one.find(desk.db, "autumn", OLD), desk.now) is True


def test_what_an_attempt_was_judged_by_is_kept_with_it(desk: DeskStore) -> None:
    """The proof of a run must not change with a lead that is edited after it."""
    desk.db.execute("UPDATE leads SET region = 'US-CA'")
    attempt = desk.dial()
    desk.finish(attempt)
    edit(desk, Change(numbers=((Kind.OTHER, NEW),)))
    row = desk.db.execute("SELECT json_extract(decision, '$.region'), zones, number FROM attempts").fetchone()
    assert tuple(row) == ("US-CA", '["America/New_York"]', OLD)
    assert attempts.region_of(desk.db, attempt.lead_id) == "US"
