"""Far ends by SIPp: what a script becomes, what is refused, and what a log is read as. No process runs here."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.errors import UserError
from console.demo import sipp
from console.demo.music import RATE_HZ, hold_music
from console.demo.sipp import LEAD_MS, Callees, CallerScript, FarEndEvent, Press, caller_xml, read_events


@pytest.fixture(autouse=True)
def privileged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who may open raw sockets, as SIPp needs for keys by RTP."""
    monkeypatch.setattr(sipp, "may_send_raw", lambda: True)


def scenario(script: CallerScript) -> ET.Element:
    """The scenario of a script, read by an XML reader."""
    return ET.fromstring(caller_xml(script))


def pauses(root: ET.Element) -> list[int]:
    """The pauses in ms, up to the first label."""
    found: list[int] = []
    for part in root:
        if part.tag == "label":
            break
        if part.tag == "pause":
            found.append(int(part.attrib["milliseconds"]))
    return found


def test_keys_by_rtp_are_sent_ahead_and_in_one_piece() -> None:
    root = scenario(CallerScript("100", (Press(1.0, "12"), Press(3.0, "#")), hang_up_at_s=5.0))
    played = [part.attrib["play_dtmf"] for part in root.iter("exec")]
    assert played == ["12,100", "#,100"]
    assert pauses(root) == [1000 - LEAD_MS, 2000, 2000 + LEAD_MS]
    assert "INFO" not in ET.tostring(root, encoding="unicode").split("audio")[0]


def test_keys_by_info_are_single_and_on_time() -> None:
    root = scenario(CallerScript("100", (Press(1.0, "1*"),), hang_up_at_s=2.0, info=True))
    sent = [
        line for part in root.iter("send") for line in (part.text or "").splitlines() if line.startswith("Signal=")
    ]
    assert sent == ["Signal=1", "Signal=*"]
    assert pauses(root) == [1000, 200, 800]
    sequence = [
        line for part in root.iter("send") for line in (part.text or "").splitlines() if line.startswith("CSeq")
    ]
    assert sequence == ["CSeq: 1 INVITE", "CSeq: 1 ACK", "CSeq: 2 INFO", "CSeq: 3 INFO", "CSeq: 5 BYE", "CSeq: 1 ACK"]


@pytest.mark.parametrize(
    "presses", [(Press(0.3, "1"),), (Press(1.0, "1"), Press(1.5, "2")), (Press(1, "12345"), Press(2, "6"))]
)
def test_keys_that_come_too_fast_for_rtp_go_by_info(presses: tuple[Press, ...]) -> None:
    assert "play_dtmf" not in caller_xml(CallerScript("100", presses))


def test_without_raw_sockets_keys_go_by_info(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sipp, "may_send_raw", lambda: False)
    assert "play_dtmf" not in caller_xml(CallerScript("100", (Press(2.0, "1"),)))


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.floats(0, 30), st.text("0123456789*#", min_size=1, max_size=4)), max_size=4),
    st.none() | st.floats(31, 40),
)
def test_every_script_is_a_scenario_of_its_length(acts: list[tuple[float, str]], hang_up_at_s: float | None) -> None:
    presses = tuple(Press(at_s, keys) for at_s, keys in sorted(acts))
    root = scenario(CallerScript("100", presses, hang_up_at_s=hang_up_at_s, stays_s=7.0))
    if hang_up_at_s is not None:
        assert sum(pauses(root)) == pytest.approx(hang_up_at_s * 1000, abs=5)
    else:
        assert pauses(root)[-1] == 7000


@pytest.mark.parametrize(
    ("called", "presses", "hang_up_at_s", "problem"),
    [
        ("100@evil", (), None, "needs numbers"),
        ("1" * 16, (), None, "needs numbers"),
        ("", (), None, "needs numbers"),
        ("100\n", (), None, "needs numbers"),
        ("100", (Press(2.0, "1"), Press(1.0, "2")), None, "order"),
        ("100", (Press(-1.0, "1"),), None, "order"),
        ("100", (Press(1.0, "a"),), None, "digits"),
        ("100", (Press(1.0, ""),), None, "digits"),
        ("100", (Press(1.0, '1"/>'),), None, "digits"),
        ("100", (Press(2.0, "1"),), 1.0, "after the last key"),
    ],
)
def test_what_has_no_place_in_a_scenario_is_refused(
    called: str, presses: tuple[Press, ...], hang_up_at_s: float | None, problem: str
) -> None:
    with pytest.raises(UserError, match=problem):
        CallerScript(called, presses, hang_up_at_s)


@pytest.mark.parametrize("name", ["missing.ulaw", "a file.ulaw", 'a".ulaw'])
def test_audio_is_a_file_by_a_plain_path(tmp_path: Path, name: str) -> None:
    good = tmp_path / "good.ulaw"
    good.touch()
    if name != "missing.ulaw":
        (tmp_path / name).touch()
    with pytest.raises(UserError, match="expected an audio file"):
        Callees(human=good, machine=tmp_path / name)
    with pytest.raises(UserError, match="expected an audio file"):
        CallerScript("100", voice=tmp_path / name)


def test_a_log_is_read_line_by_line(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    assert read_events(log) == []
    log.write_text(
        "at=2026-11-22\t00:13:12.430004\t1795306392.430004 call=1 number=+4930 event=invited\n"
        "something else\n"
        "at=2026-11-22\t00:13:12.5\t1795306392.500000 call=2 number= event=486\n"
        "at=2026-11-22\t00:13:12.5\t1795306392.6 call=2 num"
    )
    assert read_events(log) == [
        FarEndEvent(1795306392.430004, 1, "+4930", "invited"),
        FarEndEvent(1795306392.5, 2, "", "486"),
    ]
    assert [each.name for each in dataclasses.fields(FarEndEvent)] == ["at_s", "call", "number", "event"]


def test_the_music_is_gentle_and_loops_without_a_click() -> None:
    data = hold_music()
    samples = [int.from_bytes(data[at : at + 2], "little", signed=True) for at in range(0, len(data), 2)]
    assert len(samples) == 8 * RATE_HZ
    assert 4000 < max(map(abs, samples)) < 8192, "some 12 dB under full scale"
    steps = [abs(after - before) for before, after in zip(samples, samples[1:] + samples[:1], strict=True)]
    assert max(steps) < 3000
    assert abs(samples[0] - samples[-1]) < 300
