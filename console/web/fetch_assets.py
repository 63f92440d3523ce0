"""Gets what stands in ``assets.toml`` from npm: ``python -m console.web.fetch_assets [--dev FOLDER]``.

``npm pack`` fetches each package by name and version, from the registry that npm is set up with, and runs none of its
scripts. What came is held against the lock's integrity before anything of it is read. A folder is whole or not there.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from console.web.assets import COMPLETE, VENDOR, AssetError, Package, lock_digest, read_lock

FETCH_S = 300.0
LONGEST = 20_000_000
"""Bytes of a file that is kept: ten times the longest of them."""


def unpack(package: Package, archive: bytes, into: Path) -> None:
    """Write the files of ``package`` that are kept.

    Raises:
        AssetError: the archive is not the lock's, or lacks a file.
    """
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode("ascii")
    if not hmac.compare_digest(found, package.integrity):
        raise AssetError(
            f"{package.name} {package.version} is not what the lock names: {found} came, {package.integrity} was"
            " expected. Find out why before you change the lock"
        )
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for inside, name in package.files.items():
            try:
                member = tar.getmember(f"package/{inside}")
            except KeyError:
                raise AssetError(f"{package.name} {package.version} has no file {inside}") from None
            stream = tar.extractfile(member) if member.isfile() and member.size <= LONGEST else None
            if stream is None:
                raise AssetError(f"{package.name} {package.version}: {inside} is no file, or too long")
            (into / name).write_bytes(stream.read())


def pack(package: Package, folder: Path) -> bytes:
    """The archive of the package, by npm.

    Raises:
        AssetError: there is no npm, or it failed.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise AssetError("there is no npm on this machine: `make env` gets one from PyPI (requirements-node.lock)")
    wanted = f"{package.name}@{package.version}"
    command = [npm, "pack", wanted, "--ignore-scripts", "--loglevel=error", "--pack-destination", str(folder)]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=FETCH_S, check=False)
    except subprocess.TimeoutExpired:
        raise AssetError(f"npm did not bring {wanted} within {FETCH_S:.0f} s") from None
    if done.returncode:
        raise AssetError(f"npm could not bring {wanted}: {done.stderr.strip() or done.stdout.strip()}")
    return (folder / done.stdout.split()[-1]).read_bytes()


def fetch(into: Path, *, dev: bool) -> None:
    """Get the packages that pages load, or with ``dev`` those that only their tests do, and put the folder ``into``
    in its place.

    Raises:
        AssetError: it could not be done; ``into`` is as it was.
    """
    into = into.absolute()
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into.parent, prefix=f".{into.name}-") as temporary:
        made, archives = Path(temporary) / "made", Path(temporary) / "archives"
        made.mkdir()
        archives.mkdir()
        for package in read_lock().packages:
            if package.dev is dev:
                unpack(package, pack(package, archives), made)
        (made / COMPLETE).write_text(f"{lock_digest()}\n", encoding="ascii")
        made.chmod(0o755)
        if into.exists():
            os.rename(into, Path(temporary) / "old")
        os.rename(made, into)


def main() -> int:
    """The exit status."""
    options = argparse.ArgumentParser(prog="python -m console.web.fetch_assets")
    options.add_argument("--dev", type=Path, metavar="FOLDER", help="get what only tests need, into FOLDER")
    dev: Path | None = options.parse_args().dev
    try:
        fetch(VENDOR if dev is None else dev, dev=dev is not None)
    except AssetError as problem:
        sys.stderr.write(f"fetch-assets: {problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
