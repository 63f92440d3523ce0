"""Texts are refused with file, line, key and what was expected, never repaired."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls.errors import PromptError
from calls.switch.port import Prompt
from prompts.texts import MAX_TEXT, PromptText, load_texts, text_faults


def write(folder: Path, text: str | bytes, language: str = "en") -> Path:
    path = folder / f"{language}.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_texts_are_read_with_their_place(tmp_path: Path) -> None:
    path = write(tmp_path, "# prompts\nmain.welcome: Welcome.\nbye: >\n  Good\n  bye,\n\n  caller.\n")
    texts = load_texts(tmp_path, ["en"])
    assert {prompt.key: each.text for prompt, each in texts.items()} == {
        "main.welcome": "Welcome.",
        "bye": "Good bye, caller.",
    }
    assert str(texts[Prompt("bye", "en")].where) == f"{path}:3: bye"


@pytest.mark.parametrize(
    ("text", "line", "key", "said"),
    [
        ("a: one\nb: two\na: three\n", 3, None, 'duplicate key "a"'),
        ("a: one\nMain: two\n", 2, "Main", "a-z 0-9"),
        ("a: one\n../b: two\n", 2, "../b", "a-z 0-9"),
        ("a: one\n.b: two\n", 2, ".b", "dot"),
        ("a: one\nb: 42\n", 2, "b", "found 'int'"),
        ("a: one\nb: true\n", 2, "b", "found 'bool'"),
        ("a: one\nb:\n", 2, "b", "found 'null'"),
        ("a: one\nb: 2026-12-01\n", 2, "b", "found 'timestamp'"),
        ("a: one\nb: 2026-99-99\n", 2, "b", "found 'timestamp'"),
        ("a: one\nb: !!bool maybe\n", 2, "b", "found 'bool'"),
        ("a: one\nb: 0x_\n", 2, "b", "found 'int'"),
        ("a: one\n!!int x: two\n", 2, "x", "a-z 0-9"),
        ("a: one\n<<: {c: d}\n", 2, "<<", "a-z 0-9"),
        ("a: one\n? [b]\n: two\n", 2, None, "a-z 0-9"),
        ('a: one\nb: "\\U99999999"\n', None, None, "is not YAML"),
        ("[" * 3_000, None, None, "nested too deeply"),
        ("!!omap [a: b]\n", 1, None, "key: text"),
        ("a: one\n7: two\n", 2, "7", "a-z 0-9"),
        ("a: one\nb:\n  c: d\n", 2, "b", "dotted keys"),
        ("a: one\nb: [c]\n", 2, "b", "dotted keys"),
        ("a: one\nb: ''\n", 2, "b", "empty"),
        ('a: one\nb: "two\\0"\n', 2, "b", "U+0000"),
        ('a: one\nb: "two\\u2028"\n', 2, "b", "U+2028"),
        (f"a: one\nb: {'x' * (MAX_TEXT + 1)}\n", 2, "b", f"at most {MAX_TEXT}"),
        ("a: one\nb: 'two\n", 3, None, "is not YAML"),
        ("- a\n- b\n", 1, None, "key: text"),
        ("", 1, None, "key: text"),
        (b"a: one\nb: \xff\n", 2, None, "not UTF-8"),
    ],
)
def test_a_fault_names_its_line_and_key(
    tmp_path: Path, text: str | bytes, line: int | None, key: str | None, said: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(PromptError) as caught:
        load_texts(tmp_path, ["en"])
    where = caught.value.where
    assert (where.file, where.line) == (path, line)
    assert key is None or where.key in (key, repr(key))
    assert said in caught.value.problem


def test_a_missing_file_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="key: text") as caught:
        load_texts(tmp_path, ["en"])
    assert caught.value.where.file == tmp_path / "en.yaml"


def test_a_language_cannot_lead_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="not a tag"):
        load_texts(tmp_path, ["../en"])


def test_all_faults_of_all_files_are_told(tmp_path: Path) -> None:
    write(tmp_path, "A: one\nb: 2\nc: three\n")
    write(tmp_path, "d: ''\n", "de")
    found = [
        (fault.where.file and fault.where.file.name, fault.where.line)
        for fault in text_faults(tmp_path, ["en", "de"])
    ]
    assert found == [("en.yaml", 1), ("en.yaml", 2), ("de.yaml", 1)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.text("ab:-\n [{'\"&*!|>#,}] \t0", max_size=80).map(str.encode))
def test_garbage_gives_texts_or_a_prompt_error(tmp_path: Path, data: bytes) -> None:
    write(tmp_path, data)
    try:
        texts = load_texts(tmp_path, ["en"])
    except PromptError as fault:
        assert fault.where.file == tmp_path / "en.yaml"
    else:
        assert all(isinstance(each, PromptText) and each.text.strip() for each in texts.values())
