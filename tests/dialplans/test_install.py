"""Installing beside an administrator's configuration, under plain Asterisk and FreePBX, and taking it out again."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.errors import UserError
from dialplans.asterisk import render
from dialplans.install import apply, is_freepbx, plan, plan_uninstall, uninstall
from dialplans.values import Includes

PLAIN = {
    "extensions.conf": b"[general]\nstatic=yes\n\n[from-trunk]\nexten => _X.,1,Goto(callwright-in,${EXTEN},1)\n",
    "manager.conf": b"[general]\nenabled = yes\n[admin]\nsecret = keep-this-out-of-sight\nread = all",
    "confbridge.conf": b"; nothing\r\n[general]\r\n",
    "pjsip.conf": b"[global]\ntype=global\n",
}
FREEPBX = {
    "extensions.conf": b"; do not edit\n#include extensions_custom.conf\n#include extensions_additional.conf\n",
    "extensions_custom.conf": b"; mine\n[from-internal-custom]\nexten => 1,1,NoOp()\n",
    "extensions_additional.conf": b"[ext-did]\n",
    "manager.conf": b"[general]\nenabled = yes\n#include manager_additional.conf\n#include manager_custom.conf\n",
    "manager_custom.conf": b"",
    "confbridge.conf": b'#include "confbridge_custom.conf"\n',
    "confbridge_custom.conf": b"; room\n",
    "musiconhold.conf": b"#tryinclude musiconhold_custom.conf\n",
}

Tree = dict[str, tuple[bytes, int]]


@pytest.fixture
def make(tmp_path: Path) -> Callable[[dict[str, bytes]], Path]:
    """Lays a configuration folder."""

    def lay(files: dict[str, bytes]) -> Path:
        folder = tmp_path / "asterisk"
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
            (folder / name).chmod(0o664)
        return folder

    return lay


def contents(folder: Path) -> Tree:
    """Every file with its bytes and mode."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("files", [PLAIN, FREEPBX], ids=["plain", "freepbx"])
def test_an_uninstall_puts_back_every_byte(
    make: Callable[[dict[str, bytes]], Path], includes: Includes, files: dict[str, bytes]
) -> None:
    folder = make(files)
    before = contents(folder)
    apply(plan(folder, render(replace(includes, music=Path("/srv/music")))))
    assert contents(folder) != before
    uninstall(plan_uninstall(folder))
    assert contents(folder) == before
    assert [path.name for path in folder.iterdir() if path.is_dir()] == []


def test_what_is_shown_is_what_is_done(make: Callable[[dict[str, bytes]], Path], includes: Includes) -> None:
    folder = make(PLAIN)
    before = contents(folder)
    todo = plan(folder, render(includes))
    assert contents(folder) == before, "a plan changes nothing"
    assert "+#tryinclude extensions_callwright.conf" in todo.difference
    assert "+[callwright-in]" in todo.difference
    apply(todo)
    after = contents(folder)
    assert {name: data for name, (data, _) in after.items() if name in {c.path.name for c in todo.changes}} == {
        change.path.name: change.after for change in todo.changes
    }
    assert plan(folder, render(includes)).changes == (), "a second install has nothing to do"


def test_the_administrator_s_lines_stay_and_ours_come_last(
    make: Callable[[dict[str, bytes]], Path], includes: Includes
) -> None:
    folder = make(PLAIN)
    apply(plan(folder, render(includes)))
    for name in ("extensions", "manager", "confbridge"):
        data = (folder / f"{name}.conf").read_bytes()
        assert data.startswith(PLAIN[f"{name}.conf"])
        assert data.endswith(f"\n#tryinclude {name}_callwright.conf\n".encode())
        assert stat.S_IMODE((folder / f"{name}.conf").stat().st_mode) == 0o664, "its mode is kept"
        assert stat.S_IMODE((folder / f"{name}_callwright.conf").stat().st_mode) == 0o640
    assert (folder / "pjsip.conf").read_bytes() == PLAIN["pjsip.conf"]
    assert stat.S_IMODE((folder / "callwright").stat().st_mode) == 0o700


def test_no_secret_is_shown(make: Callable[[dict[str, bytes]], Path], includes: Includes) -> None:
    folder = make(PLAIN)
    shown = plan(folder, render(includes)).difference
    apply(plan(folder, render(includes)))
    shown += plan(folder, render(replace(includes, agi_token="another-token-000001"))).difference
    shown += plan_uninstall(folder).difference
    for secret in ("a-token-of", "a-secret-of", "another-token", "keep-this-out-of-sight"):
        assert secret not in shown
    assert "secret = ********" in shown and "?token=********" in shown


