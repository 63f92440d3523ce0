"""Legs: truth tables, the recorded originates of both versions, and their events shuffled, doubled and dropped."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.causes import Outcome, outcome_of
from calls.ids import LegId
from calls.switch.asterisk.channels import Channel, ids, rows
from calls.switch.asterisk.legs import GRACE_S, LegBook, LegEvent, genuine
from calls.switch.events import LegAnswered, LegEnded, LegHeld, LegRinging
from calls.wire.ami import Event
from tests.calls.wire import ami_transcripts as recorded

LEG = LegId("att-1")
ACTION = "n-1"
RING_S = 20.0


def event(name: str, **headers: str) -> Event:
    return recorded.event_of(("Event", name), ("Privilege", "call,all"), *headers.items())


NEW = event("Newchannel", Uniqueid=LEG, ChannelState="0")
RINGING = event("Newstate", Uniqueid=LEG, ChannelState="5")
DIAL_RINGING = event("DialState", DestUniqueid=LEG, DialStatus="RINGING")
UP = event("Newstate", Uniqueid=LEG, ChannelState="6")
DIAL_ANSWER = event("DialEnd", DestUniqueid=LEG, DialStatus="ANSWER")
JOINS = event("ConfbridgeJoin", Uniqueid=LEG, Conference=f"cw-{LEG}")
SUCCESS = event("OriginateResponse", ActionID=ACTION, Response="Success", Reason="4", Uniqueid=LEG)


def failure(reason: str = "0", action_id: str = ACTION) -> Event:
    return event("OriginateResponse", ActionID=action_id, Response="Failure", Reason=reason, Uniqueid=LEG)


def hangup(cause: str, state: str = "0", leg_id: str = LEG) -> Event:
    return event("Hangup", Uniqueid=leg_id, Cause=cause, ChannelState=state)


def expecting(ring_s: float = RING_S) -> LegBook:
    book = LegBook()
    book.expect(LEG, ACTION, 0.0, ring_s)
    return book


def told(book: LegBook, *events: Event, now: float = 1.0) -> list[LegEvent]:
    return [each for one in events for each in book.handle(one, now)]


def to_the_end(book: LegBook, now: float = 1.0) -> list[LegEvent]:
    """What time alone makes of it."""
    found: list[LegEvent] = []
    while (timer := book.next_timer()) is not None:
        found += book.tick(max(timer, now))
    return found


class TestTruthTable:
    @pytest.mark.parametrize("signs", [(UP,), (DIAL_ANSWER,), (SUCCESS,), (UP, DIAL_ANSWER, SUCCESS, UP)])
    def test_answered_once_by_whatever_sign(self, signs: tuple[Event, ...]) -> None:
        book = expecting()
        assert told(book, NEW, *signs) == [LegAnswered(LEG)]
        assert told(book, hangup("16", "6"), hangup("16", "6")) == [LegEnded(LEG, 16)]
        assert len(book) == 0

    def test_an_agents_leg_is_answered_once_it_is_in_its_room(self) -> None:
        book = LegBook()
        book.expect(LEG, ACTION, 0.0, RING_S, roomed=True)
        assert told(book, NEW, RINGING, UP, SUCCESS, RINGING) == [LegRinging(LEG)]
        assert told(book, JOINS, JOINS) == [LegAnswered(LEG)]
        assert told(book, hangup("16", "6")) == [LegEnded(LEG, 16)]

    def test_an_agents_leg_that_ends_before_it_is_in_its_room_was_answered(self) -> None:
        book = LegBook()
        book.expect(LEG, ACTION, 0.0, RING_S, roomed=True)
        assert told(book, NEW, UP, SUCCESS, hangup("16", "6")) == [LegAnswered(LEG), LegEnded(LEG, 16)]

    def test_an_agents_leg_whose_room_was_not_told_is_answered_by_the_list_of_channels(self) -> None:
        book = LegBook()
        book.expect(LEG, ACTION, 0.0, RING_S, roomed=True)
        assert told(book, NEW, UP) == []
        assert book.reconcile([Channel("PJSIP/agent-0", LEG, LEG, "6")], 5.0, 0.5) == [LegAnswered(LEG)]

    def test_ringing_once(self) -> None:
        assert told(expecting(), NEW, RINGING, DIAL_RINGING, RINGING) == [LegRinging(LEG)]

    def test_no_ringing_after_the_answer(self) -> None:
        assert told(expecting(), UP, RINGING, DIAL_RINGING) == [LegAnswered(LEG)]

    @pytest.mark.parametrize("cause", [1, 17, 18, 19, 20, 21, 22, 28, 34, 38, 42])
    @pytest.mark.parametrize("hangup_first", [False, True])
    def test_the_cause_is_hangups_not_the_reason(self, cause: int, hangup_first: bool) -> None:
        events = [failure("0"), hangup(str(cause))]
        assert told(expecting(), NEW, *(reversed(events) if hangup_first else events)) == [LegEnded(LEG, cause)]

    @pytest.mark.parametrize("cause", ["0", "19"])
    def test_no_answer_is_reason_3_with_cause_0_on_16_and_19_on_22(self, cause: str) -> None:
        found = told(expecting(), NEW, RINGING, failure("3"), hangup(cause, "5"))
        assert found == [LegRinging(LEG), LegEnded(LEG, int(cause) or None, timed_out=True)]

    def test_no_answer_without_ringing_is_known_by_the_time(self) -> None:
        assert told(expecting(), NEW, failure("0"), hangup("0"), now=RING_S) == [LegEnded(LEG, None, timed_out=True)]

    def test_480_after_a_while_is_no_timeout(self) -> None:
        assert told(expecting(), NEW, RINGING, failure("0"), hangup("19"))[-1] == LegEnded(LEG, 19)

    def test_a_leg_that_we_ended_did_not_time_out(self) -> None:
        book = expecting()
        book.cancelled(LEG)
        assert told(book, NEW, failure("3"), hangup("16"), now=RING_S) == [LegEnded(LEG, 16)]

    @pytest.mark.parametrize(("reason", "cause"), [("5", 17), ("8", 34)])
    def test_where_hangup_does_not_say_the_reason_does(self, reason: str, cause: int) -> None:
        assert told(expecting(), NEW, hangup("0"), failure(reason)) == [LegEnded(LEG, cause)]

    def test_a_bad_channel_never_existed_after_a_grace(self) -> None:
        book = expecting()
        assert told(book, failure("0")) == []
        assert book.next_timer() == 1.0 + GRACE_S
        assert book.tick(1.0 + GRACE_S) == [LegEnded(LEG, None, never_existed=True)]

    def test_a_channel_told_late_did_exist(self) -> None:
        book = expecting()
        assert told(book, failure("0"), NEW, hangup("17")) == [LegEnded(LEG, 17)]

    def test_a_lost_hangup_of_a_failed_leg_ends_after_a_grace(self) -> None:
        book = expecting()
        busy = event("DialEnd", DestUniqueid=LEG, DialStatus="BUSY")
        assert told(book, NEW, busy, failure("0")) == []
        assert to_the_end(book) == [LegEnded(LEG, 17)]

    def test_a_lost_originate_response_ends_after_a_grace(self) -> None:
        book = expecting()
        assert told(book, NEW, hangup("17")) == []
        assert to_the_end(book) == [LegEnded(LEG, 17)]

    def test_an_answer_known_only_by_the_state_at_hangup(self) -> None:
        assert told(expecting(), hangup("16", "6")) == [LegAnswered(LEG), LegEnded(LEG, 16)]

    def test_a_duplicate_is_known_by_its_action_and_the_live_leg_lives(self) -> None:
        book = expecting()
        assert told(book, NEW, failure("0", "n-2"), UP, failure("0", "n-3")) == [LegAnswered(LEG)]
        assert LEG in book and book.next_timer() is None

    @pytest.mark.parametrize("cause", ["", "x", "-1", "128", "٣", "9" * 30])
    def test_a_cause_that_is_none(self, cause: str) -> None:
        assert told(expecting(), UP, hangup(cause, "6"))[-1] == LegEnded(LEG, None)


class TestNoise:
    def test_unknown_ids_change_nothing(self) -> None:
        """Invariant I12."""
        book = expecting()
        assert told(book, hangup("16", "6", "other"), event("Newstate", Uniqueid="", ChannelState="6")) == []
        assert told(book, event("OriginateResponse", ActionID="", Response="Failure", Uniqueid=LEG)) == []
        assert len(book) == 1

    def test_a_frame_that_a_value_made_is_not_believed(self) -> None:
        book = expecting()
        split = Event(f"Event: Newchannel\r\nPrivilege: call,all\r\nUniqueid: {LEG}\r\nEvent: Hangup")
        rest = Event(f"Event: Hangup\r\nUniqueid: {LEG}\r\nCause: 16")
        assert not genuine(split) and not genuine(rest)
        assert told(book, split, rest) == [] and book.next_timer() is None

    @pytest.mark.parametrize("version", recorded.VERSIONS)
    @pytest.mark.parametrize("name", ["ami-hostile-number", "ami-hostile-callers", "ami-userevent"])
    def test_recorded_forgeries_change_nothing(self, version: str, name: str) -> None:
        """Not even for legs whose ids the forger knew."""
        book = LegBook()
        for number, leg_id in enumerate(("forged", "hostile-1", "hostile-2")):
            book.expect(LegId(leg_id), f"x-{number}", 0.0, RING_S)
        for at, each in recorded.timed_events(version, name):
            assert book.handle(each, at) == []
        assert len(book) == 3 and book.next_timer() is None


def row(state: str) -> Channel:
    return Channel("PJSIP/carrier-1", LEG, LEG, state)


class TestReconcile:
    def test_what_was_missed_is_told(self) -> None:
        assert expecting().reconcile([row("5")], 1.0, 3.0) == [LegRinging(LEG)]
        assert expecting().reconcile([row("6")], 1.0, 3.0) == [LegAnswered(LEG)]

    def test_a_leg_that_is_gone_ends_after_a_grace(self) -> None:
        book = expecting()
        assert book.reconcile([], 10.0, 3.0) == []
        assert book.tick(10.0 + GRACE_S) == [LegEnded(LEG, None)]

    def test_a_hangup_under_way_gives_the_cause(self) -> None:
        book = expecting()
        book.reconcile([], 10.0, 3.0)
        assert told(book, hangup("17"), failure("0"), now=10.1) == [LegEnded(LEG, 17)]

    def test_a_leg_just_asked_for_is_left_to_come(self) -> None:
        book = expecting()
        book.reconcile([], 2.9, 3.0)
        assert book.next_timer() is None

    def test_a_sign_of_life_takes_the_grace_back(self) -> None:
        book = expecting()
        book.reconcile([], 10.0, 3.0)
        assert told(book, RINGING, now=10.1) == [LegRinging(LEG)] and book.next_timer() is None

    def test_a_new_boot_ends_every_leg(self) -> None:
        book = expecting()
        book.adopt([LegId("att-2")])
        assert book.restarted() == [LegEnded(LEG, None), LegEnded(LegId("att-2"), None, unseen=True)]
        assert len(book) == 0 and told(book, failure("0")) == []

    def test_rows_of_a_recorded_list(self) -> None:
        for version in recorded.VERSIONS:
            found = rows(recorded.events(version, "ami-status"))
            assert len(found) == 5 and {each.state for each in found} == {"5", "6"}
            assert all(each.unique_id in ids(found) and each.name in ids(found) for each in found)

    def test_a_row_that_a_value_broke_is_believed_in_its_name_only(self) -> None:
        for version in recorded.VERSIONS:
            (found,) = rows(recorded.events(version, "ami-hostile-number"))
            assert found.name.startswith("PJSIP/caller-") and found.unique_id == ""
            assert ids([found]) == {found.name}


class TestAdopted:
    def test_the_end_is_told(self) -> None:
        book = LegBook()
        book.adopt([LEG])
        assert told(book, hangup("17")) == [LegEnded(LEG, 17)]

    def test_an_answer_is_told_once_whenever_it_was(self) -> None:
        book = LegBook()
        book.adopt([LEG])
        assert book.reconcile([row("5")], 1.0, 3.0) == [LegRinging(LEG)]
        assert told(book, UP) == [LegAnswered(LEG)]
        book.adopt([LegId("att-2")])
        up = [row("6"), Channel("x", "att-2", "", "6")]
        assert book.reconcile(up, 1.0, 3.0) == [LegAnswered(LegId("att-2"), unseen=True)]
        assert book.reconcile(up, 2.0, 3.0) == []
        assert told(book, hangup("16", "6", "att-2")) == [LegEnded(LegId("att-2"), 16)]

    def test_the_end_of_one_that_was_up_says_that_it_was_answered(self) -> None:
        book = LegBook()
        book.adopt([LEG])
        assert told(book, hangup("16", "6")) == [LegAnswered(LEG, unseen=True), LegEnded(LEG, 16)]

    def test_one_that_we_know_stays_as_it_is(self) -> None:
        book = expecting()
        book.adopt([LEG])
        assert told(book, SUCCESS) == [LegAnswered(LEG)]

    def test_one_that_is_gone_ends(self) -> None:
        book = LegBook()
        book.adopt([LEG])
        book.reconcile([], 10.0, 3.0)
        assert to_the_end(book) == [LegEnded(LEG, None, unseen=True)]


A, B = "asterisk-16", "asterisk-22"
ANSWERED = "ami-originate-answered"


def ended(
    leg_id: str, cause: int | None, *, timed_out: bool = False, never_existed: bool = False
) -> dict[str, LegEnded]:
    return {leg_id: LegEnded(LegId(leg_id), cause, timed_out=timed_out, never_existed=never_existed)}


def q850(causes: list[int]) -> dict[str, LegEnded]:
    return {k: v for n, cause in enumerate(causes, 1) for k, v in ended(f"att-q850-{n}", cause).items()}


DIALER = {**ended("att-501", 16), **ended("att-502", 16), **ended("att-503", 17), **ended("att-504", 16)}
BAD = {k: v for n in range(3) for k, v in ended(f"att-bad-{n}", None, never_existed=True).items()}
BRIDGED = {**ended("leg-1", 16), **ended("leg-2", 16)}
OUTCOMES: list[tuple[str, dict[str, LegEnded], dict[str, LegEnded], set[str]]] = [
    # session, the ends on 16, the ends on 22, who was answered
    *(
        (f"{ANSWERED}-{how}", ended(leg, 16), ended(leg, cause_22), {leg})
        for how, cause_22 in (("callee-hangs-up", None), ("we-hang-up", 16), ("then-instant-hangup", None))
        for leg in (f"att-ami-originate-answered-{how}-1",)
    ),
    *(
        (f"ami-originate-{how}", ended(leg, cause), ended(leg, cause), set())
        for how, cause in (("busy", 17), ("503", 34), ("404", 1), ("480", 19), ("congestion", 34))
        for leg in (f"att-ami-originate-{how}-1",)
    ),
    (
        "ami-originate-no-answer",
        ended("att-ami-originate-no-answer-1", None, timed_out=True),
        ended("att-ami-originate-no-answer-1", 19, timed_out=True),
        set(),
    ),
    ("ami-originate-q850", q850([42, 21, 17, 17, 28, 21, 22, 38]), q850([34, 21, 17, 17, 28, 21, 22, 38]), set()),
    ("ami-originate-no-such-endpoint", BAD, BAD, set()),
    ("ami-originate-duplicate-id", ended("att-77", 16), ended("att-77", 16), {"att-77"}),
    ("ami-amd-human", ended("att-ami-amd-human", 16), ended("att-ami-amd-human", 16), {"att-ami-amd-human"}),
    ("ami-amd-machine", ended("att-ami-amd-machine", 16), ended("att-ami-amd-machine", 16), {"att-ami-amd-machine"}),
    ("ami-dialer-flow", DIALER, DIALER, {"att-501", "att-502", "att-504"}),
    ("ami-bridge", BRIDGED, BRIDGED, {"leg-1", "leg-2"}),
]
CASES = [(version, *case) for case in OUTCOMES for version in (A, B)]


def story(version: str, name: str) -> tuple[LegBook, list[tuple[float, Event]], float]:
    """A book that expects the first originate of each id, the session's events, and when it was over."""
    book = LegBook()
    for at, action in recorded.actions(version, name):
        leg_id = LegId(action.get("ChannelId", ""))
        if action["Action"] == "Originate" and 0 < len(leg_id) <= 64 and leg_id not in book:
            book.expect(leg_id, action["ActionID"], at, int(action.get("Timeout", "30000")) / 1000)
    events = recorded.timed_events(version, name)
    return book, events, events[-1][0]


