"""A flow as it is written, and as a session runs it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from calls.ids import FlowId
from ivr.nodes import Node
from ivr.nodes.base import Extension, NodeModel, NodeName

SORRY = "system.sorry"
"""What a caller hears when the flow cannot go on, before the call ends."""

SYSTEM_PROMPTS = (SORRY,)
"""The prompts that a session plays without a flow's asking; every language has them."""

Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class FlowFile(BaseModel):
    """A flow file. Its id is its file name without ``.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    language: Language = Field(description="the language of the prompts, such as en")
    start: NodeName = Field(description="the node that a call begins with")
    extensions: dict[Extension, NodeName] = Field(
        default_factory=dict, description='extensions and nodes, such as {"201": alice}'
    )
    nodes: dict[NodeName, Node] = Field(min_length=1, description="the nodes by their names")


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow that was checked and can run. ``version``: the first 12 hex digits of the file's SHA-256."""

    id: FlowId
    version: str
    language: str
    start: str
    nodes: Mapping[str, NodeModel]
    extensions: Mapping[str, str]

    def prompts(self) -> Iterator[str]:
        """The key of every prompt that a call in this flow may hear."""
        yield from SYSTEM_PROMPTS
        for node in self.nodes.values():
            for _, key in node.prompts():
                yield key


def compiled(flow_id: str, raw: bytes, file: FlowFile) -> Flow:
    """The flow of a file that has no errors; ``raw``: the bytes it was read from."""
    return Flow(
        id=FlowId(flow_id),
        version=hashlib.sha256(raw).hexdigest()[:12],
        language=file.language,
        start=file.start,
        nodes=dict(file.nodes),
        extensions=dict(file.extensions),
    )


def json_schema() -> dict[str, object]:
    """The JSON Schema of a flow file, for editors. Source: JSON Schema 2020-12."""
    schema = _closed(FlowFile.model_json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Callwright flow"}


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    """``schema``, with keys that fit no pattern refused: pydantic leaves that out, where its models refuse them."""
    closed = {name: _closed(value) if isinstance(value, dict) else value for name, value in schema.items()}
    if "patternProperties" in closed:
        closed["additionalProperties"] = False
    return closed
