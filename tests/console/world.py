"""A whole engine on the loopback switch, in held time, with a switch that outlives the engine."""

from __future__ import annotations

import asyncio
import io
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from random import Random
from typing import Never

from calls.agents import events as ag
from calls.errors import PromptError
from calls.ids import AgentId, CallId, FlowId, LegId
from calls.records import store
from calls.records.database import open_readonly
from calls.records.store import CallEvent, CallRecord, LiveCall
from calls.settings import (
    AgentSettings,
    Destination,
    InboundRoute,
    QueueSettings,
    RecordingSettings,
    Settings,
    Trunk,
)
from calls.settings import Engine as EngineSettings
from calls.settings import Prompts as PromptSettings
from calls.switch.events import EventHandler, SwitchEvent
from calls.switch.hearing import CallerAudio
from calls.switch.loopback.call import LoopbackCall
from calls.switch.loopback.callers import CallerScript, Step
from calls.switch.loopback.phones import AgentPhone
from calls.switch.loopback.switch import LoopbackSwitch
from calls.switch.port import CallChannel, CallHandler, CallInfo, Originate, Prompt, Result, Seat, SwitchCommand
from console import imports, operations
from console.engine.engine import Engine
from console.engine.outside import Hosts
from console.engine.voice import LiveVoice
from console.imports import Import
from dialer import campaign as campaigns
from dialer.campaign import Campaign
from ivr.check import Known, load
from ivr.replay import Replay, recorded, replay
from tests.console.held_time import NOON, HeldTimeLoop, LoopClock
from tests.fresh_store import lay
from tests.ivr.speech.inline import InlineRecognition

LONG_AGO = NOON.replace(year=2000)
LONG_AHEAD = NOON.replace(year=2100)

PROMPT_S = 0.5
"""How long every prompt plays."""

OFTEN = 1000
"""So many times one asks often, and then a tenth as often: to ask is most of what a long wait costs."""

GONE = "main.gone"
"""A prompt whose file is lost."""

NOTHING = Known()

FLOW = """\
language: en
start: menu
nodes:
  menu: {menu: [main.menu], keys: {"1": hours, "2": sales, "3": boss, "4": lost, "5": twice}, first_key: 2s,
         noinput: [main.again], failed: bye}
  hours: {say: [main.hours], next: bye}
  sales: {queue: sales, announce: [queue.hold_on], announce_every: 5s, failed: none, timeout: late, nobody: nobody,
          closed: closed, next: survey}
  twice: {queue: sales, failed: none, next: sales}
  boss: {transfer: boss, failed: none, next: bye}
  lost: {say: [main.gone], next: bye}
  survey: {say: [main.survey], next: bye}
  none: {hangup: [main.none], outcome: none}
  late: {hangup: [main.late], outcome: late}
  nobody: {hangup: [main.nobody], outcome: nobody}
  closed: {hangup: [main.closed], outcome: closed}
  bye: {hangup: [system.goodbye]}
"""

CAMPAIGN = """\
name = "Autumn"
list = "autumn"
queue = "sales"
trunk = "loop"
caller_id = "+12025550100"
preset = "demo"
max_lines = 10
ring_timeout_s = 4
safe_harbour = "system.safe_harbour"
"""


class Prompts:
    """Prompts of one length, without files."""

    def path(self, prompt: Prompt) -> Path:
        return Path(f"{prompt.key}.{prompt.language}.wav")

    def duration_s(self, prompt: Prompt) -> float:
        if prompt.key == GONE:
            raise PromptError(f"{prompt.key} has lost its file")
        return PROMPT_S


class Least(Random):
    """People who answer as soon and talk as little as they may: 1 s and 3 s."""

    def uniform(self, a: float, b: float) -> float:
        return a


