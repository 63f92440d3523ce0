"""Installing the include files beside an administrator's own configuration, and taking them out again.

Two kinds of change are made to a configuration folder: our own files are written, and one ``#tryinclude`` line is
added to the end of a file of the administrator's for each of them but the relay's. Under FreePBX, which rewrites its
files, the line goes into the ``*_custom.conf`` file that FreePBX leaves alone. :func:`plan` says what would change,
as a difference;
:func:`apply` does it, after a copy of every file that is touched and with a manifest of what it found and left;
:func:`uninstall` puts back what was there, byte for byte, and leaves a file alone that was changed since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from calls.errors import Location, UserError
from dialplans import callcenter
from dialplans.asterisk import MODE, mode_of
from dialplans.changes import Change, Plan, read_file, write_file
from dialplans.values import RELAY

STATE = "callwright"
"""The folder of ours in the configuration folder: the manifest and the copies of what was there."""

MANIFEST = "manifest.json"
MANIFEST_VERSION = 1

INCLUDED_BY = ("extensions", "manager", "confbridge", "musiconhold")
"""The files of Asterisk that ours are included by."""

MARK = "; Callwright's part; taken out by: callwright dialplans uninstall"


def plan(folder: Path, files: Mapping[str, str]) -> Plan:
    """What installing ``files`` (as ``dialplans.asterisk.render`` gives them) into ``folder`` would change.

    Raises:
        UserError: the folder is no Asterisk configuration, or holds something that is not understood.
    """
    _check_folder(folder)
    changes = []
    for name, text in sorted(files.items()):
        path = folder / name
        changes.append(Change(path, read_file(path), text.encode("utf-8")))
        if name.startswith(f"{RELAY}_"):
            continue
        host = _host(folder, name)
        before = read_file(host)
        changes.append(Change(host, before, _with_include(host, before or b"", name)))
    return Plan(folder, tuple(change for change in changes if change.before != change.after))


def plan_freeswitch(folder: Path, files: Mapping[str, str]) -> Plan:
    """What installing ``files`` (as ``dialplans.freeswitch.render`` gives them) into ``folder`` would change.

    FreeSWITCH's own configuration includes every file of the folders in which ours lie, so that nothing else is
    touched.

    Raises:
        UserError: the folder is no FreeSWITCH configuration, or is one that includes no such files.
    """
    _check_freeswitch(folder, files)
    if callcenter.FILE in files:
        _refuse_other_queues(folder)
    changes = [Change(folder / name, read_file(folder / name), text.encode("utf-8")) for name, text in files.items()]
    return Plan(folder, tuple(change for change in changes if change.before != change.after))


def apply(todo: Plan) -> None:
    """Carry out an install's plan: every file whole or not at all, with copies and a manifest first.

    Raises:
        UserError: a file has changed since the plan was made, or cannot be written. What was written before that is
            in the manifest: ``uninstall`` takes it out.
    """
    if not todo.changes:
        return
    _check_unchanged(todo)
    state = todo.folder / STATE
    manifest = _read_manifest(todo.folder)
    try:
        state.mkdir(mode=0o700, exist_ok=True)
        for change in todo.changes:
            _remember(state, manifest, change)
        write_file(state / MANIFEST, _manifest_bytes(manifest), 0o600)
        for change in todo.changes:
            assert change.after is not None
            write_file(change.path, change.after, mode_of(change.path.name))
    except OSError as error:
        raise UserError(
            f"cannot be written: {error.strerror}", Location(Path(error.filename or todo.folder))
        ) from error


def plan_uninstall(folder: Path) -> Plan:
    """What taking Callwright out of ``folder`` would change: back to what was there before the first install.

    Raises:
        UserError: nothing of ours is installed there, or its manifest cannot be read.
    """
    _check_folder(folder)
    entries = _entries(_read_manifest(folder))
    if not entries:
        raise UserError("nothing is installed here", Location(folder))
    changes, kept = [], []
    for name, entry in sorted(entries.items()):
        path = folder / name
        now = read_file(path)
        before = None if entry.before is None else _copy_of(folder, name, entry.before)
        ours = _digest(now) == entry.after
        if now == before or (not ours and now is not None and before is not None and not _has_ours(now, entries)):
            continue
        if not ours:
            todo = "delete it" if before is None else "take Callwright's lines out"
            note = f"was changed since the install and is left as it is: {todo} by hand"
            kept.append(Change(path, now, before, note))
        else:
            changes.append(Change(path, now, before))
    return Plan(folder, tuple(changes), tuple(kept))


def uninstall(todo: Plan) -> None:
    """Carry out an uninstall's plan. Files that it keeps stay; so do their copies and the manifest, then.

    Raises:
        UserError: a file has changed since the plan was made, or cannot be written.
    """
    _check_unchanged(todo)
    try:
        for change in todo.changes:
            if change.after is None:
                change.path.unlink()
            else:
                write_file(change.path, change.after, MODE)
        if not todo.kept:
            _forget(todo.folder)
    except OSError as error:
        raise UserError(
            f"cannot be written: {error.strerror}", Location(Path(error.filename or todo.folder))
        ) from error


def _check_unchanged(todo: Plan) -> None:
    for change in todo.changes:
        if read_file(change.path) != change.before:
            raise UserError("was changed while the plan was looked at: make a new one", Location(change.path))


# --- what stands in a folder -----------------------------------------------------------------------------------


def is_freepbx(folder: Path) -> bool:
    """True where FreePBX writes the configuration in ``folder``."""
    return (folder / "extensions_custom.conf").exists() and (folder / "extensions_additional.conf").exists()


def _check_freeswitch(folder: Path, files: Mapping[str, str]) -> None:
    main = folder / "freeswitch.xml"
    if not main.is_file():
        raise UserError(
            "holds no freeswitch.xml: expected the configuration folder of a FreeSWITCH, as /etc/freeswitch",
            Location(folder),
        )
    text = main.read_text(encoding="utf-8", errors="replace")
    for name in files:
        place = str(Path(name).parent)
        if not (folder / place).is_dir() or f"{place}/*.xml" not in text:
            raise UserError(
                f'does not include "{place}/*.xml": install by hand, see docs/freeswitch.md', Location(main)
            )


def _refuse_other_queues(folder: Path) -> None:
    """mod_callcenter has one file, which ours would replace."""
    path = folder / callcenter.FILE
    now = read_file(path)
    ours = _entries(_read_manifest(folder)).get(callcenter.FILE)
    if now is None or (ours is not None and _digest(now) == ours.after):
        return
    found = callcenter.others(now.decode("utf-8", "replace"))
    if found:
        raise UserError(
            f"has queues of its own, {', '.join(found)}: expected none but FreeSWITCH's example. Name one of them by"
            ' --fallback, through an extension of yours: "extension XML context"',
            Location(path),
        )


def _check_folder(folder: Path) -> None:
    if (folder / "freeswitch.xml").is_file():
        return
    if not folder.is_dir():
        raise UserError(
            "is no folder: expected the configuration folder of an Asterisk, as /etc/asterisk", Location(folder)
        )
    if not (folder / "extensions.conf").is_file():
        raise UserError(
            "holds no extensions.conf: expected the configuration folder of an Asterisk", Location(folder)
        )


def _host(folder: Path, name: str) -> Path:
    """The administrator's file that is to include our file ``name``."""
    base = name.partition("_")[0]
    if base not in INCLUDED_BY:
        raise ValueError(f"{name} is included by no file")
    if is_freepbx(folder):
        custom = folder / f"{base}_custom.conf"
        if not custom.exists() and not _includes(read_file(folder / f"{base}.conf") or b"", custom.name):
            raise UserError(
                f"does not include {custom.name}: this is no FreePBX that is known; install by hand, "
                "see docs/asterisk.md",
                Location(folder / f"{base}.conf"),
            )
        return custom
    return folder / f"{base}.conf"


