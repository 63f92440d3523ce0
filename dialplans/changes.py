"""Changes of files: what they hold and will hold, shown as a difference with no secret in it, and done whole."""

from __future__ import annotations

import difflib
import os
import re
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from calls.errors import Location, UserError

TOKEN = re.compile(r"(\?token=)[^,)\s]+")
SECRET = re.compile(r"(\s*(?:secret|password|md5_cred)\s*=>?)[^\r\n]*", re.IGNORECASE)
"""Lines of manager.conf and pjsip.conf whose value nobody may read over a shoulder."""
XML_SECRET = re.compile(r'(cw_token=|name="password" value=")[^"]*')
"""The same of FreeSWITCH's files."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file: what it holds and what it will hold (None: there is no file)."""

    path: Path
    before: bytes | None
    after: bytes | None
    note: str = ""
    """Why nothing is done about it, where that is so."""

    @property
    def difference(self) -> str:
        """The change as a unified difference; secrets in files of ours are not shown."""
        old, new = (_lines(text) for text in (self.before, self.after))
        names = (
            "/dev/null" if self.before is None else str(self.path),
            "/dev/null" if self.after is None else str(self.path),
        )
        return "".join(difflib.unified_diff(old, new, *names))


@dataclass(frozen=True, slots=True)
class Plan:
    """What an install or an uninstall would do in ``folder``."""

    folder: Path
    changes: tuple[Change, ...]
    kept: tuple[Change, ...] = ()
    """Files that an uninstall leaves alone because they were changed since; each says so in its note."""

    @property
    def difference(self) -> str:
        """Every change as a unified difference; "" where there is nothing to do."""
        return "".join(change.difference for change in self.changes)


def read_file(path: Path) -> bytes | None:
    """What a plain file holds; None where there is none.

    Raises:
        UserError: it cannot be read, or is not a plain file.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UserError("is not a plain file", Location(path))
        return path.read_bytes()
    except FileNotFoundError:
        if path.is_symlink():
            raise UserError("is a link to nothing", Location(path)) from None
        return None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", Location(path)) from error


def write_file(path: Path, data: bytes, mode: int) -> None:
    """Replace a file whole; one that is there keeps its mode and owner, a new one gets ``mode`` and the folder's
    owner (Asterisk must read it)."""
    target = path.resolve()
    known = target.stat() if target.exists() else None
    owner = known or target.parent.stat()
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), stat.S_IMODE(known.st_mode) if known else mode)
            if os.geteuid() == 0:
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _lines(text: bytes | None) -> list[str]:
    shown = (text or b"").decode("utf-8", "replace").splitlines(keepends=True)
    hidden = [_without_secret(line) for line in shown]
    return [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in hidden]


def _without_secret(line: str) -> str:
    return XML_SECRET.sub(r"\1********", TOKEN.sub(r"\1********", SECRET.sub(r"\1 ********", line)))