class Mortal:
    """The switch as one run of the engine sees it. Once ``dead``, nothing reaches that run, and it does nothing."""

    def __init__(self, switch: LoopbackSwitch) -> None:
        self._switch = switch
        self.dead = False
        self.stopping = False
        self.handlers: set[asyncio.Task[None]] = set()

    @property
    def name(self) -> str:
        return self._switch.name

    async def start(self, on_event: EventHandler, on_call: CallHandler) -> None:
        def tell(event: SwitchEvent) -> None:
            if not self.dead:
                on_event(event)

        async def call(channel: CallChannel) -> None:
            handler = asyncio.ensure_future(on_call(MortalChannel(self, channel)))
            self.handlers.add(handler)
            try:
                await handler
            except asyncio.CancelledError:
                if not self.stopping:
                    raise
                await never()  # the loopback switch would end the call; a switch that outlives us does not
            finally:
                self.handlers.discard(handler)

        await self._switch.start(tell, call)

    async def stop(self) -> None:
        """As a driver stops: its handlers are cancelled, the calls stay up."""
        self.stopping = True
        for handler in list(self.handlers):
            handler.cancel()
        await asyncio.gather(*self.handlers, return_exceptions=True)
        await self._switch.stop()

    def adopt(self, legs: frozenset[LegId], calls: Mapping[CallId, str]) -> None:
        self._switch.adopt(legs, calls)

    async def originate(self, request: Originate) -> None:
        await self.alive()
        await self._switch.originate(request)

    async def seat(self, leg_id: LegId, seat: Seat, host: LegId | None = None) -> None:
        await self.alive()
        await self._switch.seat(leg_id, seat, host)

    async def beep(self, leg_id: LegId) -> None:
        await self.alive()
        await self._switch.beep(leg_id)

    async def hang_up(self, leg_id: LegId, cause: int = 16) -> None:
        await self.alive()
        await self._switch.hang_up(leg_id, cause)

    async def alive(self) -> None:
        """Return where the run lives; a dead one goes no further."""
        if self.dead:
            await never()


class MortalChannel:
    """A call as one run of the engine sees it."""

    def __init__(self, run: Mortal, channel: CallChannel) -> None:
        self._run = run
        self._channel = channel

    @property
    def info(self) -> CallInfo:
        return self._channel.info

    async def perform(self, command: SwitchCommand) -> Result:
        await self._run.alive()
        result = await self._channel.perform(command)
        await self._run.alive()
        return result

    async def end_talk(self) -> None:
        await self._channel.end_talk()

    @asynccontextmanager
    async def hear(self) -> AsyncIterator[CallerAudio]:
        await self._run.alive()
        async with self._channel.hear() as audio:
            yield audio


