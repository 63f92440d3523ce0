"""What lies in the folder of a vosk model, looked at before vosk is: some faults there end its process.

The layout is vosk's second: ``am``, ``conf`` and ``graph``, with the two graphs that grammars need.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from calls.errors import SpeechError

NEEDED = (
    "am/final.mdl",
    "conf/mfcc.conf",
    "conf/model.conf",
    "graph/HCLr.fst",
    "graph/Gr.fst",
    "graph/disambig_tid.int",
    "graph/phones/word_boundary.int",
)
STATIC = "graph/HCLG.fst"
"""Stands for the two graphs in the large models, which take no grammar."""

KALDI_RATE_HZ = 16_000
"""Where ``conf/mfcc.conf`` does not say. Source: Kaldi, ``FrameExtractionOptions``."""

RATES_HZ = (8000, 16_000)


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A folder that may be given to vosk. ``rate_hz``: of the audio that the model was made for."""

    folder: Path
    rate_hz: int


def look_at(folder: Path) -> ModelFiles:
    """The model in ``folder``.

    Raises:
        SpeechError: names the folder, what is wrong in it, and what to do.
    """
    if not folder.is_dir():
        raise SpeechError(f"{folder} is no folder: expected that of a vosk model, unpacked")
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing and (folder / STATIC).is_file():
        raise SpeechError(f"{folder} has one static graph and takes no grammar: take a model with graph/HCLr.fst")
    if missing:
        raise SpeechError(f"{folder} lacks {', '.join(missing)}: expected a vosk model, unpacked, whole")
    empty = [name for name in NEEDED if not (folder / name).stat().st_size]
    if empty:
        raise SpeechError(f"{folder} has nothing in {', '.join(empty)}: unpack the model again")
    if "endpoint.silence-phones" not in _options(folder / "conf/model.conf"):
        raise SpeechError(
            f"{folder}/conf/model.conf has no --endpoint.silence-phones, without which vosk ends the process:"
            " add the numbers of the silent phones, as the model's author says"
        )
    return ModelFiles(folder, _rate_hz(folder / "conf/mfcc.conf"))


def _rate_hz(path: Path) -> int:
    given = _options(path).get("sample-frequency", str(KALDI_RATE_HZ))
    try:
        rate_hz = float(given)
    except ValueError:
        rate_hz = 0.0
    if rate_hz not in RATES_HZ:
        known = " or ".join(map(str, RATES_HZ))
        raise SpeechError(f"{path} has --sample-frequency={given}: expected {known}")
    return int(rate_hz)


def _options(path: Path) -> Mapping[str, str]:
    """The options in a file of Kaldi's, one ``--name=value`` a line, the rest of a line after ``#`` left out."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpeechError(f"{path} cannot be read ({error}): unpack the model again") from error
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    pairs = (line.removeprefix("--").partition("=") for line in lines if line.startswith("--"))
    return {name.strip(): value.strip() for name, _, value in pairs}
