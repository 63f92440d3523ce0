"""A whole call centre for tests: a private Asterisk, people by SIPp, and the engine as a process of its own.

The engine is started, killed and started again as an administrator's supervisor would do it; what it did is judged
by :mod:`tests.integration.checker`, which shares no code with it.
"""

from __future__ import annotations

import asyncio
import csv
import json
import os
import random
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from calls.errors import CallwrightError, UserError
from console.client import EngineClient, NoEngine
from console.demo import process
from console.demo.pbx import PbxPorts, PrivateAsterisk
from console.demo.ports import LOOPBACK, free_port
from console.demo.sipp import AgentPhone, Callees, CallerScript, Sipp, SippHome, answer_as_agent, answer_calls
from console.demo.sipp import call as place_call
from console.engine.status import CampaignShown, Status
from dialplans.asterisk import Phone, Trunk
from dialplans.values import CallerId
from tests.integration.checker import Evidence, broken
from tests.integration.premises import CAMPAIGN, SECRETS, Plan, write
from tests.integration.raw_wire import SipCaller

T = TypeVar("T")

SORRY = bytes(range(1, 127)) * 20
"""The fallback's prompt, 0.3 s that can be told from anything else, as µ-law."""

HEARD = SORRY[: 160 * 10]
"""What a caller who was told sorry has surely heard of it, byte by byte."""

PROJECT = Path(__file__).resolve().parents[2]
LOOK_S = 0.1
SAME: Mapping[str, str | None] = MappingProxyType({})
START_S = 40.0
"""An engine starts in 2 to 3 s on two free cores; a machine that runs everything else at once takes longer."""

DEADLINE_S = 60.0


