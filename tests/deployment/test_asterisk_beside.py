"""The configuration of the Asterisk beside the engine, and a real one that runs on it."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from console.demo.pbx import PbxPorts, Tree
from tests.deployment.files import DOCKER, ROOT, SECRETS


@pytest.fixture(scope="module")
def tree() -> Path:
    version = os.environ.get("CALLWRIGHT_TEST_ASTERISK", "16")
    done = subprocess.run(
        [DOCKER / "fetch-asterisk", version, ROOT / "var" / "pbx"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return ROOT / "var" / "pbx" / f"asterisk-{version}"


def configure(folder: Path, tree: Path, pbx: str, **env: str) -> subprocess.CompletedProcess[str]:
    (folder / "asterisk.toml").write_text(pbx)
    (folder / "asterisk.toml").chmod(0o640)
    shutil.copy(DOCKER / "callwright.toml", folder)
    return subprocess.run(
        [
            *(sys.executable, DOCKER / "configure_asterisk.py"),
            *("--settings", folder / "callwright.toml", "--pbx", folder / "asterisk.toml"),
            *("--tree", tree, "--folder", folder / "pbx"),
        ],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **SECRETS, **env},
        check=False,
    )


def test_the_example_gives_a_configuration_that_only_its_group_reads(tmp_path: Path, tree: Path) -> None:
    done = configure(tmp_path, tree, (DOCKER / "asterisk.toml").read_text())
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    etc = tmp_path / "pbx" / "etc"
    assert {stat.S_IMODE(path.stat().st_mode) & 0o137 for path in etc.iterdir()} == {0}
    pjsip = (etc / "pjsip.conf").read_text()
    assert "bind = 172.30.77.2:5060" in pjsip
    assert "contact = sip:172.30.77.10:5060" in pjsip
    assert "bindaddr = 127.0.0.1" in (etc / "manager.conf").read_text()
    assert not [path.name for path in etc.iterdir() if path.name.endswith(".new")]
    assert configure(tmp_path, tree, (DOCKER / "asterisk.toml").read_text()).returncode == 0


def test_talks_are_recorded_and_codes_are_known_where_the_settings_say(tmp_path: Path, tree: Path) -> None:
    pbx = (DOCKER / "asterisk.toml").read_text()
    assert configure(tmp_path, tree, pbx, CALLWRIGHT_FEATURE_CODES__PREFIX="*7").returncode == 0
    dialplan = (tmp_path / "pbx/etc/extensions_callwright.conf").read_text()
    assert "MixMonitor(/var/lib/callwright/recordings/" in dialplan
    assert "exten => _*7X,1," in dialplan and "_*9X" not in dialplan


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("sip_port = 5060", 'sip_port = "5060"'), "asterisk.toml:6: sip_port: expected a port"),
        (("[[phones]]", "[[phone]]"), "unknown key: did you mean phones?"),
        (('host = "172.30.77.21"', 'host = "phone.example"'), "phones.host"),
        (('host = "172.30.77.21"', 'password = "short"'), "phones.password"),
        (('callers = ["172.30.77.0/24"]', 'callers = ["any"]'), "callers"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(
    tmp_path: Path, tree: Path, change: tuple[str, str], said: str
) -> None:
    text = (DOCKER / "asterisk.toml").read_text()
    assert change[0] in text
    done = configure(tmp_path, tree, text.replace(*change))
    assert done.returncode == 78
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not any(secret in done.stderr for secret in SECRETS.values())


def test_passwords_that_everybody_can_read_are_refused(tmp_path: Path, tree: Path) -> None:
    text = (DOCKER / "asterisk.toml").read_text().replace('host = "172.30.77.21"', 'password = "0123456789abcdef"')
    assert configure(tmp_path, tree, text).returncode == 0
    (tmp_path / "asterisk.toml").chmod(0o644)
    done = subprocess.run(
        [
            *(sys.executable, DOCKER / "configure_asterisk.py"),
            *("--settings", tmp_path / "callwright.toml", "--pbx", tmp_path / "asterisk.toml"),
            *("--tree", tree, "--folder", tmp_path / "pbx"),
        ],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **SECRETS},
        check=False,
    )
    assert done.returncode == 78
    assert "chmod o-rwx" in done.stderr


@pytest.mark.asterisk
async def test_a_real_asterisk_runs_on_it(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The image's own command on the image's own configuration, with ports that are free here."""
    ports = PbxPorts.choose(random.Random())
    folder = tmp_path_factory.mktemp("a")
    text = (DOCKER / "asterisk.toml").read_text().replace('sip_host = "172.30.77.2"', 'sip_host = "127.0.0.1"')
    text = text.replace("sip_port = 5060", f"sip_port = {ports.sip}").replace("10000", str(ports.media_first))
    text = text.replace("10599", str(ports.media_last))
    done = configure(folder, tree, text, CALLWRIGHT_ASTERISK__AMI_PORT=str(ports.ami))
    assert done.returncode == 0, done.stderr
    for name in ("lib/keys", "spool", "run", "log/cdr-csv"):
        (folder / "pbx" / name).mkdir(parents=True)
    program = [str(Tree(tree).program), "-C", str(folder / "pbx/etc/asterisk.conf")]
    asterisk = await asyncio.create_subprocess_exec(*program, "-f", "-q", stdout=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(60):
            await booted(program)
            assert "callwright" in (await cli(program, "manager show users"))[1]
            assert "callwright-in" in (await cli(program, "dialplan show callwright-in"))[1]
            assert "agent1" in (await cli(program, "pjsip show endpoints"))[1]
        assert " ERROR[" not in (folder / "pbx/log/messages").read_text()
    finally:
        asterisk.terminate()
        async with asyncio.timeout(20):
            await asterisk.wait()


async def booted(program: list[str]) -> None:
    """Nothing tells when Asterisk's control socket is there: it is asked for again and again."""
    while True:
        status, text = await cli(program, "core waitfullybooted")
        if status == 0:
            assert "fully booted" in text
            return
        await asyncio.sleep(0.1)


async def cli(program: list[str], command: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *program, "-rx", command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    answer, _ = await process.communicate()
    return process.returncode, answer.decode("utf-8", "replace")
