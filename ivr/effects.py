"""What a flow leaves behind in the books: each effect is written once, before the caller is told of it.

Values only; ``console/engine/effects.py`` writes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ivr.values import Value


@dataclass(frozen=True, slots=True)
class OptOut:
    """Never dial ``number`` again. It is as the flow has it: whoever writes makes E.164 of it, or refuses."""

    number: str


Json = Value | Sequence["Json"] | Mapping[str, "Json"]
"""What a message may hold; a decimal number is written as a text, which keeps it exact."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Tell the webhook ``name`` of the settings ``values``. The commit gives a reference that no other call has."""

    name: str
    values: Mapping[str, Json] = field(repr=False)


Effect = OptOut | Webhook
