"""What pages and the public API read of the database: found, paged, masked, and without secrets."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from calls.causes import Outcome
from calls.errors import UserError
from calls.ids import AgentId, BootId, CallId, CampaignId, QueueName
from calls.people import do_not_call, lockout
from calls.people.do_not_call import Entry
from calls.records.store import CallEvent, CallRecord, Direction, add_audit, finish_call
from calls.records.times import as_text
from calls.settings import Settings, load
from console.accounts import store
from console.accounts.roles import Role
from console.accounts.store import Account
from console.reads import calls, campaigns, flow_check, flows, people, rules, system
from tests.console.served import FLOW, install
from tests.fresh_store import fill

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
ANNA = "+493023125001"


def record(number: int, **changed: object) -> CallRecord:
    """The call of a minute before the one before it; every second one is dialled."""
    is_out = number % 2 == 1
    at = NOON - timedelta(minutes=number // 3)  # several begin at the same moment
    given: dict[str, object] = {
        "call_id": CallId(f"c{number:03}"),
        "direction": Direction.OUTBOUND if is_out else Direction.INBOUND,
        "switch": "main",
        "boot_id": BootId("b"),
        "channel": "x",
        "caller": "+12025550100" if is_out else ANNA,
        "called": ANNA if is_out else "100",
        "started_at": at,
        "ended_at": at + timedelta(seconds=30),
        "duration_s": 30.0,
        "billed_s": 20.0,
        "outcome": Outcome.ANSWERED if number % 5 else Outcome.ABANDONED,
        "queue": QueueName("sales"),
        "agent_id": AgentId("anna") if number % 4 else None,
        "campaign_id": CampaignId("autumn") if is_out else None,
        **changed,
    }
    return CallRecord(**given)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def db() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    fill(connection)
    for number in range(40):
        finish_call(connection, record(number), (CallEvent(NOON, 1.0, "choice", {"keys": "4711"}),))
    connection.row_factory = sqlite3.Row
    yield connection
    connection.close()


def test_pages_of_calls_show_each_once_the_newest_first(db: sqlite3.Connection) -> None:
    seen: list[str] = []
    after: str | None = None
    while True:
        page = calls.search(db, calls.CallSearch(limit=7, after=after), "DE", numbers=True)
        assert len(page.calls) <= 7
        seen += [each.call_id for each in page.calls]
        if (after := page.next) is None:
            break
    stored = [row[0] for row in db.execute("SELECT call_id FROM calls ORDER BY started_at DESC, call_id DESC")]
    assert seen == stored and len(seen) == 40


@pytest.mark.parametrize(
    "given", [{"direction": "inbound"}, {"agent": "anna", "direction": "inbound"}, {"queue": "none"}]
)
def test_for_one_page_some_calls_are_looked_through_and_the_next_goes_on(
    db: sqlite3.Connection, given: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = calls.CallSearch.model_validate({**given, "limit": 4})
    fit = [
        each.call_id for each in calls.search(db, wanted.model_copy(update={"limit": 100}), "DE", numbers=True).calls
    ]
    monkeypatch.setattr(calls, "LOOKED_THROUGH", 5)
    pages = [calls.search(db, wanted, "DE", numbers=True)]
    while (after := pages[-1].next) is not None:
        pages.append(calls.search(db, wanted.model_copy(update={"after": after}), "DE", numbers=True))
    assert [each.call_id for page in pages for each in page.calls] == fit
    assert any(len(page.calls) < 4 for page in pages[:-1]) and len(pages) > 3


@pytest.mark.parametrize(
    ("given", "fits"),
    [
        ({"direction": "inbound"}, lambda n: n % 2 == 0),
        ({"agent": "anna", "outcome": "answered"}, lambda n: n % 4 and n % 5),
        ({"campaign": "autumn"}, lambda n: n % 2 == 1),
        ({"number": ANNA}, lambda n: True),
        ({"number": "030 23125001"}, lambda n: True),
        ({"number": "+4930999999"}, lambda n: False),
        ({"recorded": True}, lambda n: False),
        ({"from": "2027-03-01T11:59:00Z", "to": "2027-03-01T12:00:00Z"}, lambda n: n // 3 == 1),
    ],
)
def test_all_that_is_asked_for_has_to_fit(db: sqlite3.Connection, given: dict[str, object], fits: object) -> None:
    wanted = calls.CallSearch.model_validate({**given, "limit": 100})
    found = {each.call_id for each in calls.search(db, wanted, "DE", numbers=True).calls}
    assert callable(fits)
    assert found == {f"c{number:03}" for number in range(40) if fits(number)}


def test_numbers_are_for_those_who_may_see_people(db: sqlite3.Connection) -> None:
    open_page = calls.search(db, calls.CallSearch(), "DE", numbers=True)
    masked_page = calls.search(db, calls.CallSearch(), "DE", numbers=False)
    assert {each.number for each in open_page.calls} == {ANNA}
    assert ANNA not in masked_page.model_dump_json()
    with pytest.raises(UserError, match="takes the right people"):
        calls.search(db, calls.CallSearch(number=ANNA), "DE", numbers=False)
    one = calls.detail(db, "c001", numbers=False)
    assert (one.events, one.lead, ANNA in one.model_dump_json()) == ((), None, False)
    assert calls.detail(db, "c001", numbers=True).events[0].detail == {"keys": "4711"}
    with pytest.raises(UserError, match="no call"):
        calls.detail(db, "c999", numbers=True)


@pytest.mark.parametrize("mark", ["x", "2027-03-01", "~", "yesterday~c001", "2027-03-01T12:00:00~c"])
def test_a_mark_of_no_page_is_refused(db: sqlite3.Connection, mark: str) -> None:
    with pytest.raises(UserError, match="after: expected"):
        calls.search(db, calls.CallSearch(after=mark), "DE", numbers=True)


@pytest.fixture
def empty() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    fill(connection)
    connection.row_factory = sqlite3.Row
    yield connection
    connection.close()


def lead(connection: sqlite3.Connection, lead_id: str, number: str, name: str) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO lists (list_id, name, created_at) VALUES ('l', 'autumn', '2027-01-01T00:00:00+00:00')"
    )
    connection.execute(
        "INSERT INTO leads (lead_id, list_id, person_key, number, name, time_zones, imported_at)"
        " VALUES (?, 'l', ?, ?, ?, '[]', '2027-01-01T00:00:00+00:00')",
        (lead_id, number, number, name),
    )


def test_people_are_found_by_name_by_number_and_by_a_part_of_either(empty: sqlite3.Connection) -> None:
    lead(empty, "1", ANNA, "Anna Müller")
    lead(empty, "2", "+493023125002", "Ben 100% Lamps")
    lead(empty, "3", "~0123", "Anna who was erased")

    def found(text: str) -> list[str]:
        return [each.lead or each.number for each in people.search(empty, text, "DE")]

    assert found("anna m") == ["1"]
    assert found("100%") == ["2"]
    assert found("_n_a m") == [], "no wildcard of theirs"
    assert found("030 23125001") == ["1"]
    assert found("5002") == ["2"]
    assert found("+4930231") == ["1", "2", "+4930231"], "the beginning of some, and a number itself"
    assert found("+12025550123") == ["+12025550123"], "a number of no list"
    with pytest.raises(UserError, match="three letters"):
        people.search(empty, "  a ", "DE")


def test_the_do_not_call_list_is_paged_and_searched(
    empty: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "PAGE", 3)
    for number in range(7):
        do_not_call.add(empty, Entry(f"+49302312500{number}", "console", "", NOON, "ben"))
    do_not_call.add(empty, Entry("+1900*", "console", "costly", NOON, "ben"))
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = rules.forbidden(empty, "", after)
        assert page.count == 8
        seen += [each.number for each in page.entries]
        after = page.next
    assert seen == sorted(seen) and len(seen) == 8
    assert [each.number for each in rules.forbidden(empty, "5003").entries] == ["+493023125003"]
    assert [each.reason for each in rules.forbidden(empty, "+1900").entries] == ["costly"]
    assert rules.forbidden(empty, "'; DROP TABLE do_not_call").count == 8


def test_the_audit_is_paged_and_filtered(empty: sqlite3.Connection) -> None:
    for number in range(5):
        add_audit(empty, NOON + timedelta(seconds=number), "ben" if number % 2 else "anna", f"campaign.{number}", {})
    add_audit(empty, NOON, "anna", "campaigns", {"n": 1})
    page = system.changes(empty, system.AuditSearch(limit=4))
    rest = system.changes(empty, system.AuditSearch(limit=4, before=page.next))
    seen = [each.what for each in (*page.changes, *rest.changes)]
    assert seen[1:] == [f"campaign.{each}" for each in (4, 3, 2, 1, 0)]
    assert rest.next is None
    kinds = system.changes(empty, system.AuditSearch(who="anna", what="campaign")).changes
    assert [each.what for each in kinds] == ["campaign.4", "campaign.2", "campaign.0"]


def test_accounts_are_shown_with_their_locks_and_without_their_secrets(empty: sqlite3.Connection) -> None:
    for name, role in (("Zoe", Role.AGENT), ("anna", Role.ADMINISTRATOR)):
        store.add(empty, Account(name, name, role, None, False, False, False), "$argon2id$secret", "test", NOON)
    for _ in range(6):
        until = lockout.begin(empty, lockout.Try(store.LOCKS, "zoe", ""), store.LIMITS, NOON)
    shown = system.accounts(empty, NOON)
    assert [(each.name, each.locked_until) for each in shown] == [("anna", None), ("Zoe", until)]
    assert "argon2id" not in json.dumps([each.model_dump(mode="json") for each in shown])


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("reads")
    more = """
