"""Calls that are transferred, and calls that we dial."""

from __future__ import annotations

from calls.switch.port import (
    Detected,
    EndedBy,
    Hold,
    Transfer,
    TransferFailed,
    Transferred,
)
from tests.conformance.parts import ANSWERED, BY_CALLER, BYE, PLAYED
from tests.conformance.vocabulary import (
    ANSWERS,
    BUSY,
    MACHINE,
    SHORT,
    SILENT,
    TAKER,
    CallScript,
    DialScript,
    Do,
    HangUp,
    Need,
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
