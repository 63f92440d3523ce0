"""The list of conformance scripts. Every driver plays those whose needs it can meet; none is skipped on one."""

from __future__ import annotations

from calls.switch.port import (
    Answer,
    Connect,
    Detected,
    Done,
    EndedBy,
    Gather,
    Hangup,
    Hold,
    HungUp,
    Interrupted,
    KeyPlan,
    Match,
    MuteRecording,
    NoInput,
    NoMatch,
    NotConnected,
    Play,
    Prompt,
    Seat,
    TalkEnded,
    Transfer,
    TransferFailed,
    Transferred,
)
from tests.conformance.recordings import RECORDINGS
from tests.conformance.vocabulary import (
    AGENT,
    ANSWERS,
    BUSY,
    GUEST,
    LONG,
    MACHINE,
    NOBODY,
    SHORT,
    SILENT,
    TAKER,
    CallScript,
    DialScript,
    Do,
    DropAgent,
    EndTalk,
    HangUp,
    Meanwhile,
    Need,
    Perform,
    Press,
    Script,
    Sit,
)
from tests.conformance.voices import HEARD, STOPS

BY_CALLER = HungUp(EndedBy.CALLER, 16)
BY_US = HungUp(EndedBy.US, 16)
ANSWERED = Do(Answer(), Done())
PLAYED = Do(Play((SHORT,)), Done(), earliest_s=1.0, latest_s=2.0)
BYE = Do(Hangup(16), BY_US)
ONE_OR_TWO = KeyPlan(frozenset({"1", "2"}))
EXTENSIONS = KeyPlan(frozenset({"1", "2"}), frozenset({3}))


def gather(plan: KeyPlan, prompt: Prompt = SHORT, *, barge_in: bool = True) -> Gather:
    """Three seconds for the first key, two for each further one."""
    return Gather((prompt,), plan, first_key_timeout_s=3.0, next_key_timeout_s=2.0, barge_in=barge_in)


