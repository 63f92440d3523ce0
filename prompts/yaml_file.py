"""A YAML file that a person writes, as keys and values with their lines."""

from __future__ import annotations

import re
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node

from calls.errors import Location, PromptError

MAX_FILE_BYTES = 2_000_000
"""A file of texts beyond this is some other file."""

TEXT = "tag:yaml.org,2002:str"
"""How YAML names a text. Source: YAML 1.2, failsafe schema."""

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
"""Signs that no text holds which is to be spoken."""


def mapping_of(path: Path, absent: str, expected: str) -> list[tuple[Node, Node]]:
    """The keys and values of the file. Nothing is made of them: what YAML takes for a date may not even be one.

    ``absent`` is said where there is no such file, ``expected`` where it is no mapping.

    Raises:
        PromptError: it cannot be read, or is something else; with its line.
    """
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8")
    except FileNotFoundError:
        raise PromptError(absent, Location(path)) from None
    except OSError as error:
        raise PromptError(f"cannot be read: {error.strerror}", Location(path)) from error
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise PromptError("is not UTF-8; save the file as UTF-8", Location(path, line)) from error
    if len(raw) > MAX_FILE_BYTES:
        raise PromptError(f"has {len(raw)} bytes; at most {MAX_FILE_BYTES} are taken", Location(path))
    try:
        data = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        raise PromptError(f"is not YAML: {error.problem or error.context}", _at(path, error)) from error
    except (YAMLError, ValueError, OverflowError) as error:  # e.g. an escape that names no character
        raise PromptError(f"is not YAML: {str(error).splitlines()[0]}", Location(path)) from error
    except RecursionError:
        raise PromptError(f"is nested too deeply; expected {expected}", Location(path)) from None
    if not isinstance(data, MappingNode):
        raise PromptError(f"expected {expected}", Location(path, 1))
    return list(data.value)


def _at(path: Path, error: MarkedYAMLError) -> Location:
    mark = error.problem_mark or error.context_mark
    return Location(path, None if mark is None else int(mark.line) + 1)
