"""The engine's feed for the console's live pages: one long answer, a line of JSON for each change."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from console.engine import feed
from console.engine.engine import Engine
from console.picture import Picture


def add(app: FastAPI, engine: Engine) -> None:
    """Add the route."""
    made = feed.Feed(
        lambda shift_s: floor_picture(engine, shift_s), lambda shift_s: picture(engine, shift_s), engine.clock
    )
    engine.on_floor_moved.append(made.touch)

    @app.get("/v1/feed")
    async def lines() -> StreamingResponse:
        return StreamingResponse(made.lines(), media_type="application/x-ndjson")


def floor_picture(engine: Engine, shift_s: float) -> Picture:
    """What changes with every call."""
    floor = engine.floor.view()
    return {
        "agents": feed.agents_of(
            floor,
            engine.consults.view(),
            engine.consults.on_hold(),
            engine.previews.view(),
            engine.talk_recordings.paused,
            shift_s,
        ),
        "queues": feed.queues_of(floor, shift_s),
    }


def picture(engine: Engine, shift_s: float) -> Picture:
    """All else."""
    now_s = engine.clock.monotonic_s()
    core = engine.dialled.core.view(now_s)
    return {
        "calls": feed.calls_of(engine.books.open_calls, feed.milliseconds(now_s, shift_s)),
        "campaigns": feed.campaigns_of(core),
        "trunks": feed.trunks_of(core),
        "switches": feed.switches_of(engine.switches_shown(core)),
        "supervisors": feed.supervisors_of(engine.supervision.view(), shift_s),
        "flags": feed.flags_of(engine.effects.flagged),
        "hours": {name: {"state": each.state.value} for name, each in engine.hours.overrides.items()},
        "engine": {
            "": {
                "not_ready": list(engine.watch.not_ready()),
                "hold": core.hold,
                "calls": len(engine.books.open_calls),
            }
        },
    }
