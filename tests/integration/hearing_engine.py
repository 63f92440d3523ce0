"""An engine that answers, hears its caller and does nothing more, until it is killed.

``python -m tests.integration.hearing_engine AMI_PORT AGI_PORT WAY FIRST_AUDIO_PORT`` says ``up``, then ``heard``.
"""

from __future__ import annotations

import asyncio
import sys
from ipaddress import IPv4Network
from pathlib import Path

from pydantic import SecretStr

from calls.switch.asterisk.ami_client import AmiSettings
from calls.switch.asterisk.audio_way import AudioConfig
from calls.switch.asterisk.config import AsteriskConfig
from calls.switch.asterisk.switch import AsteriskSwitch
from calls.switch.port import Answer, CallChannel, Hold, Prompt
from console.demo.ports import LOOPBACK
from tests.integration.conftest import SECRETS


class NoPrompts:
    """It plays nothing."""

    def path(self, prompt: Prompt) -> Path:
        raise AssertionError(prompt)

    def duration_s(self, prompt: Prompt) -> float:
        raise AssertionError(prompt)


async def serve(channel: CallChannel) -> None:
    await channel.perform(Answer())
    async with channel.hear():
        sys.stdout.write("heard\n")
        sys.stdout.flush()
        await channel.perform(Hold(600.0))


async def main(ami_port: int, agi_port: int, way: str, first: int) -> None:
    switch = AsteriskSwitch(
        AsteriskConfig(
            name="main",
            ami=AmiSettings(LOOPBACK, ami_port, "callwright", SecretStr(SECRETS.ami_secret)),
            agi_host=LOOPBACK,
            agi_port=agi_port,
            agi_token=SecretStr(SECRETS.agi_token),
            agi_allow=(IPv4Network("127.0.0.0/8"),),
            trunks={},
            settle_s=0.1,
            audio=AudioConfig(way, ports=range(first, first + 10)),
        ),
        NoPrompts(),
    )
    await switch.start(lambda _: None, serve)
    sys.stdout.write("up\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
