"""record, voicemail and survey: what the caller does, and what is kept of it."""

from __future__ import annotations

import pytest

from calls.switch.port import Answer, EndedBy, Gather, NoInput, Record, Recorded, RecordEnd, RecordingFailed
from ivr.check import check
from ivr.commands import Command, Commit, CommitFailed, Committed
from ivr.effects import DropRecording, LeaveMessage, SurveyAnswer, SurveyAnswers
from ivr.faults import Rule
from ivr.flow import Flow
from ivr.session import Context, Finished, Session
from ivr.trail import Detail, Kind
from ivr.walk import walk
from tests.ivr.conftest import NOTHING_KNOWN, Make, Write, at

BOX = """\
language: en
start: box
nodes:
  box: {voicemail: sales, webhook: tickets, longest: 60s, tries: 2, failed: no, next: yes}
  yes: {hangup: [main.yes], outcome: kept}
  no: {hangup: [main.no], outcome: none}
"""

ASK = """\
language: en
start: ask
nodes:
  ask:
    survey:
      - {id: agent, kind: csat, ask: [a]}
      - {id: recommend, kind: nps, ask: [b]}
      - {id: solved, kind: yes_no, ask: [c]}
      - {id: words, kind: spoken, ask: [d]}
    name: support
    failed: no
    next: yes
  yes: {hangup: [main.yes], outcome: done}
  no: {hangup: [main.no], outcome: lost}
"""

RECORD = """\
language: en
start: on
nodes:
  on: {record: start, consent: [main.recorded], declined: no, failed: no, next: off}
  off: {record: stop, failed: no, next: yes}
  yes: {hangup: [], outcome: recorded}
  no: {hangup: [], outcome: not}
"""


def walked(flow: Flow, keys: str) -> tuple[Finished, list[Detail]]:
    """The end of a walk and the details of what it noted about recordings."""
    finished, trail = walk(flow, keys, lambda prompt: "a few words", at(0))
    kinds = (Kind.RECORDING, Kind.VOICEMAIL, Kind.SURVEY_ANSWER, Kind.SURVEY_ENDED)
    return finished, [event.detail for event in trail if event.kind in kinds]


@pytest.mark.parametrize(
    ("keys", "outcome", "ended_by"),
    [
        ("m10,#,1", "kept", "key"),
        ("m10,w", "kept", "silence"),
        ("m90,1", "kept", "longest"),
        ("m10,#,2,1", "kept", "key"),
        ("m10,#,3,m5,#,1", "kept", "key"),
        ("m10,#,9,1", "kept", "key"),
        ("w,m10,#,1", "kept", "key"),
        ("m10,h", "message_left", "hangup"),
    ],
)
def test_a_message_is_kept(make: Make, keys: str, outcome: str, ended_by: str) -> None:
    finished, noted = walked(make(BOX), keys)
    assert (finished.outcome, finished.commits) == (outcome, ())
    (message,) = noted
    assert (message["mailbox"], message["recording"], message["failed"]) == ("sales", "walk-message-1", None)
    assert message["ended_by"] == ended_by


@pytest.mark.parametrize(
    ("keys", "outcome"), [("w,w", "none"), ("#,#", "none"), ("m0.5,h", "hung_up"), ("h", "hung_up")]
)
def test_nothing_said_is_no_message(make: Make, keys: str, outcome: str) -> None:
    finished, noted = walked(make(BOX), keys)
    assert (finished.outcome, finished.commits) == (outcome, ())
    assert [each["failed"] for each in noted] == (["empty"] if outcome == "none" else [])


def test_who_hangs_up_at_the_choices_has_left_a_message(make: Make) -> None:
    finished, _ = walked(make(BOX), "m10,#,h")
    left = LeaveMessage("sales", "walk-message-1", 10.0, "tickets")
    assert finished.commits == (Commit(left, "box:1"),)


def test_who_takes_a_message_back_and_hangs_up_has_left_none(make: Make) -> None:
    finished, _ = walked(make(BOX), "m10,#,3,m0.5,h")
    assert finished.commits == ()


class Talk:
    """A session whose results a test gives."""

    def __init__(self, flow: Flow) -> None:
        self.session = Session(flow)
        self.step: Command | Finished = self.session.start(Context(answered=True), at(0))

    def to(self, *results: object) -> Command | Finished:
        for result in results:
            self.step = self.session.resume(result, at(1))  # type: ignore[arg-type]  # results of the test
        return self.step


