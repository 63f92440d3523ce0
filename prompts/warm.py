"""espeak-ng kept warm: processes that speak one text after the other, some 10 ms each instead of 100.

A process is given one text at a time and has a deadline for it; one that does not keep it, dies or fails is ended,
and the next text starts another. After :data:`TEXTS` texts it is replaced too: pyttsx3 keeps what it has said.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from calls.errors import PromptError
from prompts.espeak import DEADLINE_S, WORKER, EspeakPlace, EspeakSynthesizer, environment, understood

TEXTS = 500
"""Texts that one process speaks."""

_MAX_ANSWER = 1_000_000
"""Bytes of an answer; one that names the voices has some 10 kB."""


class WarmEspeak(EspeakSynthesizer):
    """Speaks as :class:`prompts.espeak.EspeakSynthesizer` does, by as many processes as threads speak at once."""

    def __init__(self, place: EspeakPlace, *, deadline_s: float = DEADLINE_S, worker: Path = WORKER) -> None:
        super().__init__(place, deadline_s=deadline_s, worker=worker)
        self._idle: list[_Process] = []
        self._idle_lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the processes that do not speak. Those that speak end by themselves."""
        with self._idle_lock:
            idle, self._idle = self._idle, []
        for process in idle:
            process.end()

    def _say(self, request: Mapping[str, object]) -> None:
        with self._idle_lock:
            process = self._idle.pop() if self._idle else None
        if process is None:
            process = _Process(self._worker, self._place)
        try:
            understood(process.ask(json.dumps(request), self._deadline_s))
        except ValueError as error:
            process.end()
            raise PromptError("the process that speaks gave no answer") from error
        except BaseException:
            process.end()
            raise
        if process.texts >= TEXTS:
            process.end()
            return
        with self._idle_lock:
            self._idle.append(process)


class _Process:
    """One worker process."""

    def __init__(self, worker: Path, place: EspeakPlace) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(worker), "--serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(place),
        )
        self.texts = 0

    def ask(self, request: str, deadline_s: float) -> bytes:
        """The line that it answers.

        Raises:
            PromptError: it died, or did not answer by the deadline. It is of no use then.
        """
        self.texts += 1
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(request.encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise PromptError("the process that speaks has died") from error
        return self._line(time.monotonic() + deadline_s, deadline_s)

    def _line(self, until: float, deadline_s: float) -> bytes:
        assert self._process.stdout is not None
        source = self._process.stdout.fileno()
        answer = b""
        while not answer.endswith(b"\n"):
            readable, _, _ = select.select([source], [], [], max(0.0, until - time.monotonic()))
            if not readable:
                raise PromptError(f"espeak-ng did not finish within {deadline_s:g} s and was ended")
            read = os.read(source, 65_536)
            if not read or len(answer) > _MAX_ANSWER:
                raise PromptError("the process that speaks has died")
            answer += read
        return answer

    def end(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):  # a request that it did not read
                pipe.close()
        self._process.wait()
