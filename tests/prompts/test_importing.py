"""Takes come in: found by name, judged, put in place; what they replace is kept, and twice is once."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy
import pytest
import soundfile

from calls.errors import PromptError
from calls.settings import Prompts
from calls.switch.port import Prompt
from prompts.importing import Came, ImportReport, import_takes
from prompts.library import PromptLibrary
from prompts.rendering import render_all
from prompts.script import as_csv, as_markdown, script
from tests.prompts.conftest import FakeSynthesizer, tone

WELCOME, MENU, WILLKOMMEN = Prompt("main.welcome", "en"), Prompt("main.menu", "en"), Prompt("main.welcome", "de")
LENGTH_S = 1.8


@pytest.fixture
def takes(tmp_path: Path) -> Path:
    folder = tmp_path / "takes"
    folder.mkdir()
    return folder


def take(path: Path, duration_s: float = LENGTH_S, rate_hz: int = 48_000, frequency_hz: float = 500.0) -> None:
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, tone(duration_s, rate_hz, frequency_hz, 0.2).samples, rate_hz)


def run(settings: Prompts, takes: Path, *, dry: bool = False) -> ImportReport:
    assert settings.recorded is not None
    return import_takes(PromptLibrary(settings), takes, settings.recorded, dry=dry)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def recorded(settings: Prompts) -> dict[str, bytes]:
    assert settings.recorded is not None
    return files(settings.recorded)


def test_takes_are_found_by_key_and_language_in_every_format(
    settings: Prompts, takes: Path, fake: FakeSynthesizer
) -> None:
    take(takes / "en" / "main.welcome.wav")
    take(takes / "main.menu.en.flac", rate_hz=44_100)
    take(takes / "de" / "main.welcome.ogg", rate_hz=16_000)
    given = files(takes)
    report = run(settings, takes)
    assert {(each.prompt, each.came) for each in report.taken} == {
        (WELCOME, Came.NEW),
        (MENU, Came.NEW),
        (WILLKOMMEN, Came.NEW),
    }
    assert (report.refused, report.lacking) == ((), ())
    assert recorded(settings) == {
        "de/main.welcome.ogg": given["de/main.welcome.ogg"],
        "en/main.menu.flac": given["main.menu.en.flac"],
        "en/main.welcome.wav": given["en/main.welcome.wav"],
    }
    assert files(takes) == given
    library = PromptLibrary(settings)
    assert render_all(library, fake).failed == ()
    assert fake.spoken == []
    assert library.duration_s(MENU) == pytest.approx(LENGTH_S, abs=0.02)


def test_the_same_takes_again_change_nothing(settings: Prompts, takes: Path) -> None:
    take(takes / "en" / "main.welcome.wav")
    run(settings, takes)
    before = recorded(settings)
    assert [each.came for each in run(settings, takes).taken] == [Came.SAME]
    assert recorded(settings) == before


def test_a_newer_take_takes_the_place_and_the_earlier_one_is_kept(settings: Prompts, takes: Path) -> None:
    take(takes / "en" / "main.welcome.wav")
    run(settings, takes)
    old = recorded(settings)["en/main.welcome.wav"]
    take(takes / "en" / "main.welcome.wav", frequency_hz=700)
    assert [each.came for each in run(settings, takes).taken] == [Came.REPLACED]
    found = recorded(settings)
    assert found["en/main.welcome.wav"] == (takes / "en" / "main.welcome.wav").read_bytes()
    kept = [name for name in found if name.startswith("earlier/en/main.welcome.")]
    assert [found[name] for name in kept] == [old]
    PromptLibrary(settings)


def test_a_take_in_another_format_leaves_one_recording(settings: Prompts, takes: Path) -> None:
    take(takes / "en" / "main.welcome.wav")
    run(settings, takes)
    shutil.rmtree(takes / "en")
    take(takes / "en" / "main.welcome.flac")
    run(settings, takes)
    found = sorted(recorded(settings))
    assert found[1:] == ["en/main.welcome.flac"]
    assert found[0].startswith("earlier/en/main.welcome.")
    PromptLibrary(settings)


def test_a_dry_run_writes_nothing(settings: Prompts, takes: Path) -> None:
    take(takes / "en" / "main.welcome.wav")
    assert [each.came for each in run(settings, takes, dry=True).taken] == [Came.NEW]
    assert recorded(settings) == {}


def test_what_is_no_take_of_ours_is_refused_and_the_rest_comes_in(settings: Prompts, takes: Path) -> None:
    take(takes / "en" / "main.welcome.wav")
    take(takes / "en" / "main.wellcome.wav")
    take(takes / "fr" / "main.welcome.wav")
    take(takes / "main.menu.wav")
    take(takes / "main.welcome.en.wav")
    (takes / "de").mkdir()
    (takes / "de" / "main.welcome.wav").write_bytes(b"RIFF")
    (takes / "de" / "main.welcome.mp3").write_bytes(b"ID3")
    soundfile.write(takes / "main.menu.en.wav", numpy.zeros(8_000), 8_000)
    (takes / "script.csv").write_text("key\n")
    (takes / ".hidden.wav").write_bytes(b"")
    report = run(settings, takes)
    assert [each.prompt for each in report.taken] == [WELCOME]
    said = {str(fault.where.file).removeprefix(f"{takes}/"): fault.problem for fault in report.refused}
    assert said.keys() == {
        "de/main.welcome.mp3",
        "de/main.welcome.wav",
        "en/main.wellcome.wav",
        "fr/main.welcome.wav",
        "main.menu.en.wav",
        "main.menu.wav",
        "main.welcome.en.wav",
    }
    assert "did you mean main.welcome?" in said["en/main.wellcome.wav"]
    assert "expected en, de as its folder" in said["fr/main.welcome.wav"]
    assert "names no language" in said["main.menu.wav"]
    assert "a second take of what main.welcome.wav is" in said["main.welcome.en.wav"]
    assert "is not a sound file that can be read" in said["de/main.welcome.wav"]
    assert "expected .wav, .flac, .ogg" in said["de/main.welcome.mp3"]
    assert "is silent" in said["main.menu.en.wav"]
    assert report.lacking == (MENU,)


def test_a_text_with_placeholders_is_recorded_in_parts(settings: Prompts, takes: Path) -> None:
    (settings.texts / "en.yaml").write_text("owe: You owe {n:number} parts.\n")
    take(takes / "en" / "owe.wav")
    take(takes / "en" / "owe.part-1.wav", duration_s=0.5)
    take(takes / "en" / "spoken.7.wav", duration_s=0.5)
    report = run(settings, takes)
    assert {each.prompt.key for each in report.taken} == {"owe.part-1", "spoken.7"}
    assert [fault.problem for fault in report.refused] == [
        "the text of 'owe' has placeholders: record its parts, owe.part-1 ..."
    ]
    assert report.lacking == (Prompt("owe.part-2", "en"),)


def test_a_take_of_another_length_is_told_and_taken(settings: Prompts, takes: Path) -> None:
    take(takes / "en" / "main.welcome.wav", duration_s=20.0)
    (imported,) = run(settings, takes).taken
    assert imported.came is Came.NEW
    assert "is long for its text: 20." in imported.complaints[0]


def test_a_folder_that_is_none_or_the_recordings_own_is_refused(settings: Prompts, tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="no such folder of takes"):
        run(settings, tmp_path / "none")
    assert settings.recorded is not None
    with pytest.raises(PromptError, match="the folder of the recordings itself"):
        run(settings, settings.recorded)


def test_a_full_disk_leaves_the_recording_that_was_there(
    settings: Prompts, takes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(takes / "en" / "main.welcome.wav")
    run(settings, takes)
    before = recorded(settings)
    take(takes / "en" / "main.welcome.wav", frequency_hz=900)

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("prompts.importing.write_whole", full)
    report = run(settings, takes)
    assert "No space left on device; free space" in report.refused[0].problem
    assert recorded(settings) == before


def test_two_recordings_of_one_prompt_are_refused(settings: Prompts) -> None:
    assert settings.recorded is not None
    take(settings.recorded / "en" / "main.welcome.wav")
    take(settings.recorded / "en" / "main.welcome.flac")
    with pytest.raises(PromptError, match=r"is recorded in main\.welcome\.flac too"):
        PromptLibrary(settings)


def test_two_equal_channels_are_one(settings: Prompts, takes: Path) -> None:
    (takes / "en").mkdir()
    one = tone(LENGTH_S, 48_000, 500, 0.2).samples
    soundfile.write(takes / "en" / "main.welcome.wav", numpy.stack([one, one], axis=1), 48_000)
    soundfile.write(takes / "en" / "main.menu.wav", numpy.stack([one, one * 0.5], axis=1), 48_000)
    report = run(settings, takes)
    assert [each.prompt for each in report.taken] == [WELCOME]
    assert "2 channels" in report.refused[0].problem


def test_the_script_names_every_take_and_import_takes_them_all(settings: Prompts, takes: Path) -> None:
    """What the script asks for is what comes in."""
    (settings.texts / "en.yaml").write_text('main.welcome: "Welcome, \\"all\\"."\nowe: You owe {n:number} parts.\n')
    lines = script(PromptLibrary(settings), ("en", "de"), pieces=False, recorded=True)
    assert [(line.file, line.text, line.within) for line in lines] == [
        ("en/main.welcome.wav", 'Welcome, "all".', ""),
        ("en/owe.part-1.wav", "You owe", "You owe {n:number} parts."),
        ("en/owe.part-2.wav", "parts.", "You owe {n:number} parts."),
        ("de/main.welcome.wav", "Willkommen.", ""),
    ]
    for line in lines:
        take(takes / line.file, duration_s=0.8)
    report = run(settings, takes)
    assert (len(report.taken), report.refused, report.lacking) == (4, (), ())
    assert script(PromptLibrary(settings), ("en", "de"), pieces=False, recorded=False) == ()
    assert [line.recorded for line in script(PromptLibrary(settings), ("en",), pieces=False, recorded=True)] == [
        True
    ] * 3


def test_a_script_is_a_table_or_pages(settings: Prompts) -> None:
    (settings.texts / "de.yaml").write_text("main.welcome: Willkommen, alle.\n")
    lines = script(PromptLibrary(settings), ("en", "de"), pieces=False, recorded=True)
    table = as_csv(lines).splitlines()
    assert table[0] == "key,language,file,text,within,pronounced,recorded"
    assert table[3] == 'main.welcome,de,de/main.welcome.wav,"Willkommen, alle.",,,no'
    pages = as_markdown(lines)
    assert pages.index("# en") < pages.index("> Welcome to the company.") < pages.index("# de")


def test_the_script_says_how_listed_words_are_pronounced(settings: Prompts, tmp_path: Path) -> None:
    (settings.texts / "en.yaml").write_text("main.welcome: SQL by Dr. Nguyen, not sqlite.\n")
    listing = tmp_path / "pronunciation.yaml"
    listing.write_text("en: {sql: sequel, Nguyen: win, of: ov}\n")
    library = PromptLibrary(settings.model_copy(update={"pronunciation": listing}))
    (line,) = script(library, ("en",), pieces=False, recorded=True)
    assert line.pronounced == "SQL: sequel; Nguyen: win"
    assert line.pronounced in as_csv((line,))
    assert "Say: SQL: sequel; Nguyen: win" in as_markdown((line,))


def test_the_pieces_are_in_the_script_where_they_are_asked_for(settings: Prompts) -> None:
    (settings.texts / "en.yaml").write_text("owe: You owe {n:number} parts.\n")
    keys = {line.prompt.key for line in script(PromptLibrary(settings), ("en",), pieces=True, recorded=True)}
    assert {"owe.part-1", "spoken.7", "spoken.thousand"} <= keys
