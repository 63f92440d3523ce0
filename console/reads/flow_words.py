"""What may stand in a flow's text, for an editor that completes it: by the schema and the names of the settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from ivr.check import Known
from ivr.flow import json_schema

PROMPT = r"^[a-z0-9_-]+(\.[a-z0-9_-]+)*$"
NODE_PATTERN = "^[a-z][a-z0-9_]{0,63}$"
LONGEST_SAID = 160

Schema = Mapping[str, object]


class Holds(StrEnum):
    """What a key's value is: a node, nodes by keys, prompts, one of its own words, or anything."""

    NODE = "node"
    NODES = "nodes"
    PROMPTS = "prompts"
    WORDS = "words"
    TEXT = "text"


class Offer(BaseModel):
    """A key, or a kind of node by its first key. ``words``: what its value may be, where that is known."""

    model_config = ConfigDict(frozen=True)
    word: str
    says: str
    holds: Holds = Holds.TEXT
    words: tuple[str, ...] = ()


class FlowWords(BaseModel):
    """``top``: keys of the text itself; ``kinds``: the keys of each kind of node, its own first."""

    model_config = ConfigDict(frozen=True)
    top: tuple[Offer, ...]
    kinds: Mapping[str, tuple[Offer, ...]]
    prompts: tuple[str, ...]


def words(known: Known) -> FlowWords:
    """All of them; ``known``: what the settings name."""
    schema = json_schema()
    definitions = _part(schema, "$defs")
    names = _names(known)
    nodes = _part(_part(schema, "properties"), "nodes")
    kinds = {}
    for each in _one_of(nodes):
        node = _part(definitions, str(each["$ref"]).rpartition("/")[2])
        properties = _part(node, "properties")
        own = next(iter(properties))
        about = str(node.get("description", "")).partition("\n\n")[0]
        kinds[own] = tuple(
            _offer(key, _part(properties, key), names, about if key == own else "") for key in properties
        )
    top = _part(schema, "properties")
    prompts = {key for keys in (known.prompts or {}).values() for key in keys}
    return FlowWords(
        top=tuple(_offer(key, _part(top, key), {}) for key in top), kinds=kinds, prompts=tuple(sorted(prompts))
    )


def _names(known: Known) -> dict[str, tuple[str, ...]]:
    """What the settings name, by the key whose value it is."""
    found: dict[str, Iterable[str] | None] = {
        "queue": known.queues,
        "overflow": known.queues,
        "callback": known.callbacks,
        "transfer": known.destinations,
        "webhook": known.webhooks,
        "send": known.webhooks,
        "gateway": known.gateways,
        "lookup": known.lookups,
        "authenticate": known.authenticators,
    }
    return {key: tuple(sorted(names or ())) for key, names in found.items()}


def _offer(key: str, value: Schema, names: Mapping[str, tuple[str, ...]], about: str = "") -> Offer:
    said = " ".join((about or str(value.get("description", ""))).replace("``", "").split())
    holds, own = Holds.TEXT, names.get(key, ())
    kinds = [value, *_list(value, "anyOf")]
    if any(each.get("pattern") == NODE_PATTERN for each in kinds) and not own:
        holds = Holds.NODE
    elif any(_leads(each) for each in kinds):
        holds = Holds.NODES
    elif any(_part(each, "items").get("pattern") == PROMPT for each in kinds):
        holds = Holds.PROMPTS
    elif own or any(each.get("enum") or each.get("type") == "boolean" for each in kinds):
        holds = Holds.WORDS
        own += tuple(word for each in kinds for word in _own(each))
    return Offer(word=key, says=said[:LONGEST_SAID], holds=holds, words=own)


def _own(value: Schema) -> Iterable[str]:
    """The words that alone a value may be."""
    if value.get("type") == "boolean":
        return ("true", "false")
    found = value.get("enum")
    return [str(each) for each in found] if isinstance(found, list) else ()


def _leads(value: Schema) -> bool:
    """Whether it is a map whose values are nodes."""
    inner = _part(value, "patternProperties").values()
    return any(isinstance(each, Mapping) and each.get("pattern") == NODE_PATTERN for each in inner)


def _one_of(nodes: Schema) -> list[Schema]:
    (each,) = _part(nodes, "patternProperties").values()
    assert isinstance(each, Mapping)
    return _list(each, "oneOf")


def _part(value: Schema, key: str) -> Schema:
    found = value.get(key)
    return found if isinstance(found, Mapping) else {}


def _list(value: Schema, key: str) -> list[Schema]:
    found = value.get(key)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
