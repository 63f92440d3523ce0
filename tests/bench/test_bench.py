"""The parts of the benchmarks that could be wrong without anybody noticing."""

from __future__ import annotations

import asyncio
import os
import socket
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.exposition import generate_latest

from calls.records.database import open_readonly
from console.demo.ports import free_port
from tests.bench import channels, flood, ivr, leads, live, load, plain_agi, speech, steady
from tests.bench.__main__ import BENCHMARKS, Row, table
from tests.bench.callers import LoadCaller
from tests.bench.machine import Meter, ThreadMeter, cpu_s
from tests.bench.quantiles import Buckets, quantile
from tests.bench.relay import relay
from tests.integration.harness import PROJECT

WITHIN_S = 5.0


@given(st.lists(st.floats(0, 1), min_size=1), st.sampled_from((0.5, 0.99, 1.0)))
def test_a_quantile_is_the_least_that_enough_do_not_exceed(times: list[float], share: float) -> None:
    found = quantile(times, share)
    assert found in times
    assert sum(each <= found for each in times) >= share * len(times)
    assert sum(each < found for each in times) < share * len(times)


def test_a_histogram_of_the_engine_is_read_and_told_from_before() -> None:
    registry = CollectorRegistry()
    histogram = Histogram("turns_seconds", "turns", buckets=(0.01, 0.02, 0.1), registry=registry)
    histogram.observe(5.0)
    before = Buckets.read(generate_latest(registry).decode(), "turns_seconds")
    for number in range(100):
        histogram.observe(0.015 if number < 98 else 0.05)
    after = Buckets.read(generate_latest(registry).decode(), "turns_seconds").since(before)
    assert after.total == 100
    assert 0.01 < after.quantile(0.5) <= 0.02
    assert 0.02 < after.quantile(0.99) <= 0.1
    with pytest.raises(KeyError):
        Buckets.read(generate_latest(registry).decode(), "other_seconds")


def test_cpu_is_that_of_the_process() -> None:
    meter, before = Meter.of(os.getpid()), time.process_time()
    while time.process_time() - before < 0.1:
        pass
    assert meter.used_s(os.getpid()) == pytest.approx(0.1, abs=0.05)
    assert cpu_s(os.getpid()) == pytest.approx(time.process_time(), abs=0.05)


def test_cpu_is_told_apart_by_threads() -> None:
    meters: list[ThreadMeter] = []
    used: list[tuple[float, float]] = []

    def spin() -> None:
        meters.append(ThreadMeter.of(os.getpid()))
        before = time.thread_time()
        while time.thread_time() - before < 0.1:
            pass
        used.append(meters[0].used_s())

    thread = threading.Thread(target=spin)
    thread.start()
    thread.join()
    main_s, other_s = used[0]
    assert other_s == pytest.approx(0.1, abs=0.05)
    assert main_s < 0.05


async def test_the_relay_measures_from_a_word_of_the_switch_to_the_next_of_the_engine() -> None:
    at, to = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_STREAM)
    took_s, engine_closed = 0.05, asyncio.Event()

    async def engine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            await asyncio.sleep(took_s)
            writer.write(b"COMMAND\n")
        writer.close()
        await writer.wait_closed()
        engine_closed.set()

    async with asyncio.timeout(WITHIN_S), relay(at, to) as turns:
        async with await asyncio.start_server(engine, "127.0.0.1", to):
            reader, writer = await asyncio.open_connection("127.0.0.1", at)
            for _ in range(3):
                writer.write(b"200 result=0\n")
                assert await reader.readline() == b"COMMAND\n"
            writer.close()
            await writer.wait_closed()
            await engine_closed.wait()
    assert turns.connections == 1 and len(turns.took_s) == 3
    assert all(took_s <= each < WITHIN_S for each in turns.took_s)


def test_every_caller_has_a_code_that_the_flow_takes() -> None:
    people = ivr.callers(300)
    assert len({each.number for each in people}) == 300
    assert all(f'"{each.code}": last' in ivr.flow() and f'"{each.last}": bye' in ivr.flow() for each in people)
    assert len(set(ivr.CODES)) == 100


def test_digits_count_only_where_the_whole_menu_came_through() -> None:
    caller = LoadCaller("+49301000000", "1234", "5")
    assert ivr.right(caller, ("1234", "5")) == 5
    assert ivr.right(caller, ("1234",)) == 4
    assert ivr.right(caller, ("123", "5")) == 1
    assert ivr.right(caller, ()) == 0


def test_a_caller_who_speaks_is_answered_after_the_prompt_has_stopped() -> None:
    prompt, following = [round(packet * 0.02, 2) for packet in range(90)], [2.4, 2.42]
    silent_s, answered_s = speech.reactions([*prompt, *following], 1.5, 2.0)
    assert (round(silent_s, 2), round(answered_s, 2)) == (0.28, 0.4)
    assert speech.reactions(prompt, 1.5, 2.0) == (float("inf"), float("inf")), "no other prompt came"


def test_the_table_says_what_was_missed() -> None:
    lines = table([Row("one", "1.0", "2", met=False), Row("another", "10"), Row("third", "3", "3", met=True)])
    assert lines == ["one      1.0  2  MISSED", "another   10", "third      3  3  met"]


def test_every_benchmark_is_described() -> None:
    described = (PROJECT / "docs/benchmarks.md").read_text(encoding="utf-8")
    headings = [line for line in described.splitlines() if line.startswith("### ")]
    assert [line.rpartition(": ")[2].strip("`") for line in headings] == list(BENCHMARKS)


