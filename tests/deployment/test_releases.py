"""A release is installed beside the last one, and asked how it is."""

from __future__ import annotations

import http.server
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployment.files import DOCKER, ROOT


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A small source tree, and a ``make`` that makes an empty environment as fast as it can."""
    tree = tmp_path / "src"
    (tree / "docker").mkdir(parents=True)
    shutil.copy(DOCKER / "install-release", tree / "docker")
    for package in ("calls", "console", "dialer", "dialplans", "ivr", "prompts"):
        (tree / package).mkdir()
        (tree / package / "__init__.py").write_text("")
    for module in ("calls/settings.py", "dialplans/asterisk.py", "prompts/rendering.py"):
        (tree / module).write_text("")
    (tree / "console" / "main.py").write_text("def run():\n    print('first')\n")
    (tree / "requirements.lock").write_text("")
    (tree / "pyproject.toml").write_text('version = "1.2.3"\n')
    make = tmp_path / "bin" / "make"
    make.parent.mkdir()
    make.write_text(
        f'#!/bin/sh\n[ "$4" = env ] || exit 9\n[ -z "$FAIL" ] || exit 1\n'
        f'exec "{sys.executable}" -m venv --without-pip "${{5#VENV=}}"\n'
    )
    make.chmod(0o755)
    return tree


def install(sources: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    path = f"{sources.parent / 'bin'}:/usr/bin:/bin"
    return subprocess.run(
        [sources / "docker" / "install-release", *arguments],
        capture_output=True,
        text=True,
        env={"PATH": path, **env},
        check=False,
    )


def said(prefix: Path, link: str = "current") -> str:
    done = subprocess.run(
        [prefix / link / "venv/bin/callwright"], capture_output=True, text=True, check=True, cwd="/"
    )
    return done.stdout.strip()


def test_a_release_stands_beside_the_last_one_and_one_can_go_back(sources: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "opt"
    first = install(sources, str(prefix))
    assert first.returncode == 0, first.stderr
    assert re.fullmatch(rf"{prefix}/releases/1\.2\.3-[0-9a-f]{{8}}\n", first.stdout)
    assert said(prefix) == "first"
    assert install(sources, str(prefix)).stdout == first.stdout
    assert not (prefix / "previous").exists()
    (sources / "console" / "main.py").write_text("def run():\n    print('second')\n")
    kept = install(sources, "--keep-current", str(prefix))
    assert (kept.returncode, said(prefix)) == (0, "first")
    assert install(sources, str(prefix)).returncode == 0
    assert (said(prefix), said(prefix, "previous")) == ("second", "first")
    # Going back, as docs/deployment.md has it.
    subprocess.run(["sh", "-euc", back()], check=True, cwd=prefix)
    assert said(prefix) == "first"


def back() -> str:
    """The commands of docs/deployment.md between its marks."""
    found = re.search(
        r"```sh\n# go back\ncd /opt/callwright\n(.*?)```", (ROOT / "docs/deployment.md").read_text(), re.DOTALL
    )
    assert found is not None
    return found[1]


def test_a_release_that_fails_leaves_the_old_one(sources: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "opt"
    install(sources, str(prefix))
    before = sorted(path.name for path in (prefix / "releases").iterdir())
    for break_it in ("make", "syntax"):
        (sources / "console" / "main.py").write_text("def run(:\n" if break_it == "syntax" else "x = 1\n")
        failed = install(sources, str(prefix), **({"FAIL": "1"} if break_it == "make" else {}))
        assert failed.returncode != 0
        assert sorted(path.name for path in (prefix / "releases").iterdir()) == before
        assert said(prefix) == "first"


@pytest.mark.parametrize("arguments", [[], ["relative/path"], ["/a", "/b"]])
def test_wrong_use_is_told(sources: Path, arguments: list[str]) -> None:
    done = install(sources, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "PREFIX" in done.stderr


class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/livez" else 503)
        self.end_headers()
        self.wfile.write(b"what it is")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def health() -> Iterator[int]:
    with http.server.HTTPServer(("127.0.0.1", 0), Health) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def probe(*arguments: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, DOCKER / "probe", *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_probe_ends_as_the_page_answers(health: int) -> None:
    assert probe(f"http://127.0.0.1:{health}/livez") == (0, "200 what it is\n")
    assert probe(f"http://127.0.0.1:{health}/readyz") == (1, "503 what it is\n")


def test_a_probe_of_nobody_fails_and_says_why() -> None:
    status, text = probe("http://127.0.0.1:1/livez")
    assert status == 1
    assert "refused" in text
    assert probe() == (2, "probe http://HOST:PORT/PATH\n")
    assert probe("file:///etc/passwd")[0] == 2
