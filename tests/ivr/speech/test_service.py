"""Workers as processes: they hear, and whatever becomes of them, callers are told in time and nothing is left."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from calls.breaker import Breaker
from calls.errors import SpeechUnavailable
from calls.settings import SpeechModel
from calls.switch.hearing import RATE_HZ, SAMPLE_BYTES
from ivr.speech.events import Broken, SpeechBegan, SpeechEnded
from ivr.speech.expected import Expected, SpokenKind
from ivr.speech.hearing import LATE_S
from ivr.speech.process import WorkerProcess
from ivr.speech.recognizer import Final, Grammar, Partial
from ivr.speech.service import SpeechService
from ivr.speech.worker import NICE, OOM_SCORE
from tests.ivr.speech.services import ANYTHING, SCRIPTED, feed, gone, serving, told, up, utterance
from tests.virtual_time import run

MENU = Expected(SpokenKind.CHOICE, "en", {"opening hours": "hours", "sales": "sales"})
BAD = Path(__file__).resolve().with_name("bad_worker.py")
ROOT = BAD.parents[3]
TOLD_S = 20.0
"""Within this a caller knows that recognition has failed: in two seconds, where the machine has time for it."""


def bad(way: str) -> Sequence[str]:
    return sys.executable, "-I", str(BAD), way


async def test_words_are_heard() -> None:
    async with serving() as service, service.open(MENU) as hearing:
        feed(hearing, utterance("opening hours"))
        hearing.finish()
        began, first, second, ended, final = await told(hearing)
    assert isinstance(began, SpeechBegan) and 0.2 <= began.since_s < 0.3
    assert [first, second] == [Partial("opening"), Partial("opening hours")]
    assert isinstance(ended, SpeechEnded) and 0.2 <= ended.since_s < 0.3
    assert final == Final("opening hours", "opening hours")


async def test_what_is_not_expected_is_told_apart() -> None:
    async with serving() as service, service.open(MENU) as hearing:
        feed(hearing, utterance("good morning"))
        hearing.finish()
        assert (await told(hearing))[-1] == Final("", "good morning")


async def test_silence_is_nothing_and_costs_no_engine() -> None:
    async with serving() as service, service.open(ANYTHING) as hearing:
        feed(hearing, bytes(16_000))
        hearing.finish()
        assert await told(hearing) == [Final("")]


async def test_callers_are_divided_and_each_hears_its_own() -> None:
    async with serving(workers=2) as service, asyncio.TaskGroup() as group:

        async def one(number: int) -> None:
            async with service.open(ANYTHING) as hearing:
                feed(hearing, utterance(f"caller {number}"))
                await asyncio.sleep(0)
                hearing.finish()
                assert (await told(hearing))[-1] == Final(f"caller {number}", f"caller {number}")

        for number in range(8):
            group.create_task(one(number))
        await asyncio.sleep(0)
        assert [worker.sessions for worker in service.workers] == [4, 4]


async def test_a_crash_is_told_to_all_its_callers_and_to_no_other() -> None:
    async with serving(workers=2) as service:
        first, second = service.workers
        async with service.open(ANYTHING) as one, service.open(ANYTHING) as other, service.open(ANYTHING) as third:
            async with asyncio.timeout(TOLD_S):
                feed(one, utterance("!crash"))
                assert (await told(one))[-1] == Broken("crashed")
                assert await told(third) == [Broken("crashed")]
            feed(other, utterance("sales"))
            other.finish()
            assert (await told(other))[-1] == Final("sales", "sales")
        assert first not in await up(service, 2)
        assert second in service.workers
        assert await gone(first.pid, 0)


@pytest.mark.parametrize(
    "how", [signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP], ids=["killed", "faulted", "stopped"]
)
async def test_whatever_happens_to_a_worker_its_callers_know_in_time(how: signal.Signals) -> None:
    async with serving() as service:
        (worker,) = service.workers
        async with service.open(ANYTHING) as hearing:
            os.kill(worker.pid, how)
            async with asyncio.timeout(TOLD_S):
                assert await told(hearing) == [Broken("crashed")]
        (another,) = await up(service)
        assert another.pid != worker.pid
        assert await gone(worker.pid, 0)


async def test_an_engine_that_hangs_is_ended_and_another_takes_its_place() -> None:
    async with serving() as service:
        (worker,) = service.workers
        async with service.open(ANYTHING) as hearing:
            feed(hearing, utterance("!hang"))
            async with asyncio.timeout(TOLD_S):
                assert (await told(hearing))[-1] == Broken("crashed")
        await up(service)
        async with service.open(ANYTHING) as hearing:
            feed(hearing, utterance("again"))
            hearing.finish()
            assert (await told(hearing))[-1] == Final("again", "again")
        assert await gone(worker.pid, 0)


async def test_an_engine_that_raises_loses_one_caller() -> None:
    async with serving() as service:
        workers = service.workers
        async with service.open(ANYTHING) as hearing, service.open(ANYTHING) as other:
            feed(hearing, utterance("!fail"))
            assert (await told(hearing))[-1] == Broken("crashed")
            feed(other, utterance("sales"))
            other.finish()
            assert (await told(other))[-1] == Final("sales", "sales")
        assert service.workers == workers


async def test_who_is_too_far_behind_is_told_so_and_the_others_go_on() -> None:
    async with serving() as service:
        workers = service.workers
        async with service.open(ANYTHING) as slow, service.open(ANYTHING) as other:
            feed(slow, utterance("!slow"))
            feed(slow, bytes(2 * int(LATE_S * RATE_HZ) * SAMPLE_BYTES))
            assert (await told(slow))[-1] == Broken("late")
            feed(other, utterance("sales"))
            other.finish()
            assert (await told(other))[-1] == Final("sales", "sales")
        assert service.workers == workers


async def test_a_burst_after_a_moment_without_us_is_not_late() -> None:
    async with serving() as service, service.open(ANYTHING) as hearing:
        feed(hearing, bytes(int(0.9 * LATE_S * RATE_HZ) * SAMPLE_BYTES) + utterance("sales"))
        hearing.finish()
        assert (await told(hearing))[-1] == Final("sales", "sales")


@pytest.mark.parametrize(
    ("phrases", "way", "answer"),
    [((), "thinks", Final("a thought")), (("yes",), "broods", Broken("crashed"))],
    ids=["free", "grammar"],
)
async def test_what_was_said_without_a_grammar_may_take_long_to_make_out(
    phrases: tuple[str, ...], way: str, answer: Final | Broken
) -> None:
    worker = await WorkerProcess.start(SCRIPTED, bad(way))
    running = asyncio.ensure_future(worker.run())
    hearing = worker.open(Grammar("en", frozenset(phrases)), lambda is_well: None)
    hearing.finish()
    async with asyncio.timeout(20.0):
        assert await told(hearing) == [answer]
    running.cancel()
    await asyncio.wait({running})
    assert await gone(worker.pid, 0)


async def test_what_one_caller_said_takes_nothing_from_the_time_for_another() -> None:
    worker = await WorkerProcess.start(SCRIPTED, bad("thinks"))
    running = asyncio.ensure_future(worker.run())
    first, second = (worker.open(Grammar("en", frozenset()), lambda is_well: None) for _ in range(2))
    first.finish()
    second.finish()
    async with asyncio.timeout(20.0):
        assert await told(first) == [Final("a thought")]
        assert await told(second) == [Final("a thought")]
    running.cancel()
    await asyncio.wait({running})
    assert await gone(worker.pid, 0)


async def test_what_an_engine_does_not_hear_is_told_before_anybody_speaks_and_is_no_failure() -> None:
    """The engine inside pocketsphinx hears nothing without a grammar."""
    english = SpeechModel(language="en", engine="pocketsphinx")
    async with asyncio.timeout(60), SpeechService(english, 1, breaker=Breaker(failures=1)) as service:
        await service.ready()
        async with service.open(ANYTHING) as hearing:
            assert await told(hearing) == [Broken("unavailable")]
        assert not service.is_held_off


async def test_feeding_what_is_over_is_no_error() -> None:
    async with serving() as service:
        async with service.open(ANYTHING) as hearing:
            hearing.finish()
            assert await told(hearing) == [Final("")]
            hearing.feed(bytes(320))
            hearing.finish()
        hearing.close()
        assert [worker.sessions for worker in service.workers] == [0]


async def test_after_failures_in_a_row_nothing_is_tried_for_a_while() -> None:
    async with serving(breaker=Breaker(failures=2, hold_s=30.0)) as service:
        for _ in range(2):
            async with service.open(ANYTHING) as hearing:
                feed(hearing, utterance("!fail"))
                await told(hearing)
        assert service.is_held_off
        with pytest.raises(SpeechUnavailable, match="left alone"):
            async with service.open(ANYTHING):
                pass


async def test_callers_who_fail_at_once_have_failed_of_one_thing() -> None:
    async with serving(breaker=Breaker(failures=2)) as service:
        async with service.open(ANYTHING) as one, service.open(ANYTHING) as other:
            for hearing in (one, other):
                feed(hearing, utterance("!fail"))
                await told(hearing)
        assert not service.is_held_off
        async with service.open(ANYTHING) as hearing:
            feed(hearing, utterance("!fail"))
            await told(hearing)
        assert service.is_held_off


def test_failures_are_counted_by_the_clock_that_says_how_long_nothing_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never(model: SpeechModel, command: Sequence[str]) -> WorkerProcess:
        raise SpeechUnavailable("no process can be started")

    async def main() -> None:
        async with SpeechService(SCRIPTED, 1) as service:
            await asyncio.sleep(1.0)
            assert not service.is_held_off, "it was tried twice"
            await asyncio.sleep(1.0)
            assert service.is_held_off, "it was tried three times"

    monkeypatch.setattr(WorkerProcess, "start", never)
    run(main())


async def test_one_crash_is_one_failure_however_many_callers_it_had() -> None:
    async with serving(breaker=Breaker(failures=2)) as service:
        async with service.open(ANYTHING) as one, service.open(ANYTHING) as other:
            feed(one, utterance("!crash"))
            await told(one)
            await told(other)
        await up(service)
        assert not service.is_held_off


async def test_there_is_no_room_for_more_than_a_worker_hears() -> None:
    async with asyncio.timeout(60), SpeechService(SCRIPTED, 1, most=1) as service:
        await service.ready()
        async with service.open(ANYTHING):
            with pytest.raises(SpeechUnavailable, match="as many callers as they may"):
                async with service.open(ANYTHING):
                    pass
        async with service.open(ANYTHING):
            pass


async def test_before_a_worker_is_up_nothing_is_heard() -> None:
    async with SpeechService(SCRIPTED, 1) as service:
        with pytest.raises(SpeechUnavailable, match="no process that understands en is up"):
            async with service.open(ANYTHING):
                pass


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        (SpeechModel(language="de", engine="scripted", folder=Path("/nowhere")), "takes no model"),
        (SpeechModel(language="de", engine="gramophone"), "no engine of speech recognition is named 'gramophone'"),
    ],
)
async def test_a_model_that_cannot_be_loaded_is_named(model: SpeechModel, problem: str) -> None:
    with pytest.raises(SpeechUnavailable, match=problem):
        await WorkerProcess.start(model)


async def test_words_that_cannot_be_heard_are_no_crash() -> None:
    async with serving() as service:
        with pytest.raises(SpeechUnavailable, match="holds '4'"):
            async with service.open(Expected(SpokenKind.CHOICE, "en", {"line 4": "4"})):
                pass


async def test_a_grammar_too_large_to_send_costs_nobody_anything() -> None:
    huge = Expected(SpokenKind.CHOICE, "en", {f"a{'b' * 100}{'c' * each}": "1" for each in range(1_500)})
    async with serving(breaker=Breaker(failures=1)) as service:
        workers = service.workers
        async with service.open(ANYTHING) as other:
            with pytest.raises(SpeechUnavailable, match="fewer phrases"):
                async with service.open(huge):
                    pass
            assert [worker.sessions for worker in workers] == [1]
            feed(other, utterance("sales"))
            other.finish()
            assert (await told(other))[-1] == Final("sales", "sales")
        assert service.workers == workers
        assert not service.is_held_off


@pytest.mark.parametrize("way", ["dies", "nonsense-at-once", "speaks-out-of-turn"])
async def test_a_worker_that_does_not_begin_well_is_none(way: str) -> None:
    with pytest.raises(SpeechUnavailable):
        await WorkerProcess.start(SCRIPTED, bad(way))


async def test_a_worker_that_does_not_load_in_time_is_ended() -> None:
    with pytest.raises(SpeechUnavailable, match="not loaded within"):
        await WorkerProcess.start(SCRIPTED, bad("never-loads"), within_s=0.5)


async def test_a_program_that_is_not_there_is_no_crash() -> None:
    with pytest.raises(SpeechUnavailable, match="no process can be started"):
        await WorkerProcess.start(SCRIPTED, ["/nowhere/python"])


@pytest.mark.parametrize("way", ["nonsense", "loads-again"])
async def test_what_a_worker_may_not_say_ends_it(way: str) -> None:
    worker = await WorkerProcess.start(SCRIPTED, bad(way))
    hearing = worker.open(Grammar("en", frozenset()), lambda is_well: None)
    async with asyncio.timeout(TOLD_S):
        running = asyncio.ensure_future(worker.run())
        assert await told(hearing) == [Broken("crashed")]
    assert await running in ("it talks nonsense: a frame of 4294967295 bytes", "it said Loaded, which it may not")
    assert await gone(worker.pid, 0)


async def test_who_is_cancelled_while_a_worker_ends_leaves_none() -> None:
    worker = await WorkerProcess.start(SCRIPTED, bad("stays"))
    ending = asyncio.ensure_future(worker.end())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    ending.cancel()
    await asyncio.wait({ending})
    assert ending.cancelled()
    assert await gone(worker.pid, 0)


async def test_a_worker_that_does_not_go_is_killed() -> None:
    worker = await WorkerProcess.start(SCRIPTED, bad("stays"))
    await worker.end()
    assert await gone(worker.pid, 0)


async def test_what_is_told_of_a_caller_who_has_gone_is_left_out() -> None:
    worker = await WorkerProcess.start(SCRIPTED, bad("goes-on"))
    running = asyncio.ensure_future(worker.run())
    worker.close(worker.open(Grammar("en", frozenset()), lambda is_well: None))
    last = worker.open(Grammar("en", frozenset()), lambda is_well: None)
    async with asyncio.timeout(20):
        assert await last.next_event() == Partial("told to nobody, and to you")
    running.cancel()
    await asyncio.wait({running})
    assert await gone(worker.pid, 0)


def _what_it_has(pid: int) -> tuple[set[str], set[str]]:
    """The sorts of a process's open files, and the names of its environment."""
    opened = {number.readlink().as_posix().split(":")[0] for number in Path(f"/proc/{pid}/fd").iterdir()}
    variables = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return opened, {each.split("=")[0] for each in variables if each}


