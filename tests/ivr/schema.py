"""A judge of JSON Schema for the words that the schema of flows uses; it knows no other, and says so.

Source: JSON Schema 2020-12, "validation" and "core".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "null": type(None),
}
SILENT = {"title", "description", "default", "examples", "$schema", "$defs"}


def faults(schema: dict[str, Any], value: Any, root: dict[str, Any] | None = None, at: str = "") -> list[str]:
    """Where ``value`` does not fit ``schema``."""
    return list(_faults(schema, value, root or schema, at))


def _faults(schema: dict[str, Any], value: Any, root: dict[str, Any], at: str) -> Iterator[str]:
    for word, wanted in sorted(schema.items(), key=lambda item: item[0] != "type"):  # what is no text has no length
        match word:
            case "$ref":
                yield from _faults(root["$defs"][wanted.removeprefix("#/$defs/")], value, root, at)
            case "oneOf" | "anyOf":
                fitting = sum(not faults(each, value, root, at) for each in wanted)
                if fitting == 0 or (word == "oneOf" and fitting > 1):
                    yield f"{at}: fits {fitting} of {word}"
            case "type":
                if not isinstance(value, TYPES[wanted]) or (wanted == "integer" and isinstance(value, bool)):
                    yield f"{at}: is no {wanted}"
                    return
            case "enum":
                if value not in wanted:
                    yield f"{at}: is none of {wanted}"
            case "pattern":
                if isinstance(value, str) and not re.search(wanted, value):
                    yield f"{at}: does not match {wanted}"
            case "enum":
                if value not in wanted:
                    yield f"{at}: is none of {wanted}"
            case "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties":
                if (len(value) < wanted) if word.startswith("min") else (len(value) > wanted):
                    yield f"{at}: {word}"
            case "minimum" | "maximum":
                if (value < wanted) if word == "minimum" else (value > wanted):
                    yield f"{at}: {word}"
            case "items":
                for index, item in enumerate(value):
                    yield from _faults(wanted, item, root, f"{at}[{index}]")
            case "required" if isinstance(value, dict):
                yield from (f"{at}: lacks {name}" for name in wanted if name not in value)
            case "properties" | "patternProperties" | "additionalProperties" if isinstance(value, dict):
                yield from _keys(schema, word, value, root, at)
            case "required" | "properties" | "patternProperties" | "additionalProperties":
                pass  # of mappings only
            case _ if word not in SILENT:
                raise NotImplementedError(word)


def _keys(schema: dict[str, Any], word: str, value: dict[str, Any], root: dict[str, Any], at: str) -> Iterator[str]:
    """What of the values under keys does not fit."""
    properties, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, inside in value.items():
        matching = [each for pattern, each in patterns.items() if re.search(pattern, name)]
        match word:
            case "properties" if name in properties:
                yield from _faults(properties[name], inside, root, f"{at}.{name}")
            case "patternProperties":
                for each in matching:
                    yield from _faults(each, inside, root, f"{at}.{name}")
            case "additionalProperties" if name not in properties and not matching:
                if schema[word] is False:
                    yield f"{at}: has {name}"
                elif schema[word] is not True:
                    yield from _faults(schema[word], inside, root, f"{at}.{name}")
            case _:
                pass
