"""The index of rendered prompts: which file speaks which prompt, and what it was made of.

One JSON file in the cache, replaced whole, so that a reader sees the old one or the new one and nothing between.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from calls.errors import Location, PromptError
from calls.switch.port import Prompt
from prompts.texts import is_prompt

INDEX_NAME = "index.json"
_VERSION = 1
_FILE = re.compile(r"[a-z0-9_.-]{1,100}\.[0-9a-f]{8}\.(ulaw|wav)\Z")


@dataclass(frozen=True, slots=True)
class Rendered:
    """One rendered prompt."""

    file: str
    """The file's name in the folder of its language: ``<key>.<eight digits of the digest>.<format>``."""
    recipe: str
    """Digest of what it is made of, the engine aside: text or recording, voice, rate, format, our own processing."""
    engine: str
    """Name and version of the engine that spoke; "" for a recording."""
    duration_s: float


def read_index(cache: Path) -> dict[Prompt, Rendered]:
    """What is rendered in ``cache``; empty where nothing is.

    Raises:
        PromptError: the index cannot be read, or was not written by us.
    """
    path = cache / INDEX_NAME
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["version"] != _VERSION:
            raise ValueError(f"version {data['version']!r}")
        index = {
            Prompt(key, language): _rendered(key, language, fields)
            for language, entries in data["prompts"].items()
            for key, fields in entries.items()
        }
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise PromptError(f"cannot be read: {error.strerror}", Location(path)) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PromptError(f"is damaged ({error}); remove it and render the prompts again", Location(path)) from error
    return index


def _rendered(key: str, language: str, fields: Mapping[str, object]) -> Rendered:
    file, recipe, engine, duration_s = (fields[name] for name in ("file", "recipe", "engine", "duration_s"))
    if not (isinstance(file, str) and isinstance(recipe, str) and isinstance(engine, str)):
        raise ValueError(f"{language}/{key}")
    if not isinstance(duration_s, float) or not is_prompt(Prompt(key, language)) or _FILE.match(file) is None:
        raise ValueError(f"{language}/{key}")
    return Rendered(file, recipe, engine, duration_s)


def write_index(cache: Path, index: Mapping[Prompt, Rendered]) -> None:
    """Replace the index of ``cache``.

    Raises:
        OSError: it cannot be written; the old one stands.
    """
    prompts: dict[str, dict[str, object]] = {}
    for prompt in sorted(index, key=lambda each: (each.language, each.key)):
        prompts.setdefault(prompt.language, {})[prompt.key] = asdict(index[prompt])
    write_whole(cache / INDEX_NAME, json.dumps({"version": _VERSION, "prompts": prompts}, indent=1).encode())


def make_folder(path: Path) -> None:
    """Make a folder that the switch's user can read, whatever this process's umask.

    Raises:
        OSError: it cannot be made.
    """
    path.mkdir(exist_ok=True)
    if path.stat().st_uid == os.geteuid():
        path.chmod(0o755)


def write_whole(path: Path, data: bytes) -> None:
    """Write ``path`` whole or not at all, after a power cut too; the switch's user may read it.

    Raises:
        OSError: it cannot be written; nothing of it is left.
    """
    handle, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        os.replace(name, path)
    except OSError:
        os.unlink(name)
        raise
