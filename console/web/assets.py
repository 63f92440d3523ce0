"""What pages load beside their HTML: our own scripts and style, and what stands in the lock ``assets.toml``.

Its packages come from npm when Callwright is built, into the folder ``vendor`` beside this file, and are never
committed. Pages name what they load with a digest of all of it in the path, so that a browser may keep it for ever.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI, Response
from pydantic import BaseModel, ConfigDict, Field

from calls.errors import CallwrightError

HERE = Path(__file__).parent
LOCK = HERE / "assets.toml"
STATIC = HERE / "static"
VENDOR = HERE / "vendor"
COMPLETE = "complete"
"""The file in ``vendor`` that holds the digest of the lock that its packages were fetched by."""

FOR_EVER = "public, max-age=31536000, immutable"
"""Source: RFC 8246."""

TYPES: Mapping[str, str] = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


class AssetError(CallwrightError):
    """What pages load is not there, or is not what the lock says."""


class Package(BaseModel):
    """A package of npm. ``integrity``: of its archive. ``files``: those that are kept, and as what. ``dev``: only for
    tests."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(pattern=r"^(@[a-z0-9-]+/)?[a-z0-9._-]+$")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+[0-9A-Za-z.-]*$")
    integrity: str = Field(pattern=r"^sha512-[A-Za-z0-9+/]{86}==$")
    files: dict[str, str]
    dev: bool = False


class Lock(BaseModel):
    """All of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    packages: tuple[Package, ...]


def read_lock() -> Lock:
    """The lock."""
    return Lock.model_validate(tomllib.loads(LOCK.read_text(encoding="utf-8")))


def lock_digest() -> str:
    """What stands for the lock as it is."""
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    content: bytes
    media_type: str


class Assets:
    """All files, read once. ``problem``: what lacks, and what to do about it; "" where nothing does."""

    def __init__(self, vendor: Path = VENDOR) -> None:
        self._files = {path.name: _asset(path) for path in sorted(STATIC.iterdir()) if path.suffix in TYPES}
        self.problem = _problem(vendor)
        if not self.problem:
            kept = sorted(
                name for package in read_lock().packages if not package.dev for name in package.files.values()
            )
            self._files |= {f"vendor/{name}": _asset(vendor / name) for name in kept}
        whole = hashlib.sha256()
        for name, asset in sorted(self._files.items()):
            whole.update(f"{name}\0{hashlib.sha256(asset.content).hexdigest()}\n".encode())
        self.digest = whole.hexdigest()[:16]

    def require(self) -> None:
        """
        Raises:
            AssetError: the packages of npm are not there, and a page with scripts would be empty.
        """
        if self.problem:
            raise AssetError(self.problem)

    def url(self, name: str) -> str:
        """Where a page finds the file.

        Raises:
            KeyError: there is none of this name.
        """
        if name not in self._files and not (self.problem and name.startswith("vendor/")):
            raise KeyError(f"no file {name!r} in {STATIC} or {VENDOR}")
        return f"/static/{self.digest}/{name}"

    def get(self, name: str) -> Asset | None:
        """The file, None where there is none."""
        return self._files.get(name)


def add(app: FastAPI, assets: Assets) -> None:
    """Add the route. A page of an earlier release, still open, gets what there is now, not to be kept."""

    @app.get("/favicon.ico")
    async def icon() -> Response:
        return await static("", "icon.svg")  # what browsers ask for where no page says otherwise

    @app.get("/static/{digest}/{name:path}")
    async def static(digest: str, name: str) -> Response:
        asset = assets.get(name)
        if asset is None:
            return Response(f"there is no {name}\n", 404, media_type="text/plain")
        kept = FOR_EVER if digest == assets.digest else "no-store"
        return Response(asset.content, headers={"Cache-Control": kept}, media_type=asset.media_type)


def _asset(path: Path) -> Asset:
    return Asset(path.read_bytes(), TYPES[path.suffix])


def _problem(vendor: Path) -> str:
    mend = "run `make env`, or `python -m console.web.fetch_assets`"
    try:
        fetched = (vendor / COMPLETE).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return f"what the pages' scripts need is not at {vendor}: {mend}"
    if fetched != lock_digest():
        return f"what the pages' scripts need was fetched by another lock than {LOCK}: {mend}"
    return ""
