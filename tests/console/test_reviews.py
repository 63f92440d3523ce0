"""Talks are judged by forms: what answers come to, who sees what, how far reviewers are apart, and the figures."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls.errors import SettingsError, UserError
from calls.ids import CampaignId
from calls.records import reviews, store, voicemail
from calls.records.audit import entries
from calls.records.database import open_readonly
from calls.records.store import CallEvent
from calls.records.voicemail import Message, MessageState
from calls.reports.asking import ask
from calls.reports.definitions import Section, of_section
from calls.reports.question import Dimension, Question
from calls.scorecards import Scorecard, score
from calls.settings import Settings, load
from console import reviewing
from console.accounts.roles import Role
from console.reviewing import ReplyOrder, ReviewOrder
from tests.calls.records.conftest import connection, migrated, path
from tests.calls.records.raw_days import BEGIN
from tests.calls.records.scratch import taken_back
from tests.calls.records.test_figures import call
from tests.calls.test_waveform import wav
from tests.console import marked
from tests.console.browser import HASH, PASSWORD, Browser, trouble
from tests.console.served import Served, install, served

__all__ = ["connection", "migrated", "path"]

FORM = """
[[scorecards]]
name = "sales"
title = "Sales talk"
pass_mark = 0.7

[[scorecards.questions]]
name = "greeting"
ask = "Was the caller greeted by name?"

[[scorecards.questions]]
name = "listening"
ask = "Did the agent listen?"
weight = 3
choices = {well = 1, partly = 0.5, badly = 0}

[[scorecards.questions]]
name = "consent"
ask = "Was the recording announced?"
critical = true

[[scorecards]]
name = "service"
queues = ["service"]