async def test_a_worker_has_nothing_of_ours_but_its_pipes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours:
        ours.set_inheritable(True)
        async with serving() as service:
            (worker,) = service.workers
            opened, variables = _what_it_has(worker.pid)
            assert "socket" not in opened
            assert variables <= {
                "PATH", "LC_ALL", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS",
            }  # fmt: skip


async def test_a_worker_stands_back_behind_the_engine() -> None:
    async with serving() as service:
        (worker,) = service.workers
        assert os.getpriority(os.PRIO_PROCESS, worker.pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICE)
        assert _oom_score(worker.pid) == OOM_SCORE


def _oom_score(pid: int) -> int:
    return int(Path(f"/proc/{pid}/oom_score_adj").read_text())


async def test_nothing_is_left_when_the_service_ends() -> None:
    before = set(os.listdir("/proc/self/fd"))
    for _ in range(3):
        async with serving(workers=2) as service:
            pids = [worker.pid for worker in service.workers]
            async with service.open(ANYTHING) as hearing:
                feed(hearing, utterance("sales"))
        assert [await gone(pid, 0) for pid in pids] == [True, True]
    assert len(set(os.listdir("/proc/self/fd"))) <= len(before)


async def test_what_is_heard_breaks_when_the_service_ends() -> None:
    async with serving() as service:
        context = service.open(ANYTHING)
        hearing = await context.__aenter__()
    assert await told(hearing) == [Broken("crashed")]
    await context.__aexit__(None, None, None)


@pytest.mark.parametrize(("words", "within_s"), [("hello", 5.0), ("!hang", 15.0)], ids=["idle", "hanging"])
async def test_no_worker_outlives_an_engine_that_is_killed(words: str, within_s: float) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.ivr.speech.parent", words, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert parent.stdout is not None
    try:
        async with asyncio.timeout(60):
            worker = int(await parent.stdout.readline())
    finally:
        parent.kill()
        await parent.wait()
    assert await gone(worker, within_s)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_what_ends_the_engine_does_not_end_its_workers_before_it(number: signal.Signals) -> None:
    async with serving() as service:
        (worker,) = service.workers
        os.kill(worker.pid, number)
        async with service.open(ANYTHING) as hearing:
            feed(hearing, utterance("sales"))
            hearing.finish()
            assert (await told(hearing))[-1] == Final("sales", "sales")