MENUS = (
    CallScript(
        "play-and-hang-up",
        "A prompt plays whole, and our hang-up ends the call.",
        (),
        (ANSWERED, PLAYED, BYE),
        EndedBy.US,
    ),
    CallScript(
        "two-prompts",
        "The prompts of one command play one after another.",
        (),
        (ANSWERED, Do(Play((SHORT, LONG)), Done(), earliest_s=5.0, latest_s=6.5), BYE),
        EndedBy.US,
    ),
    CallScript(
        "keys-are-ignored-while-playing",
        "A key during Play neither stops it nor is left over for the Gather after it.",
        (Press(0.5, "1"),),
        (ANSWERED, PLAYED, Do(gather(ONE_OR_TWO), NoInput(), earliest_s=4.0, latest_s=5.5), BYE),
        EndedBy.US,
    ),
    CallScript(
        "key-after-the-prompt",
        "A right key after the prompt matches at once.",
        (Press(2.5, "1"),),
        (ANSWERED, Do(gather(ONE_OR_TWO), Match("1"), earliest_s=1.0, latest_s=3.8), BYE),
        EndedBy.US,
    ),
    CallScript(
        "barge-in",
        "A key during a prompt stops it and matches; the result says so.",
        (Press(1.0, "2"),),
        (ANSWERED, Do(gather(ONE_OR_TWO, LONG), Match("2", barged_in=True), latest_s=2.5), PLAYED, BYE),
        EndedBy.US,
    ),
    CallScript(
        "barge-in-unfinished",
        "The first of several keys stops the prompt, and the next key's time runs from it.",
        (Press(3.0, "4"),),
        (
            ANSWERED,
            Do(
                gather(KeyPlan(frozenset({"42"})), LONG),
                NoMatch("4", barged_in=True),
                earliest_s=4.5,
                latest_s=6.2,
            ),
            BYE,
        ),
        EndedBy.US,
    ),
    CallScript(
        "no-barge-in",
        "Without barge-in a key during the prompt is dropped, and one after it counts.",
        (Press(1.0, "1"), Press(5.5, "2")),
        (ANSWERED, Do(gather(ONE_OR_TWO, LONG, barge_in=False), Match("2"), earliest_s=4.0, latest_s=7.0), BYE),
        EndedBy.US,
    ),
    CallScript(
        "no-barge-in-and-silence",
        "Without barge-in a key during the prompt alone is no input at all.",
        (Press(1.0, "1"),),
        (ANSWERED, Do(gather(ONE_OR_TWO, LONG, barge_in=False), NoInput(), earliest_s=7.0, latest_s=8.5), BYE),
        EndedBy.US,
    ),
    CallScript(
        "wrong-key",
        "A key that the plan does not take is NoMatch at once, with the key.",
        (Press(2.5, "9"),),
        (ANSWERED, Do(gather(ONE_OR_TWO), NoMatch("9"), latest_s=3.8), BYE),
        EndedBy.US,
    ),
    CallScript(
        "wrong-key-in-the-prompt",
        "A wrong key during the prompt stops it too, and says so.",
        (Press(1.0, "9"),),
        (ANSWERED, Do(gather(ONE_OR_TWO, LONG), NoMatch("9", barged_in=True), latest_s=2.5), BYE),
        EndedBy.US,
    ),
    CallScript(
        "silence",
        "No key is NoInput when the first key's time after the prompt is over.",
        (),
        (ANSWERED, Do(gather(ONE_OR_TWO), NoInput(), earliest_s=4.0, latest_s=5.5), BYE),
        EndedBy.US,
    ),
    CallScript(
        "several-keys",
        "A choice of several keys matches with its last one.",
        (Press(2.0, "42"),),
        (ANSWERED, Do(gather(KeyPlan(frozenset({"42", "43"}))), Match("42"), latest_s=4.0), BYE),
        EndedBy.US,
    ),
    CallScript(
        "several-keys-unfinished",
        "The beginning of a choice and nothing more is NoMatch when the next key's time is over.",
        (Press(2.0, "4"),),
        (ANSWERED, Do(gather(KeyPlan(frozenset({"42"}))), NoMatch("4"), earliest_s=3.5, latest_s=5.5), BYE),
        EndedBy.US,
    ),
    CallScript(
        "direct-dial",
        "An extension that begins with a single key's digit matches as a whole, with its last digit.",
        (Press(2.0, "123"),),
        (ANSWERED, Do(gather(EXTENSIONS), Match("123"), latest_s=4.0), BYE),
        EndedBy.US,
    ),
    CallScript(
        "single-key-beside-direct-dial",
        "The single key alone matches when the next key's time is over.",
        (Press(2.0, "1"),),
        (ANSWERED, Do(gather(EXTENSIONS), Match("1"), earliest_s=3.5, latest_s=5.5), BYE),
        EndedBy.US,
    ),
    CallScript(
        "single-key-ended-by-hash",
        "# ends a sequence at once.",
        (Press(2.0, "1#"),),
        (ANSWERED, Do(gather(EXTENSIONS), Match("1"), latest_s=3.6), BYE),
        EndedBy.US,
    ),
    CallScript(
        "two-menus",
        "Each Gather has keys of its own: the second asks anew.",
        (Press(1.5, "1"), Press(4.5, "2")),
        (
            ANSWERED,
            Do(gather(ONE_OR_TWO), Match("1"), latest_s=3.0),
            Do(gather(ONE_OR_TWO), Match("2"), earliest_s=1.0, latest_s=4.5),
            BYE,
        ),
        EndedBy.US,
    ),
    CallScript(
        "hang-up-in-the-prompt",
        "A caller who hangs up in a prompt ends it with HungUp.",
        (HangUp(1.5),),
        (ANSWERED, Do(Play((LONG,)), BY_CALLER, earliest_s=1.0, latest_s=3.0)),
        EndedBy.CALLER,
    ),
    CallScript(
        "hang-up-while-gathering",
        "A caller who hangs up after a first key ends the Gather with HungUp, not with the key.",
        (Press(1.5, "1"), HangUp(2.5)),
        (ANSWERED, Do(gather(EXTENSIONS), BY_CALLER, earliest_s=2.0, latest_s=3.4)),
        EndedBy.CALLER,
    ),
    CallScript(
        "hang-up-interrupts",
        "Our hang-up during a prompt interrupts it.",
        (),
        (
            ANSWERED,
            Do(
                Play((LONG,)),
                Interrupted(),
                earliest_s=0.9,
                latest_s=2.5,
                meanwhile=Meanwhile(1.0, Perform(Hangup(16), BY_US)),
            ),
        ),
        EndedBy.US,
    ),
    CallScript(
        "refused-with-a-cause",
        "A hang-up before the answer, with a cause of ours, ends the call.",
        (),
        (Do(Hangup(17), HungUp(EndedBy.US, 17)),),
        EndedBy.US,
    ),
)