[[scorecards.questions]]
name = "solved"
ask = "Was it solved?"
"""
GOOD = {"greeting": "yes", "listening": "well", "consent": "yes"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    recordings = '\n[recordings]\nfolder = "recordings"\n'
    path = install(
        tmp_path_factory.mktemp("reviews"), render=True, queues=("sales", "service"), more=FORM + recordings
    )
    (path.parent / "recordings").mkdir()
    (path.parent / "recordings" / "rec-1.wav").write_bytes(wav([0, 8_000, -16_000, 0] * 4_000))
    with served(path) as found:
        transport = httpx.HTTPTransport(uds=str(found.settings.engine.socket), verify=False)
        with httpx.Client(transport=transport, base_url="http://engine") as engine:
            for name, role, agent in (
                ("quality", Role.QUALITY, None),
                ("second", Role.QUALITY, None),
                ("anna", Role.AGENT, "anna"),
            ):
                order = {"name": name, "role": role.value, "agent": agent, "password": HASH, "must_change": False}
                assert engine.post("/v1/accounts", json=order).status_code == 200
        now = found.engine.clock.now()
        talk = replace(
            call("c1", queue="sales", wait_s=1.0, talk_s=60.0, agent="anna"),
            recording="rec-1",
            started_at=now - timedelta(hours=1),
        )

        happened = [
            CallEvent(now, 3.0, "recording_started", {"recording": "rec-1"}, 1),
            CallEvent(now, 3.0, "agent_connected", {"agent": "anna"}, 2),
            CallEvent(now, 3.5, "recording_paused", {"agent": "anna", "who": "anna"}, 3),
            CallEvent(now, 4.0, "recording_resumed", {"agent": "anna", "who": "anna"}, 4),
        ]

        left = Message("msg-1", "sales", talk.call_id, "k", "+493023125001", now, 2.0, MessageState.NEW, now)
        (path.parent / "recordings" / "msg-1.wav").write_bytes(wav([0, 8_000] * 8_000))

        async def write() -> None:
            await found.engine.writer.run(lambda db: store.finish_call(db, talk, happened))
            await found.engine.writer.run(lambda db: voicemail.add_message(db, left))

        found.wait(write)
        yield found


@pytest.fixture
def form(running: Served) -> Scorecard:
    return running.settings.scorecards[0]


@pytest.mark.parametrize(
    ("answers", "value", "passed"),
    [
        (GOOD, 1.0, True),
        (GOOD | {"listening": "partly"}, 0.7, True),
        (GOOD | {"listening": "badly"}, 0.4, False),
        (GOOD | {"listening": ""}, 1.0, True),
        (GOOD | {"consent": "no"}, 0.0, False),
        (GOOD | {"consent": ""}, 1.0, True),
    ],
)
def test_a_score_is_what_was_earned_of_what_was_asked(
    form: Scorecard, answers: dict[str, str], value: float, passed: bool
) -> None:
    found = score(form, answers)
    assert found.value == pytest.approx(value)
    assert found.passed is passed
    assert found.failed == (("consent",) if answers["consent"] == "no" else ())


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({}, "greeting has no answer"),
        (GOOD | {"greeting": "maybe"}, "expected one of yes, no"),
        (GOOD | {"shoes": "yes"}, "has no question 'shoes'"),
        (dict.fromkeys(GOOD, ""), "nothing to judge by"),
    ],
)
def test_a_form_that_is_not_filled_in_is_refused(form: Scorecard, answers: dict[str, str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        score(form, answers)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "listening"', 'name = "greeting"', "two questions are named greeting"),
        ("well = 1, partly = 0.5, badly = 0", "well = 1, badly = 1", "every answer earns the same"),
        ("critical = true", "critical = true\nchoices = {yes = 1, no = 0.5}", "nobody can fail it"),
        ('queues = ["service"]', 'queues = ["no-such"]', "no queue is named no-such"),
        ('name = "service"', 'name = "sales"', "sales"),
    ],
)
def test_a_form_that_does_not_fit_is_named_with_its_line(
    running: Served, tmp_path_factory: pytest.TempPathFactory, old: str, new: str, words: str
) -> None:
    text = running.path.read_text(encoding="utf-8")
    assert old in text[text.index("[[scorecards]]") :]
    head, tail = text[: text.index("[[scorecards]]")], text[text.index("[[scorecards]]") :]
    changed = tmp_path_factory.mktemp("form") / "callwright.toml"
    changed.write_text(head + tail.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SettingsError, match=words):
        load(changed, {})


def test_a_talk_is_judged_heard_answered_and_compared_each_by_who_may(running: Served) -> None:
    people = {name: Browser(running.settings) for name in ("quality", "second", "anna")}
    for name, browser in people.items():
        browser.log_in(name, PASSWORD)
    quality, second, anna = people.values()
    fields = {"scorecard": "sales", "note": "Kind <b>indeed</b>", **{f"answer-{key}": at for key, at in GOOD.items()}}

    assert "/quality/c1" in quality.get("/quality").text
    page = quality.get("/quality/c1").text
    assert "Was the recording announced?" in page and "Was it solved?" not in page, "that form asks of other talks"
    assert "0:00</button> nothing is recorded until 0:01 (paused by Anna &lt;b&gt;[red])" in page
    assert page.count("M0.5 27.5V72.5") == 2, "the loudest of the first bar's samples; once more for what was heard"
    for _ in range(2):
        sound = quality.ask("GET", "/quality/c1/recording", {"Range": "bytes=0-3"})
        assert (sound.status_code, sound.content) == (206, b"RIFF")
    saved = quality.get("/quality/c1/recording?of=rec-1&save=1")
    assert saved.headers["content-disposition"] == 'attachment; filename="rec-1.wav"'
    (listed,) = quality.call("GET", "/v1/calls/c1/recordings").json()
    assert (listed["duration_s"], listed["agent"], listed["muted"][0]["from_s"]) == (2.0, "anna", 0.5)
    assert quality.call("GET", "/v1/calls/c1/recordings/rec-1").content == saved.content
    assert quality.call("GET", "/v1/calls/c1/recordings/rec-2").status_code == 409
    with closing(open_readonly(running.settings.engine.database)) as connection:
        rows = connection.execute("SELECT who, what, detail FROM audit WHERE what LIKE 'recording.%'").fetchall()
    assert [(row[0], row[1], json.loads(row[2])["way"]) for row in rows] == [
        ("quality", "recording.hear", "page"),
        ("quality", "recording.download", "page"),
        ("quality", "recording.download", "api"),
    ], "pieces of one hearing are one entry"
    assert {(json.loads(row[2])["call"], json.loads(row[2])["recording"]) for row in rows} == {("c1", "rec-1")}
    for page_ in ("/quality", "/quality/c1", "/quality/c1/recording"):
        assert anna.get(page_).status_code == 403
    assert anna.call("GET", "/v1/calls/c1/reviews").status_code == 403
    order = {"scorecard": "sales", "answers": GOOD}
    assert anna.call("POST", "/v1/calls/c1/reviews", json=order).status_code == 403

    assert "listening has no answer" in trouble(
        quality.post("/quality/c1", scorecard="sales", **{"answer-greeting": "yes"})
    )
    assert "100%" in quality.post("/quality/c1", **fields).text
    assert "before" in trouble(quality.post("/quality/c1", **fields))

    mine = anna.get("/my-reviews").text
    assert "100%" in mine and "Kind &lt;b&gt;indeed" in mine
    (review,) = anna.call("GET", "/v1/agents/anna/reviews").json()
    assert anna.call("GET", "/v1/agents/ben/reviews").status_code == 403
    assert "I was tired." in anna.post(f"/my-reviews/{review['id']}", words="I was tired.").text
    assert "waits for an answer" in anna.post(f"/my-reviews/{review['id']}", words="Again.").text
    assert "I was tired." in quality.get("/quality/c1").text

    quality.post("/quality/c1", **fields | {"calibration": "on"})
    hidden = second.call("GET", "/v1/calls/c1/reviews").json()
    assert hidden["waits_for_own"] == ["sales"] and len(hidden["reviews"]) == 1 and not hidden["calibrations"]
    assert "when you have judged the talk so too" in second.get("/quality/c1").text
    second.post("/quality/c1", **fields | {"calibration": "on", "answer-listening": "badly"})
    (spread,) = second.call("GET", "/v1/calls/c1/reviews").json()["calibrations"]
    assert (spread["reviewers"], spread["spread"], spread["mean"]) == (2, pytest.approx(0.6), pytest.approx(0.7))
    assert spread["agreed"] == {"greeting": 1.0, "listening": 0.5, "consent": 1.0}
    assert re.search(r"Spread: 60 points", second.get("/quality/c1").text)
    assert len(anna.call("GET", "/v1/agents/anna/reviews").json()) == 1, "they say nothing of the agent"
    for browser in people.values():
        browser.__exit__()


KNOWN = frozenset(
    "Callwright quality sales Sales talk anna Anna red UTC second Kind indeed I was tired Was the caller greeted by"
    " name Did agent listen well partly badly recording announced greeting listening consent".split()
)
"""Names of this house, its form, and what people said."""


def test_pages_of_quality_say_every_word_in_the_language_of_who_looks(
    running: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """See :mod:`tests.console.marked`."""
    marked.speak(monkeypatch)
    for name, paths in (
        ("quality", ("/quality", "/quality?all=on", "/quality/c1?agent=anna", "/messages", "/quality/no")),
        ("anna", ("/my-reviews", "/quality")),
    ):
        with Browser(running.settings) as browser:
            browser.log_in(name, PASSWORD)
            browser.cookies.set("callwright_language", marked.LANGUAGE)
            for path in paths:
                assert marked.unmarked(browser.get(path).text, KNOWN) == set(), path
            if name == "quality":
                page = browser.post("/quality/c1", scorecard="sales", **{"answer-greeting": "yes"})
                assert marked.unmarked(page.text, KNOWN) == set()


def test_nothing_is_heard_where_no_engine_writes_it_down(running: Served) -> None:
    gone = running.settings.engine.model_copy(update={"socket": running.path.parent / "gone.sock"})
    with (
        Browser(running.settings) as quality,
        Browser(running.settings.model_copy(update={"engine": gone})) as alone,
    ):
        quality.log_in("quality", PASSWORD)
        alone.cookies.update(quality.cookies)
        assert "data-recording" in alone.get("/quality/c1").text, "the picture is of the database and the file"
        for path in ("/quality/c1/recording", "/api/v1/calls/c1/recordings/rec-1"):
            answer = alone.get(path)
            assert (answer.status_code, b"RIFF" in answer.content) == (503, False)


def test_a_message_is_heard_marked_and_deleted_and_the_audit_has_each(running: Served) -> None:
    with Browser(running.settings) as quality, Browser(running.settings) as anna:
        quality.log_in("quality", PASSWORD)
        anna.log_in("anna", PASSWORD)
        page = quality.get("/messages").text
        assert 'href="/people/%2B493023125001"' in page and "/messages/msg-1/recording" in page
        assert quality.get("/messages/msg-1/recording").content[:4] == b"RIFF"
        assert "no such message" in quality.get("/messages/msg-2/recording").text
        assert anna.get("/messages/msg-1/recording").status_code == 403
        assert "/messages/msg-1/heard" not in quality.post("/messages/msg-1/heard").text
        assert "No message" in quality.post("/messages/msg-1/delete").text
        assert not (running.path.parent / "recordings" / "msg-1.wav").exists()
    with closing(open_readonly(running.settings.engine.database)) as connection:
        rows = connection.execute("SELECT who, what FROM audit WHERE detail LIKE '%msg-1%'").fetchall()
    assert [tuple(row) for row in rows] == [
        ("quality", "recording.hear"),
        ("quality", "voicemail.state"),
        ("quality", "voicemail.state"),
    ]


# --- figures ----------------------------------------------------------------------------------------------------

CARD = Scorecard.model_validate(
    {
        "name": "card",
        "questions": [{"name": "q", "ask": "Well?", "choices": {"well": 1, "so": 0.5, "no": 0}, "critical": True}],
    }
)
JUDGED = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob"]),
        st.sampled_from(["sales", "help"]),
        st.sampled_from(["well", "so", "no"]),
        st.integers(0, 3),
        st.booleans(),
        st.booleans(),
    ),
    max_size=10,
)
"""Agent, queue, answer, day, whether it is to compare only, whether the agent answered."""


@given(JUDGED, st.sampled_from([(Dimension.AGENT,), (Dimension.QUEUE, Dimension.DAY), (Dimension.CAMPAIGN,), ()]))
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_figures_of_reviews_and_a_slow_count_agree(
    connection: sqlite3.Connection,
    judged: list[tuple[str, str, str, int, bool, bool]],
    by: tuple[Dimension, ...],
) -> None:
    slow: dict[tuple[str, ...], list[tuple[float, bool]]] = {}
    with taken_back(connection):
        for number, (agent, queue, answer, day, compared, replied) in enumerate(judged):
            at = BEGIN + timedelta(days=day, hours=1)
            record = call(f"c{number}", queue=queue, wait_s=1.0, agent=agent)
            store.finish_call(connection, replace(record, started_at=at, campaign_id=CampaignId("k")))
            talk = reviews.talk(connection, f"c{number}")
            assert talk is not None
            given_ = score(CARD, {"q": answer})
            kept = reviews.put(connection, talk, CARD, {"q": answer}, given_, "", compared, "eve", at)
            assert kept is not None
            if replied:
                assert reviews.reply(connection, kept, agent, "so", at) is not compared
            if day < 3 and not compared:
                values = {
                    Dimension.AGENT: agent,
                    Dimension.QUEUE: queue,
                    Dimension.CAMPAIGN: "k",
                    Dimension.DAY: f"2025-06-0{day + 2}",
                }
                key = tuple(values[each] for each in by)
                slow.setdefault(key, []).append(({"well": 1.0, "so": 0.5, "no": 0.0}[answer], replied))
        zone = ZoneInfo("UTC")
        answer_ = ask(connection, Question(BEGIN, BEGIN + timedelta(days=3), of_section(Section.QUALITY), zone, by))
    found = {row.key: [(each.numerator, each.denominator) for each in row.figures] for row in answer_.rows}
    if not by:
        slow.setdefault((), [])
    assert found == {
        key: [
            (len(of), None),
            (sum(value for value, _ in of), len(of)),
            (sum(value >= 0.8 for value, _ in of), len(of)),
            (sum(value == 0 for value, _ in of), len(of)),
            (sum(replied for _, replied in of), len(of)),
        ]
        for key, of in slow.items()
    }


def test_a_reviewer_judges_once_and_the_audit_has_it(connection: sqlite3.Connection, form: Scorecard) -> None:
    house = Settings().model_copy(update={"scorecards": (form,)})
    store.finish_call(connection, call("c1", queue="sales", wait_s=1.0, agent="ann"))
    order = ReviewOrder(scorecard="sales", answers=GOOD)
    reviewing.give(connection, house, "c1", order, "eve", BEGIN)
    with pytest.raises(UserError, match="before"):
        reviewing.give(connection, house, "c1", order, "eve", BEGIN)
    reviewing.give(connection, house, "c1", order, "zoe", BEGIN)
    with pytest.raises(UserError, match="in no call"):
        reviewing.give(connection, house, "c2", order, "eve", BEGIN)
    with pytest.raises(UserError, match="no scorecard is named other"):
        reviewing.give(connection, house, "c1", ReviewOrder(scorecard="other", answers={}), "eve", BEGIN)
    reviewing.reply(connection, "ann", 1, ReplyOrder(words="Thanks"), "ann", BEGIN)
    with pytest.raises(UserError, match="ben has no review 1"):
        reviewing.reply(connection, "ben", 1, ReplyOrder(words="Thanks"), "ben", BEGIN)
    told = entries(connection, BEGIN, BEGIN + timedelta(days=1), "", "review", 10)
    assert [(each.who, each.what) for each in told] == [
        ("eve", "review.give"),
        ("zoe", "review.give"),
        ("ann", "review.reply"),
    ]
