"""One target under atheris; libFuzzer's options and the folder of inputs follow its name. It ends the process.

Source: https://github.com/google/atheris.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["calls", "ivr", "prompts"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Run it until its time is up or something is found."""
    program, name, *options = sys.argv
    atheris.Setup([program, *options], TARGETS[name].run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
