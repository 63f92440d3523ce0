"""What the module of a page is given to add its routes with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from fastapi import FastAPI

from calls.settings import Settings
from console.web.engine import EngineWay
from console.web.guard import Guard
from console.web.pages import Pages


@dataclass(frozen=True, slots=True)
class Site:
    """``now``: the clock by which sessions end and windows of figures move; ``monotonic_s``: by which what is kept
    for a while grows old."""

    app: FastAPI
    settings: Settings
    engine: EngineWay
    guard: Guard
    pages: Pages
    now: Callable[[], datetime]
    monotonic_s: Callable[[], float]
