"""The conformance scripts of recording: a message of the caller, and the whole call."""

from __future__ import annotations

from calls.switch.port import (
    Answer,
    Connect,
    Done,
    EndedBy,
    Hangup,
    HungUp,
    Interrupted,
    MuteRecording,
    Play,
    PlayRecording,
    Record,
    Recorded,
    RecordEnd,
    RecordingFailed,
    StartRecording,
    StopRecording,
    TalkEnded,
)
from tests.conformance.vocabulary import (
    AGENT,
    LONG,
    SHORT,
    CallScript,
    Do,
    EndTalk,
    HangUp,
    Meanwhile,
    Need,
    Perform,
    Press,
    Speak,
)

BY_CALLER = HungUp(EndedBy.CALLER, 16)
BY_US = HungUp(EndedBy.US, 16)
ANSWERED = Do(Answer(), Done())
PLAYED = Do(Play((SHORT,)), Done(), earliest_s=1.0, latest_s=2.0)
BYE = Do(Hangup(16), BY_US)


def record(name: str, longest_s: float = 20.0, silence_s: float = 5.0) -> Record:
    """After a prompt of one second."""
    return Record(name, (SHORT,), longest_s, silence_s)


MESSAGES = (
    CallScript(
        "record-ended-by-a-key",
        "A key ends a message, and the caller can hear it again.",
        (Speak(1.5, 2.0), Press(4.5, "#")),
        (
            ANSWERED,
            Do(record("by-key"), Recorded("by-key", 3.5, RecordEnd.KEY), earliest_s=4.0, latest_s=5.5),
            Do(PlayRecording("by-key", 3.5), Done(), earliest_s=2.5, latest_s=5.0),
            BYE,
        ),
        EndedBy.US,
        Need.RECORD,
    ),
    CallScript(
        "record-ended-by-silence",
        "A message ends when the caller says nothing more; the silence is no part of its length.",
        (Speak(1.5, 3.0),),
        (
            ANSWERED,
            Do(
                record("by-silence", silence_s=2.0),
                Recorded("by-silence", 3.5, RecordEnd.SILENCE),
                earliest_s=5.5,
                latest_s=8.0,
            ),
            PLAYED,
            BYE,
        ),
        EndedBy.US,
        Need.RECORD,
    ),
    CallScript(
        "record-of-nothing",
        "A caller who never says a word ends a message by silence; its length is next to nothing.",
        (Speak(0.0, 0.0),),
        (
            ANSWERED,
            Do(
                record("nothing", silence_s=2.0),
                Recorded("nothing", 0.0, RecordEnd.SILENCE),
                earliest_s=2.5,
                latest_s=4.5,
            ),
            BYE,
        ),
        EndedBy.US,
        Need.RECORD,
    ),
    CallScript(
        "record-too-long",
        "A message ends when it is as long as it may be.",
        (Speak(0.5, 8.0),),
        (
            ANSWERED,
            Do(
                record("too-long", longest_s=3.0),
                Recorded("too-long", 3.0, RecordEnd.LONGEST),
                earliest_s=3.9,
                latest_s=5.5,
            ),
            BYE,
        ),
        EndedBy.US,
        Need.RECORD,
    ),
    CallScript(
        "record-hang-up",
        "A hang-up in a message still gives what was recorded; after it the call is over.",
        (Speak(1.5, 3.0), HangUp(4.5)),
        (
            ANSWERED,
            Do(record("hang-up"), Recorded("hang-up", 3.5, RecordEnd.HANGUP), earliest_s=4.0, latest_s=5.5),
            Do(Play((SHORT,)), BY_CALLER),
        ),
        EndedBy.CALLER,
        Need.RECORD,
    ),
    CallScript(
        "record-hang-up-before-the-beep",
        "A hang-up before a message has begun is HungUp: there is nothing recorded.",
        (HangUp(1.5),),
        (ANSWERED, Do(Record("unbegun", (LONG,), 20.0, 5.0), BY_CALLER, earliest_s=1.0, latest_s=3.0)),
        EndedBy.CALLER,
        Need.RECORD,
    ),
    CallScript(
        "record-without-the-greeting",
        "A key that ends a message also ends the prompts before it, and the message begins at once.",
        (Press(1.5, "#"), Speak(2.5, 1.0), Press(4.5, "#")),
        (
            ANSWERED,
            Do(
                Record("skipped", (LONG,), 20.0, 5.0),
                Recorded("skipped", 3.0, RecordEnd.KEY),
                earliest_s=4.0,
                latest_s=5.5,
            ),
            BYE,
        ),
        EndedBy.US,
        Need.RECORD,
    ),
    CallScript(
        "record-interrupted",
        "Our hang-up interrupts a message.",
        (Speak(0.5, 5.0),),
        (
            ANSWERED,
            Do(
                record("interrupted"),
                Interrupted(),
                earliest_s=2.4,
                latest_s=4.0,
                meanwhile=Meanwhile(2.5, Perform(Hangup(16), BY_US)),
            ),
        ),
        EndedBy.US,
        Need.RECORD,
    ),
)

