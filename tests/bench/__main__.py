"""``make bench``: every benchmark in turn, then a table of ratios. ``python -m tests.bench ivr dialer`` runs some.

Each ends by itself, and what it started ends with it. A ratio is between two things that were measured in the same
run on the same machine, so that it can be held against another machine's; docs/benchmarks.md says what each means.
The exit status is 1 where a benchmark could not be run to its end; a missed aim is only said.
"""

from __future__ import annotations

import argparse
import asyncio
import operator
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench import (
    agi,
    ami,
    channels,
    dialer,
    dnc,
    esl,
    flood,
    flows,
    ivr,
    leads,
    live,
    live_pace,
    load,
    outbound,
    pacing,
    prompts,
    records,
    reports,
    speech,
    steady,
)
from tests.bench.machine import described, fetch
from tests.bench.quantiles import quantile
from tests.integration.harness import PROJECT

Trees = Mapping[str, Path]

AGI_TURN_AIM_S = 0.02
CALL_AIM_BYTES = 100_000
LOAD_AIM_S = 0.3
CHECK_AIM_S = 1.0
LIVE_AIM_S = 0.3
LIVE_PAGE_AIM_S = 1.0
LOOKUP_AIM_S = 0.0001
"""A call plays some ten prompts a second at the most; the loop is others' too."""
ANSWER_AIMS_S = (0.6, 0.9)
SILENT_AIM_S = 0.35
NUMBER_AIM_S = 5e-6
LIST_AIM_BYTES = 500_000_000
DIALER_AIM_S = 0.003
"""Of CPU an attempt."""


