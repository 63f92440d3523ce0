"""Where the demonstration plays: a private Asterisk with SIPp around it, or the loopback switch in the engine."""

from __future__ import annotations

import asyncio
import random
import socket
import subprocess
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

from calls.errors import CallwrightError
from calls.secrets import load_secrets, write_secrets
from calls.switch.port import Prompt
from console.client import EngineClient
from console.demo.pbx import PbxPorts, PbxSecrets, PrivateAsterisk
from console.demo.ports import LOOPBACK, free_port
from console.demo.scene import PHONES, Ports, Scene
from console.demo.sipp import AgentPhone, Callees, CallerScript, SippHome, answer_as_agent, answer_calls, call
from dialplans.asterisk import Phone, Trunk
from ivr.flow import SORRY
from prompts.callee import MACHINE, PERSON, write_callee
from prompts.espeak import EspeakSynthesizer, find_espeak
from prompts.library import PromptLibrary

NO_APT = 3
"""How docker/fetch-asterisk says that this machine has no apt to fetch with."""

CALLER_ENDS_S = 120.0


class NoAsterisk(CallwrightError):
    """No Asterisk can be had on this machine."""


class Stage(Protocol):
    """Where the calls come from and go to."""

    @property
    def kind(self) -> str:
        """As in the settings: ``asterisk`` or ``loopback``."""

    @property
    def ports(self) -> Ports:
        """The engine's ports."""

    @property
    def what(self) -> str:
        """What it is, for the reader."""

    async def open(self, scene: Scene, library: PromptLibrary, stack: AsyncExitStack) -> None:
        """Set it up before the engine starts; ``stack`` takes it down."""

    async def call(self, name: str, script: CallerScript) -> None:
        """One caller, from the call to its end."""


class AsteriskStage:
    """A private Asterisk, its callers, callees and agents' phones by SIPp."""

    def __init__(self, trees: dict[str, Path]) -> None:
        self._trees = trees
        self._pbx_ports = PbxPorts.choose(random.Random())
        self._home: SippHome | None = None
        self.ports = Ports(free_port(socket.SOCK_STREAM), self._pbx_ports.ami, free_port(socket.SOCK_STREAM))

    kind = "asterisk"

    @property
    def what(self) -> str:
        """Its version."""
        version = (self._trees["asterisk"] / "complete").read_text(encoding="utf-8").strip()
        return f"{version}, on ports of its own; SIPp for the people"

    async def open(self, scene: Scene, library: PromptLibrary, stack: AsyncExitStack) -> None:
        """See :class:`Stage`."""
        speaker = EspeakSynthesizer(find_espeak({}, [self._trees["espeak"]]))
        human, machine = scene.run / "human.ulaw", scene.run / "machine.ulaw"
        await asyncio.to_thread(write_callee, PERSON, human, speaker)
        await asyncio.to_thread(write_callee, MACHINE, machine, speaker)
        secrets = load_secrets(scene.folder, {})
        carrier = free_port(socket.SOCK_DGRAM)
        phones = {name: free_port(socket.SOCK_DGRAM) for name in PHONES}
        pbx = PrivateAsterisk(
            self._trees["asterisk"],
            scene.run / "pbx",
            ports=self._pbx_ports,
            secrets=PbxSecrets(secrets.ami_secret.get_secret_value(), secrets.agi_token.get_secret_value()),
            agi_port=self.ports.agi,
            sorry=library.path(Prompt(SORRY, "en")).with_suffix(""),
            trunks=(Trunk("carrier", LOOPBACK, carrier),),
            phones=tuple(Phone(name, LOOPBACK, port) for name, port in phones.items()),
            recordings=scene.folder / "recordings",
        )
        await stack.enter_async_context(pbx)
        self._home = home = SippHome(self._trees["sipp"], scene.run / "sipp")
        callees = await answer_calls(home, "callees", Callees(human=human, machine=machine), port=carrier)
        stack.push_async_callback(callees.stop)
        for name, port in phones.items():
            phone = await answer_as_agent(home, f"phone-{name}", AgentPhone(), port=port)
            stack.push_async_callback(phone.stop)

    async def call(self, name: str, script: CallerScript) -> None:
        """See :class:`Stage`."""
        assert self._home is not None, "open comes first"
        caller = await call(self._home, name, script, sip_port=self._pbx_ports.sip)
        try:
            await caller.wait(CALLER_ENDS_S)
        finally:
            await caller.stop()


class LoopbackStage:
    """The loopback switch: it is part of the engine, which is asked to play the callers."""

    kind = "loopback"
    what = "the loopback switch: no PBX, no sound, real time"

    def __init__(self) -> None:
        self.ports = Ports(
            free_port(socket.SOCK_STREAM), free_port(socket.SOCK_STREAM), free_port(socket.SOCK_STREAM)
        )
        self._socket: Path | None = None

    async def open(self, scene: Scene, library: PromptLibrary, stack: AsyncExitStack) -> None:
        """See :class:`Stage`."""
        self._socket = scene.run / "engine.sock"

    async def call(self, name: str, script: CallerScript) -> None:
        """See :class:`Stage`."""
        assert self._socket is not None, "open comes first"
        steps: list[dict[str, object]] = [{"at_s": press.at_s, "keys": press.keys} for press in script.presses]
        body = {
            "called": script.called,
            "caller": script.caller,
            "presses": steps,
            "hang_up_at_s": script.hang_up_at_s,
        }
        with EngineClient(self._socket) as engine:
            await asyncio.to_thread(engine.tell, "POST", "/v1/loopback/calls", body)


def fetch(project: Path, pbx: Path) -> dict[str, Path]:
    """The folders of Asterisk, SIPp and espeak-ng, fetched where they are not there yet.

    Raises:
        NoAsterisk: this machine has no apt.
        CallwrightError: the fetch failed; its words.
    """
    done = subprocess.run([project / "docker/fetch-asterisk", pbx], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode == NO_APT:
        raise NoAsterisk("no apt with a Debian mirror on this machine")
    if done.returncode:
        raise CallwrightError(f"docker/fetch-asterisk ended with {done.returncode}; SWITCH=loopback needs none")
    return {name: Path(path) for name, path in (line.split("=", 1) for line in done.stdout.splitlines())}


def make_secrets(folder: Path) -> None:
    """Random secrets of this demonstration."""
    write_secrets(folder / "secrets.toml")