CALLS = (
    CallScript(
        "record-the-call",
        "A call is recorded once at a time; muting, stopping and stopping again are done at once.",
        (Speak(0.5, 6.0),),
        (
            ANSWERED,
            Do(StartRecording("whole"), Done(), latest_s=1.0),
            PLAYED,
            Do(StartRecording("second"), RecordingFailed("running"), latest_s=1.0),
            Do(MuteRecording(True), Done(), latest_s=1.0),
            PLAYED,
            Do(MuteRecording(False), Done(), latest_s=1.0),
            PLAYED,
            Do(StopRecording(), Done(), latest_s=1.0),
            Do(StopRecording(), Done(), latest_s=1.0),
            Do(StartRecording("again"), Done(), latest_s=1.0),
            BYE,
        ),
        EndedBy.US,
        Need.RECORD,
    ),
    CallScript(
        "mute-without-a-recording",
        "Muting where nothing is recorded is done: nothing of what follows is recorded.",
        (),
        (ANSWERED, Do(MuteRecording(True), Done(), latest_s=1.0), BYE),
        EndedBy.US,
        Need.RECORD,
    ),
    CallScript(
        "mute-while-a-prompt-plays",
        "Muting and stopping interrupt nothing.",
        (),
        (
            ANSWERED,
            Do(StartRecording("beside"), Done()),
            Do(
                Play((LONG,)),
                Done(),
                earliest_s=3.9,
                latest_s=5.0,
                meanwhile=Meanwhile(1.0, Perform(MuteRecording(True), Done())),
            ),
            Do(
                Play((LONG,)),
                Done(),
                earliest_s=3.9,
                latest_s=5.0,
                meanwhile=Meanwhile(1.0, Perform(StopRecording(), Done())),
            ),
            BYE,
        ),
        EndedBy.US,
        Need.RECORD,
    ),
    CallScript(
        "recording-goes-on-in-a-talk",
        "A talk with an agent does not end the recording of the call, which is still there to be stopped.",
        (),
        (
            ANSWERED,
            Do(StartRecording("talk"), Done()),
            Do(Connect(AGENT), TalkEnded(EndedBy.AGENT), latest_s=3.5, meanwhile=Meanwhile(1.5, EndTalk())),
            Do(StartRecording("talk-2"), RecordingFailed("running")),
            Do(
                Connect(AGENT),
                TalkEnded(EndedBy.AGENT),
                latest_s=3.5,
                meanwhile=Meanwhile(1.5, EndTalk()),
            ),
            Do(MuteRecording(True), Done()),
            Do(StopRecording(), Done()),
            BYE,
        ),
        EndedBy.US,
        Need.AGENTS,
    ),
)

RECORDINGS = (*MESSAGES, *CALLS)
