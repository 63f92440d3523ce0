"""Paths for the switch: inside the cache or refused; what is missing, stale and unused is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from calls.errors import PromptError
from calls.settings import Prompts
from calls.switch.port import Prompt, PromptFiles
from prompts.formats import Format
from prompts.index import INDEX_NAME
from prompts.library import PromptLibrary
from prompts.rendering import render_all
from tests.prompts.conftest import ROOT, FakeSynthesizer, tone

WELCOME = Prompt("main.welcome", "en")
MENU = Prompt("main.menu", "en")
WILLKOMMEN = Prompt("main.welcome", "de")


@pytest.fixture
def library(settings: Prompts, fake: FakeSynthesizer) -> PromptLibrary:
    """Rendered with the fake."""
    made = PromptLibrary(settings)
    assert render_all(made, fake).failed == ()
    return made


def test_it_is_what_the_port_asks_for(library: PromptLibrary) -> None:
    files: PromptFiles = library
    path = files.path(WELCOME)
    assert path.parent == library.cache / "en"
    assert path.name.startswith("main.welcome.")
    assert path.suffix == ".ulaw"
    assert files.duration_s(WELCOME) == pytest.approx(path.stat().st_size / 8_000, abs=0.001)


def test_the_switch_may_read_the_files_whatever_the_umask(settings: Prompts, fake: FakeSynthesizer) -> None:
    program = (
        "import os, sys; os.umask(0o077)\n"
        "from pathlib import Path\n"
        "from prompts.index import make_folder, write_whole\n"
        "folder = Path(sys.argv[1]); make_folder(folder); write_whole(folder / 'x', b'x')\n"
    )
    subprocess.run([sys.executable, "-c", program, str(settings.cache)], check=True, cwd=ROOT)
    assert settings.cache.stat().st_mode & 0o777 == 0o755
    assert (settings.cache / "x").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "key",
    ["../../etc/passwd", "..", ".", "", "a/b", "a\0b", "main.welcome\n", "%2e%2e", "MAIN", "a" * 101, "a&b", "a,b"],
)
@pytest.mark.parametrize("where", ["key", "language"])
def test_a_name_that_leads_elsewhere_is_refused(library: PromptLibrary, key: str, where: str) -> None:
    prompt = Prompt(key, "en") if where == "key" else Prompt("main.welcome", key)
    with pytest.raises(PromptError, match="not the name of a prompt"):
        library.path(prompt)
    with pytest.raises(PromptError, match="not the name of a prompt"):
        library.duration_s(prompt)


def test_a_symlink_is_refused(library: PromptLibrary, tmp_path: Path) -> None:
    path = library.path(WELCOME)
    secret = tmp_path / "secret"
    secret.write_text("x")
    path.unlink()
    path.symlink_to(secret)
    with pytest.raises(PromptError, match="not a file in its folder"):
        library.path(WELCOME)


def test_a_folder_that_leads_out_is_refused(library: PromptLibrary, tmp_path: Path) -> None:
    (library.cache / "en").rename(tmp_path / "elsewhere")
    (library.cache / "en").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PromptError, match="not a file in its folder"):
        library.path(WELCOME)


def test_an_index_that_leads_elsewhere_is_refused(library: PromptLibrary) -> None:
    index = library.cache / INDEX_NAME
    data = json.loads(index.read_text())
    data["prompts"]["en"]["main.welcome"]["file"] = "../../secret.12345678.ulaw"
    index.write_text(json.dumps(data))
    with pytest.raises(PromptError, match="damaged"):
        library.path(WELCOME)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"version": 2, "prompts": {}}', '{"version": 1, "prompts": 3}']
)
def test_a_damaged_index_says_what_to_do(settings: Prompts, text: str) -> None:
    settings.cache.mkdir()
    (settings.cache / INDEX_NAME).write_text(text)
    with pytest.raises(PromptError, match="remove it and render"):
        PromptLibrary(settings).missing()


def test_what_is_not_rendered_is_found_by_the_check_and_refused_to_a_call(settings: Prompts) -> None:
    library = PromptLibrary(settings)
    assert set(library.missing()) == {WELCOME, MENU, WILLKOMMEN}
    with pytest.raises(PromptError, match="not rendered; run"):
        library.path(WELCOME)


def test_a_file_that_was_deleted_is_missing(library: PromptLibrary) -> None:
    library.path(WELCOME).unlink()
    assert library.missing() == (WELCOME,)
    with pytest.raises(PromptError, match="lost its file"):
        library.path(WELCOME)


def test_what_one_language_lacks_is_told(library: PromptLibrary) -> None:
    assert library.untranslated() == (Prompt("main.menu", "de"),)
    assert library.keys("en") == {"main.welcome", "main.menu"}
    assert library.keys("de") == {"main.welcome"}


def test_a_new_text_is_stale_and_the_old_file_still_plays(
    settings: Prompts, library: PromptLibrary, fake: FakeSynthesizer
) -> None:
    old = library.path(WELCOME)
    (settings.texts / "de.yaml").write_text("main.welcome: Guten Tag.\n")
    changed = PromptLibrary(settings)
    assert (changed.missing(), changed.stale()) == ((), (WILLKOMMEN,))
    before = changed.path(WILLKOMMEN)
    assert render_all(changed, fake).rendered == (WILLKOMMEN,)
    assert changed.path(WILLKOMMEN) != before
    assert changed.unused() == (before,)
    assert changed.path(WELCOME) == old


def test_another_voice_format_or_engine_is_stale(settings: Prompts, library: PromptLibrary) -> None:
    voice = settings.model_copy(update={"voices": {"en": "en-gb"}})
    assert set(PromptLibrary(voice).stale()) == {WELCOME, MENU}
    assert set(PromptLibrary(settings, Format.WAV).stale()) == {WELCOME, MENU, WILLKOMMEN}
    assert library.stale(FakeSynthesizer("1").engine) == ()
    assert set(library.stale(FakeSynthesizer("2").engine)) == {WELCOME, MENU, WILLKOMMEN}


def test_what_another_process_rendered_is_seen_at_once(settings: Prompts, library: PromptLibrary) -> None:
    before = library.path(WELCOME)
    (settings.texts / "en.yaml").write_text("main.welcome: Hello there.\nmain.menu: Press one for sales.\n")
    render_all(PromptLibrary(settings), FakeSynthesizer())
    assert library.path(WELCOME) != before


def test_what_is_not_used_can_be_removed(settings: Prompts, library: PromptLibrary) -> None:
    left = library.cache / "en" / ".new-left"
    left.write_bytes(b"half")
    gone = library.path(MENU)
    (settings.texts / "en.yaml").write_text("main.welcome: Welcome to the company.\n")
    changed = PromptLibrary(settings)
    assert set(changed.unused()) == {left, gone}
    assert changed.remove_unused() == 2
    assert changed.unused() == ()
    assert changed.path(WELCOME).exists()


def test_a_recording_takes_precedence(settings: Prompts, fake: FakeSynthesizer) -> None:
    assert settings.recorded is not None
    (settings.recorded / "en").mkdir()
    soundfile.write(settings.recorded / "en" / "main.welcome.wav", tone(2.0, 44_100, 600, 0.5).samples, 44_100)
    library = PromptLibrary(settings)
    assert render_all(library, fake).failed == ()
    assert "Welcome to the company." not in [utterance.text for utterance in fake.spoken]
    assert library.duration_s(WELCOME) == pytest.approx(2.0, abs=0.02)
    assert library.stale(FakeSynthesizer("2").engine) == (MENU, WILLKOMMEN)


def test_another_recording_under_the_same_name_is_stale(settings: Prompts, fake: FakeSynthesizer) -> None:
    assert settings.recorded is not None
    (settings.recorded / "en").mkdir()
    path = settings.recorded / "en" / "main.welcome.wav"
    soundfile.write(path, tone(2.0, 8_000, 600, 0.5).samples, 8_000)
    render_all(PromptLibrary(settings), fake)
    soundfile.write(path, tone(1.0, 8_000, 600, 0.5).samples, 8_000)
    library = PromptLibrary(settings)
    assert library.stale() == (WELCOME,)
    render_all(library, fake)
    assert library.duration_s(WELCOME) == pytest.approx(1.0, abs=0.02)


def test_recordings_that_lead_out_or_are_misnamed_are_refused(settings: Prompts, tmp_path: Path) -> None:
    assert settings.recorded is not None
    folder = settings.recorded / "en"
    folder.mkdir()
    (tmp_path / "outside.wav").write_bytes(b"RIFF")
    (folder / "main.welcome.wav").symlink_to(tmp_path / "outside.wav")
    with pytest.raises(PromptError, match="leads out"):
        PromptLibrary(settings)
    (folder / "main.welcome.wav").unlink()
    (folder / "Main Welcome.wav").write_bytes(b"RIFF")
    with pytest.raises(PromptError, match="no prompt's"):
        PromptLibrary(settings)


def test_a_folder_of_recordings_that_is_not_there_is_a_fault(settings: Prompts, tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="no such folder"):
        PromptLibrary(settings.model_copy(update={"recorded": tmp_path / "typo"}))


def test_playing_needs_no_numpy(library: PromptLibrary) -> None:
    """An engine that only plays what is rendered runs without the extra that speaks."""
    program = (
        "import sys, prompts.library; print(sorted({'numpy', 'soxr', 'soundfile', 'pyttsx3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
