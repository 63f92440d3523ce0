"""What the next page says of what was just done: kept in a cookie of the browser until it is shown once."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Literal

from fastapi import Request, Response

COOKIE = "callwright_said"
LONGEST = 600
KEPT_S = 120

Kind = Literal["good", "bad", "note"]


@dataclass(frozen=True, slots=True)
class Flash:
    """One message. The browser's owner may forge it, for that owner's own eyes: pages escape it as any text."""

    kind: Kind
    text: str


def say(response: Response, text: str, kind: Kind = "good") -> None:
    """Have the next page say it."""
    packed = base64.urlsafe_b64encode(json.dumps([kind, text[:LONGEST]]).encode()).decode("ascii")
    response.set_cookie(COOKIE, packed, max_age=KEPT_S, path="/", httponly=True, samesite="strict")


def take(request: Request) -> Flash | None:
    """What is to be said; whoever shows it lets the cookie go by :func:`forget`."""
    try:
        kind, text = json.loads(base64.urlsafe_b64decode(request.cookies[COOKIE]))
    except (KeyError, ValueError, TypeError, RecursionError):
        return None
    if not isinstance(text, str) or kind not in ("good", "bad", "note"):
        return None
    return Flash(kind, text[:LONGEST])


def forget(response: Response) -> None:
    """It was shown."""
    response.delete_cookie(COOKIE, path="/")