AGENTS = (
    CallScript(
        "hold",
        "Holding ends by itself when its time is over.",
        (),
        (ANSWERED, Do(Hold(2.0), Done(), earliest_s=2.0, latest_s=3.0), PLAYED, BYE),
        EndedBy.US,
        Need.AGENTS,
    ),
    CallScript(
        "keys-on-hold",
        "One of the keys of Hold ends it with Match, another does not.",
        (Press(1.0, "3"), Press(2.0, "1")),
        (
            ANSWERED,
            Do(Hold(30.0, plan=KeyPlan(frozenset({"1", "2"}))), Match("1"), earliest_s=1.9, latest_s=3.5),
            PLAYED,
            BYE,
        ),
        EndedBy.US,
        Need.AGENTS,
    ),
    CallScript(
        "keys-on-hold-in-vain",
        "A hold that hears keys ends by itself too.",
        (),
        (
            ANSWERED,
            Do(Hold(2.0, plan=KeyPlan(frozenset({"1"}))), Done(), earliest_s=2.0, latest_s=3.0),
            PLAYED,
            BYE,
        ),
        EndedBy.US,
        Need.AGENTS,
    ),
    CallScript(
        "connected-from-hold-with-keys",
        "Connect interrupts a hold that hears keys; the caller ends the talk.",
        (HangUp(5.0),),
        (
            ANSWERED,
            Do(
                Hold(60.0, plan=KeyPlan(frozenset({"1"}))),
                Interrupted(),
                earliest_s=1.9,
                latest_s=3.0,
                meanwhile=Meanwhile(2.0, Perform(Connect(AGENT), BY_CALLER)),
            ),
        ),
        EndedBy.CALLER,
        Need.AGENTS,
    ),
    CallScript(
        "hang-up-on-hold",
        "A caller who hangs up on hold ends it with HungUp.",
        (HangUp(2.0),),
        (ANSWERED, Do(Hold(30.0), BY_CALLER, earliest_s=1.5, latest_s=3.5)),
        EndedBy.CALLER,
        Need.AGENTS,
    ),
    CallScript(
        "connected-from-hold",
        "Connect interrupts Hold; the caller ends the talk.",
        (HangUp(5.0),),
        (
            ANSWERED,
            Do(
                Hold(60.0),
                Interrupted(),
                earliest_s=1.9,
                latest_s=3.0,
                meanwhile=Meanwhile(2.0, Perform(Connect(AGENT), BY_CALLER)),
            ),
        ),
        EndedBy.CALLER,
        Need.AGENTS,
    ),
    CallScript(
        "talk-ended-by-the-agent",
        "When the agent ends the talk the caller is ours again and hears goodbye; the agent's leg stays up.",
        (),
        (
            ANSWERED,
            Do(
                Connect(AGENT),
                TalkEnded(EndedBy.AGENT),
                earliest_s=1.9,
                latest_s=3.5,
                meanwhile=Meanwhile(2.0, EndTalk()),
            ),
            PLAYED,
            BYE,
        ),
        EndedBy.US,
        Need.AGENTS,
    ),
    CallScript(
        "agents-leg-dropped-in-the-talk",
        "When the agent's leg goes, the talk ends and the caller is ours again.",
        (),
        (
            ANSWERED,
            Do(
                Connect(AGENT),
                TalkEnded(EndedBy.AGENT),
                earliest_s=1.9,
                latest_s=3.5,
                meanwhile=Meanwhile(2.0, DropAgent()),
            ),
            PLAYED,
            BYE,
        ),
        EndedBy.US,
        Need.AGENTS,
    ),
    CallScript(
        "two-talks",
        "The same caller can be connected twice to the same leg.",
        (),
        (
            ANSWERED,
            Do(Connect(AGENT), TalkEnded(EndedBy.AGENT), latest_s=3.0, meanwhile=Meanwhile(1.5, EndTalk())),
            PLAYED,
            Do(Connect(AGENT), TalkEnded(EndedBy.AGENT), latest_s=3.0, meanwhile=Meanwhile(1.5, EndTalk())),
            BYE,
        ),
        EndedBy.US,
        Need.AGENTS,
    ),
    CallScript(
        "a-guest-beside-the-talk",
        "A leg of ours is put beside a talk, in each way, and back; the talk goes on.",
        (HangUp(5.0),),
        (
            ANSWERED,
            Do(
                Connect(AGENT),
                BY_CALLER,
                earliest_s=4.0,
                meanwhile=Meanwhile(1.0, Sit((Seat.LISTEN, Seat.WHISPER, Seat.JOIN, Seat.LISTEN, Seat.OWN))),
            ),
        ),
        EndedBy.CALLER,
        Need.AGENTS,
    ),
    CallScript(
        "handed-to-the-guest",
        "A caller whose agent had another one join goes on with that one, in the other's own room.",
        (HangUp(6.0),),
        (
            ANSWERED,
            Do(
                Connect(AGENT),
                TalkEnded(EndedBy.AGENT),
                latest_s=4.0,
                meanwhile=Meanwhile(1.0, Sit((Seat.JOIN, Seat.OWN), end_talk=True)),
            ),
            Do(Connect(GUEST), BY_CALLER, earliest_s=1.0),
        ),
        EndedBy.CALLER,
        Need.AGENTS,
    ),
    CallScript(
        "handed-to-somebody-outside",
        "A caller whose agent asked somebody outside first goes on with that one, who is a guest like another.",
        (HangUp(3.0),),
        (
            ANSWERED,
            Do(
                Connect(AGENT),
                TalkEnded(EndedBy.AGENT),
                latest_s=3.5,
                meanwhile=Meanwhile(0.5, Sit((Seat.JOIN, Seat.OWN), end_talk=True)),
            ),
            Do(Connect(GUEST), BY_CALLER, earliest_s=1.0),
        ),
        EndedBy.CALLER,
        Need.AGENTS,
        guest_outside=True,
    ),
    CallScript(
        "a-talk-that-is-recorded",
        "Talks are recorded one by one, and muted where that is asked for; between them nothing is.",
        (HangUp(6.0),),
        (
            ANSWERED,
            Do(
                Connect(AGENT, "conformance-talk"),
                TalkEnded(EndedBy.AGENT),
                latest_s=4.0,
                meanwhile=Meanwhile(2.0, EndTalk()),
            ),
            Do(MuteRecording(True), Done(), latest_s=1.0),
            Do(
                Connect(AGENT, "conformance-talk-2"),
                BY_CALLER,
                earliest_s=1.0,
                meanwhile=Meanwhile(1.0, Perform(MuteRecording(True), Done())),
            ),
        ),
        EndedBy.CALLER,
        Need.AGENTS,
    ),
    CallScript(
        "connect-to-a-leg-that-is-gone",
        "Connect to a leg that is gone is NotConnected, and the caller is ours still.",
        (),
        (ANSWERED, Do(Connect(NOBODY), NotConnected(), latest_s=3.0), PLAYED, BYE),
        EndedBy.US,
        Need.AGENTS,
    ),
    CallScript(
        "hang-up-ends-the-talk",
        "Our hang-up interrupts a talk and ends the call.",
        (),
        (
            ANSWERED,
            Do(
                Connect(AGENT),
                Interrupted(),
                earliest_s=1.4,
                latest_s=3.0,
                meanwhile=Meanwhile(1.5, Perform(Hangup(16), BY_US)),
            ),
        ),
        EndedBy.US,
        Need.AGENTS,
    ),
)