async def test_calls_of_a_load_choose_and_leave_nothing_behind() -> None:
    found = await load.run(load.RICH, calls=8, lasts_s=3.5)
    assert (found.lost, found.before.sessions, found.up.sessions, found.after.sessions) == (0, 0, 8, 0)
    assert found.up.turns == 8 and found.after.turns == 0
    assert found.turns_s and all(0 < each < WITHIN_S for each in found.turns_s)
    assert found.choices > 0 and found.cpu_s > 0
    lines = load.report(load.Figures(found, found, found, found))
    assert len(lines) == 5 and "0 sessions" in lines[1]


def test_every_local_channel_presses_keys_of_its_own_and_stays_as_long_as_the_others() -> None:
    people = channels.callers(1_000)
    assert len({each.number for each in people}) == len({each.keys for each in people}) == 1_000
    assert all(each.number.endswith(each.keys) and len(each.keys) == channels.KEYS for each in people)
    assert {each.script.count("w") for each in people} == {sum(channels.PAUSES)}
    assert all(each.script.replace("w", "") == each.keys for each in people)


def test_a_call_with_something_of_anothers_is_mixed_up_and_not_whole() -> None:
    one, two = channels.callers(2)
    keys = [(each.number, key) for each in (one, two) for key in each.keys]
    whole = {one.number: "whole", two.number: "whole"}
    assert channels.judged([one, two], keys, whole) == (2, 0)
    assert channels.judged([one, two], keys, whole | {one.number: "mixed"}) == (1, 1), "the flow saw it"
    swapped = [(one.number, two.keys[0]), *keys[1:]]
    assert two.keys[0] != one.keys[0]
    assert channels.judged([one, two], swapped, whole) == (1, 1), "the record shows it"
    assert channels.judged([one, two], keys[:-1], {one.number: "whole"}) == (1, 0), "hung up before the last key"
    assert channels.judged([one], keys[: channels.KEYS], whole) == (1, 1), "nobody called from that number"


async def test_the_plain_handler_takes_every_key(unused_tcp_port: int) -> None:
    [caller] = channels.callers(1)
    served: asyncio.Queue[bool] = asyncio.Queue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.put_nowait(await plain_agi.answer(reader, writer, "/prompt", channels.KEYS))
        writer.close()

    async def call(script: str) -> list[str]:
        reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
        writer.write(f"agi_network_script: {script}\nagi_callerid: {caller.number}\n\n".encode())
        keys, said = iter(caller.keys), []
        while line := (await reader.readline()).decode().strip():
            said.append(line)
            writer.write(f"200 result={next(keys) if line.startswith('GET DATA') else 0}\n".encode())
        writer.close()
        return said

    async with asyncio.timeout(WITHIN_S), await asyncio.start_server(serve, "127.0.0.1", unused_tcp_port):
        said = await call("inbound?token=x")
        assert said.count("GET DATA /prompt 30000 1") == channels.KEYS and said[-2] == "SET VARIABLE IVR_DONE 1"
        assert await served.get()
        assert await call("alive?token=x") == [] and not await served.get()


async def test_an_engine_that_cannot_start_ends_the_load() -> None:
    with pytest.raises((EOFError, TimeoutError)):
        await load.run("language: en\n", calls=1, lasts_s=0.1)


def test_leads_of_the_benchmark_are_imported_and_dialled() -> None:
    found = leads.measure(400, looks=3)
    assert (found.rows, found.imported, found.begun) == (400, 360, 60)
    assert found.import_s > 0 and found.to_plain > 0 and len(leads.report(found)) == 4


async def test_a_flood_is_poured_and_taken_to_its_last_event() -> None:
    found = await flood.run(per_s=2_000, lasts_s=0.3)
    assert (found.events, found.losses) == (600, 0)
    assert found.lasted_s >= 0.3 and found.lag_p99_s <= found.lag_most_s < WITHIN_S
    assert flood.burst(10).count(b"\r\n\r\n") == 10 and flood.burst(10).count(b"Event: Newstate") == 1


async def test_a_steady_run_of_a_moment_is_whole_and_what_lacks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steady, "ATTEMPTS_PER_S", 4)
    monkeypatch.setattr(steady, "LOOK_S", 0.5)
    with tempfile.TemporaryDirectory(prefix="cw-") as folder:  # a socket's path must be short
        found = await steady.run(Path(folder), 2)
        with closing(open_readonly(Path(folder) / "callwright.db")) as connection:
            told = steady._figures(connection, 9, ["a complaint"], found.samples).broken
    assert (found.attempts, found.right, found.broken) == (8, 8, ())
    assert "8 with the right outcome and record" in steady.report(found)[0]
    assert told == ("complaint: a complaint", "8 attempts with a record of 9 leads")


def test_a_change_counts_once_for_each_page_that_should_see_it() -> None:
    found = live.Measured(desks=1, walls=2, changes=1)
    seen = live.Seen(found)
    message = b'{"content":{"agents":{"a0":{"reason":"r0"},"a1":{"reason":""}}}}'
    walls: list[set[tuple[str, str]]] = [set(), set()]
    seen.hear(found.desk_s, message, set())
    assert (found.desk_s, found.lost) == ([], 3)  # nobody had ordered it yet
    seen.order("a0", "r0")
    seen.hear(found.desk_s, message, set())
    for known in (walls[0], walls[0], walls[1]):
        assert not seen.whole.is_set()
        seen.hear(found.wall_s, message, known)
    assert (len(found.desk_s), len(found.wall_s), found.lost) == (1, 2, 0) and seen.whole.is_set()
