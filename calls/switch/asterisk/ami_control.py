"""What a call's channel asks of AMI: :class:`calls.switch.asterisk.control.ChannelControl` on the AMI client."""

from __future__ import annotations

from calls.errors import SwitchRefused
from calls.switch.asterisk.ami_client import AmiClient
from calls.switch.keys import SIGNAL
from calls.wire.ami_actions import (
    ConfbridgeKick,
    Hangup,
    MixMonitorMute,
    PressKey,
    Redirect,
    SetOnChannel,
    Status,
    StopMixMonitor,
)

RECORDS = "CW_RECORD"
"""The variable by which the dialplan's room knows the recording of a talk."""


class AmiControl:
    """Commands on one channel. See :class:`calls.switch.asterisk.control.ChannelControl`."""

    def __init__(self, client: AmiClient) -> None:
        self._client = client

    async def redirect(self, channel: str, context: str, exten: str, priority: int = 1) -> None:
        """See :class:`calls.switch.asterisk.control.ChannelControl`."""
        await self._client.ask(Redirect(channel, context, exten, priority))

    async def record_talk(self, channel: str, recording: str) -> None:
        """See :class:`calls.switch.asterisk.control.ChannelControl`."""
        await self._client.ask(SetOnChannel(channel, RECORDS, recording))

    async def kick(self, conference: str, channel: str) -> None:
        """See :class:`calls.switch.asterisk.control.ChannelControl`."""
        try:
            await self._client.ask(ConfbridgeKick(conference, channel))
        except SwitchRefused:
            return  # "No Conference by that name", "No Channel by that name": not there is what was asked for

    async def hang_up(self, channel: str, cause: int = 16) -> None:
        """See :class:`calls.switch.asterisk.control.ChannelControl`."""
        await self.end(channel, cause)

    async def signal(self, channel: str) -> None:
        """See :class:`calls.switch.asterisk.control.ChannelControl`."""
        await self._client.ask(PressKey(channel, SIGNAL))

    async def mute_recording(self, channel: str, *, muted: bool) -> None:
        """See :class:`calls.switch.asterisk.control.ChannelControl`."""
        await self._client.ask(MixMonitorMute(channel, muted))

    async def stop_recording(self, channel: str) -> None:
        """See :class:`calls.switch.asterisk.control.ChannelControl`."""
        try:
            await self._client.ask(StopMixMonitor(channel))
        except SwitchRefused:
            return  # "Could not stop monitoring channel": nothing records it

    async def end(self, channel: str, cause: int) -> bool:
        """As :meth:`hang_up`; whether there was a channel to end."""
        try:
            await self._client.ask(Hangup(channel, cause))
        except SwitchRefused:
            return False
        return True

    async def is_there(self, channel: str) -> bool:
        """Whether the switch itself, asked with an id that nobody can forge, knows the channel.

        Raises:
            SwitchUnavailable, SwitchTimeout: unknown.
            CommandRefused: the name must never reach the wire.
        """
        try:
            await self._client.ask(Status(channel))
        except SwitchRefused:
            return False
        return True
