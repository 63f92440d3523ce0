"""The machine: what it is called, and what its processes have used."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path

from console.demo.pbx import Tree

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def described(asterisk: Path | None) -> str:
    """The machine in a line: processor, cores, kernel, and the versions that count. ``asterisk``: its tree."""
    versions = [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    if asterisk is not None:
        versions.append(Tree(asterisk).version)
    return f"{processor()}, {os.cpu_count()} cores, Linux {platform.release()}; {', '.join(versions)}"


def processor() -> str:
    """The processor's name as the kernel has it."""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def others_load() -> float:
    """How many processes wanted a processor in the last minute, on average: more than the benchmark's own say that
    its times, unlike its CPU seconds, are those of a busy machine."""
    return os.getloadavg()[0]


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has used, its threads with it. Source: proc_pid_stat(5), fields 14 and 15."""
    return _cpu_s(Path(f"/proc/{pid}/stat"))


def _cpu_s(stat: Path) -> float:
    fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def threads_cpu_s(pid: int) -> dict[int, float]:
    """CPU seconds that each thread of a process has used; the key of the main one is ``pid``."""
    return {int(task.name): _cpu_s(task / "stat") for task in Path(f"/proc/{pid}/task").iterdir()}


@dataclass(frozen=True, slots=True)
class Meter:
    """CPU of some processes from the moment it is made."""

    before: dict[int, float]

    @classmethod
    def of(cls, *pids: int) -> Meter:
        """Begins now."""
        return cls({pid: cpu_s(pid) for pid in pids})

    def used_s(self, pid: int) -> float:
        """CPU seconds that ``pid`` has used since."""
        return cpu_s(pid) - self.before[pid]


@dataclass(frozen=True, slots=True)
class ThreadMeter:
    """CPU of one process by its threads, from the moment it is made."""

    pid: int
    before: dict[int, float]

    @classmethod
    def of(cls, pid: int) -> ThreadMeter:
        """Begins now."""
        return cls(pid, threads_cpu_s(pid))

    def used_s(self) -> tuple[float, float]:
        """CPU seconds of the main thread since, and of the busiest of the others: in an engine that of the writer."""
        used = {tid: seconds - self.before.get(tid, 0.0) for tid, seconds in threads_cpu_s(self.pid).items()}
        return used.pop(self.pid), max(used.values(), default=0.0)


def fetch(project: Path) -> dict[str, Path]:
    """The folders of Asterisk, SIPp and espeak-ng, fetched where they are not there yet.

    Raises:
        subprocess.CalledProcessError: they cannot be had.
    """
    version = os.environ.get("CALLWRIGHT_TEST_ASTERISK", "16")
    command = [str(project / "docker/fetch-asterisk"), version, str(project / "var/pbx")]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return {name: Path(path) for name, path in (line.split("=", 1) for line in done.stdout.splitlines())}
