"""docker/fetch-asterisk without a network: what it reads of the machine, and how it fails."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "docker/fetch-asterisk"
SOURCES = SCRIPT.with_name("apt-sources.awk")
TOOLS = ("bash", "sh", "dirname", "sed", "awk", "mkdir", "rm", "flock", "tar", "cat", "grep", "head", "printf", "env")


def fetch(*arguments: str | Path, path: str | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the script."""
    environment = dict(os.environ) if path is None else dict(os.environ) | {"PATH": path}
    return subprocess.run(
        [shutil.which("bash") or "bash", SCRIPT, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment,
    )


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """The etc/apt of another root."""
    folder = tmp_path / "root/etc/apt/sources.list.d"
    folder.mkdir(parents=True)
    return folder.parent


def read_sources(*files: Path) -> list[list[str]]:
    """The sources that the awk script finds."""
    done = subprocess.run(["awk", "-f", SOURCES, *files], capture_output=True, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def test_the_one_line_format_is_read(etc: Path) -> None:
    file = etc / "sources.list"
    file.write_text(
        "# deb http://old.example/debian buster main\n"
        "deb http://mirror.example/debian bookworm main contrib # the mirror\n"
        "deb [ arch=amd64 signed-by=/k/a.gpg,/k/b.gpg ] http://m.example/debian-security bookworm-security main\n"
        "deb-src http://mirror.example/debian bookworm main\n"
        "\n"
        "deb [signed-by=/k/c.gpg] https://other.example/linux/debian bookworm stable\n"
    )
    assert read_sources(file) == [
        ["http://mirror.example/debian", "bookworm", "main contrib", ""],
        ["http://m.example/debian-security", "bookworm-security", "main", "/k/a.gpg /k/b.gpg"],
        ["https://other.example/linux/debian", "bookworm", "stable", "/k/c.gpg"],
    ]


def test_the_stanza_format_is_read(etc: Path) -> None:
    first, second = etc / "sources.list.d/debian.sources", etc / "sources.list.d/other.sources"
    first.write_text(
        "Types: deb deb-src\n# a comment\nURIs: http://mirror.example/debian\nSuites: trixie trixie-updates\n"
        "Components: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.pgp\n\n"
        "Types: deb-src\nURIs: http://sources.example/debian\nSuites: trixie\nComponents: main\n\n"
        "Types: deb\nURIs: http://off.example/debian\nSuites: trixie\nComponents: main\nEnabled: no\n"
    )
    second.write_text(
        "types: deb\nuris: http://one.example/debian http://two.example/debian\nsuites:\n trixie\ncomponents: main\n"
        "signed-by:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc=\n -----END PGP PUBLIC KEY BLOCK-----"
    )
    key = "|-----BEGIN PGP PUBLIC KEY BLOCK-----|.|abc=|-----END PGP PUBLIC KEY BLOCK-----"
    assert read_sources(first, second) == [
        [
            "http://mirror.example/debian",
            "trixie trixie-updates",
            "main",
            "/usr/share/keyrings/debian-archive-keyring.pgp",
        ],
        ["http://two.example/debian", " trixie", "main", key],
        ["http://one.example/debian", " trixie", "main", key],
    ]


def test_without_apt_it_says_so(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None, tool
        (tools / tool).symlink_to(found)
    done = fetch("16", tmp_path / "pbx", path=str(tools))
    assert done.returncode == 3
    assert done.stderr == "fetch-asterisk: no apt-get on this machine: an Asterisk cannot be fetched here\n"
    assert done.stdout == ""


@pytest.mark.parametrize(
    "text",
    ["", "deb http://archive.example/ubuntu noble main\n", "deb https://x.example/linux/debian bookworm stable\n"],
)
def test_without_a_debian_mirror_it_says_so(etc: Path, tmp_path: Path, text: str) -> None:
    (etc / "sources.list").write_text(text)
    done = fetch("--root", tmp_path / "root", "16", tmp_path / "pbx")
    assert done.returncode == 3
    assert "no Debian mirror among its sources" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_mirror_that_is_not_there_is_told(etc: Path, tmp_path: Path) -> None:
    (etc / "sources.list").write_text("deb [trusted=yes] file:/nowhere/debian bookworm main\n")
    done = fetch("--root", tmp_path / "root", "16", tmp_path / "pbx")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "fetch-asterisk: Asterisk 16 could not be fetched"
    assert "apt: E" in done.stderr
    assert sorted(path.name for path in (tmp_path / "pbx").iterdir()) == ["lock"], "nothing half done is left"


def test_both_versions_are_tried_where_none_is_named(etc: Path, tmp_path: Path) -> None:
    (etc / "sources.list").write_text("deb file:/nowhere/debian bookworm main\n")
    (tmp_path / "work").mkdir()
    done = fetch("--root", tmp_path / "root", tmp_path / "pbx")
    assert done.returncode == 1
    assert "cannot be had from this machine's mirror: trying 22" in done.stderr
    assert done.stderr.splitlines()[-1] == "fetch-asterisk: Asterisk 22 could not be fetched"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder where everything stands already."""
    folder = tmp_path / "pbx"
    for name in ("asterisk-16", "sipp", "espeak", "flite"):
        (folder / name).mkdir(parents=True)
        (folder / name / "run").write_text("#!/bin/sh\n")
        (folder / name / "run").chmod(0o755)
        (folder / name / "complete").touch()
    (folder / "espeak/env").touch()
    return folder


def test_two_at_once_wait_for_each_other(etc: Path, tmp_path: Path, home: Path) -> None:
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with subprocess.Popen(
            ["bash", SCRIPT, "--root", tmp_path / "root", "16", home],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as second:
            assert second.stderr is not None
            assert second.stderr.readline() == f"fetch-asterisk: waiting for another fetch into {home}\n"
            assert second.poll() is None
            fcntl.flock(lock, fcntl.LOCK_UN)
            assert second.communicate(timeout=30)[0].splitlines()[0] == f"asterisk={home}/asterisk-16"
    assert second.returncode == 0


def test_an_espeak_whose_project_was_moved_is_fetched_anew(etc: Path, tmp_path: Path, home: Path) -> None:
    (home / "espeak/env").write_text("ESPEAK_DATA_PATH=/elsewhere/espeak/usr/lib\n")
    done = fetch("--root", tmp_path / "root", "16", home)
    assert done.returncode == 1 or "/elsewhere" not in (home / "espeak/env").read_text(), "or the machine's own"
    (home / "espeak/env").write_text(f"ESPEAK_DATA_PATH={home}/espeak/usr/lib\n")
    assert fetch("--root", tmp_path / "root", "16", home).returncode == 0


def test_what_stands_is_found_again_with_no_network(etc: Path, tmp_path: Path, home: Path) -> None:
    for version in (["16"], []):
        done = fetch("--root", tmp_path / "root", *version, home)
        assert done.returncode == 0, done.stderr
        found = dict(line.split("=") for line in done.stdout.splitlines())
        assert found == {
            "asterisk": str(home / "asterisk-16"),
            "sipp": str(home / "sipp"),
            "espeak": str(home / "espeak"),
        }
    spoken = fetch("--root", tmp_path / "root", "--voices", home)
    assert spoken.stdout.splitlines()[-1] == f"flite={home}/flite"
    (home / "flite/complete").unlink()
    assert fetch("--root", tmp_path / "root", home).returncode == 0, "nobody asked for its voices"
    assert fetch("--root", tmp_path / "root", "--voices", home).returncode == 3
    (home / "asterisk-16/complete").unlink()
    assert fetch("--root", tmp_path / "root", "16", home).returncode == 3, "what is not complete is not taken"


@pytest.mark.parametrize("arguments", [["18"], ["--help"], ["16", "a", "b"]])
def test_wrong_use_is_told(arguments: list[str]) -> None:
    done = fetch(*arguments)
    assert done.returncode == 2
    assert "docker/fetch-asterisk" in done.stderr


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = fetch("16", tmp_path / "file/pbx")
    assert done.returncode == 1
    assert done.stderr == f"fetch-asterisk: cannot make the folder {tmp_path}/file/pbx\n"
