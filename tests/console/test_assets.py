"""What pages load: the lock of npm's packages, what comes of one that is not the lock's, and how browsers keep it."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import tarfile
from pathlib import Path

import pytest

from calls.settings import load
from console.web import fetch_assets
from console.web.assets import COMPLETE, VENDOR, AssetError, Assets, Package, lock_digest, read_lock
from tests.console.browser import Browser
from tests.console.served import install


def archive(files: dict[str, bytes]) -> bytes:
    """What npm packs."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("package/link.js")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    return stream.getvalue()


def package(content: bytes, files: dict[str, str]) -> Package:
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    return Package(name="lamp", version="1.2.3", integrity=integrity, files=files)


def test_what_is_not_the_locks_is_not_unpacked(tmp_path: Path) -> None:
    good = archive({"lamp.js": b"on", "more.js": b"?"})
    fetch_assets.unpack(package(good, {"lamp.js": "l.js"}), good, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"l.js": b"on"}
    for content, files, words in (
        (archive({"lamp.js": b"off"}), {"lamp.js": "l.js"}, "is not what the lock names"),
        (good, {"none.js": "n.js"}, "has no file none.js"),
        (good, {"link.js": "k.js"}, "link.js is no file"),
    ):
        with pytest.raises(AssetError, match=words):
            fetch_assets.unpack(package(good, files), content, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["l.js"]


def test_a_fetch_that_fails_leaves_what_there_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(package: Package, folder: Path) -> bytes:
        raise AssetError("npm is away")

    into = tmp_path / "vendor"
    into.mkdir()
    (into / "old.js").write_bytes(b"old")
    monkeypatch.setattr(fetch_assets, "pack", fail)
    with pytest.raises(AssetError):
        fetch_assets.fetch(into, dev=False)
    assert [path.name for path in tmp_path.iterdir()] == ["vendor"]
    assert (into / "old.js").read_bytes() == b"old"


def test_without_npm_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AssetError, match="make env"):
        fetch_assets.pack(read_lock().packages[0], tmp_path)


def test_a_console_without_its_packages_says_how_to_get_them(tmp_path: Path) -> None:
    missing = Assets(tmp_path)
    assert str(tmp_path) in missing.problem and "make env" in missing.problem
    assert missing.get("style.css") is not None and missing.get("vendor/htm-preact.js") is None
    (tmp_path / COMPLETE).write_text("0" * 64)
    with pytest.raises(AssetError, match="another lock"):
        Assets(tmp_path).require()


def test_what_was_fetched_is_what_the_lock_says() -> None:
    assert (VENDOR / COMPLETE).read_text().strip() == lock_digest()
    kept = {name for each in read_lock().packages if not each.dev for name in each.files.values()}
    assert {path.name for path in VENDOR.iterdir()} == {*kept, COMPLETE}


def test_a_browser_keeps_files_for_ever_and_asks_again_after_a_change(tmp_path: Path) -> None:
    with Browser(load(install(tmp_path, render=False), {})) as browser:
        page = browser.get("/log-in").text
        found = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
        assert {path.rsplit("/", 1)[1] for path in found} == {"icon.svg", "style.css", "base.js"}
        for path in found:
            answer = browser.get(path)
            assert (answer.status_code, answer.headers["cache-control"]) == (
                200,
                "public, max-age=31536000, immutable",
            )
        digest = found[0].split("/")[2]
        for name, kind in (("vendor/htm-preact.js", "text/javascript"), ("style.css", "text/css")):
            assert browser.get(f"/static/{digest}/{name}").headers["content-type"].startswith(kind)
        old = browser.get("/static/0123456789abcdef/style.css")
        assert (old.status_code, old.headers["cache-control"]) == (200, "no-store")
        for path in ("vendor/complete", "../assets.toml", "none.js", "vendor/axe.js"):
            assert browser.get(f"/static/{digest}/{path}").status_code == 404
