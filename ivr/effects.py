"""What a flow leaves behind in the books: each effect is written once, before the caller is told of it.

Values only; ``console/engine/effects.py`` writes them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OptOut:
    """Never dial ``number`` again. It is as the flow has it: whoever writes makes E.164 of it, or refuses."""

    number: str


Effect = OptOut
