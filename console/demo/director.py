"""Runs the demonstration: lays out the scene, starts the engine, and lets people call until all is over."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from calls.errors import CallwrightError, PromptError
from calls.settings import load
from console.client import EngineClient, NoEngine
from console.demo import process
from console.demo.hum import Hum
from console.demo.scene import CAMPAIGN, HERE, LIST, PHONES, Caller, Scene, callers
from console.demo.stage import Stage, make_secrets
from console.engine.status import Status
from prompts.espeak import find_espeak
from prompts.library import PromptLibrary
from prompts.rendering import render_all
from prompts.synthesis import Synthesizer
from prompts.warm import WarmEspeak

LIMIT_S = 165.0
"""The demonstration is ended after this, whatever still goes on: it promises three minutes."""

ENGINE_START_S = 30.0
LOOK_S = 0.25
"""How often the engine is asked how it stands."""

LONG_TALK_S = 15.0
"""No caller or callee talks for so long, but the one who waits until the agent ends the talk."""

STOP_S = 15.0


@dataclass(slots=True)
class Play:
    """What is seen of the demonstration while it runs."""

    what: str
    began: datetime
    status: Status | None = None
    callers: dict[str, str] = field(default_factory=dict)
    """What each caller does now, by who they are."""
    scene: str = "setting up"
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the campaign has finished and no call is up."""


async def perform(stage: Stage, scene: Scene, play: Play) -> None:
    """The whole demonstration, until the campaign is over and the last caller has hung up.

    Raises:
        CallwrightError: a part could not be started, or the engine ended.
    """
    async with AsyncExitStack() as stack:
        play.scene = "rendering prompts"
        scene.write(stage.kind, stage.ports)
        make_secrets(scene.folder)
        library = await asyncio.to_thread(_render, scene)
        play.scene = f"starting {stage.what}"
        await stage.open(scene, library, stack)
        play.scene = "starting the engine"
        engine = await _start_engine(scene, stack)
        client = stack.enter_context(EngineClient(scene.run / "engine.sock"))
        await _until_ready(engine, client, play)
        play.scene = "calls"
        async with asyncio.timeout(LIMIT_S):
            await _play(stage, scene, client, callers(library.duration_s), play)
        play.scene = "ending"


async def _play(stage: Stage, scene: Scene, client: EngineClient, people: list[Caller], play: Play) -> None:
    watching = asyncio.create_task(_watch(client, play), name="watch")
    calling = [
        asyncio.create_task(_call(stage, caller, number, play), name=f"caller {number}")
        for number, caller in enumerate(people, start=1)
    ]
    ending = asyncio.create_task(_end_talks(client, play), name="end talks")
    try:
        for agent in PHONES:
            await asyncio.to_thread(client.order, f"/v1/agents/{agent}/login")
        leads = (HERE / "leads.csv").read_bytes()
        await asyncio.to_thread(client.send, "/v1/leads", leads, {"list": LIST, "file": "leads.csv", "region": "US"})
        await asyncio.to_thread(client.order, f"/v1/campaigns/{CAMPAIGN}/start")
        await asyncio.gather(*calling)
        await play.over.wait()
        for agent in PHONES:
            await asyncio.to_thread(client.order, f"/v1/agents/{agent}/logout")
    finally:
        for task in (watching, ending, *calling):
            task.cancel()
        await asyncio.gather(watching, ending, *calling, return_exceptions=True)


def _is_over(status: Status) -> bool:
    finished = [campaign.state == "finished" for campaign in status.campaigns]
    return not status.calls and bool(finished) and all(finished)


async def _call(stage: Stage, caller: Caller, number: int, play: Play) -> None:
    title = f"{number:2d} {caller.title}"
    await asyncio.sleep(caller.comes_at_s)
    play.callers[title] = "on the line"
    await stage.call(f"caller-{number}", caller.script)
    play.callers[title] = "has ended"


async def _watch(client: EngineClient, play: Play) -> None:
    while True:
        play.status = await asyncio.to_thread(client.status)
        if _is_over(play.status):
            play.over.set()
        await asyncio.sleep(LOOK_S)


async def _end_talks(client: EngineClient, play: Play) -> None:
    """The agents end what has become a long talk: that of the caller who waits for it."""
    while True:
        await asyncio.sleep(LOOK_S)
        for agent in play.status.agents if play.status else ():
            if agent.state == "talking" and agent.for_s > LONG_TALK_S:
                await asyncio.to_thread(client.order, f"/v1/agents/{agent.id}/end-call")


def _render(scene: Scene) -> PromptLibrary:
    settings = load(scene.settings, {})
    library = PromptLibrary(settings.prompts)
    with ExitStack() as stack:
        report = render_all(library, _voice(settings.switch.kind, stack))
    if report.failed:
        raise report.failed[0]
    return library


def _voice(kind: str, stack: ExitStack) -> Synthesizer:
    """espeak-ng, until ``stack`` ends; on the loopback switch, where nobody listens, a hum will do on a machine that
    has none."""
    try:
        return stack.enter_context(WarmEspeak(find_espeak(os.environ, [Path("var/pbx/espeak")])))
    except PromptError:
        if kind == "loopback":
            return Hum()
        raise


async def _start_engine(scene: Scene, stack: AsyncExitStack) -> process.Child:
    log = scene.folder / "engine.log"
    engine = await process.start(
        "the engine",
        [sys.executable, "-m", "console.main", "--settings", scene.settings, "engine"],
        folder=Path.cwd(),
        output=log,
    )
    stack.push_async_callback(engine.stop, STOP_S)
    return engine


async def _until_ready(engine: process.Child, client: EngineClient, play: Play) -> None:
    try:
        async with asyncio.timeout(ENGINE_START_S):
            while True:
                if not engine.alive:
                    raise CallwrightError(f"the engine ended:\n{engine.tail()}")
                try:
                    play.status = await asyncio.to_thread(client.status)
                except NoEngine:
                    play.status = None
                if play.status is not None and not play.status.not_ready:
                    return
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        reasons = ", ".join(play.status.not_ready) if play.status else "it does not answer"
        raise CallwrightError(f"the engine is not ready after {ENGINE_START_S:g} s: {reasons}") from None
