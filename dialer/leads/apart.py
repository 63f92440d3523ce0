"""The rows of a large file, read and checked in a process of its own.

Checking a row costs as much as writing it, and both would wait for one interpreter, in which the engine's calls wait
too. Here another core does it, with less priority than the engine has; the pipe between holds a batch or two, so
neither runs far ahead of the other. What comes back are the batches that :class:`dialer.leads.file.LeadFile` gives.

A process of Python, not a thread: it ends with the pipe. Source: pipe(7), nice(2), getrlimit(2).
"""

from __future__ import annotations

import errno
import io
import json
import os
import pickle
import resource
import signal
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from calls.errors import LeadError, Location
from dialer.leads.file import Batch, LeadFile
from dialer.leads.table import open_table

END_WAIT_S = 5.0
"""How long the end of a process that says nothing more is waited for."""

LARGE_BYTES = 4 << 20
"""A smaller file is read before such a process has begun, which takes it some half a second of a core."""

MEMORY_BYTES = 1 << 30
"""Of address space, which the process may have: it reads a row at a time, and less than 100 MB of it are Python's and
the tables of numbers. A file that would make it take more, whatever the fault, ends the import and not the calls."""

SPARE_BYTES = 4 << 20
"""Let go where there is no memory left, so that this can still be said."""

NICE = 10
"""nice(1) of the process: calls come first."""


@dataclass(frozen=True, slots=True)
class How:
    """How a file is read, as :class:`dialer.leads.file.LeadFile` is told. ``file`` is its name, for messages."""

    file: str
    region: str | None
    columns: tuple[tuple[str, str], ...]

    def leads(self, stream: BinaryIO) -> LeadFile:
        """The leads in the file.

        Raises:
            LeadError: it cannot be read, or has not the columns.
        """
        where = Location(Path(self.file))
        return LeadFile(open_table(stream, where), where, self.region, self.columns)


def batches(stream: BinaryIO, how: How, leads: LeadFile, after: int) -> Generator[Batch, None, None]:
    """The rows of ``leads`` behind row ``after``, in batches: by a process of its own where the file is large and
    stands on the disk. ``stream``: the file, open for reading; nobody else reads it meanwhile.

    Raises:
        LeadError: the file, or the rest of it, cannot be read.
    """
    if not _is_large(stream):
        yield from leads.batches(after)
        return
    asked = json.dumps([how.file, how.region, how.columns, after, MEMORY_BYTES])
    process = subprocess.Popen(
        [sys.executable, "-I", "-m", __name__, asked],  # no module of the folder that we happen to stand in
        stdin=stream.fileno(),
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for us, who end it
    )
    assert process.stdout is not None
    try:
        while (batch := _next(process)) is not None:
            yield batch
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def _is_large(stream: BinaryIO) -> bool:
    try:
        return os.fstat(stream.fileno()).st_size >= LARGE_BYTES
    except io.UnsupportedOperation:
        return False


def _next(process: subprocess.Popen[bytes]) -> Batch | None:
    assert process.stdout is not None
    try:
        found = pickle.load(process.stdout)
    except (EOFError, pickle.UnpicklingError) as problem:
        how = _end_of(process)
        raise LeadError(
            f"the process that reads the file has died ({how}); what was read before is kept:"
            " import the file again to go on"
        ) from problem
    if isinstance(found, LeadError):
        raise found
    assert found is None or isinstance(found, Batch)
    return found


def _end_of(process: subprocess.Popen[bytes]) -> str:
    """How a process that says nothing more ended, in words."""
    try:
        code = process.wait(timeout=END_WAIT_S)
    except subprocess.TimeoutExpired:
        return "it closed its output and runs on"
    if code == -signal.SIGKILL:
        return "it was killed: by the machine, if its memory is full, or by hand"
    return f"it ended by {signal.Signals(-code).name}" if code < 0 else f"it ended with {code}, see the error output"


def serve(stream: BinaryIO, target: BinaryIO, how: How, after: int) -> None:
    """Write the batches to ``target``, and None behind the last; in its place what is wrong with the file."""
    try:
        for batch in how.leads(stream).batches(after):
            pickle.dump(batch, target, pickle.HIGHEST_PROTOCOL)
            target.flush()
    except LeadError as problem:
        pickle.dump(LeadError(str(problem)), target)
    else:
        pickle.dump(None, target)
    target.flush()


def main() -> None:
    """The process, of so much memory and no more: the file is its input, the batches are its output."""
    os.nice(NICE)
    file, region, columns, after, memory_bytes = json.loads(sys.argv[1])
    sys.modules["numpy"] = None  # type: ignore[assignment]  # openpyxl can do without, and without its threads' memory
    spare = bytearray(SPARE_BYTES)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    how = How(file, region, tuple((ours, name) for ours, name in columns))
    try:
        with open(0, "rb", closefd=False) as stream:
            serve(stream, sys.stdout.buffer, how, after)
    except BrokenPipeError:  # nobody wants the rest
        os._exit(0)
    except (MemoryError, OSError) as problem:
        if isinstance(problem, OSError) and problem.errno != errno.ENOMEM:
            raise
        spare.clear()
        words = f"{file}: reading it takes more memory than the {memory_bytes >> 20} MB that it may"
        pickle.dump(LeadError(words), sys.stdout.buffer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
