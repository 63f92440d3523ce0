"""The deployment's files, held against the product: each step is run or checked by itself, without Docker."""

from __future__ import annotations

import asyncio
import configparser
import http.server
import os
import random
import re
import shutil
import stat
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML

from calls.settings import Settings, load
from console.demo.pbx import PbxPorts, Tree
from console.main import app

ROOT = Path(__file__).resolve().parent.parent
DOCKER = ROOT / "docker"
PREFIX = "/opt/callwright"
SECRETS = {"CALLWRIGHT_AMI_SECRET": "0123456789abcdefghij", "CALLWRIGHT_AGI_TOKEN": "abcdefghij0123456789"}
MOST_EXPOSED = 2.0


def settings() -> Settings:
    return load(DOCKER / "callwright.toml", SECRETS)


# --- settings ---------------------------------------------------------------------------------------------------


def test_the_example_settings_are_taken() -> None:
    found = settings()
    assert found.switch.kind == "asterisk"
    assert {agent.queues for agent in found.agents} == {("sales",)}
    assert found.engine.database == Path("/var/lib/callwright/callwright.db")
    assert found.flows == DOCKER / "flows"


def test_the_example_settings_hold_no_secret_and_show_every_section() -> None:
    text = (DOCKER / "callwright.toml").read_text()
    assert not re.search(r"^\s*(ami_secret|agi_token)\s*=", text, re.MULTILINE)
    shown = set(re.findall(r"^\[+([a-z_]+)\]+$", text, re.MULTILINE)) | {"flows", "campaigns"}
    in_its_place = {"freeswitch", "switches"}  # of [asterisk], of [switch]
    assert shown | in_its_place == set(Settings.model_fields) - {"secrets"}


def test_the_example_names_the_defaults_that_it_says() -> None:
    empty = load(None, SECRETS)
    found = settings()
    for section in ("engine", "console", "asterisk"):
        theirs, ours = getattr(found, section).model_dump(), getattr(empty, section).model_dump()
        differ = {key for key in theirs if theirs[key] != ours[key]}
        assert differ == ({"database", "socket"} if section == "engine" else set())


# --- the image --------------------------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    """Every instruction of the Dockerfile with its arguments on one line."""
    text = re.sub(r"^#.*\n", "", (DOCKER / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    return [(line.split(None, 1)[0], " ".join(line.split(None, 1)[1].split())) for line in lines]


def stages() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for instruction, rest in instructions():
        if instruction == "FROM":
            base, name = re.fullmatch(r"(\S+) AS (\S+)", rest).groups()  # type: ignore[union-attr]
            found[name] = [("FROM", base)]
        else:
            found[list(found)[-1]].append((instruction, rest))
    return found


def test_each_stage_stands_on_one_that_is_there() -> None:
    names = stages()
    for steps in names.values():
        assert steps[0][1] in (*names, "debian:12-slim")
        for instruction, rest in steps:
            if source := re.search(r"--from=(\S+)", rest):
                assert instruction == "COPY"
                assert source[1] in names


def test_every_script_of_the_image_is_one_of_the_project() -> None:
    scripts = [path for _, rest in instructions() for path in re.findall(r"/src/(docker/[\w-]+)(?= )", rest)]
    run = [
        rest.split()[0] for instruction, rest in instructions() if instruction == "RUN" and rest.startswith("/src/")
    ]
    assert run == ["/src/docker/install-release", "/src/docker/fetch-asterisk"]
    for script in {*scripts, "docker/install-release", "docker/fetch-asterisk", "docker/probe"}:
        assert os.access(ROOT / script, os.X_OK), script


def test_the_image_is_made_by_the_steps_of_make_run() -> None:
    make = (ROOT / "Makefile").read_text()
    assert "docker/fetch-asterisk" in make
    assert re.search(r"^env: \$\(VENV\)/\.run \$\(ASSETS\)$", make, re.MULTILINE)
    assert "--require-hashes -r requirements.lock" in make
    assert 'env VENV="$venv"' in (DOCKER / "install-release").read_text()


def test_what_is_copied_is_there_and_nothing_else_is_sent() -> None:
    kept = {line[1:] for line in ignored() if line.startswith("!")}
    for instruction, rest in instructions():
        if instruction != "COPY" or "--from=" in rest:
            continue
        for source in rest.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert source == "." or source.split("/")[0] in kept
    assert all((ROOT / path).exists() for path in kept)
    packages = re.search(r"^PACKAGES=\((.*)\)$", (DOCKER / "install-release").read_text(), re.MULTILINE)
    assert packages is not None
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {project["readme"], *project["license-files"]}  # the build backend refuses a project without them
    locks = {"requirements.lock", "requirements-node.lock"}
    assert {*packages[1].split(), *locks, "pyproject.toml", "Makefile", "docker", *named} == kept
    assert f"packages = {sorted(packages[1].split())}".replace("'", '"') in (ROOT / "pyproject.toml").read_text()


def ignored() -> list[str]:
    lines = (DOCKER / "Dockerfile.dockerignore").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_no_secret_or_database_gets_into_the_image() -> None:
    assert ignored()[0] == "*"
    assert "docker/secrets.toml" in ignored()
    assert "docker/conf" in ignored()


@pytest.mark.parametrize("target", ["callwright", "callwright-asterisk"])
def test_the_image_does_not_run_as_root(target: str) -> None:
    users = [rest for instruction, rest in stages()[target] if instruction == "USER"]
    assert re.fullmatch(r"1000[12]:10001", users[-1])


# --- compose ----------------------------------------------------------------------------------------------------


def compose(name: str = "compose.yaml") -> dict[str, Any]:
    yaml = YAML(typ="safe", pure=True)
    yaml.constructor.add_constructor("!reset", lambda constructor, node: None)
    data = yaml.load(DOCKER / name)
    assert isinstance(data, dict)
    return data


SERVICES: Mapping[str, dict[str, Any]] = compose()["services"]


@pytest.mark.parametrize("name", SERVICES)
def test_each_container_may_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"1000[12]:10001", service["user"])
    assert service["pids_limit"] <= 256
    assert "mem_limit" in service
    assert any(entry.startswith("/tmp:") and "noexec" in entry for entry in service["tmpfs"])
    assert not any("docker.sock" in volume for volume in service.get("volumes", []))


def test_only_the_console_is_published_and_on_this_machine_alone() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"console": ["127.0.0.1:8087:8087"]}
    assert compose()["networks"]["telephony"]["internal"] is True


