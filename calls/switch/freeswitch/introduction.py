"""Asks a FreeSWITCH who it is: what the doctor says of it."""

from __future__ import annotations

from calls.switch.freeswitch.channels import channels_of
from calls.switch.freeswitch.esl_client import Client, EslClient, EslSettings
from calls.switch.freeswitch.hub import HubThread
from calls.wire.esl_commands import EventName
from calls.wire.esl_control import CoreUuid, ShowChannels


async def _nothing(_: object) -> None:
    return


async def introduce(settings: EslSettings) -> str:
    """A sentence: that it can be logged in to, which run it is, and how many channels live.

    Raises:
        SwitchError: it cannot be had; the message says why.
    """
    hub = HubThread("esl doctor")
    await hub.start()
    client = EslClient(
        settings, Client((EventName.HEARTBEAT,), lambda _: None, _nothing, lambda _: None, random=lambda: 0.0)
    )
    try:
        await client.start(hub)
        core = (await client.ask(CoreUuid())).strip()
        channels = channels_of(await client.ask(ShowChannels()))
        return f"logged in to {settings.host}:{settings.port}, run {core}, {len(channels)} channels"
    finally:
        await client.stop()
        await hub.stop()
