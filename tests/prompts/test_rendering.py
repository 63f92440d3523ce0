"""Rendering: only what is due, one bad prompt alone, nothing half-written, one process at a time."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from calls.errors import PromptError
from calls.settings import Prompts
from calls.switch.port import Prompt
from prompts.audio import LEVEL_DBOV, decode_ulaw, measure
from prompts.formats import Format
from prompts.library import PromptLibrary
from prompts.rendering import render_all
from tests.prompts.conftest import ROOT, FakeSynthesizer, tone

WELCOME = Prompt("main.welcome", "en")
MENU = Prompt("main.menu", "en")
WILLKOMMEN = Prompt("main.welcome", "de")


def files(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.rglob("*") if path.is_file())


def test_everything_is_made_once(settings: Prompts, fake: FakeSynthesizer) -> None:
    library = PromptLibrary(settings)
    first = render_all(library, fake)
    assert (set(first.rendered), first.kept, first.failed) == ({WELCOME, MENU, WILLKOMMEN}, (), ())
    second = render_all(library, fake)
    assert (second.rendered, set(second.kept), second.failed) == ((), {WELCOME, MENU, WILLKOMMEN}, ())
    assert len(fake.spoken) == 3
    assert (library.missing(), library.stale(fake.engine)) == ((), ())


def test_each_language_has_its_voice(settings: Prompts, fake: FakeSynthesizer) -> None:
    render_all(PromptLibrary(settings), fake)
    assert {(each.text, each.voice) for each in fake.spoken} == {
        ("Welcome to the company.", "en-us"),
        ("Press one for sales.", "en-us"),
        ("Willkommen.", "de"),
    }


def test_another_version_of_the_engine_speaks_anew(settings: Prompts, fake: FakeSynthesizer) -> None:
    library = PromptLibrary(settings)
    render_all(library, fake)
    assert len(render_all(library, FakeSynthesizer("2")).rendered) == 3


@pytest.mark.parametrize("form", list(Format))
def test_what_is_made_is_at_the_level(settings: Prompts, fake: FakeSynthesizer, form: Format) -> None:
    library = PromptLibrary(settings, form)
    render_all(library, fake)
    path = library.path(WELCOME)
    if form is Format.ULAW:
        audio = decode_ulaw(path.read_bytes())
    else:
        info = soundfile.info(path)
        assert (info.samplerate, info.channels, info.subtype) == (8_000, 1, "PCM_16")
        return
    assert measure(audio).active_dbov == pytest.approx(LEVEL_DBOV, abs=0.3)


def test_one_prompt_that_fails_does_not_keep_the_others_back(settings: Prompts, fake: FakeSynthesizer) -> None:
    fake.refuse = lambda utterance: "company" in utterance.text
    library = PromptLibrary(settings)
    report = render_all(library, fake)
    assert set(report.rendered) == {MENU, WILLKOMMEN}
    assert [str(fault) for fault in report.failed] == [
        f"{settings.texts / 'en.yaml'}:1: main.welcome: the fake will not say this"
    ]
    assert library.missing() == (WELCOME,)


def test_a_recording_that_cannot_be_read_is_reported_with_its_file(settings: Prompts, fake: FakeSynthesizer) -> None:
    assert settings.recorded is not None
    (settings.recorded / "en").mkdir()
    bad, silent = settings.recorded / "en" / "main.menu.wav", settings.recorded / "en" / "main.welcome.wav"
    bad.write_bytes(b"no sound at all")
    soundfile.write(silent, tone(1.0, 8_000, 440, 0.0).samples, 8_000)
    report = render_all(PromptLibrary(settings), fake)
    assert {fault.where.file for fault in report.failed} == {bad, silent}
    assert report.rendered == (WILLKOMMEN,)


def test_only_recordings_need_no_engine(settings: Prompts) -> None:
    class None_(FakeSynthesizer):
        @property
        def engine(self):  # type: ignore[no-untyped-def]
            raise PromptError("there is no engine")

    assert settings.recorded is not None
    for language in settings.languages:
        (settings.texts / f"{language}.yaml").write_text("main.welcome: Hello.\n")
        (settings.recorded / language).mkdir()
        soundfile.write(settings.recorded / language / "main.welcome.wav", tone(1.0, 8_000, 440, 0.1).samples, 8_000)
    assert len(render_all(PromptLibrary(settings), None_()).rendered) == 2


def test_a_folder_that_cannot_be_made_is_named(settings: Prompts, fake: FakeSynthesizer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = tmp_path / "file" / "deeper" / "cache"
    with pytest.raises(PromptError, match="cannot be written: Not a directory") as caught:
        render_all(PromptLibrary(settings.model_copy(update={"cache": cache})), fake)
    assert caught.value.where.file == cache
    assert fake.spoken == []


@pytest.mark.parametrize("fails_at", [1, 2, 4])
def test_a_full_disk_leaves_the_index_and_no_half_file(
    settings: Prompts, fake: FakeSynthesizer, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    """The 4th fsync is that of the index itself."""
    library = PromptLibrary(settings)
    render_all(library, fake)
    index = (library.cache / "index.json").read_bytes()
    old = library.path(WELCOME)
    calls = 0

    def full(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls >= fails_at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PromptError, match="No space left on device; free space"):
        render_all(PromptLibrary(settings), FakeSynthesizer("2"))
    assert (library.cache / "index.json").read_bytes() == index
    assert not [name for name in files(library.cache) if name.startswith(".new-")]
    assert library.path(WELCOME) == old


def test_a_second_render_at_the_same_time_is_refused(settings: Prompts, fake: FakeSynthesizer) -> None:
    settings.cache.mkdir()
    program = (
        "import fcntl, sys\n"
        "file = open(sys.argv[1], 'wb'); fcntl.flock(file, fcntl.LOCK_EX)\n"
        "print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(settings.cache / ".lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(PromptError, match="another process is rendering"):
            render_all(PromptLibrary(settings), fake)
        other.stdin.close()
        other.wait(20)
    assert len(render_all(PromptLibrary(settings), fake).rendered) == 3
