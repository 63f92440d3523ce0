"""A library with texts that have placeholders wants their parts and the pieces of their kinds, and nothing more."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from calls.errors import PromptError
from calls.settings import Prompts
from calls.switch.port import Prompt
from prompts.audio import decode_ulaw
from prompts.library import PromptLibrary
from prompts.phrases import Fragment, Slot, compose
from prompts.pieces import PAUSE_S
from prompts.rendering import render_all
from prompts.spoken import PAUSE, Kind, vocabulary
from prompts.texts import load_texts, text_faults
from tests.prompts.conftest import FakeSynthesizer, tone

PART = Prompt("sum.part-1", "en")


@pytest.fixture
def templates(settings: Prompts) -> Prompts:
    """One text with a placeholder, in English only."""
    path = settings.texts / "en.yaml"
    path.write_text(path.read_text() + "sum: You owe {amount:money EUR}.\ncode: 'Code: {code:digits}'\n")
    return settings


def test_a_language_without_placeholders_renders_nothing_more(settings: Prompts, templates: Prompts) -> None:
    library = PromptLibrary(templates)
    assert {prompt.key for prompt in library.wanted if prompt.language == "de"} == {"main.welcome"}
    wanted = {prompt.key for prompt in library.wanted if prompt.language == "en"}
    parts = {"main.welcome", "main.menu", "sum.part-1", "code.part-1"}
    assert wanted == parts | vocabulary("en", [Kind.MONEY, Kind.DIGITS], ["EUR"]).keys()
    assert "spoken.usd.other" not in wanted


def test_what_a_flow_may_name_has_no_parts_pieces_or_templates(templates: Prompts) -> None:
    library = PromptLibrary(templates)
    assert library.keys("en") == {"main.welcome", "main.menu"}
    assert library.phrases == {
        "en": {
            "sum": (Fragment("sum.part-1"), Slot("amount", Kind.MONEY, "EUR")),
            "code": (Fragment("code.part-1"), Fragment(PAUSE), Slot("code", Kind.DIGITS)),
        },
        "de": {},
    }
    assert library.untranslated() == tuple(Prompt(key, "de") for key in ("code", "main.menu", "sum"))


def test_what_is_composed_can_be_played(templates: Prompts, fake: FakeSynthesizer) -> None:
    library = PromptLibrary(templates)
    assert render_all(library, fake).failed == ()
    for phrase in library.phrases["en"].values():
        played = compose(phrase, {"amount": "-1234.56", "code": "40 71"}, "en")
        assert all(isinstance(each, Prompt) and library.path(each).is_file() for each in played)
    assert (library.missing(), library.stale(fake.engine), library.unused()) == ((), (), ())


def test_a_pause_is_silence(templates: Prompts, fake: FakeSynthesizer) -> None:
    library = PromptLibrary(templates)
    render_all(library, fake)
    pause = Prompt(PAUSE, "en")
    samples = decode_ulaw(library.path(pause).read_bytes()).samples
    assert (float(abs(samples).max()), library.duration_s(pause)) == (0.0, PAUSE_S)


def test_a_recording_of_a_part_or_a_piece_takes_its_place(templates: Prompts, fake: FakeSynthesizer) -> None:
    assert templates.recorded is not None
    (templates.recorded / "en").mkdir()
    for key in ("sum.part-1", "spoken.34"):
        soundfile.write(templates.recorded / "en" / f"{key}.wav", tone(1.5, 8_000, 600, 0.5).samples, 8_000)
    library = PromptLibrary(templates)
    render_all(library, fake)
    assert {"You owe,", "thirty-four"} & {utterance.text for utterance in fake.spoken} == set()
    assert library.duration_s(PART) == pytest.approx(1.5, abs=0.05)
    assert library.keys("en") == {"main.welcome", "main.menu"}


def test_words_that_a_value_follows_are_spoken_as_if_the_sentence_went_on(
    templates: Prompts, fake: FakeSynthesizer
) -> None:
    path = templates.texts / "en.yaml"
    path.write_text("a: Owed is {n:number} by {day:date}, that is all\nb: At {t:time}; now! {n:number}\n")
    render_all(PromptLibrary(templates), fake)
    assert {"Owed is,", "by,", "that is all", "At,", "now!"} <= {utterance.text for utterance in fake.spoken}


def test_a_recording_of_the_whole_is_refused(templates: Prompts) -> None:
    assert templates.recorded is not None
    (templates.recorded / "en").mkdir()
    path = templates.recorded / "en" / "sum.wav"
    soundfile.write(path, tone(1.0, 8_000, 600, 0.5).samples, 8_000)
    with pytest.raises(PromptError, match=r"has placeholders.*record its parts instead: sum\.part-1\.wav") as caught:
        PromptLibrary(templates)
    assert caught.value.where.file == path


def test_a_text_takes_the_place_of_a_piece(templates: Prompts, fake: FakeSynthesizer) -> None:
    path = templates.texts / "en.yaml"
    path.write_text(path.read_text() + "spoken.eur.other: Euro\n")
    render_all(PromptLibrary(templates), fake)
    spoken = {utterance.text for utterance in fake.spoken}
    assert "Euro" in spoken
    assert "euros" not in spoken


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("b: '{'\n", "b", "brace stands alone"),
        ("b: '{}'\n", "b", "braces are empty"),
        ("b: You owe {n:euro}\n", "b", "the kind 'euro' is not known; expected one of number"),
        ("b: You owe {n:number}\nb.part-1: x\n", "b", "its part 'b.part-1' is written as a key too"),
        (f"{'b' * 95}: You owe {{n:number}}\n", "b" * 95, "too long for a key"),
    ],
)
def test_a_fault_in_a_placeholder_names_line_and_key(tmp_path: Path, text: str, key: str, said: str) -> None:
    path = tmp_path / "en.yaml"
    path.write_text(f"a: one\n{text}c: '}}'\n")
    with pytest.raises(PromptError, match=said) as caught:
        load_texts(tmp_path, ["en"])
    assert (caught.value.where.file, caught.value.where.line, caught.value.where.key) == (path, 2, key)
    assert [fault.where.key for fault in text_faults(tmp_path, ["en"])] == [key, "c"]