@pytest.mark.parametrize(
    ("version", "name", "on_16", "on_22", "answered"), CASES, ids=[f"{case[0]}-{case[1]}" for case in CASES]
)
def test_recorded_originates(
    version: str, name: str, on_16: dict[str, LegEnded], on_22: dict[str, LegEnded], answered: set[str]
) -> None:
    book, events, over_at = story(version, name)
    found = [each for at, one in events for each in book.handle(one, at)] + to_the_end(book, over_at)
    expected = on_16 if version == A else on_22
    ends = {each.leg_id: each for each in found if isinstance(each, LegEnded)}
    assert ends == expected
    assert {each.leg_id for each in found if isinstance(each, LegAnswered)} == answered
    assert len(found) == len(set(map(repr, found))), "each is told once"
    assert len(book) == 0


@pytest.mark.parametrize("version", recorded.VERSIONS)
def test_recorded_kill_leaves_legs_for_the_next_boot(version: str) -> None:
    book, events, _ = story(version, "ami-killed")
    found = [each for at, one in events for each in book.handle(one, at)]
    assert not any(isinstance(each, LegEnded) for each in found)
    assert {each.leg_id for each in book.restarted() if isinstance(each, LegEnded)} == {"att-kill-1", "att-kill-2"}


def disturbed(events: list[tuple[float, Event]], seed: int, doubles: bool, drop: float) -> list[Event]:
    """The events of each leg in another order, doubled, and some of them missing."""
    source = random.Random(seed)
    found = [each for _, each in events if source.random() >= drop]
    if doubles:
        found *= 2
    source.shuffle(found)
    return found


