"""A whole engine on two loopback switches, in held time; each switch outlives the engine, and may die by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from calls.floor_settings import SupervisorSettings
from calls.settings import AgentSettings, Destination, Settings, Trunk
from calls.switch.loopback.call import LoopbackCall
from calls.switch.loopback.callers import CallerScript, Step
from calls.switch.loopback.diary import Seen
from calls.switch.loopback.phones import AgentPhone
from calls.switch.loopback.switch import LoopbackSwitch
from calls.switch.several import Switches
from calls.switch_settings import NamedSwitch
from console.engine.engine import Engine
from dialer.campaign import Campaign
from tests.console.held_time import LoopClock
from tests.console.world import Least, Mortal, Prompts, World, agent, settings_in

EAST, WEST = "east", "west"
OWNERS = {"loop": EAST, "second": WEST}


def at_home(switch: str, agent_id: str, mode: str = "nailed_up", wrap_up_s: float = 1.0) -> AgentSettings:
    return agent(agent_id, mode, wrap_up_s).model_copy(update={"switch": switch})


def two(folder: Path, agents: Iterable[AgentSettings], weights: tuple[int, int] = (1, 1)) -> Settings:
    """The settings: a trunk and a destination of each switch."""
    settings = settings_in(folder, agents)
    trunks = tuple(
        Trunk(name=name, switch=owner, dial="PJSIP/{number}@x", lines=5, calls_per_second=10, loopback_only=True)
        for name, owner in OWNERS.items()
    )
    return settings.model_copy(
        update={
            "switches": tuple(
                NamedSwitch(name=name, kind="loopback", weight=weight)
                for name, weight in zip((EAST, WEST), weights, strict=True)
            ),
            "trunks": trunks,
            "destinations": (Destination(name="boss", switch=EAST, dial="PJSIP/5550101@carrier"),),
            "supervisors": (SupervisorSettings(id="sue", name="Sue", switch=EAST, endpoint="PJSIP/sue"),),
        }
    )


class TwoWorld(World):
    """``east`` and ``west`` in the place of the only switch."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        super().__init__(folder, settings, {})
        self.both = {name: self._loopback(name) for name in (EAST, WEST)}
        self.runs: dict[str, Mortal] = {}

    def _loopback(self, name: str) -> LoopbackSwitch:
        return LoopbackSwitch(
            name,
            Prompts(),
            trunks={trunk for trunk, owner in OWNERS.items() if owner == name},
            destinations={"boss": "PJSIP/5550101@carrier"} if name == EAST else {},
            phones={f"PJSIP/{each.id}": AgentPhone() for each in self.settings.agents if each.switch == name},
            new_id=self._new_id,
            draw=Least(),
        )

    def make_engine(self, run: Mortal | None = None) -> Engine:
        self.runs = {name: Mortal(switch) for name, switch in self.both.items()}
        self.engine = Engine(
            self.settings,
            Switches(list(self.runs.values()), OWNERS),
            self._flows,
            LoopClock(self.loop),
            self._new_id,
            self.draws.random,
            recognition=self.recognition,
            prompt_s=Prompts().duration_s,
        )
        writer = self.engine.writer
        self.loop.hold_while(lambda: writer.behind_s() > 0)
        return self.engine

    async def start(self) -> Engine:
        engine = self.make_engine()
        await engine.start()
        await self.until(lambda: not engine.watch.unsettled)
        return engine

    async def kill(self) -> None:
        for run in self.runs.values():
            run.dead = True
        self.engine.floor.stop()
        self.engine.dialled.stop()
        await self.engine.tasks.cancel_all()
        await self.engine.writer.close()
        for switch in self.both.values():
            await switch.stop()

    def call_on(self, name: str, *steps: Step, called: str = "100") -> LoopbackCall:
        return self.both[name].place_call(CallerScript(called, steps, caller="+4930555010"))

    async def over_both(self, *numbers: str) -> Campaign:
        """Import the numbers and start a campaign over the trunks of both switches."""
        return await self.campaign(*numbers, trunk=None, trunks='["loop", "second"]')

    def invited(self, name: str) -> list[str]:
        """The numbers that were called on a switch, in order."""
        entries = self.both[name].diary.entries
        return [each.detail for each in entries if each.seen is Seen.INVITE and each.detail.startswith("+")]

    def by_switch(self) -> Counter[tuple[str, str]]:
        """The records by switch and outcome."""
        return Counter((each.switch, each.outcome.value) for each in self.records())
