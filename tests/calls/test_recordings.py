"""A recording's name never leads out of the folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.errors import RecordingError
from calls.recordings import RecordingFiles

OUTSIDE = [
    "..",
    "../secret",
    "%2e%2e/secret",
    "%2e%2e%2fsecret",
    "/etc/passwd",
    "a/b",
    "a\0",
    "a\n",
    "",
    "a" * 65,
    "ä",
]


def test_a_name_is_a_file_of_the_folder(tmp_path: Path) -> None:
    files = RecordingFiles(tmp_path)
    assert files.path("call-1_m") == tmp_path / "call-1_m.wav"
    assert files.size("call-1_m") is None and not files.delete("call-1_m")
    files.path("call-1_m").write_bytes(b"RIFF")
    assert files.size("call-1_m") == 4 and files.delete("call-1_m")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_other_name_becomes_a_path(tmp_path: Path, name: str) -> None:
    files = RecordingFiles(tmp_path)
    for touch in (files.path, files.size, files.delete):
        with pytest.raises(RecordingError, match="no recording's id"):
            touch(name)


@given(st.text(max_size=80))
def test_whatever_is_taken_lies_in_the_folder(name: str) -> None:
    folder = Path("/var/rec")
    try:
        path = RecordingFiles(folder).path(name)
    except RecordingError:
        return
    assert path.parent == folder and Path(os.path.normpath(path)) == path


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s", encoding="utf-8")
    folder = tmp_path / "rec"
    folder.mkdir()
    (folder / "file.wav").symlink_to(secret)
    (folder / "dangling.wav").symlink_to(tmp_path / "nothing")
    (folder / "folder.wav").mkdir()
    files = RecordingFiles(folder)
    for name in ("file", "dangling", "folder"):
        for touch in (files.path, files.size, files.delete):
            with pytest.raises(RecordingError, match="links and folders"):
                touch(name)
    assert secret.read_text(encoding="utf-8") == "s"
    assert list(files.older_than(2e12)) == []


def test_only_old_recordings_are_old(tmp_path: Path) -> None:
    files = RecordingFiles(tmp_path)
    for name, at_s in (("old", 1_000), ("new", 3_000)):
        files.path(name).write_bytes(b"")
        os.utime(files.path(name), (at_s, at_s))
    (tmp_path / "notes.txt").write_text("", encoding="utf-8")
    (tmp_path / "not an id.wav").write_text("", encoding="utf-8")
    assert list(files.older_than(2_000)) == ["old"]
    assert list(RecordingFiles(tmp_path / "nowhere").older_than(2_000)) == []