def test_under_freepbx_only_custom_files_are_touched(
    make: Callable[[dict[str, bytes]], Path], includes: Includes
) -> None:
    folder = make(FREEPBX)
    assert is_freepbx(folder)
    apply(plan(folder, render(replace(includes, music=Path("/srv/music")))))
    changed = {name for name, data in FREEPBX.items() if (folder / name).read_bytes() != data}
    assert changed == {"extensions_custom.conf", "manager_custom.conf", "confbridge_custom.conf"}
    assert b"#tryinclude musiconhold_callwright.conf" in (folder / "musiconhold_custom.conf").read_bytes()


def test_a_freepbx_that_is_not_understood_is_refused(
    make: Callable[[dict[str, bytes]], Path], includes: Includes
) -> None:
    folder = make({name: data for name, data in FREEPBX.items() if not name.startswith("confbridge")})
    (folder / "confbridge.conf").write_bytes(b"[general]\n")
    with pytest.raises(UserError, match=r"confbridge\.conf: does not include confbridge_custom\.conf"):
        plan(folder, render(includes))


def test_an_include_that_is_there_is_not_added_again(
    make: Callable[[dict[str, bytes]], Path], includes: Includes
) -> None:
    by_hand = PLAIN["extensions.conf"] + b'#include "extensions_callwright.conf" ; by hand\n'
    folder = make(PLAIN | {"extensions.conf": by_hand})
    apply(plan(folder, render(includes)))
    assert (folder / "extensions.conf").read_bytes() == by_hand


def test_an_include_in_a_comment_is_none(make: Callable[[dict[str, bytes]], Path], includes: Includes) -> None:
    folder = make(PLAIN | {"extensions.conf": b"; #include extensions_callwright.conf\n"})
    apply(plan(folder, render(includes)))
    assert b"\n#tryinclude extensions_callwright.conf\n" in (folder / "extensions.conf").read_bytes()


def test_a_comment_block_that_is_not_ended_is_refused(
    make: Callable[[dict[str, bytes]], Path], includes: Includes
) -> None:
    folder = make(PLAIN | {"extensions.conf": b"[general]\n;-- from here\nexten => 1\n; --; not an end? it is\n"})
    apply(plan(folder, render(includes)))
    (folder / "manager.conf").write_bytes(b"[general]\n\n;-- from here\nsecret = x\n")
    with pytest.raises(UserError, match=r"manager\.conf:3: a comment block"):
        plan(folder, render(includes))


def test_a_file_that_was_changed_since_is_left_and_named(
    make: Callable[[dict[str, bytes]], Path], includes: Includes
) -> None:
    folder = make(PLAIN)
    apply(plan(folder, render(includes)))
    edited = (folder / "extensions.conf").read_bytes() + b"[mine]\n"
    (folder / "extensions.conf").write_bytes(edited)
    todo = plan_uninstall(folder)
    assert [change.path.name for change in todo.kept] == ["extensions.conf"]
    assert "take Callwright's lines out by hand" in todo.kept[0].note
    uninstall(todo)
    assert (folder / "extensions.conf").read_bytes() == edited
    assert (folder / "manager.conf").read_bytes() == PLAIN["manager.conf"]
    assert not (folder / "extensions_callwright.conf").exists()
    (folder / "extensions.conf").write_bytes(PLAIN["extensions.conf"] + b"[mine]\n")
    again = plan_uninstall(folder)
    assert again.kept == (), "its lines were taken out by hand"
    uninstall(again)
    assert not (folder / "callwright").exists()


def test_a_new_install_keeps_what_a_hand_has_changed(
    make: Callable[[dict[str, bytes]], Path], includes: Includes
) -> None:
    folder = make(PLAIN)
    before = contents(folder)
    apply(plan(folder, render(includes)))
    ours = folder / "extensions_callwright.conf"
    ours.write_bytes(b"; edited\n")
    apply(plan(folder, render(replace(includes, agi_token="another-token-000001"))))
    (copy,) = (folder / "callwright").glob("*.edited")
    assert copy.read_bytes() == b"; edited\n"
    assert b"another-token-000001" in ours.read_bytes()
    uninstall(plan_uninstall(folder))
    assert contents(folder).items() >= before.items()
    assert set(contents(folder)) - set(before) == {f"callwright/{copy.name}"}


