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
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


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


def fetch(project: Path) -> dict[str, Path]:
    """The folders of Asterisk, SIPp and espeak-ng, fetched where they are not there yet.

    Raises:
        subprocess.CalledProcessError: they cannot be had.
    """
    version = os.environ.get("CALLWRIGHT_TEST_ASTERISK", "16")
    command = [str(project / "docker/fetch-asterisk"), version, str(project / "var/pbx")]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return {name: Path(path) for name, path in (line.split("=", 1) for line in done.stdout.splitlines())}