[[webhooks]]
name = "crm"
url = "https://crm.example/hook?key=sesame"
events = ["call_ended"]
bearer = "crm"
headers = { X-Key = "sesame" }
"""
    (folder / "secrets.toml").write_text('[named]\ncrm = "a-very-long-sesame-of-ours"\n', encoding="utf-8")
    (folder / "secrets.toml").chmod(0o600)
    return load(install(folder, render=False, more=more), {})


def test_settings_are_shown_without_secrets(settings: Settings) -> None:
    shown = json.dumps(system.settings_shown(settings))
    assert "sesame" not in shown and "secrets" not in system.settings_shown(settings)
    assert "https://crm.example/hook?..." in shown and '"X-Key": "..."' in shown and '"bearer": "crm"' in shown


def test_campaigns_are_those_that_were_started_and_files(empty: sqlite3.Connection, settings: Settings) -> None:
    (row,) = campaigns.overview(empty, settings.campaigns, {})
    assert (row.id, row.state, row.penetration) == ("autumn", "new", None)
    assert campaigns.overview(None, settings.campaigns, {}) == [row]


def test_flows_show_their_files_versions_and_what_differs(empty: sqlite3.Connection, settings: Settings) -> None:
    (row,) = flows.overview(None, settings)
    assert (row.id, row.called, row.version, row.edited) == ("main", ("100",), "", True)
    assert flows.text(empty, settings, "main", None).text == FLOW
    with pytest.raises(UserError, match="no flow"):
        flows.text(empty, settings, "../callwright", None)
    with pytest.raises(UserError, match="no version of the flow main is kept"):
        flows.difference(empty, settings, "main", None, None)


def test_a_text_is_checked_as_it_would_be_published(settings: Settings) -> None:
    assert flow_check.faults_of(settings, flow_check.FlowText(flow="main", text=FLOW)) == []
    faulty = FLOW.replace("queue: sales", "queue: moon")
    (fault,) = flow_check.faults_of(settings, flow_check.FlowText(flow="main", text=faulty))
    assert (fault.rule, fault.severity, fault.line) == ("unknown-queue", "error", 10)
    assert "moon" in fault.problem
    for flow, text in (("../x", FLOW), ("main", "\ud800")):
        with pytest.raises(UserError):
            flow_check.faults_of(settings, flow_check.FlowText.model_construct(flow=flow, text=text))


def test_nothing_of_the_folder_is_changed_by_looking(settings: Settings, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in settings.flows.iterdir()}
    flow_check.faults_of(settings, flow_check.FlowText(flow="other", text=FLOW))
    assert {path: path.read_bytes() for path in settings.flows.iterdir()} == before


def campaign_of(connection: sqlite3.Connection, *leads: tuple[str, str, str | None]) -> None:
    """A campaign whose leads have these zones and states, and are next tried then."""
    connection.execute("INSERT INTO lists (list_id, name, created_at) VALUES ('l', 'autumn', '2027-01-01')")
    connection.execute(
        "INSERT INTO campaigns (campaign_id, name, list_id, settings, state, created_at, changed_at)"
        " VALUES ('autumn', 'Autumn', 'l', '{}', 'running', '2027-01-01', '2027-01-01')"
    )
    for at, (zone, state, next_try) in enumerate(leads):
        lead(connection, str(at), f"+1202555{at:04}", "")
        connection.execute("UPDATE leads SET time_zones = ? WHERE lead_id = ?", (json.dumps([zone]), str(at)))
        connection.execute(
            "INSERT INTO campaign_leads (campaign_id, lead_id, state, next_try_at, list_id)"
            " VALUES ('autumn', ?, ?, ?, 'l')",
            (str(at), state, next_try),
        )


def refused_by_hours(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO refusals (campaign_id, lead_id, rule, until_at, refused_at, last_at)"
        " VALUES ('autumn', '0', 'calling_hours', '2027-03-02T08:00:00.000000+00:00', ?1, ?1)",
        (as_text(NOON),),
    )


NINE = {
    "Europe/Berlin": "2027-03-02T08:00:00.000000+00:00",
    "Europe/London": "2027-03-02T09:00:00.000000+00:00",
    "America/New_York": "2027-03-02T14:00:00.000000+00:00",
}


def test_why_nobody_is_called_is_told_by_the_clocks_of_people(empty: sqlite3.Connection) -> None:
    campaign_of(empty, *((zone, "new", at) for zone, at in NINE.items()))
    refused_by_hours(empty)
    assert campaigns.waiting(empty, "autumn", NOON) == "waiting: no lead may be called before 09:00 in 3 zones"
    empty.execute("UPDATE campaign_leads SET state = 'done' WHERE lead_id <> '2'")
    assert campaigns.waiting(empty, "autumn", NOON).endswith("before 09:00 in America/New_York")
    empty.execute("UPDATE campaign_leads SET next_try_at = NULL WHERE lead_id = '2'")
    assert campaigns.waiting(empty, "autumn", NOON) == "", "one is due"


def test_leads_that_rest_are_due_at_a_time(empty: sqlite3.Connection) -> None:
    campaign_of(empty, ("Europe/Berlin", "retry", NINE["Europe/Berlin"]), ("Europe/London", "done", None))
    words = "waiting: of 1 leads that are left, the first is due at 2027-03-02 08:00 UTC"
    assert campaigns.waiting(empty, "autumn", NOON) == words
    empty.execute("UPDATE campaign_leads SET state = 'done'")
    assert campaigns.waiting(empty, "autumn", NOON) == ""