async def never() -> Never:
    """Wait for ever; whoever is ended with the test, and asks while it cleans up, does not wait again."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    await asyncio.Event().wait()
    raise AssertionError("for ever is over")


def agent(agent_id: str, mode: str = "nailed_up", wrap_up_s: float = 2.0, auto_answer: bool = False) -> AgentSettings:
    return AgentSettings.model_validate(
        {
            "id": agent_id,
            "name": agent_id.capitalize(),
            "endpoint": f"PJSIP/{agent_id}",
            "mode": mode,
            "queues": ("sales",),
            "wrap_up_s": wrap_up_s,
            "auto_answer": auto_answer,
        }
    )


def settings_in(folder: Path, agents: Iterable[AgentSettings], drain_s: float = 5.0, lines: int = 10) -> Settings:
    return Settings(
        engine=EngineSettings(
            database=folder / "callwright.db", socket=folder / "engine.sock", settle_s=0.5, drain_s=drain_s
        ),
        trunks=(
            Trunk(name="loop", dial="PJSIP/{number}@callees", lines=lines, calls_per_second=20, loopback_only=True),
        ),
        queues=(QueueSettings(name="sales", max_wait_s=20),),
        agents=tuple(agents),
        inbound=(InboundRoute(called="100", flow="main"),),
        destinations=(Destination(name="boss", dial="PJSIP/5550101@carrier"),),
        prompts=PromptSettings(texts=folder / "texts", cache=folder / "cache", languages=("en",)),
        recordings=RecordingSettings(folder=folder / "recordings"),
        flows=folder,
        campaigns=folder,
    )


class World:
    """One database, one switch, and the runs of the engine that come and go."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        phones: dict[str, AgentPhone],
        flow: str = FLOW,
        known: Known = NOTHING,
        voice: LiveVoice | None = None,
        hosts: Hosts | None = None,
    ) -> None:
        self._hosts = hosts
        self._reader: sqlite3.Connection | None = None
        self.recognition = InlineRecognition()
        loop = asyncio.get_running_loop()
        assert isinstance(loop, HeldTimeLoop)
        self.loop = loop
        self.folder = folder
        self.settings = settings
        lay(settings.engine.database)
        self._ids = count(1)
        self.draws = Random(1)
        self.switch = LoopbackSwitch(
            "main",
            Prompts(),
            trunks={"loop"},
            destinations={"boss": "PJSIP/5550101@carrier", "supervisor eve": "PJSIP/eve"},
            phones={f"PJSIP/{name}": phone for name, phone in phones.items()},
            new_id=self._new_id,
            draw=Least(),
        )
        path = folder / "main.yaml"
        path.write_text(flow, encoding="utf-8")
        self._known = known
        self._voice = voice
        self.leads = ""
        """The file of leads of the next campaign; "": its numbers alone."""
        self.load_flows()
        self.run: Mortal
        self.engine: Engine

    def _new_id(self) -> str:
        return f"id-{next(self._ids):04d}"

    def load_flows(self) -> None:
        """Read the flows of route and campaigns from their files, as a process does before its engine starts."""
        names = ["main", *sorted(campaigns.flows_named(self.folder))]
        self._flows = {FlowId(name): load(self.folder / f"{name}.yaml", self._known) for name in names}

    def make_engine(self, run: Mortal | None = None) -> Engine:
        """Another run, not started yet."""
        self.run = run or Mortal(self.switch)
        self.engine = Engine(
            self.settings,
            self.run,
            self._flows,
            LoopClock(self.loop),
            self._new_id,
            self.draws.random,
            self._voice,
            self._hosts,
            self.recognition,
            Prompts().duration_s,
        )
        writer = self.engine.writer
        self.loop.hold_while(lambda: writer.behind_s() > 0)
        return self.engine

    async def start(self) -> Engine:
        """Start a run and wait until it is ready."""
        engine = self.make_engine()
        await engine.start()
        await self.until(lambda: not engine.watch.not_ready())
        return engine

    async def kill(self) -> None:
        """The run dies as by kill -9, all that it had written being on the disk."""
        self.run.dead = True
        self.engine.floor.stop()
        self.engine.dialled.stop()
        await self.engine.tasks.cancel_all()
        await self.engine.writer.close()
        await self.switch.stop()
        await self.engine.tasks.cancel_all()  # what the switch's end began

    async def until(self, is_so: Callable[[], bool], within_s: float = 60.0, every_s: float = 0.01) -> None:
        """Return when ``is_so()``; asked every ``every_s`` of virtual time, and at last less often: see OFTEN."""
        asked = 0
        async with asyncio.timeout(within_s):
            while not is_so():
                asked += 1
                await asyncio.sleep(every_s if asked < OFTEN else 10 * every_s)

    # --- agents -------------------------------------------------------------------------------------------------

    async def log_in(self, *agents: str) -> None:
        """Log agents in and wait until they are ready."""
        for each in agents:
            self.engine.floor.tell(ag.LogIn(AgentId(each)))
        await self.until(lambda: all(self.state(each) == "ready" for each in agents))

    def state(self, agent_id: str) -> str:
        return next(each.state.value for each in self.engine.floor.view().agents if each.agent_id == agent_id)

    # --- calls --------------------------------------------------------------------------------------------------

    def call(self, *steps: Step, called: str = "100") -> LoopbackCall:
        """A caller rings in."""
        return self.switch.place_call(CallerScript(called, steps, caller="+4930555010"))

    async def settled(self) -> None:
        """Return when no call is open and every record is written."""
        await self.engine.books.all_ended()
        await self.engine.books.all_written()

    # --- campaigns ----------------------------------------------------------------------------------------------

    async def campaign(
        self, *numbers: str, tables: str = "", campaign_id: str = "autumn", **changed: str | None
    ) -> Campaign:
        """Import the numbers and start a campaign over them; ``tables`` stand behind the other lines of its file, and
        None leaves a line out."""
        engine = self.engine
        data = self.leads or "Phone\n" + "".join(f"{number}\n" for number in numbers)
        now = engine.clock.now()
        await imports.import_leads(
            engine.writer, io.BytesIO(data.encode()), Import(list=campaign_id, file="a.csv"), "me", now
        )
        own = {"name": f'"{campaign_id.capitalize()}"', "list": f'"{campaign_id}"'}
        lines = dict(line.split(" = ", 1) for line in CAMPAIGN.splitlines()) | own | changed
        text = "".join(f"{key} = {value}\n" for key, value in lines.items() if value is not None)
        path = self.folder / f"{campaign_id}.toml"
        path.write_text(text + tables, encoding="utf-8")
        campaign = campaigns.load(path, self.settings)
        started = await operations.register(engine.writer, campaign, "me", now)
        engine.dialled.tell(started.event())
        return campaign

    def campaign_state(self) -> str:
        return next((each.state for each in self.engine.status().campaigns), "none")

    async def campaign_over(self) -> None:
        await self.until(lambda: self.campaign_state() in ("finished", "stopped"), 300.0, every_s=0.2)
        await self.settled()

    # --- the store ----------------------------------------------------------------------------------------------

    def records(self) -> list[CallRecord]:
        connection = open_readonly(self.settings.engine.database)
        try:
            return list(store.calls_between(connection, LONG_AGO, LONG_AHEAD))
        finally:
            connection.close()

    def record(self) -> CallRecord:
        (found,) = self.records()
        return found

    def events(self, call_id: str) -> list[CallEvent]:
        connection = open_readonly(self.settings.engine.database)
        try:
            return store.call_events(connection, CallId(call_id))
        finally:
            connection.close()

    def kinds(self, call_id: str) -> list[str]:
        return [event.kind for event in self.events(call_id)]

    def replayed(self, call_id: str) -> Replay:
        """The call of a record again, offline."""
        return replay(self._flows[FlowId("main")], recorded(self.events(call_id)))

    def open_calls(self) -> list[LiveCall]:
        connection = open_readonly(self.settings.engine.database)
        try:
            return store.live_calls(connection)
        finally:
            connection.close()

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """What the store has now. Asked often while a test waits, by one connection: a new one reads all the tables'
        definitions first."""
        if self._reader is None:
            self._reader = open_readonly(self.settings.engine.database)
        return [tuple(row) for row in self._reader.execute(sql)]

    def close(self) -> None:
        """Let go of the store."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()


def adds_up(record: CallRecord) -> bool:
    """True where the parts of a call are its whole."""
    own = (record.ring_s, record.menu_s, record.wait_s, record.talk_s, record.hold_s)
    parts = sum(each or 0.0 for each in own)
    return abs(parts - record.duration_s) < 1e-6 and 0 <= record.billed_s <= record.duration_s


@asynccontextmanager
async def world_in(
    folder: Path,
    *agents: AgentSettings,
    phones: dict[str, AgentPhone] | None = None,
    drain_s: float = 5.0,
    lines: int = 10,
    start: bool = True,
    flow: str = FLOW,
    known: Known = NOTHING,
    voice: LiveVoice | None = None,
    hosts: Hosts | None = None,
    outside: Mapping[str, object] | None = None,
) -> AsyncIterator[World]:
    """A world whose engine is ready, ended at the end; nothing of it is left then. ``outside``: settings beside
    those of every world."""
    settings = settings_in(folder, agents, drain_s, lines).model_copy(update=outside)
    world = World(folder, settings, phones or {}, flow, known, voice, hosts)
    if start:
        await world.start()
    try:
        yield world
    finally:
        if start or hasattr(world, "engine"):
            world.switch.crash()
            await world.engine.stop()
        world.close()
