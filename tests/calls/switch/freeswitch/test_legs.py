"""What FreeSWITCH's events say of our legs: in any order, doubled, missing; against the recordings and at random."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.ids import LegId
from calls.switch.events import LegAnswered, LegEnded, LegHeld, LegRinging
from calls.switch.freeswitch.channels import Channel
from calls.switch.freeswitch.legs import GRACE_S, LegBook, LegEvent
from calls.wire.esl import Decoder, Event, Headers
from tests.calls.wire.esl_recordings import stream

LEG = LegId("att-1")


def event(name: str, **values: str) -> Event:
    headers = {"Event-Name": name, "Unique-ID": LEG} | {key.replace("_", "-"): value for key, value in values.items()}
    return Event(name, Headers(headers))


def job(body: str, job_id: str = "job-1") -> Event:
    return Event("BACKGROUND_JOB", Headers({"Event-Name": "BACKGROUND_JOB", "Job-UUID": job_id}), body)


CREATED, RINGS, ANSWERED, PARKED = (event(f"CHANNEL_{each}") for each in ("CREATE", "PROGRESS", "ANSWER", "PARK"))
ENDED = Event("CHANNEL_HANGUP_COMPLETE", Headers({"Unique-ID": LEG, "variable_hangup_cause_q850": "16"}))


def book(*, parks: bool = False, ring_timeout_s: float = 20.0) -> LegBook:
    made = LegBook()
    made.expect(LEG, "job-1", 100.0, ring_timeout_s, parks=parks)
    return made


def told(made: LegBook, *events: Event, now: float = 101.0) -> list[LegEvent]:
    return [each for event in events for each in made.handle(event, now)]


@pytest.mark.parametrize(
    ("recording", "leg", "ended", "late_s"),
    [
        ("esl-originate-busy", "00000004-0000-4000-8000-000000000001", (17, False), 1.0),
        ("esl-originate-no-answer", "00000005-0000-4000-8000-000000000001", (19, True), 2.0),
        ("esl-originate-503", "00000006-0000-4000-8000-000000000001", (34, False), 1.0),
        ("esl-originate-unallocated", "00000007-0000-4000-8000-000000000001", (1, False), 1.0),
        ("esl-originate-480", "00000008-0000-4000-8000-000000000001", (19, False), 1.0),
        ("esl-originate-answered-we-kill", "00000002-0000-4000-8000-000000000001", (16, False), 1.0),
    ],
)
def test_recorded_outcomes(recording: str, leg: str, ended: tuple[int, bool], late_s: float) -> None:
    made = LegBook()
    made.expect(LegId(leg), "ours", 100.0, 2.0)
    events = [frame for frame in Decoder().feed(stream(recording)) if isinstance(frame, Event)]
    seen = told(made, *events, now=100.0 + late_s)
    last = seen[-1]
    assert isinstance(last, LegEnded)
    assert (last.cause, last.timed_out) == ended
    assert [type(each) for each in seen].count(LegEnded) == 1
    assert (LegAnswered(LegId(leg)) in seen) is ("answered" in recording)
    assert len(made) == 0


def test_an_agents_leg_is_answered_when_it_is_parked() -> None:
    made = book(parks=True)
    assert told(made, CREATED, RINGS, ANSWERED) == [LegRinging(LEG)]
    assert told(made, PARKED, PARKED) == [LegAnswered(LEG)]
    assert told(made, ENDED, ENDED) == [LegEnded(LEG, 16)]


def test_a_job_that_failed_with_no_channel_is_a_leg_that_never_was() -> None:
    assert told(book(), job("-ERR INVALID_GATEWAY\n")) == [LegEnded(LEG, None, never_existed=True)]
    assert told(book(), job("-ERR SUBSCRIBER_ABSENT\n")) == [LegEnded(LEG, 20, never_existed=True)]


def test_a_job_that_failed_waits_for_the_legs_own_end() -> None:
    made = book()
    assert told(made, CREATED, job("-ERR USER_BUSY\n")) == []
    assert made.next_timer() == 101.0 + GRACE_S
    assert made.tick(101.0 + GRACE_S) == [LegEnded(LEG, 17)]


def test_another_job_says_nothing_of_the_leg() -> None:
    made = book()
    assert told(made, CREATED, job("-ERR DESTINATION_OUT_OF_ORDER\n", "job-2")) == []
    assert made.next_timer() is None


def test_what_we_cancelled_did_not_ring_out() -> None:
    made = book(ring_timeout_s=0.5)
    told(made, CREATED, RINGS)
    made.cancelled(LEG)
    ended = Event("CHANNEL_HANGUP_COMPLETE", Headers({"Unique-ID": LEG, "Hangup-Cause": "NO_ANSWER"}))
    assert told(made, ended) == [LegEnded(LEG, 19)]


def test_a_leg_that_the_list_does_not_have_ends_a_little_later() -> None:
    made = book()
    told(made, CREATED)
    assert made.reconcile([], 110.0, 3.0) == []
    assert made.tick(110.0 + GRACE_S) == [LegEnded(LEG, None)]


def test_a_leg_asked_for_just_now_is_left_alone_by_the_list() -> None:
    made = book()
    made.reconcile([], 101.0, 3.0)
    assert made.next_timer() is None


def test_an_adopted_leg_is_told_by_the_list() -> None:
    made = LegBook()
    made.adopt([LEG])
    assert made.reconcile([Channel(LEG, "ACTIVE")], 1.0, 3.0) == [LegAnswered(LEG, unseen=True)]
    assert made.restarted() == [LegEnded(LEG, None, unseen=True)]


def test_unknown_ids_change_nothing() -> None:
    made = book()
    assert told(made, Event("CHANNEL_ANSWER", Headers({"Unique-ID": "somebody"})), job("-ERR X", "other")) == []


@given(st.lists(st.sampled_from([CREATED, RINGS, ANSWERED, PARKED, ENDED, job("+OK"), job("-ERR USER_BUSY")])))
def test_any_order_gives_one_end_and_nothing_behind_it(events: list[Event]) -> None:
    for parks in (False, True):
        made = book(parks=parks)
        seen = told(made, *events) + made.tick(float("inf"))
        kinds = [type(each) for each in seen]
        assert kinds in (
            [],
            [LegRinging],
            [LegAnswered],
            [LegRinging, LegAnswered],
            [LegEnded],
            [LegRinging, LegEnded],
            [LegAnswered, LegEnded],
            [LegRinging, LegAnswered, LegEnded],
        )
        assert (LegEnded in kinds) is (len(made) == 0)


def test_the_phones_own_hold_key_is_told_of_an_answered_leg() -> None:
    made = book(parks=True)
    assert told(made, event("CHANNEL_CREATE"), event("CHANNEL_HOLD")) == []
    heard = told(made, event("CHANNEL_PARK"), event("CHANNEL_HOLD"), event("CHANNEL_UNHOLD"))
    assert heard == [LegAnswered(LEG), LegHeld(LEG, True, has_music=True), LegHeld(LEG, False, has_music=True)]
