"""A flow as it is written, and as a session runs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator

from calls.hours import time_zone
from calls.ids import FlowId
from calls.records.flow_versions import version_of
from ivr.nodes import Node
from ivr.nodes.base import Extension, LanguageTag, NodeModel, NodeName, VariableName
from ivr.nodes.voice import PROMPTS as VOICE_PROMPTS
from ivr.turn import Phrases
from ivr.values import Values

SORRY = "system.sorry"
"""What a caller hears when the flow cannot go on, before the call ends."""

UTC = ZoneInfo("UTC")
NO_FLOWS: Mapping[FlowId, Flow] = MappingProxyType({})
NO_PHRASES: Phrases = MappingProxyType({})

SYSTEM_PROMPTS = (SORRY,)
"""The prompts that a session plays without a flow's asking; every language has them."""

Scalar = str | int | bool | None


class FlowFile(BaseModel):
    """A flow file. Its id is its file name without ``.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    language: LanguageTag = Field(description="the language of the prompts, such as en")
    languages: Annotated[tuple[LanguageTag, ...], Field(max_length=20)] = Field(
        default=(), description="a list of all languages that the flow may speak, such as [en, de]"
    )
    zone: str = Field(
        default="UTC", description="an IANA time zone, such as Europe/Berlin, for call.date and call.time"
    )
    variables: dict[VariableName, Scalar] = Field(
        default_factory=dict, description='variables and what they hold at first, such as {tries: 0, kind: "repair"}'
    )
    speech: bool | None = Field(
        default=None,
        description="false where nothing is answered by voice, or true; without it, true where a node says what"
        " callers may say",
    )
    start: NodeName = Field(description="the node that a call begins with")
    fault: NodeName | None = Field(
        default=None, description="the node for after the apology, where a node of ours has failed"
    )
    extensions: dict[Extension, NodeName] = Field(
        default_factory=dict, description='extensions and nodes, such as {"201": alice}'
    )
    nodes: dict[NodeName, Node] = Field(min_length=1, description="the nodes by their names")

    @field_validator("zone")
    @classmethod
    def _there(cls, zone: str) -> str:
        """Refuse a zone that is none (``HoursProblem``, a ValueError)."""
        time_zone(zone)
        return zone

    @property
    def spoken(self) -> tuple[str, ...]:
        """All languages of the flow, the first first, each once."""
        return tuple(dict.fromkeys((self.language, *self.languages)))

    @property
    def speaks(self) -> bool:
        """Whether callers may answer by voice."""
        if self.speech is not None:
            return self.speech
        return any(any(node.expects(language)) for node in self.nodes.values() for language in self.spoken)


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow that was checked and can run. ``version``: the first 12 hex digits of the SHA-256 of its file's content,
    and of the versions of its subflows where it has some."""

    id: FlowId
    version: str
    language: str
    start: str
    nodes: Mapping[str, NodeModel]
    extensions: Mapping[str, str]
    languages: tuple[str, ...] = ()
    zone: ZoneInfo = UTC
    variables: Values = field(default_factory=dict)
    subflows: Mapping[FlowId, Flow] = field(default_factory=dict)
    source: bytes = field(default=b"", repr=False)
    """The file as it was read."""
    phrases: Phrases = field(default_factory=dict, repr=False)
    """All texts with places for values, those too that this flow does not play."""
    fault: str | None = None
    """Where a call goes on, once, after the apology for a fault of ours. Of a subflow it is not asked."""
    speech: bool = False
    """Whether callers may answer by voice."""

    @property
    def entries(self) -> tuple[str, ...]:
        """The nodes that a call comes to without a way that leads there: ``start``, and that for faults."""
        return (self.start,) if self.fault is None else (self.start, self.fault)

    def with_subflows(self) -> Iterator[Flow]:
        """The flow and all that it calls; a flow that is called twice comes twice."""
        yield self
        for flow in self.subflows.values():
            yield from flow.with_subflows()

    def prompts(self) -> Iterator[str]:
        """The key of every prompt that a call in this flow may hear, in whatever language it is spoken to."""
        yield from SYSTEM_PROMPTS
        if self.speech:
            yield from VOICE_PROMPTS
        for node in self.nodes.values():
            for _, key in node.prompts():
                yield key
        for flow in self.subflows.values():
            yield from flow.prompts()


def compiled(
    flow_id: str,
    raw: bytes,
    file: FlowFile,
    subflows: Mapping[FlowId, Flow] = NO_FLOWS,
    phrases: Phrases = NO_PHRASES,
) -> Flow:
    """The flow of a file that has no errors; ``raw``: the bytes it was read from."""
    called = "".join(f"{name} {subflows[name].version}" for name in sorted(subflows))
    return Flow(
        id=FlowId(flow_id),
        version=version_of(raw + called.encode()),
        language=file.language,
        start=file.start,
        nodes=dict(file.nodes),
        extensions=dict(file.extensions),
        languages=file.spoken,
        zone=time_zone(file.zone),
        variables=dict(file.variables),
        subflows=dict(subflows),
        source=raw,
        phrases=phrases,
        fault=file.fault,
        speech=file.speaks,
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
