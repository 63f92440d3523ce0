"""``[preview]`` of a campaign's file: how an agent looks at a lead before it is dialled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from calls.parts import Part
from calls.toml_file import Place
from dialer.pace import Pacing

LONGEST_S = 3600.0
"""An agent who is to dial by themselves is kept for a lead so long at most."""

Seconds = Annotated[float, Field(ge=1, le=600, description="seconds, 1 to 600")]
Rest = Annotated[float, Field(ge=60, le=30 * 86400, description="seconds, 60 to 2592000 (30 days)")]


class Preview(Part):
    """``[preview]``: how long an agent looks, and what follows when the time is over."""

    seconds: Seconds = 30.0
    auto: Annotated[Literal["dial", "skip", "wait"], Field(description='"dial", "skip" or "wait"')] = "wait"
    """When the time is over: dial the lead, show another agent the next one, or let the agent go on looking."""
    skipped_rest_s: Rest = 3600.0
    """A lead that was skipped is shown again after this."""

    @property
    def keep_s(self) -> float:
        """How long an agent may look at one lead at most."""
        return LONGEST_S if self.auto == "wait" else self.seconds


def faults(preview: Preview | None, pacing: Pacing) -> Iterator[tuple[Place, str]]:
    """What does not fit, each with its place."""
    if preview is not None and pacing.mode != "preview":
        yield (
            ("preview",),
            f'is for [pacing] mode = "preview"; the mode is "{pacing.mode}": take one of them out',
        )
