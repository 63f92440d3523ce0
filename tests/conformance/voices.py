"""The conformance scripts of callers who speak: what is heard of them, and how their voice stops a gather."""

from __future__ import annotations

from calls.switch.port import (
    Answer,
    Done,
    EndedBy,
    Gather,
    Hangup,
    HungUp,
    Interrupted,
    KeyPlan,
    Match,
    NoInput,
    NoMatch,
    Play,
    Prompt,
    StopGather,
    StopPrompts,
    SwitchCommand,
)
from tests.conformance.vocabulary import (
    LONG,
    SHORT,
    CallScript,
    Do,
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
ONE_OR_TWO = KeyPlan(frozenset({"1", "2"}))
FORTY_TWO = KeyPlan(frozenset({"42"}))


def gather(*prompts: Prompt, plan: KeyPlan = ONE_OR_TWO, barge_in: bool = True) -> Gather:
    """Three seconds for the first key, two for each further one."""
    return Gather(prompts, plan, first_key_timeout_s=3.0, next_key_timeout_s=2.0, barge_in=barge_in)


def after(seconds: float, command: SwitchCommand) -> Meanwhile:
    """So many seconds after a command began: this, which is done."""
    return Meanwhile(seconds, Perform(command, Done()))


STOPS = (
    CallScript(
        "voice-stops-a-prompt",
        "A caller who begins to speak stops the prompt, and has the whole time for a first key from then on.",
        (),
        (
            ANSWERED,
            Do(gather(LONG), NoInput(), earliest_s=4.0, latest_s=5.0, meanwhile=after(1.0, StopPrompts())),
            PLAYED,
            BYE,
        ),
        EndedBy.US,
    ),
    CallScript(
        "voice-stops-several-prompts",
        "The prompts behind the one that is stopped do not play, and a key after it is no barge-in.",
        (Press(2.5, "2"),),
        (
            ANSWERED,
            Do(gather(SHORT, LONG), Match("2"), latest_s=4.0, meanwhile=after(0.5, StopPrompts())),
            PLAYED,
            BYE,
        ),
        EndedBy.US,
    ),
    CallScript(
        "voice-after-the-prompts",
        "A caller who begins to speak when the prompts are over has the time for a first key anew.",
        (),
        (
            ANSWERED,
            Do(gather(SHORT), NoInput(), earliest_s=6.0, latest_s=7.0, meanwhile=after(3.0, StopPrompts())),
            BYE,
        ),
        EndedBy.US,
    ),
    CallScript(
        "voice-without-barge-in",
        "A prompt that is not to be interrupted is not stopped by a voice either.",
        (),
        (
            ANSWERED,
            Do(
                gather(LONG, barge_in=False),
                NoInput(),
                earliest_s=7.0,
                latest_s=8.5,
                meanwhile=after(1.0, StopPrompts()),
            ),
            BYE,
        ),
        EndedBy.US,
    ),
    CallScript(
        "gather-ended-in-its-prompt",
        "A gather that is ended in its prompt is interrupted, and whatever comes next is as if it had not been.",
        (),
        (
            ANSWERED,
            Do(gather(LONG), Interrupted(), earliest_s=1.0, latest_s=2.0, meanwhile=after(1.0, StopGather())),
            PLAYED,
            Do(gather(SHORT, SHORT), NoInput(), earliest_s=5.0, latest_s=6.5),
            BYE,
        ),
        EndedBy.US,
    ),
    CallScript(
        "gather-ended-in-a-whole-prompt",
        "A gather is ended in a prompt, too, that no key interrupts.",
        (Press(0.5, "1"),),
        (
            ANSWERED,
            Do(
                gather(LONG, barge_in=False),
                Interrupted(),
                earliest_s=1.5,
                latest_s=2.5,
                meanwhile=after(1.5, StopGather()),
            ),
            Do(gather(SHORT), NoInput(), earliest_s=4.0, latest_s=5.5),
            BYE,
        ),
        EndedBy.US,
    ),
    CallScript(
        "gather-ended-after-its-prompt",
        "A gather that waits for a key is ended at once, and the next one has all its time.",
        (),
        (
            ANSWERED,
            Do(gather(SHORT), Interrupted(), earliest_s=2.0, latest_s=3.0, meanwhile=after(2.0, StopGather())),
            Do(gather(SHORT), NoInput(), earliest_s=4.0, latest_s=5.5),
            BYE,
        ),
        EndedBy.US,
    ),
    CallScript(
        "a-key-before-the-voice",
        "Once a key was pressed the keys decide, and no end of the gather does.",
        (Press(2.0, "4"),),
        (
            ANSWERED,
            Do(
                gather(LONG, plan=FORTY_TWO),
                NoMatch("4", barged_in=True),
                earliest_s=3.5,
                latest_s=5.2,
                meanwhile=after(3.2, StopGather()),
            ),
            PLAYED,
            BYE,
        ),
        EndedBy.US,
    ),
    CallScript(
        "voice-where-nothing-gathers",
        "Where nothing gathers a voice stops nothing.",
        (),
        (
            ANSWERED,
            Do(Play((LONG,)), Done(), earliest_s=4.0, latest_s=5.5, meanwhile=after(1.0, StopGather())),
            Do(Play((LONG,)), Done(), earliest_s=4.0, latest_s=5.5, meanwhile=after(1.0, StopPrompts())),
            BYE,
        ),
        EndedBy.US,
    ),
    CallScript(
        "the-drivers-own-key",
        "The key D is the drivers' own: a caller's is dropped, in the prompt and after it, and changes no time.",
        (Press(1.5, "D"), Press(3.0, "D"), Press(6.5, "D")),
        (
            ANSWERED,
            Do(gather(SHORT, LONG), NoInput(), earliest_s=8.0, latest_s=9.5),
            PLAYED,
            BYE,
        ),
        EndedBy.US,
    ),
)

HEARD = (
    CallScript(
        "caller-is-heard",
        "What a caller says is heard as it is said, and of the prompt that plays nothing.",
        (Speak(1.0, 1.0), Speak(3.0, 0.5)),
        (ANSWERED, Do(Play((LONG,)), Done(), earliest_s=4.0, latest_s=5.5), BYE),
        EndedBy.US,
        Need.HEAR,
        ((1.0, 2.0), (3.0, 3.5)),
    ),
    CallScript(
        "caller-is-heard-through-gathers",
        "A caller is heard from command to command: a voice, a gather that it ends, and a key after that.",
        (Speak(1.0, 0.5), Speak(2.5, 0.5), Press(5.0, "2")),
        (
            ANSWERED,
            Do(gather(LONG), Interrupted(), earliest_s=1.8, latest_s=3.0, meanwhile=after(1.8, StopGather())),
            Do(gather(SHORT, LONG), Match("2", barged_in=True), earliest_s=2.0, latest_s=4.5),
            PLAYED,
            BYE,
        ),
        EndedBy.US,
        Need.HEAR,
        ((1.0, 1.5), (2.5, 3.0)),
    ),
    CallScript(
        "heard-caller-hangs-up",
        "What is heard ends when the caller hangs up.",
        (Speak(1.0, 1.0), HangUp(3.0)),
        (ANSWERED, Do(gather(LONG), BY_CALLER, earliest_s=2.0, latest_s=4.0)),
        EndedBy.CALLER,
        Need.HEAR,
        ((1.0, 2.0),),
    ),
)