@given(
    st.sampled_from(CASES),
    st.integers(0, 2**32),
    st.booleans(),
    st.sampled_from([0.0, 0.1, 0.5, 1.0]),
)
@settings(max_examples=400, deadline=None)
def test_in_any_order_doubled_or_missing_each_leg_ends_once(
    case: tuple[str, str, dict[str, LegEnded], dict[str, LegEnded], set[str]], seed: int, doubles: bool, drop: float
) -> None:
    """And with nothing missing, the outcome is the true one whatever the order."""
    version, name, on_16, on_22, answered = case
    book, events, over_at = story(version, name)
    expected = on_16 if version == A else on_22
    found = [each for one in disturbed(events, seed, doubles, drop) for each in book.handle(one, over_at)]
    found += to_the_end(book, over_at)
    found += book.reconcile([], over_at + 60.0, 3.0)
    found += to_the_end(book, over_at + 60.0)
    ends = [each for each in found if isinstance(each, LegEnded)]
    assert sorted(each.leg_id for each in ends) == sorted(expected) and len(book) == 0
    told_of = [each.leg_id for each in found if isinstance(each, LegAnswered)]
    assert len(told_of) == len(set(told_of)) and set(told_of) <= answered
    for index, each in enumerate(found):
        assert not any(isinstance(before, LegEnded) and before.leg_id == each.leg_id for before in found[:index])
    if not drop:
        for end in ends:
            truth = expected[end.leg_id]
            assert outcome(end, answered) == outcome(truth, answered), (end, truth)


def outcome(end: LegEnded, answered: set[str]) -> Outcome:
    return outcome_of(
        end.cause, answered=end.leg_id in answered, timed_out=end.timed_out, never_existed=end.never_existed
    )


def test_the_phones_own_hold_key_is_told_of_an_answered_leg() -> None:
    """Hold and Unhold of AMI are of the channel whose phone was pressed."""
    hold, unhold = event("Hold", Uniqueid=LEG, MusicClass="default"), event("Unhold", Uniqueid=LEG)
    book = expecting()
    assert told(book, NEW, hold) == []
    assert told(book, UP, hold, unhold) == [LegAnswered(LEG), LegHeld(LEG, True), LegHeld(LEG, False)]
    assert told(book, event("Hold", Uniqueid="another")) == []
