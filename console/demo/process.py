"""Child processes that surely end: with us, when we stop them, and when we are killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from calls.errors import UserError

DIES_WITH_US = ("--pdeathsig", "KILL")
"""setpriv(1) of util-linux sets PR_SET_PDEATHSIG: a kill -9 of ours ends the child too."""


class Child:
    """One child process in a process group of its own; its output goes to a file."""

    def __init__(self, process: asyncio.subprocess.Process, name: str, output: Path) -> None:
        self._process = process
        self.name = name
        self.output = output

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """True while the process runs."""
        return self._process.returncode is None

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._process.returncode

    async def wait(self, timeout_s: float) -> int:
        """The exit status, when the process has ended.

        Raises:
            TimeoutError: it runs on.
        """
        async with asyncio.timeout(timeout_s):
            return await self._process.wait()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process and to what it started. One that has ended already is no error."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    async def stop(self, grace_s: float = 3.0, ask: signal.Signals = signal.SIGTERM) -> None:
        """End the process: asked first, then killed. When this returns it is gone."""
        self.send(ask)
        try:
            await self.wait(grace_s)
        except TimeoutError:
            self.send(signal.SIGKILL)
            await self._process.wait()

    def tail(self, lines: int = 15) -> str:
        """The last lines of its output."""
        return tail(self.output, lines)


async def start(
    name: str,
    command: Sequence[str | Path],
    *,
    folder: Path,
    output: Path,
    environment: Mapping[str, str] | None = None,
) -> Child:
    """Start ``command`` in ``folder`` with its output in the file ``output``.

    Raises:
        UserError: setpriv(1) is missing, or the command cannot be started.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise UserError("setpriv is needed to run a switch of our own: apt-get install util-linux")
    with output.open("ab") as sink:
        try:
            process = await asyncio.create_subprocess_exec(
                setpriv,
                *DIES_WITH_US,
                *(str(part) for part in command),
                cwd=folder,
                env=dict(os.environ if environment is None else environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )
        except OSError as error:
            raise UserError(f"{name} cannot be started: {error.strerror}: {command[0]}") from error
    return Child(process, name, output)


def tail(file: Path, lines: int) -> str:
    """The last ``lines`` lines of a file, "" where there is none."""
    try:
        return "\n".join(file.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""
