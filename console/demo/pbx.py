"""A private Asterisk: own folder, own ports on loopback, the configuration of ``dialplans``; gone when we are.

It runs as the current user. What it may do to the machine is what its user may; what a caller may make it do is
bounded by its modules (no shell, no files, no foreign dial strings: ``dialplans.asterisk.MODULES``).
"""

from __future__ import annotations

import asyncio
import random
import signal
import socket
from dataclasses import dataclass
from pathlib import Path

from calls.errors import SwitchError, UserError
from calls.switch.asterisk.config import HEARING_LIMIT_S
from console.demo.music import hold_music
from console.demo.ports import free_media_ports, free_port
from console.demo.process import Child, start, tail
from dialplans.asterisk import AUDIO_SOCKET, Pbx, Phone, Trunk, mode_of, render_whole
from dialplans.values import RELAY, CallerId, Includes

BOOT_TIMEOUT_S = 30.0
"""Booting takes 0.3 to 0.9 s on two free cores; a machine that runs everything else at once takes longer."""
STOP_GRACE_S = 3.0
MEDIA_PORTS = 600
"""Two ports a leg: 300 legs."""
LONGEST_SOCKET_PATH = 90
"""A Unix socket's path has at most 107 characters (unix(7)), and Asterisk's own file name is part of it."""


@dataclass(frozen=True, slots=True)
class PbxPorts:
    """The ports of a private Asterisk, all on 127.0.0.1."""

    sip: int
    ami: int
    media_first: int
    media_last: int

    @classmethod
    def choose(cls, random_source: random.Random) -> PbxPorts:
        """Ports that are free now."""
        first, last = free_media_ports(MEDIA_PORTS, random_source)
        return cls(free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM), first, last)


@dataclass(frozen=True, slots=True)
class PbxSecrets:
    """What the engine shows to the PBX and the PBX to the engine."""

    ami_secret: str
    agi_token: str


@dataclass(frozen=True, slots=True)
class Tree:
    """An unpacked Asterisk, as ``docker/fetch-asterisk`` leaves it."""

    folder: Path

    @property
    def program(self) -> Path:
        """Starts ``asterisk`` with its own libraries."""
        return self.folder / "run"

    @property
    def version(self) -> str:
        """As ``asterisk -V`` said when it was fetched, e.g. "Asterisk 16.28.0~dfsg-0+deb11u10"."""
        return (self.folder / "complete").read_text(encoding="utf-8").strip()

    @property
    def modules(self) -> Path:
        """The folder of its modules."""
        found = next(self.folder.glob("usr/lib/**/asterisk/modules"), None)
        if found is None:
            raise UserError(f"{self.folder} is no unpacked Asterisk: run docker/fetch-asterisk")
        return found

    @property
    def audio_socket(self) -> bool:
        """It has the modules of AudioSocket."""
        return all((self.modules / f"{each}.so").exists() for each in AUDIO_SOCKET)

    @property
    def data(self) -> Path:
        """Its sounds and documentation."""
        return self.folder / "usr/share/asterisk"


