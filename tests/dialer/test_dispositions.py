"""What agents say of calls, in the store: once into the record, and the lead's state by it, in whatever order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.dispositions import DEFAULTS, NONE, Disposition, Recycle
from calls.ids import AgentId, CallId, QueueName
from calls.people import do_not_call
from calls.records import best_hours, contacts
from calls.records.contacts import Given
from calls.records.times import as_text
from calls.settings import QueueSettings
from dialer import attempts, dispositions
from dialer.attempts import Place
from dialer.campaign import Campaign
from tests.dialer.conftest import LOOPBACK, make_campaign
from tests.dialer.desk_store import ANNA, BOOT, NUMBER, DeskStore

AGAIN = Disposition(label="Again", recycle=Recycle(after_s=600, times=2))
TABLES = """
[attempts]
per_day = 50
[dispositions.sold]
label = "Sold"
sale = true
currency = "EUR"
"""


@pytest.fixture
def store(tmp_path: Path) -> DeskStore:
    return DeskStore(make_campaign(tmp_path, TABLES))


def test_what_was_said_stands_in_the_record_once(store: DeskStore) -> None:
    call_id = store.call("sale", value="129.90")
    assert store.said(call_id) == ("sale", "said sale", 0, "129.90", "EUR")
    assert store.lead() == ("done", None)
    store.db.execute("UPDATE calls SET disposition = 'kept'")
    dispositions.settle(store.db, call_id, store.later(1))
    assert store.said(call_id)[0] == "kept", "a second time changes nothing"


def test_a_machine_that_the_agent_met_stands_in_the_record(store: DeskStore) -> None:
    assert store.said(store.call("machine"))[:3] == ("machine", "said machine", 1)


def test_nothing_counts_before_the_wrap_up_is_over(store: DeskStore) -> None:
    attempt = store.dial()
    call_id = store.talk(attempt)
    store.give(call_id, "no_time")
    store.finish(attempt)
    assert store.said(call_id)[0] is None and store.lead() == ("done", None)
    store.give(call_id, "machine")
    store.close(call_id)
    assert store.said(call_id)[0] == "machine", "the last word counts"
    assert not contacts.give(store.db, call_id, ANNA, Given("sale", DEFAULTS["sale"]), store.now)


def test_a_lead_is_dialled_again_so_many_times_and_no_more(store: DeskStore) -> None:
    for _ in range(AGAIN.recycle.times if AGAIN.recycle else 0):
        store.call("again", AGAIN)
        assert store.lead() == ("retry", as_text(store.now + timedelta(seconds=600)))
        store.later(600)
    store.call("again", AGAIN)
    assert store.lead() == ("done", None)


def test_a_disposition_without_effects_leaves_the_lead_to_the_outcome(store: DeskStore) -> None:
    attempt = store.dial()
    call_id = store.talk(attempt)
    store.finish(attempt)
    store.db.execute("UPDATE campaign_leads SET state = 'retry', next_try_at = 'then'")
    store.give(call_id, "noted", Disposition(label="Noted"))
    store.close(call_id)
    assert store.lead() == ("retry", "then") and store.said(call_id)[0] == "noted"


def test_a_lead_that_is_dialled_again_by_then_is_left_to_that_attempt(store: DeskStore) -> None:
    first = store.dial()
    call_id = store.talk(first)
    store.give(call_id, "not_interested")
    store.finish(first)
    store.db.execute("UPDATE campaign_leads SET state = 'retry', next_try_at = ?", (as_text(store.now),))
    store.later(1)
    store.dial()
    store.close(call_id)
    assert store.lead() == ("dialling", None)


def test_a_machine_is_no_answer_in_the_hours_of_its_list_whenever_the_agent_says_so(store: DeskStore) -> None:
    def counted() -> list[tuple[int, int]]:
        rows = store.db.execute("SELECT sum(attempts), sum(answers) FROM answer_hours GROUP BY scope").fetchall()
        best_hours.recount(store.db)
        again = store.db.execute("SELECT sum(attempts), sum(answers) FROM answer_hours GROUP BY scope").fetchall()
        assert again == rows, "counted anew it is the same"
        return rows

    first = store.call("machine")
    assert counted() == [(1, 0)] * 3
    store.db.execute("UPDATE campaign_leads SET state = 'retry', next_try_at = ?", (as_text(store.now),))
    attempt = store.dial()
    call_id = store.talk(attempt)
    store.finish(attempt)
    assert counted() == [(2, 1)] * 3, "a person, as far as is known yet"
    store.give(call_id, "machine")
    store.close(call_id)
    assert counted() == [(2, 0)] * 3
    corrected = Given("sale", DEFAULTS["sale"], "", "1.00", "EUR")
    dispositions.correct(store.db, store.contact(first), corrected, "eve", store.now)
    assert counted() == [(2, 1)] * 3


def test_a_wrong_number_has_the_lead_dialled_on_its_next_one(store: DeskStore) -> None:
    second = "+12025550101"
    store.db.execute(
        "INSERT INTO lead_numbers (lead_id, position, kind, number, time_zones) VALUES (?, 2, 'work', ?, ?)",
        (f"lead{NUMBER}", second, '["America/New_York"]'),
    )
    store.call("wrong_number")
    assert store.lead() == ("retry", as_text(store.now))
    attempt = store.dial()
    assert attempt.number == second
    call_id = store.talk(attempt)
    store.give(call_id, "wrong_number")
    store.close(call_id)
    store.finish(attempt)
    assert store.lead() == ("done", None), "it has no other number"


def test_a_required_disposition_is_none_where_it_is_missing(store: DeskStore) -> None:
    attempt = store.dial()
    call_id = store.talk(attempt, required=True)
    store.finish(attempt)
    store.close(call_id)
    assert store.said(call_id)[0] == NONE
    assert store.contact(call_id).given is None


def test_only_the_agent_of_the_record_speaks_for_it(store: DeskStore) -> None:
    attempt = store.dial()
    call_id = store.talk(attempt)
    store.give(call_id, "sale", value="1")
    store.close(call_id)
    store.finish(attempt, AgentId("ben"))
    assert store.said(call_id)[0] is None
    assert store.contact(call_id).given is not None, "what the first agent said is kept with the talk"


def test_do_not_call_holds_at_once_and_is_taken_back_with_the_word(store: DeskStore) -> None:
    call_id = store.talk(store.dial())
    assert store.give(call_id, "do_not_call")
    assert not store.give(call_id, "do_not_call"), "it is there already"
    assert store.forbidden() == [NUMBER]
    store.give(call_id, "not_interested")
    assert store.forbidden() == []


def test_an_entry_of_somebody_else_stays(store: DeskStore) -> None:
    call_id = store.talk(store.dial())
    do_not_call.add(store.db, do_not_call.Entry(NUMBER, "console", "asked", store.now, "me"))
    assert not store.give(call_id, "do_not_call")
    store.give(call_id, "not_interested")
    assert store.forbidden() == [NUMBER]


def test_an_entry_until_a_time_is_there_again_after_the_word_is_taken_back(store: DeskStore) -> None:
    call_id = store.talk(store.dial())
    until = store.now + timedelta(days=30)
    do_not_call.add(store.db, do_not_call.Entry(NUMBER, "console", "asked", store.now, "me", until))
    assert store.give(call_id, "do_not_call")
    assert do_not_call.found(store.db, NUMBER, until)
    store.give(call_id, "not_interested")
    assert [entry.until for entry in do_not_call.found(store.db, NUMBER, store.now)] == [until]


def test_an_opt_out_that_came_after_the_word_stays_when_the_word_is_taken_back(store: DeskStore) -> None:
    call_id = store.talk(store.dial())
    assert store.give(call_id, "do_not_call")
    asked = do_not_call.Entry(NUMBER, "caller", "pressed 9", store.now, "caller")
    assert not do_not_call.add(store.db, asked), "it is there already"
    store.give(call_id, "not_interested")
    assert do_not_call.entries(store.db) == [asked]


def test_an_opt_out_in_two_calls_holds_until_both_take_it_back(store: DeskStore) -> None:
    calls = [store.talk(store.dial()), CallId("elsewhere")]
    assert store.give(calls[0], "do_not_call")
    again = do_not_call.Entry(NUMBER, do_not_call.AGENT, "disposition of call elsewhere", store.now, "ben")
    assert not do_not_call.add(store.db, again)
    store.give(calls[0], "not_interested")
    assert do_not_call.entries(store.db) == [again]
    assert do_not_call.withdraw(store.db, NUMBER, at=store.now, who="ben", reason=again.reason)
    assert store.forbidden() == []
    assert not do_not_call.withdraw(store.db, NUMBER, at=store.now, who="ben", reason=again.reason)


def test_who_takes_a_number_off_the_list_takes_all_that_was_said_of_it(store: DeskStore) -> None:
    call_id = store.talk(store.dial())
    store.give(call_id, "do_not_call")
    do_not_call.add(store.db, do_not_call.Entry(NUMBER, "caller", "pressed 9", store.now, "caller"))
    assert do_not_call.remove(store.db, NUMBER, at=store.now, who="officer", reason="asked to be called again")
    store.give(call_id, "not_interested")
    assert store.forbidden() == []
    assert store.db.execute("SELECT count(*) FROM do_not_call_beside").fetchone() == (0,)


def test_a_supervisor_corrects_record_lead_and_list(store: DeskStore) -> None:
    call_id = store.call("again", AGAIN)
    given = Given("do_not_call", DEFAULTS["do_not_call"], "misheard")
    assert dispositions.correct(store.db, store.contact(call_id), given, "boss", store.later(5))
    assert store.said(call_id)[:2] == ("do_not_call", "misheard")
    assert store.lead() == ("done", None) and store.forbidden() == [NUMBER]


def test_a_campaign_is_not_exhausted_while_an_agent_may_still_say_so(store: DeskStore) -> None:
    def look() -> bool:
        place, new_id = Place("main", BOOT, LOOPBACK), store.campaign.campaign_id
        begun = attempts.begin_attempts(
            store.db, store.campaign, 0, store.now, place, lambda: pytest.fail(new_id), {}
        )
        return begun.exhausted

    attempt = store.dial()
    call_id = store.talk(attempt)
    store.finish(attempt)
    assert not look()
    store.close(call_id)
    assert look()


def test_after_a_restart_what_nobody_is_at_counts(store: DeskStore) -> None:
    attempt = store.dial()
    call_id = store.talk(attempt)
    store.give(call_id, "again", AGAIN)
    store.finish(attempt)
    assert dispositions.close_left(store.db, [(call_id, ANNA)], store.now) == set()
    assert dispositions.close_left(store.db, [], store.now) == {"autumn"}
    assert store.said(call_id)[0] == "again" and store.lead()[0] == "retry"
    assert dispositions.close_left(store.db, [], store.now) == set()


STEPS = ("finish", "close", "settle", "close_left", "give sale", "give again", "give do_not_call")


@given(st.lists(st.sampled_from(STEPS), max_size=12))
def test_in_whatever_order_the_last_word_before_the_end_counts(campaign: Campaign, steps: list[str]) -> None:
    store = DeskStore(campaign)
    attempt = store.dial()
    call_id = store.talk(attempt)
    said, closed = None, False
    todo: dict[str, Callable[[], object]] = {
        "finish": lambda: store.finish(attempt),
        "close": lambda: store.close(call_id),
        "settle": lambda: dispositions.settle(store.db, call_id, store.now),
        "close_left": lambda: dispositions.close_left(store.db, [], store.now),
    }
    for step in [*steps, "close", "finish"]:
        if step.startswith("give "):
            if not closed:
                said = step.removeprefix("give ")
                store.give(call_id, said, AGAIN if said == "again" else None, "5" if said == "sale" else None)
        else:
            todo[step]()
            closed = closed or step.startswith("close")
    assert store.said(call_id)[0] == said
    assert store.lead()[0] == ("retry" if said == "again" else "done")
    assert store.forbidden() == ([NUMBER] if said == "do_not_call" else [])


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    return make_campaign(tmp_path_factory.mktemp("campaign"))


QUEUES = (
    QueueSettings(name="sales", disposition_required=True, dispositions={"asked": Disposition(label="Asked")}),
    QueueSettings(name="help"),
)


def test_what_is_offered(store: DeskStore) -> None:
    def offer(campaign_id: str | None, queue: str | None) -> tuple[list[str], bool]:
        found = dispositions.offer_of(
            store.db, QUEUES, store.campaign.campaign_id if campaign_id else None, QueueName(queue) if queue else None
        )
        return list(found.dispositions), found.required

    assert offer("autumn", "sales") == (["sold"], False)
    assert offer(None, "sales") == (["asked"], True)
    assert offer(None, "help") == (list(DEFAULTS), False)
    assert offer(None, None) == (list(DEFAULTS), False)
