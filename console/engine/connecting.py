"""The first connection to a switch, which is asked until it stands; what follows is the driver's."""

from __future__ import annotations

import asyncio

from calls import log
from calls.errors import SwitchRefused, SwitchTimeout, SwitchUnavailable
from calls.switch.port import CallHandler
from calls.switch.several import Switches, Told
from console.engine.watch import Watch

CONNECT_AGAIN_S = 2.0
"""How long after a vain first try the switch is asked again: the PBX may start later than we do."""

REFUSED_AGAIN_S = 30.0
"""The same where it refused us: a person sets it right, and we must not look like a guesser of passwords."""


async def connect(switches: Switches, name: str, on_event: Told, on_call: CallHandler, watch: Watch) -> None:
    """Returns when the switch is connected; ``watch`` hears why it is not yet."""
    while True:
        try:
            await switches.start(name, on_event, on_call)
            return
        except (SwitchTimeout, SwitchUnavailable) as problem:
            log.get().warning("the switch does not answer", problem=str(problem), switch=name)
            watch.down[name] = str(problem)
            await asyncio.sleep(CONNECT_AGAIN_S)
        except SwitchRefused as problem:
            log.get().error("the switch refuses us", problem=str(problem), switch=name)
            watch.down[name] = str(problem)
            await asyncio.sleep(REFUSED_AGAIN_S)
        except OSError as problem:
            log.get().error("the switch cannot reach us", problem=str(problem), switch=name)
            watch.down[name] = str(problem)
            await asyncio.sleep(CONNECT_AGAIN_S)