class PrivateAsterisk:
    """One Asterisk of our own.

    ``async with PrivateAsterisk(...) as pbx`` starts and stops it; ``kill`` and ``start`` may be called in between.
    """

    def __init__(
        self,
        tree: Path,
        folder: Path,
        *,
        ports: PbxPorts,
        secrets: PbxSecrets,
        agi_port: int,
        trunks: tuple[Trunk, ...] = (),
        phones: tuple[Phone, ...] = (),
        sorry: Path | None = None,
        fallback: str | None = None,
        take_over_s: int = 8,
        hear_limit_s: int = HEARING_LIMIT_S,
        caller_id: CallerId = CallerId.HEADER,
        transmit_silence: bool = True,
        name: str = "callwright",
        recordings: Path | None = None,
    ) -> None:
        """``folder`` becomes its own; ``sorry`` is the fallback's prompt without its suffix.

        Raises:
            UserError: the tree is no Asterisk, or the folder's path cannot be used.
        """
        self.tree = Tree(tree.resolve())
        self.folder = folder.resolve()
        self.ports = ports
        self._child: Child | None = None
        if len(str(self.folder)) > LONGEST_SOCKET_PATH:
            raise UserError(f"{self.folder}: longer than {LONGEST_SOCKET_PATH} characters: choose a shorter path")
        self.values = Pbx(
            includes=Includes(
                agi_token=secrets.agi_token,
                ami_secret=secrets.ami_secret,
                agi_port=agi_port,
                sorry=self.tree.data / "sounds/en/sorry-youre-having-problems" if sorry is None else sorry.resolve(),
                fallback=fallback,
                caller_id=caller_id,
                take_over_s=take_over_s,
                hear_limit_s=hear_limit_s,
                music=self.folder / "moh",
                recordings=recordings,
                relay=self.folder / "etc" / f"{RELAY}_callwright",
            ),
            folder=self.folder,
            modules=self.tree.modules,
            data=self.tree.data,
            name=name,
            sip_port=ports.sip,
            ami_port=ports.ami,
            rtp_first=ports.media_first,
            rtp_last=ports.media_last,
            trunks=trunks,
            phones=phones,
            audio_socket=self.tree.audio_socket,
            strict_rtp=False,
            transmit_silence=transmit_silence,
        )

    @property
    def alive(self) -> bool:
        """True while its process runs."""
        return self._child is not None and self._child.alive

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._running().pid

    @property
    def log(self) -> Path:
        """Its log of notices, warnings and errors."""
        return self.folder / "log/messages"

    @property
    def cdr(self) -> Path:
        """Its own call detail records, for a checker."""
        return self.folder / "log/cdr-csv/Master.csv"

    def write_configuration(self) -> None:
        """Render the configuration and what it refers to into the folder."""
        for each in ("etc", "lib/keys", "spool", "run", "log/cdr-csv", "moh"):
            (self.folder / each).mkdir(parents=True, exist_ok=True)
        for file, text in render_whole(self.values).items():
            path = self.folder / "etc" / file
            path.touch(mode_of(file))
            path.write_text(text, encoding="utf-8")
        music = self.folder / "moh/hold.sln"
        if not music.exists():
            music.write_bytes(hold_music())

    async def start(self) -> None:
        """Start it and wait until it is fully booted.

        Raises:
            SwitchError: it ended, did not boot in time, or complained of an error while it booted (a port that is
                taken); the message holds the end of its log.
        """
        self.write_configuration()
        before = self._log_size()
        self._child = await start(
            "Asterisk",
            [self.tree.program, "-C", self.folder / "etc/asterisk.conf", "-f", "-q"],
            folder=self.folder,
            output=self.folder / "log/console",
        )
        try:
            async with asyncio.timeout(BOOT_TIMEOUT_S):
                await self._booted()
        except TimeoutError:
            await self.kill()
            raise self._failure(f"did not boot within {BOOT_TIMEOUT_S:g} s") from None
        with self.log.open("rb") as log:
            log.seek(before)
            if b" ERROR[" in log.read():
                await self.kill()
                raise self._failure("cannot be used")

    async def stop(self) -> None:
        """End it, calls and all. When this returns it is gone."""
        if self._child is not None:
            await self._child.stop(STOP_GRACE_S)

    async def kill(self) -> None:
        """End it as a crash would (SIGKILL). When this returns it is gone."""
        if self._child is not None:
            self._child.send(signal.SIGKILL)
            await self._child.wait(STOP_GRACE_S)

    def freeze(self) -> None:
        """Stop its process (SIGSTOP), as a machine that hangs; ``thaw`` lets it go on."""
        self._running().send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        self._running().send(signal.SIGCONT)

    async def cli(self, command: str, timeout_s: float = 10.0) -> str:
        """What the CLI answers to ``command``.

        Raises:
            SwitchError: it could not be reached in time.
        """
        process = await asyncio.create_subprocess_exec(
            *(str(self.tree.program), "-C", str(self.folder / "etc/asterisk.conf"), "-rx", command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(timeout_s):
                answer, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise self._failure(f'did not answer to "{command}" within {timeout_s:g} s') from None
        if process.returncode != 0:
            raise self._failure(f'could not be asked "{command}"')
        return answer.decode("utf-8", "replace")

    async def __aenter__(self) -> PrivateAsterisk:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _booted(self) -> None:
        """Returns when it is fully booted.

        The control socket is there some tenths of a second after the start, and nothing tells when; so it is asked
        for again and again.
        """
        while True:
            if not self.alive:
                raise self._failure("ended while it booted")
            if (self.folder / "run/asterisk.ctl").exists():
                try:
                    await self.cli("core waitfullybooted", BOOT_TIMEOUT_S)
                except SwitchError:
                    if not self.alive:
                        raise
                else:
                    return
            await asyncio.sleep(0.05)

    def _log_size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def _running(self) -> Child:
        if self._child is None:
            raise SwitchError("the private Asterisk was not started")
        return self._child

    def _failure(self, what: str) -> SwitchError:
        lines = [tail(self.folder / "log/console", 10), tail(self.log, 15)]
        return SwitchError("\n".join([f"the private Asterisk in {self.folder} {what}", *filter(None, lines)]))
