"""The image and its containers, held against the product: each step is run or checked by itself, without Docker."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML

from calls.settings import Settings, load
from console.engine.process import END_S
from console.main import app
from tests.deployment.files import DOCKER, ROOT, SECRETS, settings


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
    assert int(SERVICES["engine"]["stop_grace_period"].removesuffix("s")) > settings().engine.drain_s + END_S


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
