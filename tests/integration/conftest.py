"""A real Asterisk and SIPp for tests: fetched once into ``var/pbx``, started for a test in a folder of its own.

A machine on which they cannot be had fails these tests; they never skip. ``CALLWRIGHT_TEST_ASTERISK`` chooses the
version, 16 or 22.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.demo.hum import Hum
from console.demo.pbx import PbxPorts, PbxSecrets, PrivateAsterisk
from console.demo.ports import free_port
from console.demo.sipp import Callees, SippHome
from prompts.callee import MACHINE, PERSON, write_callee
from prompts.espeak import EspeakSynthesizer, find_espeak
from tests.integration.harness import House, open_house
from tests.integration.premises import Plan, render_prompts

PROJECT = Path(__file__).resolve().parents[2]
FETCH_TIMEOUT_S = 900
SECRETS = PbxSecrets(ami_secret="test-ami-secret-0001", agi_token="test-agi-token-0001")


@dataclass(frozen=True, slots=True)
class Trees:
    """What ``docker/fetch-asterisk`` left."""

    asterisk: Path
    sipp: Path
    espeak: Path


@pytest.fixture(scope="session")
def trees() -> Trees:
    """Asterisk, SIPp, espeak-ng and flite, fetched where they are not there yet."""
    version = os.environ.get("CALLWRIGHT_TEST_ASTERISK", "16")
    done = subprocess.run(
        [PROJECT / "docker/fetch-asterisk", "--voices", version, PROJECT / "var/pbx"],
        capture_output=True,
        text=True,
        timeout=FETCH_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"docker/fetch-asterisk ended with {done.returncode}:\n{done.stderr}", pytrace=False)
    found = dict(line.split("=", 1) for line in done.stdout.splitlines())
    return Trees(Path(found["asterisk"]), Path(found["sipp"]), Path(found["espeak"]))


@pytest.fixture(scope="session")
def asterisk_tree(trees: Trees) -> Path:
    """The unpacked Asterisk of the chosen version."""
    return trees.asterisk


@pytest.fixture(scope="session")
def callees(trees: Trees, tmp_path_factory: pytest.TempPathFactory) -> Callees:
    """Callees with real speech, so that machine detection hears people and machines."""
    folder = tmp_path_factory.mktemp("speech")
    speaker = EspeakSynthesizer(find_espeak({}, [trees.espeak]))
    human, machine = folder / "human.ulaw", folder / "machine.ulaw"
    write_callee(PERSON, human, speaker)
    write_callee(MACHINE, machine, speaker)
    return Callees(human=human, machine=machine)


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder with a short path: Asterisk's control socket must fit into 107 characters."""
    with tempfile.TemporaryDirectory(prefix="cw-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture
def sipp(trees: Trees, short_folder: Path) -> SippHome:
    """Where SIPp is and writes. Each far end is stopped by whoever started it."""
    return SippHome(trees.sipp, short_folder / "sipp")


OpenHouse = Callable[[Plan], contextlib.AbstractAsyncContextManager[House]]


@pytest.fixture(scope="session")
def house_of(trees: Trees, callees: Callees, tmp_path_factory: pytest.TempPathFactory) -> OpenHouse:
    """Opens a whole call centre, each in a folder of its own; it ends with the context. Its prompts hum."""
    cache = render_prompts(tmp_path_factory.mktemp("prompts"), Hum())

    @contextlib.asynccontextmanager
    async def opened(plan: Plan) -> AsyncIterator[House]:
        with tempfile.TemporaryDirectory(prefix="cw-", ignore_cleanup_errors=True) as folder:
            async with open_house(plan, Path(folder), trees.asterisk, trees.sipp, callees, cache) as house:
                yield house

    return opened


StartAsterisk = Callable[..., Awaitable[PrivateAsterisk]]


@pytest.fixture
async def start_asterisk(asterisk_tree: Path, short_folder: Path) -> AsyncIterator[StartAsterisk]:
    """Starts private Asterisks, each in a folder of its own; they end with the test.

    Takes what :class:`PrivateAsterisk` takes by name; ``agi_port`` is a free one where it is not given.
    """
    async with contextlib.AsyncExitStack() as stack:
        count = 0

        async def begin(**values: object) -> PrivateAsterisk:
            nonlocal count
            count += 1
            given = {"agi_port": free_port(socket.SOCK_STREAM), "ports": PbxPorts.choose(random.Random())} | values
            pbx = PrivateAsterisk(
                asterisk_tree,
                short_folder / f"pbx{count}",
                secrets=SECRETS,
                **given,  # type: ignore[arg-type]  # names and types are PrivateAsterisk's own
            )
            return await stack.enter_async_context(pbx)

        yield begin


@pytest.fixture
async def asterisk(start_asterisk: StartAsterisk) -> PrivateAsterisk:
    """A running Asterisk with no trunk and no phone. Its AGI port is free: a test may serve it."""
    return await start_asterisk()