def test_a_plan_that_is_out_of_date_changes_nothing(
    make: Callable[[dict[str, bytes]], Path], includes: Includes
) -> None:
    folder = make(PLAIN)
    todo = plan(folder, render(includes))
    (folder / "manager.conf").write_bytes(b"[general]\n")
    before = contents(folder)
    with pytest.raises(UserError, match=r"manager\.conf: was changed"):
        apply(todo)
    assert contents(folder) == before


def test_an_install_that_breaks_off_can_be_taken_out(
    make: Callable[[dict[str, bytes]], Path], includes: Includes, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make(PLAIN)
    before = contents(folder)
    done = 0
    real = Path.replace

    def full(self: Path, target: Path) -> Path:
        nonlocal done
        done += 1
        if done > 6:
            raise OSError(28, "No space left on device", str(target))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UserError, match="cannot be written: No space left on device"):
        apply(plan(folder, render(includes)))
    monkeypatch.undo()
    assert contents(folder) != before
    uninstall(plan_uninstall(folder))
    assert contents(folder) == before


def test_a_copy_that_was_damaged_is_found(make: Callable[[dict[str, bytes]], Path], includes: Includes) -> None:
    folder = make(PLAIN)
    apply(plan(folder, render(includes)))
    (folder / "callwright/manager.conf.before").write_bytes(b"other")
    with pytest.raises(UserError, match=r"manager\.conf\.before: the copy"):
        plan_uninstall(folder)


@pytest.mark.parametrize("files", [{}, {"pjsip.conf": b""}])
def test_what_is_no_asterisk_is_refused(
    make: Callable[[dict[str, bytes]], Path], includes: Includes, files: dict[str, bytes]
) -> None:
    folder = make(files)
    with pytest.raises(UserError, match=r"holds no extensions\.conf"):
        plan(folder, render(includes))
    with pytest.raises(UserError, match="is no folder"):
        plan(folder / "nowhere", render(includes))


def test_nothing_installed_is_told(make: Callable[[dict[str, bytes]], Path]) -> None:
    with pytest.raises(UserError, match="nothing is installed here"):
        plan_uninstall(make(PLAIN))


def test_a_damaged_manifest_is_told(make: Callable[[dict[str, bytes]], Path], includes: Includes) -> None:
    folder = make(PLAIN)
    apply(plan(folder, render(includes)))
    (folder / "callwright/manifest.json").write_text("{")
    with pytest.raises(UserError, match=r"manifest\.json: is damaged"):
        plan_uninstall(folder)
    (folder / "callwright/manifest.json").write_text('{"version": 2, "files": {}}')
    todo = plan(folder, render(replace(includes, agi_port=4574)))
    with pytest.raises(UserError, match="another release"):
        apply(todo)


def test_a_link_is_followed_not_replaced(
    make: Callable[[dict[str, bytes]], Path], includes: Includes, tmp_path: Path
) -> None:
    folder = make(PLAIN)
    real = tmp_path / "kept-in-git.conf"
    real.write_bytes(PLAIN["extensions.conf"])
    (folder / "extensions.conf").unlink()
    (folder / "extensions.conf").symlink_to(real)
    apply(plan(folder, render(includes)))
    assert (folder / "extensions.conf").is_symlink()
    assert real.read_bytes().endswith(b"#tryinclude extensions_callwright.conf\n")
    uninstall(plan_uninstall(folder))
    assert real.read_bytes() == PLAIN["extensions.conf"]


def test_the_owner_of_the_folder_owns_new_files(make: Callable[[dict[str, bytes]], Path], includes: Includes) -> None:
    folder = make(PLAIN)
    if os.geteuid() == 0:
        os.chown(folder, 4711, 4712)
        os.chown(folder / "manager.conf", 4713, 4714)
    apply(plan(folder, render(includes)))
    owner = folder.stat()
    new = (folder / "manager_callwright.conf").stat()
    assert (new.st_uid, new.st_gid) == (owner.st_uid, owner.st_gid)
    known = (folder / "manager.conf").stat()
    expected = (4713, 4714) if os.geteuid() == 0 else (owner.st_uid, owner.st_gid)
    assert (known.st_uid, known.st_gid) == expected


@settings(max_examples=60)
@given(st.binary(max_size=300).map(lambda data: data.replace(b";--", b"")))
def test_whatever_bytes_a_file_holds_come_back(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("conf")
    (folder / "extensions.conf").write_bytes(data)
    files = {"extensions_callwright.conf": "[callwright-in]\n"}
    apply(plan(folder, files))
    assert (folder / "extensions.conf").read_bytes().startswith(data)
    uninstall(plan_uninstall(folder))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"extensions.conf": data}