def _includes(text: bytes, name: str) -> bool:
    """True where ``text`` includes the file ``name`` already, in whichever spelling."""
    for raw in text.decode("utf-8", "surrogateescape").splitlines():
        words = raw.split(";")[0].replace("=>", " ").split(None, 1)
        if len(words) == 2 and words[0] in ("#include", "#tryinclude") and Path(words[1].strip(' "<>')).name == name:
            return True
    return False


def _has_ours(text: bytes, entries: Mapping[str, _Entry]) -> bool:
    """True where ``text`` still includes a file that we made."""
    return any(_includes(text, name) for name, entry in entries.items() if entry.before is None)


def _with_include(host: Path, text: bytes, name: str) -> bytes:
    """``text`` with a line that includes ``name`` at its end; as it is where it has one.

    Raises:
        UserError: the text ends inside a comment block, so that a line at its end would mean nothing.
    """
    if _includes(text, name):
        return text
    _refuse_open_comment(host, text)
    gap = b"" if not text or text.endswith(b"\n") else b"\n"
    return text + gap + f"\n{MARK}\n#tryinclude {name}\n".encode()


def _refuse_open_comment(host: Path, text: bytes) -> None:
    """A ``;--`` comment that no ``--;`` ends. Source: Asterisk, main/config.c, COMMENT_TAG."""
    depth, began = 0, 0
    for number, line in enumerate(text.split(b"\n"), 1):
        at = 0
        while at < len(line):
            if depth and line.startswith(b"--;", at):
                depth, at = depth - 1, at + 3
            elif line.startswith(b";--", at) and not line.startswith(b";---", at):
                began = began if depth else number
                depth, at = depth + 1, at + 3
            elif not depth and line[at : at + 1] == b";":
                break
            else:
                at += 1
    if depth:
        raise UserError('a comment block ";--" is not ended: end it with "--;" first', Location(host, began))


