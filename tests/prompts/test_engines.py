"""Synthesizers of other packages: found by their entry point, believed in nothing, and as loud as any other."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from calls.errors import PromptError
from calls.settings import Prompts
from calls.switch.port import Prompt
from prompts.audio import LEVEL_DBOV, decode_ulaw, measure
from prompts.engines import GROUP, open_synthesizer
from prompts.espeak import EspeakSynthesizer
from prompts.library import PromptLibrary
from prompts.rendering import render_all
from prompts.synthesis import NothingSpoken, Synthesizer, Utterance
from tests.prompts.conftest import FETCHED, ROOT

HELLO = Utterance("Hello.", "en")
TOP = """\
from contextlib import contextmanager
import numpy
from prompts.audio import Audio
from prompts.synthesis import EngineVersion

def tone(rate_hz, seconds=1.0):
    at = numpy.arange(int(rate_hz * seconds)) / rate_hz
    return Audio((0.02 * numpy.sin(2 * numpy.pi * 600 * at)).astype(numpy.float32), rate_hz)

class Voice:
    engine = EngineVersion("tones", "3")
    def speak(self, utterance):
        {body}

@contextmanager
def open_tones(options):
    {opening}
    yield Voice()
"""

Install = Callable[..., None]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Installs a package with a synthesizer ``tones``."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    count = 0

    def install(source: str, target: str = "open_tones", name: str = "tones") -> None:
        nonlocal count
        count += 1
        module = f"voice_{tmp_path.name.replace('-', '_')}_{count}"
        (site / f"{module}.py").write_text(source)
        info = site / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {module}:{target}\n")

    return install


def tones(body: str, opening: str = "pass") -> str:
    return TOP.format(body=body, opening=opening)


def opened(name: str = "tones", options: dict[str, str] | None = None) -> AbstractContextManager[Synthesizer]:
    return open_synthesizer(name, options or {}, {})


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 24_000, 48_000])
def test_one_of_another_package_speaks_at_its_own_rate(package: Install, settings: Prompts, rate_hz: int) -> None:
    package(tones(f"return tone({rate_hz})"))
    library = PromptLibrary(settings)
    with opened() as speaker:
        assert str(speaker.engine) == "tones tones 3"
        assert render_all(library, speaker).failed == ()
    audio = decode_ulaw(library.path(Prompt("main.welcome", "en")).read_bytes())
    assert measure(audio).active_dbov == pytest.approx(LEVEL_DBOV, abs=0.3)
    assert audio.duration_s == pytest.approx(1.0, abs=0.02)


def test_what_another_engine_spoke_is_stale(package: Install, settings: Prompts, espeak: EspeakSynthesizer) -> None:
    package(tones("return tone(16000)"))
    library = PromptLibrary(settings)
    render_all(library, espeak)
    with opened() as speaker:
        assert len(library.stale(speaker.engine)) == len(library.wanted)


def test_it_is_given_the_options_and_closed_at_the_end(package: Install, tmp_path: Path) -> None:
    note = tmp_path / "note"
    opening = f"import pathlib; note = pathlib.Path({str(note)!r}); note.write_text(options['model'])"
    package(tones("return tone(8000)", opening) + "    note.write_text(note.read_text() + ' closed')\n")
    with opened(options={"model": "anna"}) as speaker:
        speaker.speak(HELLO)
    assert note.read_text() == "anna closed"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("raise RuntimeError('no memory')", "the synthesizer 'tones' failed: RuntimeError: no memory"),
        ("return None", "failed: AttributeError"),
        ("return Audio(numpy.zeros((9, 2)), 8000)", "gave no sound of one channel"),
        ("return Audio(numpy.zeros(0), 8000)", "gave no sound"),
        ("return Audio(numpy.full(900, numpy.nan), 8000)", "gave no sound"),
        ("return tone(6000)", "gave 6000 Hz; 8000 or more"),
    ],
)
def test_what_it_does_wrong_is_the_fault_of_one_prompt(
    package: Install, settings: Prompts, body: str, problem: str
) -> None:
    package(tones(f"if 'Willkommen' not in utterance.text: return tone(8000)\n        {body}"))
    with opened() as speaker:
        report = render_all(PromptLibrary(settings), speaker)
    assert len(report.rendered) == 2
    assert problem in str(report.failed[0])
    assert f"{settings.texts / 'de.yaml'}:1" in str(report.failed[0])


def test_silence_is_nothing_spoken(package: Install) -> None:
    package(tones("return Audio(numpy.zeros(8000), 8000)"))
    with opened() as speaker, pytest.raises(NothingSpoken):
        speaker.speak(HELLO)


def test_it_is_asked_by_one_thread_at_a_time(package: Install) -> None:
    busy = "self.busy = getattr(self, 'busy', 0) + 1; n = self.busy; s = tone(8000, 2); self.busy -= 1"
    package(tones(f"{busy}\n        assert n == 1\n        return s"))
    with opened() as speaker, ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(lambda _: speaker.speak(HELLO), range(40)))) == 40


@pytest.mark.parametrize(
    ("source", "target", "problem"),
    [
        ("import nothing_of_this_name\n", "open_tones", "failed: ModuleNotFoundError"),
        ("x = 1\n", "open_tones", "failed: AttributeError"),
        ("def open_tones(options): raise OSError('no model')\n", "open_tones", "failed: OSError: no model"),
        (tones("pass", "raise OSError('no model')"), "open_tones", "failed: OSError: no model"),
        ("def open_tones(options): return 1\n", "open_tones", "failed: TypeError"),
    ],
)
def test_one_that_cannot_be_opened_is_a_fault_in_words(
    package: Install, source: str, target: str, problem: str
) -> None:
    package(source, target)
    with pytest.raises(PromptError, match=re.escape(problem)), opened():
        pass


def test_one_that_is_not_installed_is_told_with_those_that_are(package: Install) -> None:
    package(tones("return tone(8000)"))
    with (
        pytest.raises(PromptError, match=r"no synthesizer 'anna' is installed; expected one of .*espeak-ng.*tones"),
        opened("anna"),
    ):
        pass


def test_two_of_one_name_are_refused(package: Install) -> None:
    package(tones("return tone(8000)"))
    package(tones("return tone(16000)"))
    with pytest.raises(PromptError, match="several packages bring a synthesizer 'tones'"), opened():
        pass


def test_espeak_is_there_without_a_package_and_has_no_options() -> None:
    with open_synthesizer("espeak-ng", {}, os.environ, [FETCHED]) as speaker:
        assert speaker.speak(HELLO).rate_hz == 22_050
    with pytest.raises(PromptError, match="takes no options; remove model"):
        open_synthesizer("espeak-ng", {"model": "x"}, {})


def test_the_one_that_is_shown_works(package: Install, settings: Prompts) -> None:
    found = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "prompts.md").read_text(), re.DOTALL)
    assert found is not None
    package(textwrap.dedent(found[1]), "open_beeps", "beeps")
    with opened("beeps", {"pitch_hz": "700"}) as speaker:
        assert len(render_all(PromptLibrary(settings), speaker).rendered) == 3
