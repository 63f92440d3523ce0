"""The units of systemd, held against the product and, where there is a systemd, against what it says of them."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from calls.settings import load
from console.engine.process import END_S
from tests.deployment.files import DOCKER, PREFIX, ROOT, settings

MOST_EXPOSED = 2.0
UNITS = ("callwright-engine.service", "callwright-console.service")


def unit(name: str) -> dict[str, list[str]]:
    """The [Service] section of a unit: key to its values."""
    found: dict[str, list[str]] = {}
    for line in (DOCKER / name).read_text().split("[Service]")[1].split("[Install]")[0].splitlines():
        if line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_holds_what_its_score_rests_on(name: str) -> None:
    found = unit(name)
    for key in (
        *("NoNewPrivileges", "PrivateDevices", "PrivateTmp", "PrivateUsers", "ProtectClock", "ProtectControlGroups"),
        *("ProtectHome", "ProtectHostname", "ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables"),
        *("LockPersonality", "MemoryDenyWriteExecute", "RemoveIPC", "RestrictNamespaces", "RestrictRealtime"),
        "RestrictSUIDSGID",
    ):
        assert found[key] == ["yes"], key
    assert found["ProtectSystem"] == ["strict"]
    assert found["CapabilityBoundingSet"] == found["AmbientCapabilities"] == [""]
    assert found["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]
    assert found["IPAddressDeny"] == ["any"]
    assert found["User"] == ["callwright"]
    assert found["RestartPreventExitStatus"] == ["78"]


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_starts_what_install_release_makes(name: str) -> None:
    command = name.removeprefix("callwright-").removesuffix(".service")
    assert unit(name)["ExecStart"] == [f"{PREFIX}/current/venv/bin/callwright {command}"]
    assert "CALLWRIGHT_SETTINGS=/etc/callwright/callwright.toml" in unit(name)["Environment"][0]


def test_the_units_give_the_engine_its_folders_and_time() -> None:
    found = unit("callwright-engine.service")
    assert settings().engine.database.parent == Path("/var/lib") / found["StateDirectory"][0]
    assert settings().engine.socket.parent == Path("/run") / found["RuntimeDirectory"][0]
    assert int(found["TimeoutStopSec"][0]) > settings().engine.drain_s + END_S


def test_the_console_has_the_settings_alone(tmp_path: Path) -> None:
    """A file of secrets that is there and cannot be read would stop it."""
    found = unit("callwright-console.service")
    assert found["TemporaryFileSystem"] == ["/etc/callwright:ro,mode=0755"]
    assert found["BindReadOnlyPaths"] == ["/etc/callwright/callwright.toml"]
    assert "InaccessiblePaths" not in found
    given = dict(word.split("=", 1) for word in found["Environment"][0].split())
    shutil.copy(DOCKER / "callwright.toml", tmp_path)
    assert load(tmp_path / "callwright.toml", given).switch.kind == "loopback"


def exposure(name: str) -> float:
    """What ``systemd-analyze security`` says of a unit; without systemd, what docs/deployment.md says it said."""
    if shutil.which("systemd-analyze") is None:
        return stated(name)
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(DOCKER / name)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert found is not None, said
    return float(found[1])


def stated(name: str) -> float:
    row = re.search(rf"\| `{name}` \| ([0-9.]+) \|", (ROOT / "docs" / "deployment.md").read_text())
    assert row is not None
    return float(row[1])


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_as_little_exposed_as_the_docs_say(name: str) -> None:
    assert exposure(name) == stated(name) <= MOST_EXPOSED


@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_the_unit(name: str, tmp_path: Path) -> None:
    """Where there is no systemd, the unit's form alone is read."""
    program = tmp_path / "callwright"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / name
    copy.write_text((DOCKER / name).read_text().replace(f"{PREFIX}/current/venv/bin/callwright", str(program)))
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(copy.read_text())
    assert parser.sections() == ["Unit", "Service", "Install"]
    if shutil.which("systemd-analyze") is not None:
        done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_the_folders_of_the_machine_are_those_of_the_settings() -> None:
    lines = [line.split() for line in (DOCKER / "callwright.tmpfiles").read_text().splitlines() if line[0] != "#"]
    modes = {path: mode for _, path, mode, *_ in lines}
    assert modes[str(settings().engine.database.parent)] == "0711"
    assert modes[str(settings().prompts.cache)] == "0755"
    assert modes[str(settings().recordings.folder)] == "2770"
    assert modes["/etc/callwright/secrets.toml"] == "0600"