def test_ami_and_agi_are_spoken_over_loopback() -> None:
    """Asterisk and the engine share one network, in which both are 127.0.0.1."""
    found = settings().asterisk
    assert (found.ami_host, found.agi_host) == ("127.0.0.1", "127.0.0.1")
    assert SERVICES["engine"]["network_mode"] == SERVICES["asterisk"]["network_mode"] == "service:pod"
    assert SERVICES["console"]["networks"] == ["web"]


def test_health_is_asked_over_http_at_the_engine_s_own_port() -> None:
    engine = settings().engine
    assert SERVICES["engine"]["healthcheck"]["test"] == [
        "CMD",
        "probe",
        f"http://{engine.http_host}:{engine.http_port}/livez",
    ]
    console = settings().console
    assert SERVICES["console"]["healthcheck"]["test"] == [
        "CMD",
        "probe",
        f"http://{console.http_host}:{console.http_port}/readyz",
    ]
    assert f"127.0.0.1:{console.http_port}:{console.http_port}" in SERVICES["console"]["ports"]
    assert load(DOCKER / "callwright.toml", SERVICES["console"]["environment"]).console.http_host == "0.0.0.0"
    assert "healthcheck" in SERVICES["asterisk"]


def test_what_is_named_is_declared() -> None:
    whole = compose()
    for name, service in SERVICES.items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in whole["volumes"] or source.startswith("./conf/"), (name, source)
        for kind in ("configs", "secrets"):
            assert {entry["source"] for entry in service.get(kind, [])} <= set(whole[kind])
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        assert service["build"]["target"] in stages()
        assert (DOCKER / service["build"]["context"] / service["build"]["dockerfile"]).exists()


def test_secrets_go_to_those_who_log_in_and_to_nobody_else() -> None:
    assert {name for name, service in SERVICES.items() if service.get("secrets")} == {"configure", "engine"}
    assert SERVICES["engine"]["secrets"][0]["target"] == "/etc/callwright/secrets.toml"
    for name in ("console", "prompts"):
        # The settings say Asterisk, which asks for the secrets: these two are told otherwise.
        environment = SERVICES[name]["environment"]
        assert load(DOCKER / "callwright.toml", environment).switch.kind == "loopback"


def test_the_folders_of_the_settings_are_mounted() -> None:
    engine = [volume.split(":")[1] for volume in SERVICES["engine"]["volumes"]]
    for path in (settings().engine.database.parent, settings().prompts.cache, settings().engine.socket.parent):
        assert str(path) in engine
    for folder in ("texts", "recorded", "flows", "campaigns"):
        assert f"/etc/callwright/{folder}" in engine
    assert f"prompts:{settings().prompts.cache}:ro" in SERVICES["asterisk"]["volumes"]
    for service in ("asterisk", "engine"):
        assert f"recordings:{settings().recordings.folder}" in SERVICES[service]["volumes"]


def test_the_engine_has_time_to_drain() -> None:
    assert int(SERVICES["engine"]["stop_grace_period"].removesuffix("s")) > settings().engine.drain_s + 10


def test_the_host_s_network_is_an_overlay_of_one_service() -> None:
    assert compose("compose.host.yaml") == {"services": {"pod": {"network_mode": "host", "networks": None}}}


@pytest.mark.parametrize(
    "words",
    [["engine"], ["console"], *(SERVICES[name]["command"] for name in ("prompts", "engine", "console"))],
    ids=" ".join,
)
def test_what_is_started_is_a_command(words: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]
    assert callable(command.callback)


# --- systemd ----------------------------------------------------------------------------------------------------

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
    assert int(found["TimeoutStopSec"][0]) > settings().engine.drain_s + 10


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


# --- installing a release -----------------------------------------------------------------------------------------


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


# --- probe --------------------------------------------------------------------------------------------------------


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


# --- the Asterisk beside the engine -------------------------------------------------------------------------------


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