TRANSFERS = (
    CallScript(
        "transfer-answered",
        "A transfer that is answered gives Transferred when the target hangs up, and the caller is ours again.",
        (),
        (
            ANSWERED,
            Do(Transfer(ANSWERS, 20.0), Transferred(4.5), earliest_s=4.0, latest_s=12.0),
            PLAYED,
            BYE,
        ),
        EndedBy.US,
        Need.TRANSFER,
    ),
    CallScript(
        "transfer-busy",
        "A busy target is TransferFailed, busy; the caller is ours still.",
        (),
        (ANSWERED, Do(Transfer(BUSY, 20.0), TransferFailed("busy"), latest_s=3.0), PLAYED, BYE),
        EndedBy.US,
        Need.TRANSFER,
    ),
    CallScript(
        "transfer-not-answered",
        "A target that rings for too long is TransferFailed, no_answer.",
        (),
        (
            ANSWERED,
            Do(Transfer(SILENT, 3.0), TransferFailed("no_answer"), earliest_s=2.9, latest_s=5.0),
            PLAYED,
            BYE,
        ),
        EndedBy.US,
        Need.TRANSFER,
    ),
    CallScript(
        "transfer-with-a-whisper",
        "A target that is told something first is joined after it; the caller hears music while it rings.",
        (),
        (
            ANSWERED,
            Do(
                Transfer(ANSWERS, 20.0, whisper=(SHORT,), music="default"),
                Transferred(3.4),
                earliest_s=3.9,
                latest_s=13.0,
            ),
            PLAYED,
            BYE,
        ),
        EndedBy.US,
        Need.TRANSFER,
    ),
    CallScript(
        "transfer-taken-by-a-key",
        "A target that answers and presses the key is joined to the caller.",
        (),
        (
            ANSWERED,
            Do(
                Transfer(TAKER, 20.0, whisper=(SHORT,), take_key="1"),
                Transferred(3.4),
                earliest_s=3.0,
                latest_s=13.0,
            ),
            BYE,
        ),
        EndedBy.US,
        Need.TRANSFER,
    ),
    CallScript(
        "transfer-not-taken",
        "A target that answers and does not press the key is TransferFailed, declined; the caller is ours still.",
        (),
        (
            ANSWERED,
            Do(
                Transfer(MACHINE, 20.0, whisper=(SHORT,), take_key="1"),
                TransferFailed("declined"),
                earliest_s=6.0,
                latest_s=12.0,
            ),
            PLAYED,
            BYE,
        ),
        EndedBy.US,
        Need.TRANSFER,
    ),
    CallScript(
        "transfer-to-a-number",
        "A number on a trunk is dialled like a target of the settings, and its talk ends at its limit.",
        (),
        (
            ANSWERED,
            Do(
                Transfer("carrier", 20.0, number="+15552000001", talk_limit_s=2.0),
                Transferred(2.0),
                earliest_s=2.5,
                latest_s=8.0,
            ),
            BYE,
        ),
        EndedBy.US,
        Need.TRANSFER,
    ),
    CallScript(
        "hang-up-while-the-target-rings",
        "A caller who hangs up while the target rings ends the transfer with HungUp.",
        (HangUp(2.0),),
        (ANSWERED, Do(Transfer(SILENT, 20.0), BY_CALLER, earliest_s=1.5, latest_s=4.0)),
        EndedBy.CALLER,
        Need.TRANSFER,
    ),
)

