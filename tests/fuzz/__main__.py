"""``make fuzz``: hostile input for everything that reads what others wrote, driven by coverage, for a set time.

``python -m tests.fuzz flow agi --seconds 60`` runs some of the targets, each in a process of its own and for so long;
``python -m tests.fuzz flow --input var/fuzz/flow/crash-1234`` runs one input again, with its traceback. What is found
is kept in the folder ``var/fuzz`` by target, and the exit status is 1 then. It needs atheris, which has a wheel for
x86-64 alone: so it is in no other lock than ``requirements-fuzz.lock``.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.seeds import LONGEST, ROOT
from tests.fuzz.targets import TARGETS

FINDINGS = ROOT / "var/fuzz"
DRIVER = (sys.executable, "-m", "tests.fuzz.driven")
SECONDS = 60
INPUT_S = 20
"""How long one input may take before it counts as one that hangs."""
START_S = 120
"""How long a target may take beyond its time: to be instrumented, and to run its seeds once."""
DONE = re.compile(r"Done ([0-9]+) runs")


def fuzz(name: str, seconds: int, folder: Path = FINDINGS, driver: Sequence[str] = DRIVER) -> bool:
    """Fuzz one target; True where nothing was found. What is found is put into ``folder``."""
    findings = folder / name
    findings.mkdir(parents=True, exist_ok=True)
    before = set(findings.iterdir())
    with tempfile.TemporaryDirectory(prefix="cw-fuzz-") as corpus:
        for number, seed in enumerate(TARGETS[name].seeds()):
            (Path(corpus) / f"seed-{number:04d}").write_bytes(seed)
        command = [*driver, name]
        command += [f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-timeout={INPUT_S}", "-rss_limit_mb=1024"]
        command += [f"-artifact_prefix={findings}/", corpus]
        run = subprocess.run(
            command,
            cwd=ROOT,
            timeout=seconds + START_S,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    told = run.stdout.decode("utf-8", "replace")
    found = sorted(set(findings.iterdir()) - before)
    done = DONE.search(told)
    if run.returncode == 0 and done is not None and not found:
        say(f"{name:<12} {int(done[1]):>9,} inputs in {seconds} s, nothing found")
        return True
    say(told[-4_000:], f"{name}: FOUND " + (", ".join(map(str, found)) or "no input: it could not be run"))
    return False


def say(*lines: str) -> None:
    """Print them now."""
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(TARGETS)}; none: all")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="for each of them")
    parser.add_argument("--input", type=Path, help="run this input alone, and once")
    given = parser.parse_args()
    names = given.names or list(TARGETS)
    if unknown := [name for name in names if name not in TARGETS]:
        parser.error(f"no target {', '.join(unknown)}: expected {', '.join(TARGETS)}")
    if given.input is not None:
        for name in names:
            TARGETS[name].run(given.input.read_bytes())
        return 0
    clean = [fuzz(name, given.seconds) for name in names]
    return int(not all(clean))


if __name__ == "__main__":
    sys.exit(main())