@dataclass
class House:
    """One call centre. Made by :func:`open_house`."""

    plan: Plan
    folder: Path
    pbx: PrivateAsterisk
    home: SippHome
    callees: Sipp
    phones: Sipp
    agi_port: int
    client: EngineClient
    engine: process.Child | None = None
    _called: int = 0
    _callers: list[Sipp] = field(default_factory=list)
    _faults: list[float] = field(default_factory=list)
    _crashes: list[float] = field(default_factory=list)

    # --- the engine -------------------------------------------------------------------------------------------

    @property
    def database(self) -> Path:
        """The engine's database."""
        return self.folder / "callwright.db"

    @property
    def log(self) -> Path:
        """The log of all its runs."""
        return self.folder / "engine.log"

    @property
    def agents(self) -> list[str]:
        """The ids of the agents."""
        return [f"agent{number}" for number in range(self.plan.agents)]

    async def start_engine(self, failpoint: str = "", *, ready: bool = True) -> None:
        """Start the engine; with ``ready`` wait until it may dial, or is dead of its failpoint."""
        environment = dict(os.environ) | {"CALLWRIGHT_FAILPOINT": failpoint}
        self.engine = await process.start(
            "the engine",
            [sys.executable, "-m", "console.main", "--settings", self.folder / "callwright.toml", "engine"],
            folder=PROJECT,
            output=self.log,
            environment=environment,
        )
        if ready:
            await self.until(lambda status: not status.not_ready, "the engine is ready", START_S, may_die=failpoint)

    async def kill_engine(self) -> None:
        """End it as a crash would. When this returns it is gone."""
        assert self.engine is not None
        self.fault()
        self.engine.send(signal.SIGKILL)
        await self.engine.wait(DEADLINE_S)

    async def kill_asterisk(self, pbx: PrivateAsterisk | None = None) -> None:
        """End the switch, or ``pbx`` beside it, as a crash would, calls and all. When this returns it is gone."""
        self._crashes.append(time.time())
        await (pbx or self.pbx).kill()

    async def engine_dead(self, deadline_s: float = DEADLINE_S) -> int:
        """Its exit status, when it has ended by itself."""
        assert self.engine is not None
        return await self.engine.wait(deadline_s)

    @property
    def engine_alive(self) -> bool:
        """True while it runs."""
        return self.engine is not None and self.engine.alive

    async def close(self) -> None:
        """End the callers and the engine, whatever they do."""
        for caller in self._callers:
            await caller.stop()
        if self.engine is not None:
            await self.engine.stop(1.0, ask=signal.SIGKILL)

    # --- its API ----------------------------------------------------------------------------------------------

    async def status(self) -> Status | None:
        """The engine at this moment, None where it does not answer."""
        try:
            return await asyncio.to_thread(self._ask, lambda client: client.status())
        except CallwrightError:
            return None

    async def order(self, path: str, query: dict[str, str] | None = None) -> None:
        """``POST`` to ``path``."""
        await asyncio.to_thread(self._ask, lambda client: client.order(path, query))

    async def change_campaign(self, name: str, changes: dict[str, object]) -> None:
        """Change a campaign while it runs."""
        await asyncio.to_thread(self._ask, lambda client: client.tell("PATCH", f"/v1/campaigns/{name}", changes))

    async def forbid(self, number: str) -> None:
        """Put a number on the do-not-call list."""
        entry = {"number": number, "reason": "test"}
        await asyncio.to_thread(self._ask, lambda client: client.tell("POST", "/v1/do-not-call", entry))

    def _ask(self, work: Callable[[EngineClient], T]) -> T:
        """
        Raises:
            NoEngine: none listens. Found out here first: httpcore leaves the socket of a vain connect open.
        """
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.folder / "engine.sock"))
            except OSError as problem:
                raise NoEngine(f"no engine listens: {problem}") from problem
        return work(self.client)

    async def until(
        self,
        met: Callable[[Status], bool],
        what: str,
        deadline_s: float = DEADLINE_S,
        *,
        may_die: str = "",
    ) -> None:
        """Returns when the engine's status is as wanted, or the engine is dead where it ``may_die``."""
        status: Status | None = None
        try:
            async with asyncio.timeout(deadline_s):
                while True:
                    status = await self.status()
                    if status is not None and met(status):
                        return
                    if not self.engine_alive:
                        assert may_die, f"the engine ended before {what}:\n{self._tail()}"
                        return
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise AssertionError(f"not within {deadline_s:g} s: {what}\n{status!r}\n{self._tail()}") from None

    async def log_in(self) -> None:
        """Log every agent in and wait until each is ready on its nailed-up leg."""
        for agent in self.agents:
            await self.order(f"/v1/agents/{agent}/login")
        await self.all_ready()

    async def all_ready(self, deadline_s: float = DEADLINE_S) -> None:
        """Returns when every agent is ready."""
        await self.until(
            lambda status: all(agent.state == "ready" for agent in status.agents), "all are ready", deadline_s
        )

    async def start_campaign(
        self, name: str, numbers: Iterable[str], changed: Mapping[str, str | None] = SAME, *, may_die: bool = False
    ) -> None:
        """Import ``numbers`` and start a campaign that calls each of them once; the engine may die of that.

        ``changed``: as for :meth:`write_campaign`.
        """
        await self.write_campaign(name, numbers, changed)
        try:
            await self.order(f"/v1/campaigns/{name}/start")
        except UserError:
            raise
        except CallwrightError:
            assert may_die, "the engine did not answer"  # the campaign is on its roll all the same

    async def write_campaign(
        self, name: str, numbers: Iterable[str], changed: Mapping[str, str | None] = SAME
    ) -> None:
        """Import ``numbers`` for a campaign that calls each of them once, when somebody starts it.

        ``changed``: keys of its file and their TOML, beside those of every campaign or in their place; None: none.
        """
        text = CAMPAIGN.format(
            id=name,
            lines=self.plan.lines,
            ring_timeout_s=self.plan.ring_timeout_s,
            detect_machine=str(self.plan.detect_machine).lower(),
            pacing=self.plan.pacing,
        )
        kept = [line for line in text.splitlines(keepends=True) if line.partition(" = ")[0] not in changed]
        given = [f"{key} = {value}\n" for key, value in changed.items() if value is not None]
        text = "".join(given + kept)
        (self.folder / "campaigns" / f"{name}.toml").write_text(text, encoding="utf-8")
        leads = "\n".join(["Phone", *numbers]).encode()
        query = {"list": name, "file": f"{name}.csv"}
        await asyncio.to_thread(self._ask, lambda client: client.send("/v1/leads", leads, query))

    async def campaign(self, name: str) -> CampaignShown | None:
        """The campaign as the engine shows it."""
        status = await self.status()
        return None if status is None else _campaign(status, name)

    async def campaign_over(self, name: str, deadline_s: float = DEADLINE_S) -> None:
        """Returns when the campaign has finished and no call is up."""

        def over(status: Status) -> bool:
            found = _campaign(status, name)
            return found is not None and found.state == "finished" and not status.calls

        await self.until(over, f"campaign {name} is over", deadline_s)
        await self.happens(
            lambda: not self.rows("SELECT 1 FROM attempts WHERE state <> 'done'"), "the last record is written"
        )

    # --- people -----------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def callers(self, called: str, count: int) -> AsyncIterator[list[SipCaller]]:
        """People who call and stay until the switch ends their calls, or the context."""
        async with AsyncExitStack() as stack:
            people = [await stack.enter_async_context(SipCaller(self.pbx.ports.sip)) for _ in range(count)]
            for each in people:
                each.invite(called)
            yield people

    async def caller(self, script: CallerScript, calls: int = 1) -> Sipp:
        """Somebody who calls; ends by itself."""
        self._called += 1
        name = f"caller-{self._called}"
        caller = await place_call(self.home, name, script, sip_port=self.pbx.ports.sip, calls=calls)
        self._callers.append(caller)
        return caller

    async def calls_in(self, phase: str, count: int, deadline_s: float = DEADLINE_S) -> None:
        """Returns when exactly ``count`` calls are in ``phase``."""

        def there(status: Status) -> bool:
            return sum(call.phase == phase for call in status.calls) == count

        await self.until(there, f"{count} calls in {phase}", deadline_s)

    def invited(self, since_s: float = 0.0) -> list[str]:
        """The numbers of the callees whose phones rang, in order."""
        return [each.number for each in self.callees.events if each.event == "invited" and each.at_s >= since_s]

    def rung(self) -> int:
        """How often an agent's phone has rung so far."""
        return sum(each.event == "invited" for each in self.phones.events)

    async def happens(self, met: Callable[[], bool], what: str, deadline_s: float = DEADLINE_S) -> None:
        """Returns when something has happened that nobody tells of."""
        try:
            async with asyncio.timeout(deadline_s):
                while True:
                    if met():
                        return
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise AssertionError(f"not within {deadline_s:g} s: {what}\n{self._tail()}") from None

    async def channels(self) -> dict[str, str]:
        """The name of each channel on the switch, by its id."""
        rows = (await self.pbx.cli("core show channels concise")).splitlines()
        return {fields[-1]: fields[0] for fields in (row.split("!") for row in rows) if len(fields) > 1}

    def fallen_back(self) -> list[list[str]]:
        """The switch's own records of calls that ended in the dialplan's fallback."""
        with self.pbx.cdr.open(newline="", encoding="utf-8", errors="replace") as file:
            return [row for row in csv.reader(file) if "fallback" in row[3] or row[7] == "Playback"]

    # --- judging ----------------------------------------------------------------------------------------------

    def evidence(self, *, cdr: bool = True) -> Evidence:
        """What the checker reads. ``cdr`` False: the switch's own records were lost with it."""
        return Evidence(
            messages=self.callees.messages,
            database=self.database,
            cdr=self.pbx.cdr if cdr else None,
            faults=tuple(self._faults + self._crashes),
            crashes=tuple(self._crashes),
        )

    def fault(self) -> None:
        """Something is killed or frozen now: calls that are up may be lost."""
        self._faults.append(time.time())

    def broken(self, *, cdr: bool = True) -> list[str]:
        """Every promise that was not kept, by the independent checker."""
        return broken(self.evidence(cdr=cdr), self.plan.limits)

    def records(self, where: str = "1", *values: str) -> list[dict[str, object]]:
        """Rows of the final records."""
        return self.rows(f"SELECT * FROM calls WHERE {where}", *values)

    def rows(self, query: str, *values: str) -> list[dict[str, object]]:
        """What the database says, as dicts."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, values)]
        finally:
            connection.close()

    def log_lines(self) -> list[dict[str, object]]:
        """The engine's log.

        Raises:
            ValueError: a line that is no JSON.
        """
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").split("\n") if line]

    def complaints(self) -> list[str]:
        """Bugs that the engine logged of itself."""
        return [json.dumps(line) for line in self.log_lines() if "exception" in line or "exc_info" in line]

    def _tail(self) -> str:
        return process.tail(self.log, 30)


def _campaign(status: Status, name: str) -> CampaignShown | None:
    return next((each for each in status.campaigns if each.id == name), None)


def number(index: int, digit: int) -> str:
    """A number of Berlin that ends in ``digit``; a different one for each ``index`` up to 9999."""
    return f"+493012{index:04d}{digit}"


@asynccontextmanager
async def open_house(
    plan: Plan, folder: Path, asterisk: Path, sipp: Path, callees: Callees, cache: Path
) -> AsyncIterator[House]:
    """A call centre without its engine; all ends with the context. ``folder`` has a short path."""
    ports, agi_port = PbxPorts.choose(random.Random()), free_port(socket.SOCK_STREAM)
    carrier, desk = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)
    write(plan, folder, ports, agi_port, cache)
    home = SippHome(sipp, folder / "sipp")
    people = replace(
        callees,
        machine=plan.machine or callees.machine,
        ring_ms=plan.ring_ms,
        talk_ms=plan.talk_ms,
        machine_ms=plan.machine_ms,
        key=plan.key[0],
        key_ms=plan.key[1],
    )
    async with AsyncExitStack() as stack:
        answering = await answer_calls(home, "callees", people, port=carrier)
        stack.push_async_callback(answering.stop)
        phones = await answer_as_agent(home, "phones", AgentPhone(ring_ms=100), port=desk)
        stack.push_async_callback(phones.stop)
        (folder / "sorry.ulaw").write_bytes(SORRY)
        refusing = () if plan.refusing is None else (Trunk("refusing", LOOPBACK, plan.refusing),)
        pbx = PrivateAsterisk(
            asterisk,
            folder / "pbx",
            ports=ports,
            secrets=SECRETS,
            agi_port=agi_port,
            sorry=folder / "sorry",
            trunks=(Trunk("carrier", LOOPBACK, carrier), *refusing),
            phones=tuple(Phone(f"agent{each}", LOOPBACK, desk) for each in range(plan.agents)),
            caller_id=CallerId.CHANNEL if plan.local else CallerId.HEADER,
            transmit_silence=not plan.local,
            recordings=folder / "recordings",
        )
        await stack.enter_async_context(pbx)
        client = stack.enter_context(EngineClient(folder / "engine.sock"))
        house = House(plan, folder, pbx, home, answering, phones, agi_port, client)
        stack.push_async_callback(house.close)
        yield house
