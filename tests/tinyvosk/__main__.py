"""``python -m tests.tinyvosk``: see the package."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

from tests.tinyvosk.evaluate import evaluate
from tests.tinyvosk.export import MODEL, export
from tests.tinyvosk.network import WEIGHTS


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.tinyvosk", description="The model that tests listen with.")
    commands = parser.add_subparsers(dest="command", required=True)
    exporting = commands.add_parser("export", help="write the model's folder")
    exporting.add_argument("folder", type=Path)
    exporting.add_argument("--word", action="append", default=[], help="one more word; may be given again")
    exporting.add_argument("--weights", type=Path, default=WEIGHTS)
    training = commands.add_parser("train", help="make the weights anew; needs PyTorch and flite")
    training.add_argument("--flite", type=int, default=1000, help="utterances for each voice of flite")
    training.add_argument("--espeak", type=int, default=4000, help="utterances of espeak-ng")
    training.add_argument("--epochs", type=int, nargs=3, default=[4, 3, 8], help="of the three stages")
    training.add_argument("--weights", type=Path, default=WEIGHTS)
    measuring = commands.add_parser("evaluate", help="measure a model with voices it was not trained on")
    measuring.add_argument("folder", type=Path, nargs="?", default=MODEL)
    measuring.add_argument("--utterances", type=int, default=200)
    measuring.add_argument("--noise-db", type=float, default=25.0, help="how far below the voice")
    given = parser.parse_args()
    match given.command:
        case "export":
            export(given.folder, given.word, given.weights)
        case "train":
            from tests.tinyvosk.training import train

            train(given.weights, given.flite, given.espeak, given.epochs, _tell)
        case "evaluate":
            for name, value in dataclasses.asdict(evaluate(given.folder, given.utterances, given.noise_db)).items():
                _tell(f"{name:17} {value:.4f}")


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
