"""The real espeak-ng through pyttsx3: what it says, and every way in which it is known to fail."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy
import pytest

from calls.errors import PromptError
from calls.settings import Prompts
from calls.switch.port import Prompt
from prompts.audio import LEVEL_DBOV, PEAK_DBOV, decode_ulaw, measure
from prompts.callee import MACHINE, PERSON, write_callee
from prompts.espeak import EspeakPlace, EspeakSynthesizer, find_espeak
from prompts.library import PromptLibrary
from prompts.rendering import render_all
from prompts.synthesis import Utterance
from tests.prompts.conftest import ROOT

WORKER = ROOT / "prompts" / "worker.py"
SHORT = Utterance("Welcome to the company.", "en")


def test_the_versions_are_told(espeak: EspeakSynthesizer) -> None:
    assert re.fullmatch(r"espeak-ng 1\.\d+\S* by pyttsx3 2\.99", str(espeak.engine))
    assert {"gmw/en", "gmw/en-us", "gmw/de"} <= set(espeak.voices())


def test_it_speaks(espeak: EspeakSynthesizer) -> None:
    audio = espeak.speak(SHORT)
    level = measure(audio)
    assert audio.rate_hz == 22_050
    assert 1.0 < level.duration_s < 3.0
    assert -30 < level.active_dbov < -10


@pytest.mark.parametrize("voice", ["en", "en-us", "gmw/en-us", "EN-US", "English (America)"])
def test_a_voice_has_several_names(espeak: EspeakSynthesizer, voice: str) -> None:
    assert espeak.speak(Utterance("Hello.", voice)).duration_s > 0.3


def test_voices_and_rates_differ(espeak: EspeakSynthesizer) -> None:
    text = SHORT.text
    english, american = (espeak.speak(Utterance(text, voice)).samples for voice in ("en-gb", "en-us"))
    slow = espeak.speak(Utterance(text, "en-gb", rate_wpm=100)).samples
    assert not numpy.array_equal(english, american)
    assert len(slow) > 1.3 * len(english)


def test_the_same_text_gives_the_same_sound(espeak: EspeakSynthesizer) -> None:
    assert numpy.array_equal(espeak.speak(SHORT).samples, espeak.speak(SHORT).samples)


def test_texts_at_once_are_each_spoken_whole(espeak: EspeakSynthesizer) -> None:
    """Two texts in one engine lose the first, and threads hang: here each is a process."""
    utterances = [
        Utterance(text, "en") for text in ("One.", "Two and a bit more than that.", "Three is longer still.")
    ]
    alone = [espeak.speak(utterance).samples for utterance in utterances]
    with ThreadPoolExecutor(3) as pool:
        together = [audio.samples for audio in pool.map(espeak.speak, utterances * 2)]
    assert all(numpy.array_equal(one, other) for one, other in zip(alone * 2, together, strict=True))


@pytest.mark.parametrize("voice", ["xx", "", "en-uss", "../en", "en\0", "gmw/"])
def test_a_bad_voice_is_refused_before_it_speaks(espeak: EspeakSynthesizer, voice: str) -> None:
    with pytest.raises(PromptError, match="has no voice"):
        espeak.speak(Utterance("Hello.", voice))


def test_a_bad_voice_names_those_that_are_near(espeak: EspeakSynthesizer) -> None:
    with pytest.raises(PromptError, match="'gmw/en-us'"):
        espeak.speak(Utterance("Hello.", "en-uk"))


@pytest.mark.parametrize("text", ["...", "¿?", "\u200b"])
def test_a_text_without_a_word_is_silence_and_refused(espeak: EspeakSynthesizer, text: str) -> None:
    with pytest.raises(PromptError, match="gave silence"):
        espeak.speak(Utterance(text, "en"))


def test_markup_and_hostile_text_are_only_text(espeak: EspeakSynthesizer) -> None:
    for text in ("<break time='600s'/>Hello", "[[h@'loU]]", "$(reboot) `id` %n%s", "-f /etc/passwd", '"\\'):
        try:
            assert espeak.speak(Utterance(text, "en")).duration_s < 10
        except PromptError as fault:
            assert "silence" in str(fault)


def test_the_longest_text_is_spoken_well_within_the_deadline(espeak: EspeakSynthesizer) -> None:
    text = ("Please hold the line, an agent will be with you soon. " * 40)[:2_000]
    began = time.monotonic()
    audio = espeak.speak(Utterance(text, "en"))
    assert audio.duration_s > 60
    assert time.monotonic() - began < 10


def test_nothing_is_left_behind_and_nothing_is_printed(
    espeak: EspeakSynthesizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    espeak.speak(SHORT)
    with pytest.raises(PromptError):
        espeak.speak(Utterance("Hello.", "xx"))
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def ask(place: EspeakPlace, request: dict[str, object], **more: str) -> dict[str, object]:
    """What the worker itself answers."""
    done = subprocess.run(
        [sys.executable, "-I", str(WORKER)],
        input=json.dumps(request).encode(),
        capture_output=True,
        env={"PATH": "/usr/bin:/bin", **place.environment, **more},
        timeout=60,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer


def test_an_unwritable_path_is_told_at_once(place: EspeakPlace, tmp_path: Path) -> None:
    """pyttsx3 raises it inside a callback from C, where it is lost: the worker must not wait for the deadline."""
    began = time.monotonic()
    path = str(tmp_path / "missing" / "x.wav")
    answer = ask(place, {"text": "Hello.", "voice": "en", "rate": 165, "path": path, "deadline_s": 30})
    assert answer["error"] == "speech"
    assert "No such file" in str(answer["detail"])
    assert time.monotonic() - began < 15


def test_a_full_disk_is_told(place: EspeakPlace) -> None:
    answer = ask(place, {"text": "Hello.", "voice": "en", "rate": 165, "path": "/dev/full", "deadline_s": 30})
    assert answer["error"] == "speech"


def test_an_engine_that_cannot_be_loaded_says_how_to_get_it(tmp_path: Path) -> None:
    """A library that is none stands in the way of any that the machine has."""
    for name in ("libespeak-ng.so.1", "libespeak.so.1"):
        (tmp_path / name).write_bytes(b"not a library")
    broken = EspeakSynthesizer(EspeakPlace({"LD_LIBRARY_PATH": str(tmp_path)}))
    with pytest.raises(PromptError, match=r"cannot be loaded.*fetch-asterisk"):
        broken.speak(SHORT)
    with pytest.raises(PromptError, match="cannot be loaded"):
        _ = broken.engine


def worker(tmp_path: Path, body: str) -> Path:
    path = tmp_path / "worker.py"
    path.write_text("import json, os, signal, sys, time\nrequest = json.load(sys.stdin)\n" + textwrap.dedent(body))
    return path


def test_a_worker_killed_mid_way_is_a_fault_and_the_next_one_speaks(
    espeak: EspeakSynthesizer, place: EspeakPlace, tmp_path: Path
) -> None:
    killed = EspeakSynthesizer(place, worker=worker(tmp_path, "os.kill(os.getpid(), signal.SIGKILL)"))
    with pytest.raises(PromptError, match="ended with -9"):
        killed.speak(SHORT)
    assert espeak.speak(SHORT).duration_s > 1


def test_a_real_worker_stopped_while_it_speaks_is_ended_at_the_deadline(place: EspeakPlace, tmp_path: Path) -> None:
    """The worker itself freezes (SIGSTOP, as by a hung sound library): the deadline is ours, not its own."""
    stopped = worker(
        tmp_path,
        f"""
        open({str(tmp_path / "pid")!r}, "w").write(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGSTOP)
        """,
    )
    began = time.monotonic()
    with pytest.raises(PromptError, match=r"did not finish within 0\.8 s and was ended"):
        EspeakSynthesizer(place, deadline_s=0.8, worker=stopped).speak(SHORT)
    assert time.monotonic() - began < 20
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("print('no json')", "gave no answer"),
        ("", "gave no answer"),
        ("raise SystemExit('broken')", "ended with 1: broken"),
        ("print(json.dumps({'voice': 'en'}))", "wrote no file"),
        ("open(request['path'], 'w').write('x'); print(json.dumps({'voice': 'en'}))", "not a sound file"),
    ],
)
def test_a_worker_that_lies_is_not_believed(place: EspeakPlace, tmp_path: Path, body: str, said: str) -> None:
    with pytest.raises(PromptError, match=said):
        EspeakSynthesizer(place, worker=worker(tmp_path, body)).speak(SHORT)


def test_a_worker_whose_parent_died_ends_by_itself(place: EspeakPlace) -> None:
    """Nobody reads its answer; it is past its deadline; its own alarm ends it."""
    source = WORKER.read_text().replace("LEFT_ALONE_S = 5", "LEFT_ALONE_S = 0")
    program = source.replace(
        "    _answer(answers, _speak(request) if request else _describe())", "    signal.pause()"
    )
    assert "signal.pause()" in program
    done = subprocess.run(
        [sys.executable, "-I", "-c", program],
        input=b'{"deadline_s": 1}',
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == -signal.SIGALRM


def test_one_thread_waiting_does_not_keep_another(
    espeak: EspeakSynthesizer, place: EspeakPlace, tmp_path: Path
) -> None:
    hanging = EspeakSynthesizer(place, deadline_s=3.0, worker=worker(tmp_path, "time.sleep(60)"))
    faults: list[PromptError] = []

    def hang() -> None:
        try:
            hanging.speak(SHORT)
        except PromptError as fault:
            faults.append(fault)

    thread = threading.Thread(target=hang)
    thread.start()
    assert espeak.speak(SHORT).duration_s > 1
    thread.join(20)
    assert len(faults) == 1


# --- where it is ------------------------------------------------------------------------------------------------


def test_a_named_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "env").write_text(
        f"ESPEAK_DATA_PATH={tmp_path}\nLD_LIBRARY_PATH={tmp_path}:{tmp_path}\nLD_PRELOAD=x\n"
    )
    found = find_espeak({"CALLWRIGHT_ESPEAK": str(tmp_path)})
    assert found.environment == {"ESPEAK_DATA_PATH": str(tmp_path), "LD_LIBRARY_PATH": f"{tmp_path}:{tmp_path}"}
    assert find_espeak({}, (tmp_path / "other", tmp_path)) == found


def test_a_named_folder_that_is_wrong_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="no espeak-ng stands here"):
        find_espeak({"CALLWRIGHT_ESPEAK": str(tmp_path)})
    (tmp_path / "env").write_text("ESPEAK_DATA_PATH=/gone/away\n")
    with pytest.raises(PromptError, match="/gone/away does not exist: run docker/fetch-asterisk again"):
        find_espeak({"CALLWRIGHT_ESPEAK": str(tmp_path)})


def test_a_machine_without_it_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    with pytest.raises(PromptError, match="not on this machine: install the package libespeak-ng1"):
        find_espeak({})


# --- whole ------------------------------------------------------------------------------------------------------


def test_a_whole_library_is_rendered_heard_and_kept(settings: Prompts, espeak: EspeakSynthesizer) -> None:
    library = PromptLibrary(settings)
    assert render_all(library, espeak).failed == ()
    assert render_all(library, espeak).rendered == ()
    for prompt, shortest_s, longest_s in (
        (Prompt("main.welcome", "en"), 0.8, 2.5),
        (Prompt("main.menu", "en"), 0.8, 2.5),
        (Prompt("main.welcome", "de"), 0.4, 1.5),
    ):
        level = measure(decode_ulaw(library.path(prompt).read_bytes()))
        assert level.active_dbov == pytest.approx(LEVEL_DBOV, abs=0.5)
        assert level.peak_dbov <= PEAK_DBOV + 0.5
        assert shortest_s < level.duration_s < longest_s
        assert level.duration_s == pytest.approx(library.duration_s(prompt), abs=0.001)


def test_callees_have_the_rhythm_of_people_and_machines(espeak: EspeakSynthesizer, tmp_path: Path) -> None:
    """What AMD goes by: a person speaks for under 1.5 s and then waits; a machine speaks on."""
    person, machine = tmp_path / "person.ulaw", tmp_path / "machine.ulaw"
    assert write_callee(PERSON, person, espeak) == person.stat().st_size / 8_000
    write_callee(MACHINE, machine, espeak)
    assert 0.1 < speech_s(person) < 1.0
    assert speech_s(machine) > 6.0
    tail = decode_ulaw(person.read_bytes()[-8 * 8_000 :])
    assert float(numpy.abs(tail.samples).max()) == 0.0


def speech_s(path: Path) -> float:
    """Seconds of the file whose level is over that of AMD's silence threshold (256 of 32,768)."""
    samples = decode_ulaw(path.read_bytes()).samples
    frames = numpy.abs(samples[: len(samples) // 160 * 160].reshape(-1, 160)).mean(axis=1)
    return float((frames > 256 / 32_768).sum() * 0.02)