def test_what_cannot_be_recorded_or_kept_leads_to_failed(make: Make) -> None:
    talk = Talk(make(BOX))
    talk.to(RecordingFailed("disk"))
    assert talk.session.node == "no"
    talk = Talk(make(BOX))
    told = talk.to(Recorded("walk-message-1", 3.0, RecordEnd.KEY))
    assert isinstance(told, Gather)
    finished = Talk(make(BOX)).to(Recorded("m", 0.4, RecordEnd.HANGUP))
    assert isinstance(finished, Commit) and finished.effect == DropRecording("m")
    talk = Talk(make(BOX))
    commit = talk.to(Recorded("walk-message-1", 3.0, RecordEnd.HANGUP))
    assert isinstance(commit, Commit) and isinstance(commit.effect, LeaveMessage)
    talk.to(CommitFailed("unavailable"))
    assert talk.session.node == "no"
    assert talk.session.hangup(at(9), EndedBy.CALLER).commits == (commit,), "it is tried once more"


@pytest.mark.parametrize(
    ("keys", "values"),
    [
        ("5,10,1,m5", [5, 10, 1, None]),
        ("1,1#,2,m5", [1, 1, 0, None]),
        ("9,4,0,1,m5", [4, 0, 1, None]),
        ("*,*,*,m5", [None, None, None, None]),
        ("w,w,7,1,m5", [None, 7, 1, None]),
    ],
)
def test_a_survey_takes_its_answers(make: Make, keys: str, values: list[int | None]) -> None:
    finished, noted = walked(make(ASK), keys)
    assert finished.outcome == "done"
    assert [each["value"] for each in noted[:-1]] == values
    assert [each["asks"] for each in noted[:-1]] == ["csat", "nps", "yes_no", "spoken"]
    assert noted[-2]["recording"] == "walk-answer-1"
    given = sum(value is not None for value in values) + 1
    assert noted[-1] == {"node": "ask", "survey": "support", "asked": 4, "answered": given, "failed": None}


def test_what_was_answered_before_a_hang_up_is_kept(make: Make) -> None:
    finished, _ = walked(make(ASK), "5,h")
    (commit,) = finished.commits
    assert commit == Commit(
        SurveyAnswers("support", "ask", (SurveyAnswer("agent", "csat", 5), SurveyAnswer("recommend", "nps"))), "ask:1"
    )


@pytest.mark.parametrize(("keys", "answered"), [("5,10,1,m5,h", 4), ("5,10,1,h", 3)])
def test_a_hang_up_in_a_spoken_answer_ends_the_survey(make: Make, keys: str, answered: int) -> None:
    finished, noted = walked(make(ASK), keys)
    assert (finished.outcome, finished.commits) == ("surveyed", ())
    assert noted[-1]["answered"] == answered


def test_answers_that_cannot_be_written_are_tried_again_at_the_end(make: Make) -> None:
    talk = Talk(make(ASK.replace("      - {id: recommend, kind: nps, ask: [b]}\n", "")))
    while not isinstance(talk.step, Commit) or isinstance(talk.step.effect, DropRecording):
        talk.to(_silence(talk.step))
    talk.to(CommitFailed("unavailable"))
    assert talk.session.node == "no"
    assert len(talk.session.hangup(at(2), EndedBy.CALLER).commits) == 1


def _silence(step: Command | Finished) -> Recorded | Committed | NoInput:
    match step:
        case Record(name):
            return Recorded(name, 0.0, RecordEnd.SILENCE)
        case Commit():
            return Committed()
        case _:
            return NoInput()


@pytest.mark.parametrize(
    ("keys", "outcome", "what"),
    [("w", "recorded", ["start", "stop"]), ("1", "recorded", ["start", "stop"]), ("2", "not", ["declined"])],
)
def test_a_caller_may_decline_to_be_recorded(make: Make, keys: str, outcome: str, what: list[str]) -> None:
    finished, noted = walked(make(RECORD), keys)
    assert finished.outcome == outcome
    assert [each["what"] for each in noted] == what


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ("{record: stop, consent: [a], failed: x, next: x}", "nobody is asked"),
        ("{record: start, declined: x, failed: x, next: x}", "declined needs consent"),
        ("{record: pause, failed: x, next: x}", "start"),
        ("{survey: [], failed: x, next: x}", "survey"),
        ("{survey: [{id: a, kind: stars, ask: [b]}], failed: x, next: x}", "csat"),
        ("{survey: [{id: a, kind: csat, ask: [b]}, {id: a, kind: nps, ask: [b]}], failed: x, next: x}", "same id a"),
        ('{voicemail: "../x", failed: x, next: x}', "voicemail"),
    ],
)
def test_what_makes_no_sense_is_refused(write: Write, node: str, words: str) -> None:
    path = write(f"language: en\nstart: n\nnodes:\n  n: {node}\n  x: {{hangup: []}}\n")
    faults = check(path, NOTHING_KNOWN)
    assert [fault.rule for fault in faults if fault.rule is Rule.BAD_VALUE], faults
    assert words in " ".join(map(str, faults))


def test_answering_comes_first(make: Make) -> None:
    assert Session(make(BOX)).start(Context(), at(0)) == Answer()
    assert Committed() == Committed("")
