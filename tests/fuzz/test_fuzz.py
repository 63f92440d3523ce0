"""The targets of ``make fuzz`` by hypothesis, in every run of the tests: noise, and seeds that were damaged."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.__main__ import fuzz
from tests.fuzz.seeds import ROOT
from tests.fuzz.targets import TARGETS

EXAMPLES = 80
SEEDS = {name: tuple(target.seeds()) for name, target in TARGETS.items()}
PIECES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from([b"\n", b"\r\n", b"\n\n", b": ", b"{", b"}", b"[", b"%0A", b"\xc3", b"\xe2\x80\xa8", b"\\U9"]),
    st.sampled_from([b"200 result=1 (", b"HANGUP\n", b"Content-Length: 9\n", b"Event: ", b"!!a ", b"&a ", b"<<: "]),
)


def damaged(seeds: tuple[bytes, ...]) -> st.SearchStrategy[bytes]:
    """A seed in which some places were replaced, of one another or by bytes that mean something to somebody."""

    @st.composite
    def strategy(draw: st.DrawFn) -> bytes:
        data = draw(st.sampled_from(seeds))
        for _ in range(draw(st.integers(0, 4))):
            begin = draw(st.integers(0, len(data)))
            end = min(len(data), begin + draw(st.integers(0, 12)))
            data = data[:begin] + draw(PIECES) + data[end:]
        return data

    return strategy()


@pytest.mark.parametrize("name", TARGETS)
def test_every_seed_is_taken(name: str) -> None:
    assert SEEDS[name]
    for seed in SEEDS[name]:
        TARGETS[name].run(seed)


@pytest.mark.parametrize("name", TARGETS)
def test_noise_and_damaged_seeds_are_taken_or_refused(name: str) -> None:
    @settings(max_examples=EXAMPLES, deadline=None)
    @given(st.one_of(st.binary(max_size=120), damaged(SEEDS[name])))
    def run(data: bytes) -> None:
        TARGETS[name].run(data)

    run()


FINDS = """\
import pathlib, sys
(prefix,) = [each for each in sys.argv if each.startswith("-artifact_prefix=")]
pathlib.Path(prefix.partition("=")[2], "crash-1").write_bytes(b"{{")
sys.exit(77)
"""


@pytest.mark.parametrize(
    ("script", "clean", "told"),
    [
        ("print('Done 1200 runs in 1 second(s)')", True, "1,200 inputs in 1 s, nothing found"),
        (FINDS, False, "text: FOUND "),
        ("print('Done 5 runs'); raise SystemExit(1)", False, "no input: it could not be run"),
        ("print('something else')", False, "no input: it could not be run"),
    ],
)
def test_what_a_run_came_to_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], script: str, clean: bool, told: str
) -> None:
    assert fuzz("text", 1, tmp_path, (sys.executable, "-c", script)) is clean
    out = capsys.readouterr().out
    assert told in out
    kept = [path for path in (tmp_path / "text").iterdir() if str(path) in out]
    assert [path.read_bytes() for path in kept] == ([b"{{"] if script == FINDS else [])


def test_every_target_is_described() -> None:
    described = (ROOT / "docs/fuzzing.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([a-z]+)` \|", described, re.MULTILINE) == list(TARGETS)