LIVE_PACE_S = 600.0
REPORT_AIM_S = 2.0
TILES_AIM_S = 0.1
LEADS_AIM = 20_000
BATCH_AIM_S = 0.01
LOOK_AIM_S = 0.1
MEMORY_AIM = 1.1
FLOOD_AIM = 0.98 * flood.EVENTS_PER_S
"""The last burst is on its way yet when the clock is stopped."""
LAG_AIM_S = 0.1
GROWN_AIM_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``met`` None: it has no aim."""

    what: str
    value: str
    aim: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a benchmark has to say: its own lines, and its rows of the table."""

    lines: list[str]
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One of them. ``asterisk``: it needs the unpacked Asterisk."""

    run: Callable[[Trees], Outcome]
    asterisk: bool = False


def _ami(_: Trees) -> Outcome:
    found = ami.measure()
    aim = Row("AMI events read, to panoramisk's parser", f"{found.ratio:.1f}", "3 or more", found.ratio >= 3)
    return Outcome(ami.report(found).split("\n"), [aim])


def _flood(_: Trees) -> Outcome:
    found = flood.measure()
    lag_s, grown = found.lag_p99_s, found.grown
    rows = [
        Row("a flood of AMI events: taken a second", f"{found.per_s:,.0f}", "50,000", found.per_s >= FLOOD_AIM),
        Row("a flood: the loop late, p99", f"{lag_s * 1e3:.1f} ms", "100 ms or less", lag_s <= LAG_AIM_S),
        Row("a flood: memory it took", f"{grown / 1e6:.0f} MB", "100 MB or less", grown <= GROWN_AIM_BYTES),
        Row("a flood: connections lost", f"{found.losses}", "0", found.losses == 0),
    ]
    return Outcome(flood.report(found), rows)


def _esl(_: Trees) -> Outcome:
    found = esl.measure()
    aim = Row("ESL events read, to greenswitch's parser", f"{found.ratio:.1f}", "2 or more", found.ratio >= 2)
    return Outcome(esl.report(found).split("\n"), [aim])


def _outbound(_: Trees) -> Outcome:
    found = asyncio.run(outbound.run())
    turn_s, plain_s = found.p99_s, quantile(found.plain_turns_s, 0.99)
    whole = found.whole == found.calls
    calls = f"{found.calls} sessions of FreeSWITCH"
    rows = [
        Row(f"{calls}: whole", f"{found.whole} of {found.calls}", "all", whole),
        Row(f"{calls}: turn, p99", f"{turn_s * 1e3:.1f} ms", "20 ms or less", turn_s <= AGI_TURN_AIM_S),
        Row(f"{calls}: turn, p99, to a plain server's", f"{turn_s / plain_s:.1f}"),
    ]
    return Outcome(outbound.report(found), rows)


def _agi(_: Trees) -> Outcome:
    found = agi.measure()
    aim = Row("FastAGI sessions, to panoramisk's server", f"{found.ratio:.2f}", "1 or more", found.ratio >= 1)
    return Outcome(agi.report(found), [aim])


def _flows(_: Trees) -> Outcome:
    found = flows.measure()
    ratio = found.load_s / found.round_trip_s
    load_s, check_s = found.mixed_load_s, found.mixed_check_s
    rows = [
        Row("a flow's load, to ruamel.yaml reading the file", f"{ratio:.2f}"),
        Row("a flow of 500 nodes: load", f"{load_s * 1e3:.0f} ms", "300 ms or less", load_s <= LOAD_AIM_S),
        Row("a flow of 500 nodes: check", f"{check_s * 1e3:.0f} ms", "1 s or less", check_s <= CHECK_AIM_S),
    ]
    return Outcome(flows.table(found).split("\n"), rows)


def _load(_: Trees) -> Outcome:
    found = asyncio.run(load.measure())
    rich, turn_s, heavy = found.rich, quantile(found.rich.turns_s, 0.99), found.rich.rss_a_call
    calls = f"{rich.calls:,} calls"
    left = sum(each.after.sessions + each.after.turns for each in (found.few, found.plain, found.rich, found.traced))
    many = found.plain.cpu_a_choice_s / found.few.cpu_a_choice_s
    spoken = rich.cpu_a_choice_s / found.plain.cpu_a_choice_s
    rows = [
        Row(f"{calls}: lost", f"{rich.lost}", "0", rich.lost == 0),
        Row(f"{calls}: turn, p99", f"{turn_s * 1e3:.1f} ms", "20 ms or less", turn_s <= AGI_TURN_AIM_S),
        Row(f"{calls}: memory a call", f"{heavy / 1e3:.0f} kB", "100 kB or less", heavy <= CALL_AIM_BYTES),
        Row(f"{calls}: sessions left after them", f"{left}", "0", left == 0),
        Row(f"{calls}: CPU a choice, to that of {found.few.calls} calls", f"{many:.2f}"),
        Row(
            "variables and spoken values: CPU a choice, to none",
            f"{spoken:.2f}",
        ),
    ]
    return Outcome(load.report(found), rows)


def _channels(trees: Trees) -> Outcome:
    found = asyncio.run(channels.run(trees))
    turn_s, heavy = quantile(found.engine.turns_s, 0.99), found.bytes_a_call
    late = turn_s / quantile(found.plain.turns_s, 0.99)
    calls = f"{found.calls:,} Local channels"
    whole = found.whole == found.calls == found.most_at_once and not found.mixed
    rows = [
        Row(f"{calls} at once: whole; lost; mixed up", f"{found.whole:,}; {found.lost}; {found.mixed}", "all", whole),
        Row(f"{calls}: turn, p99, by a relay", f"{turn_s * 1e3:.1f} ms", "20 ms or less", turn_s <= AGI_TURN_AIM_S),
        Row(f"{calls}: turn, p99, to a plain handler's", f"{late:.1f}"),
        Row(f"{calls}: CPU a turn, to a plain handler's", f"{found.ratio:.1f}"),
        Row(f"{calls}: memory a call", f"{heavy / 1e3:.0f} kB", "100 kB or less", heavy <= CALL_AIM_BYTES),
        Row(f"{calls}: channels; tasks; files left", "; ".join(map(str, found.left)), "0; 0; 0", not any(found.left)),
    ]
    return Outcome(channels.report(found), rows)


def _dnc(_: Trees) -> Outcome:
    found = dnc.measure()
    took = f"{found.look_s * 1e6:.1f} µs"
    size = f"{found.file_bytes / 1e6:.0f} MB"
    rows = [
        Row("a number among 50 million, to a table of SQLite", f"{found.ratio:.1f}"),
        Row("a number among 50 million", took, "5 µs", found.look_s < NUMBER_AIM_S),
        Row("a list of 50 million", size, "500 MB", found.file_bytes < LIST_AIM_BYTES),
    ]
    return Outcome(dnc.report(found), rows)


def _records(_: Trees) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        found = records.measure(Path(folder))
    rows = [
        Row("records a second, to one commit each", f"{found.ratio:.1f}"),
        Row("records a second", f"{found.together_per_s:,.0f}"),
    ]
    return Outcome(records.report(found).strip().split("\n"), rows)


def _reports(_: Trees) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        found = reports.measure(Path(folder))
    slowest_s = found.took_s[found.slowest]
    rows = [
        Row(
            f"slowest report of 30 days: {found.slowest}",
            f"{slowest_s:.2f} s",
            "2 s or less",
            slowest_s <= REPORT_AIM_S,
        ),
        Row("live tiles", f"{found.tiles_s * 1e3:.0f} ms", "100 ms or less", found.tiles_s <= TILES_AIM_S),
        Row("database, bytes a call", f"{found.bytes_a_call:,.0f}"),
    ]
    return Outcome(reports.report(found), rows)


def _prompts(trees: Trees) -> Outcome:
    found = asyncio.run(prompts.measure(trees["espeak"]))
    p99_s, lookup_s = found.live_p99_s, found.lookup_s
    rows = [
        Row("prompts: seconds of speech rendered a second", f"{found.speech_per_s:.0f}"),
        Row("prompts: characters rendered a second", f"{found.characters / found.rendered_s:,.0f}"),
        Row("prompts: a look-up", f"{lookup_s * 1e6:.0f} us", "100 us or less", lookup_s <= LOOKUP_AIM_S),
        Row("prompts: a live text, p99", f"{p99_s * 1e3:.0f} ms", "300 ms or less", p99_s < LIVE_AIM_S),
    ]
    return Outcome(prompts.report(found), rows)


def _ivr(trees: Trees) -> Outcome:
    found = asyncio.run(ivr.run(trees))
    keyed, right, turn_s = found.digits_keyed, found.digits_right, found.turn_p99_s
    rows = [
        Row("IVR: digits right", f"{right} of {keyed}", "all", right == keyed),
        Row("IVR: AGI turn, p99", f"{turn_s * 1e3:.1f} ms", "20 ms or less", turn_s <= AGI_TURN_AIM_S),
        Row("IVR: the engine's CPU a call, to Asterisk's", f"{found.ratio:.2f}"),
        Row("IVR: the engine's CPU a call", f"{found.engine_cpu_s / max(found.calls, 1) * 1e3:.1f} ms"),
    ]
    return Outcome(ivr.report(found), rows)


def _dialer(trees: Trees) -> Outcome:
    found = asyncio.run(dialer.run(trees))
    each_s = found.engine_cpu_s / max(found.attempts, 1)
    right = f"{found.right} of {found.attempts}"
    rows = [
        Row("dialer: outcomes right", right, "all", found.right == found.attempts and not found.broken),
        Row("dialer: attempts a second", f"{found.per_s:.1f}", "20", round(found.per_s) >= dialer.ATTEMPTS_PER_S),
        Row("dialer: the engine's CPU an attempt, to Asterisk's", f"{found.ratio:.2f}"),
        Row("dialer: the engine's CPU an attempt", f"{each_s * 1e3:.1f} ms", "3 ms or less", each_s <= DIALER_AIM_S),
    ]
    return Outcome(dialer.report(found), rows)


def _pacing(_: Trees) -> Outcome:
    found = pacing.measure()
    ours, theirs, took_s = found.ours, found.theirs, found.decide_s
    cap = found.ours.scenario.abandonment_cap
    mean_s, p99_s = sum(took_s) / len(took_s), quantile(took_s, 0.99)
    times = f"{mean_s * 1e3:.2f} ms, {p99_s * 1e3:.2f} ms"
    gain = 100 * (ours.occupancy.mean - theirs.occupancy.mean)
    kept = ours.abandonment.mean <= cap
    through = pacing.core_to_fast()
    rows = [
        Row("pacing: occupancy, points above the best baseline", f"{gain:.1f}", "above 0", gain > 0),
        Row("pacing: abandoned", f"{100 * ours.abandonment.mean:.2f}%", f"{100 * cap:g}% or less", kept),
        Row("pacing: a decision, mean and p99", times, "0.2 ms, 2 ms", mean_s <= 2e-4 and p99_s <= 2e-3),
        Row("simulation: CPU through the core, to the fast way's", f"{through:.1f}", "9 or less", through <= 9),
    ]
    return Outcome(pacing.report(found), rows)


def _live_pace(trees: Trees) -> Outcome:
    found = asyncio.run(live_pace.run(trees, LIVE_PACE_S))
    covered, share = found.runs.covers(found.occupancy), f"{100 * found.share:.2f}%"
    runs = f"{100 * found.runs.mean:.1f} ±{100 * found.runs.half:.1f}%"
    rows = [
        Row("live pace: abandoned", share, "within the cap or chance", found.keeps_the_cap and not found.broken),
        Row("live pace: occupancy", f"{100 * found.occupancy:.1f}%", f"forecast {runs}", covered),
    ]
    return Outcome(live_pace.report(found), rows)


def _live(_: Trees) -> Outcome:
    found = asyncio.run(live.measure())
    desk_s, wall_s = quantile(found.desk_s, 0.95), quantile(found.wall_s, 0.95)
    rows = [
        Row("live pages: told at a desk, p95", f"{desk_s * 1e3:.0f} ms", "1 s or less", desk_s <= LIVE_PAGE_AIM_S),
        Row("live pages: told on a wall, p95", f"{wall_s * 1e3:.0f} ms", "1 s or less", wall_s <= LIVE_PAGE_AIM_S),
        Row("live pages: changes not seen", f"{found.lost}", "0", found.lost == 0),
        Row("live pages: the console's CPU, of a core", f"{found.console:.1%}"),
        Row("live pages: the engine's CPU, to the console's", f"{found.engine / found.console:.1f}"),
    ]
    return Outcome(live.report(found), rows)


def _speech(trees: Trees) -> Outcome:
    found = asyncio.run(speech.run(trees))
    answered = [quantile(found.answered_s, share) for share in (0.5, 0.95)]
    silent_s = quantile(found.silent_s, 0.95)
    ratio = found.cpu_s["vosk"] / found.cpu_s["pocketsphinx"]
    rows = [
        Row(
            "speech: end of speech to the next prompt, p50 and p95",
            ", ".join(f"{each:.2f} s" for each in answered),
            "0.6 s, 0.9 s",
            all(map(operator.le, answered, ANSWER_AIMS_S)),
        ),
        Row("speech: prompt silent, p95", f"{silent_s:.2f} s", "0.35 s", silent_s <= SILENT_AIM_S),
        Row("speech: CPU of vosk with the tiny model, to pocketsphinx", f"{ratio:.2f}"),
        Row("speech: callers who speak at once, a worker", f"{found.held}"),
    ]
    return Outcome(speech.report(found), rows)


def _steady(_: Trees) -> Outcome:
    found = steady.measure()
    whole = found.right == found.attempts and not found.broken
    per_s, memory = found.per_s, found.memory_drift
    rows = [
        Row("50 a second: outcomes and records right", f"{found.right:,} of {found.attempts:,}", "all", whole),
        Row("50 a second: attempts a second", f"{per_s:.1f}", "50", round(per_s) >= steady.ATTEMPTS_PER_S),
        Row("50 a second: memory, last third to first", f"{memory:.2f}", "1.1 or less", memory <= MEMORY_AIM),
        Row("50 a second: CPU an attempt, last third to first", f"{found.cpu_drift:.2f}"),
        Row("50 a second: the engine's CPU an attempt", f"{found.cpu_an_attempt_s * 1e3:.1f} ms"),
    ]
    return Outcome(steady.report(found), rows)


def _leads(_: Trees) -> Outcome:
    found = leads.measure()
    batch_s, look_s, per_s = found.batch_cpu_s, found.look_p99_s, found.rows_per_s
    rows = [
        Row("leads: rows imported a second", f"{per_s:,.0f}", "20,000", per_s >= LEADS_AIM),
        Row("leads: rows imported a second of the busier process's CPU", f"{found.rows / found.busier_s:,.0f}"),
        Row("leads: CPU of an import, to csv and executemany", f"{found.to_plain:.1f}"),
        Row("leads: the writer's CPU a batch, p50", f"{batch_s * 1e3:.1f} ms", "10 ms", batch_s <= BATCH_AIM_S),
        Row("leads: a look for the next 20, p99", f"{look_s * 1e3:.1f} ms", "100 ms or less", look_s <= LOOK_AIM_S),
    ]
    return Outcome(leads.report(found), rows)


BENCHMARKS = {
    "ami": Benchmark(_ami),
    "esl": Benchmark(_esl),
    "outbound": Benchmark(_outbound),
    "flood": Benchmark(_flood),
    "agi": Benchmark(_agi),
    "flows": Benchmark(_flows),
    "load": Benchmark(_load),
    "channels": Benchmark(_channels, asterisk=True),
    "records": Benchmark(_records),
    "reports": Benchmark(_reports),
    "leads": Benchmark(_leads),
    "dnc": Benchmark(_dnc),
    "prompts": Benchmark(_prompts, asterisk=True),
    "speech": Benchmark(_speech, asterisk=True),
    "ivr": Benchmark(_ivr, asterisk=True),
    "dialer": Benchmark(_dialer, asterisk=True),
    "pacing": Benchmark(_pacing),
    "live": Benchmark(_live),
    "live_pace": Benchmark(_live_pace, asterisk=True),
    "steady": Benchmark(_steady),
}


def table(rows: list[Row]) -> list[str]:
    """The rows as lines."""
    verdicts = {True: "met", False: "MISSED", None: ""}
    shown = [(row.what, row.value, row.aim, verdicts[row.met]) for row in rows]
    widths = [max(map(len, column)) for column in zip(("", "", "", ""), *shown, strict=True)]
    return [
        f"{what:<{widths[0]}}  {value:>{widths[1]}}  {aim:<{widths[2]}}  {met}".rstrip()
        for what, value, aim, met in shown
    ]


def say(lines: list[str]) -> None:
    """Print them now, whoever reads the other end."""
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}; none: all")
    names = parser.parse_args().names or list(BENCHMARKS)
    if unknown := [name for name in names if name not in BENCHMARKS]:
        parser.error(f"no benchmark {', '.join(unknown)}: expected {', '.join(BENCHMARKS)}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does: what was started ends first
    trees = fetch(PROJECT) if any(BENCHMARKS[name].asterisk for name in names) else {}
    machine = described(trees.get("asterisk"))
    say([machine, ""])
    rows: list[Row] = []
    failed = False
    for name in names:
        try:
            outcome = BENCHMARKS[name].run(trees)
        except Exception:  # noqa: BLE001  # whatever one did, the others are run, and the status says it
            say([f"{name} failed:", traceback.format_exc()])
            failed = True
            continue
        say([*outcome.lines, ""])
        rows += outcome.rows
    say([machine, *table(rows)])
    return int(failed)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