DIALLED = (
    DialScript(
        "dialled-we-hang-up",
        "A dialled person who answers is a call like any other, with the attempt's id; our hang-up ends it.",
        "1",
        answered=True,
        handler=(PLAYED, BYE),
    ),
    DialScript(
        "dialled-far-end-hangs-up",
        "A dialled person who hangs up ends what is pending.",
        "2",
        answered=True,
        handler=(Do(Hold(30.0), BY_CALLER, latest_s=8.0),),
        causes=frozenset({16, None}),
    ),
    DialScript(
        "dialled-quick-hang-up",
        "A hang-up right after the answer is an answered call that ended.",
        "3",
        answered=True,
        handler=(Do(Hold(30.0), BY_CALLER, latest_s=2.0),),
        causes=frozenset({16, None}),
    ),
    DialScript(
        "dialled-human",
        "With detection asked for, a person is told from a machine.",
        "1",
        answered=True,
        handler=(BYE,),
        detect_machine=True,
        detected=Detected.HUMAN,
    ),
    DialScript(
        "dialled-machine",
        "With detection asked for, a machine is told from a person.",
        "4",
        answered=True,
        handler=(BYE,),
        detect_machine=True,
        detected=Detected.MACHINE,
    ),
    DialScript("dialled-busy", "486 is cause 17.", "5", answered=False, causes=frozenset({17})),
    DialScript(
        "dialled-no-answer",
        "Ringing until our timeout says timed_out; the cause may be unsaid.",
        "6",
        answered=False,
        causes=frozenset({None, 18, 19}),
        timed_out=True,
        ring_timeout_s=3.0,
    ),
    DialScript("dialled-congestion", "503 is cause 34.", "7", answered=False, causes=frozenset({34})),
    DialScript("dialled-unallocated", "404 is cause 1.", "8", answered=False, causes=frozenset({1})),
    DialScript(
        "dialled-unavailable", "480 is cause 19, and no timeout.", "9", answered=False, causes=frozenset({19})
    ),
    DialScript(
        "dialled-twice-with-one-id",
        "A second attempt with the id of a live one is refused, and the live one goes on untouched.",
        "2",
        answered=True,
        handler=(Do(Hold(30.0), BY_CALLER, earliest_s=1.0, latest_s=8.0),),
        causes=frozenset({16, None}),
        again=True,
    ),
)

SCRIPTS: tuple[Script, ...] = (*MENUS, *STOPS, *HEARD, *AGENTS, *TRANSFERS, *DIALLED, *RECORDINGS)


def scripts_for(*needs: Need) -> list[Script]:
    """The scripts that a driver plays which can meet ``needs``."""
    return [script for script in SCRIPTS if script.needs in needs]
