"""``python -m tests.tinyvosk``: see the package."""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.tinyvosk.export import export


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.tinyvosk", description="The model that tests listen with.")
    commands = parser.add_subparsers(dest="command", required=True)
    exporting = commands.add_parser("export", help="write the model's folder")
    exporting.add_argument("folder", type=Path)
    exporting.add_argument("--word", action="append", default=[], help="one more word; may be given again")
    given = parser.parse_args()
    match given.command:
        case "export":
            export(given.folder, given.word)


if __name__ == "__main__":
    main()
