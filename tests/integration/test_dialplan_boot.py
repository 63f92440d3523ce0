"""The rendered configuration on a real Asterisk, and that a private one comes, goes and touches nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import socket
import sys
from pathlib import Path

import pytest

from calls.errors import SwitchError
from console.demo.pbx import PbxPorts, PbxSecrets, PrivateAsterisk
from console.demo.ports import free_port
from dialplans.asterisk import MODULES, Phone, Trunk
from tests.integration.conftest import SECRETS, StartAsterisk

pytestmark = pytest.mark.asterisk

KNOWN = "Could not find option 'minimum_size' with type 'threadpool' in module 'stasis'"
"""Asterisk 22.10 says this of its own defaults, whatever stasis.conf holds."""

TRUNK = Trunk("carrier", "127.0.0.1", 5070)
PHONES = (Phone("agent1", "127.0.0.1", 5080), Phone("agent2", password="a-long-password-0001"))


async def test_it_loads_everything_without_a_warning(start_asterisk: StartAsterisk) -> None:
    pbx = await start_asterisk(trunks=(TRUNK,), phones=PHONES)
    console = (pbx.folder / "log/console").read_text()
    complaints = [line for line in pbx.log.read_text().splitlines() if "WARNING" in line or "ERROR" in line]
    complaints += [line for line in console.splitlines() if "ould not" in line or "nable" in line or "rror" in line]
    assert [line for line in complaints if line != KNOWN] == []
    shown = await pbx.cli("module show")
    running = {line.split(".so")[0] for line in shown.splitlines() if " Running " in line}
    assert set(MODULES) <= running


async def test_what_could_run_commands_or_forge_frames_is_not_there(start_asterisk: StartAsterisk) -> None:
    pbx = await start_asterisk()
    shown = await pbx.cli("module show")
    for module in ("func_env", "func_shell", "app_system", "res_pjsip_caller_id", "res_pjsip_refer", "pbx_spool"):
        assert f"{module}.so" not in shown
    assert "musiconhold" in shown


async def test_the_account_may_do_only_what_is_used(start_asterisk: StartAsterisk) -> None:
    pbx = await start_asterisk()
    shown = await pbx.cli("manager show user callwright")
    rights = {
        line.split(":")[0].strip(): line.split(":")[1].strip() for line in shown.splitlines() if "perm:" in line
    }
    assert set(rights["read perm"].split(",")) == {"call", "cdr", "user"}
    assert set(rights["write perm"].split(",")) == {"originate", "call", "reporting"}


async def test_two_run_at_once_and_nothing_is_left(start_asterisk: StartAsterisk) -> None:
    first, second = await start_asterisk(), await start_asterisk()
    assert first.pid != second.pid
    assert first.alive and second.alive
    await first.stop()
    assert not first.alive
    with pytest.raises(ProcessLookupError):
        os.killpg(first.pid, 0)
    assert second.alive
    assert "Asterisk" in await second.cli("core show version")


async def test_after_a_crash_it_starts_again(start_asterisk: StartAsterisk) -> None:
    pbx = await start_asterisk()
    before = pbx.pid
    await pbx.kill()
    assert not pbx.alive
    await pbx.start()
    assert pbx.pid != before
    assert pbx.alive


async def test_a_port_that_is_taken_is_told_with_the_log(asterisk_tree: Path, short_folder: Path) -> None:
    ports = PbxPorts.choose(random.Random())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", ports.sip))
        pbx = PrivateAsterisk(asterisk_tree, short_folder / "pbx", ports=ports, secrets=SECRETS, agi_port=4573)
        with pytest.raises(
            SwitchError, match=r"(?s)the private Asterisk in .* cannot be used.*Address already in use"
        ):
            await pbx.start()
        assert not pbx.alive


async def test_a_broken_configuration_is_told_with_the_log(
    asterisk_tree: Path, short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pbx = PrivateAsterisk(
        asterisk_tree, short_folder / "pbx", ports=PbxPorts.choose(random.Random()), secrets=SECRETS, agi_port=4573
    )
    pbx.write_configuration()
    (pbx.folder / "etc/modules.conf").write_text("[modules]\nautoload = no\nrequire = not_there.so\n")
    monkeypatch.setattr(PrivateAsterisk, "write_configuration", lambda self: None)
    with pytest.raises(SwitchError, match=r"(?s)the private Asterisk in .*not_there"):
        await pbx.start()
    assert not pbx.alive


PARENT = """
import asyncio, random, sys
from pathlib import Path
from console.demo.pbx import PbxPorts, PbxSecrets, PrivateAsterisk

async def main():
    pbx = PrivateAsterisk(Path(sys.argv[1]), Path(sys.argv[2]), ports=PbxPorts.choose(random.Random()),
                          secrets=PbxSecrets("s" * 20, "t" * 20), agi_port=int(sys.argv[3]))
    await pbx.start()
    print(pbx.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_it_dies_with_its_parent(asterisk_tree: Path, short_folder: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-c",
            PARENT,
            str(asterisk_tree),
            str(short_folder / "pbx"),
            str(free_port(socket.SOCK_STREAM)),
        ),
        stdout=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    async with asyncio.timeout(30):
        pid = int(await parent.stdout.readline())
    gone = os.pidfd_open(pid)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(gone, ended.set)
    try:
        parent.send_signal(signal.SIGKILL)
        await parent.wait()
        async with asyncio.timeout(20):
            await ended.wait()
    finally:
        loop.remove_reader(gone)
        os.close(gone)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def test_a_secret_that_is_no_secret_is_refused(asterisk_tree: Path, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="ami_secret"):
        PrivateAsterisk(
            asterisk_tree,
            tmp_path,
            ports=PbxPorts(5060, 5038, 20000, 20100),
            secrets=PbxSecrets("short", "t" * 20),
            agi_port=4573,
        )