# --- the manifest ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is remembered of one file: the digests before the first install (None: no file) and after the last."""

    before: str | None
    after: str


def _read_manifest(folder: Path) -> dict[str, object]:
    path = folder / STATE / MANIFEST
    raw = read_file(path)
    if raw is None:
        return {"version": MANIFEST_VERSION, "files": {}}
    try:
        found = json.loads(raw)
    except ValueError as error:
        raise UserError(f"is damaged: {error}", Location(path)) from error
    if not isinstance(found, dict) or found.get("version") != MANIFEST_VERSION:
        raise UserError("was written by another release: uninstall with that one first", Location(path))
    return found


def _entries(manifest: Mapping[str, object]) -> dict[str, _Entry]:
    files = manifest["files"]
    assert isinstance(files, dict)
    return {name: _Entry(each["before"], each["after"]) for name, each in files.items()}


def _remember(state: Path, manifest: dict[str, object], change: Change) -> None:
    """Keep what a file held before the first install, what a hand made of it since, and what is left."""
    files = manifest["files"]
    assert isinstance(files, dict)
    name = change.path.relative_to(state.parent).as_posix()
    entry = files.setdefault(name, {"before": None if change.before is None else _digest(change.before)})
    if change.before is not None:
        if "after" not in entry:
            write_file(state / f"{_kept(name)}.before", change.before, 0o600)
        elif (digest := _digest(change.before)) != entry["after"]:
            write_file(state / f"{_kept(name)}.{digest[:12]}.edited", change.before, 0o600)
    entry["after"] = _digest(change.after)


def _kept(name: str) -> str:
    """The name of a copy: all of them lie in one folder."""
    return name.replace("/", "+")


def _copy_of(folder: Path, name: str, digest: str) -> bytes:
    path = folder / STATE / f"{_kept(name)}.before"
    copy = read_file(path)
    if copy is None or _digest(copy) != digest:
        raise UserError("the copy of what was there before the install is damaged or gone", Location(path))
    return copy


def _manifest_bytes(manifest: Mapping[str, object]) -> bytes:
    return (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode()


def _forget(folder: Path) -> None:
    """Remove the copies and the manifest; the manifest last, so that a half-done uninstall can be done again."""
    state = folder / STATE
    for path in sorted(state.glob("*.before")):
        path.unlink()
    (state / MANIFEST).unlink()
    if not any(state.iterdir()):
        state.rmdir()


def _digest(data: bytes | None) -> str:
    return "" if data is None else hashlib.sha256(data).hexdigest()
