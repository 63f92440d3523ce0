"""What a call's channel asks of the switch beside its own AGI connection.

AGI reaches one channel, in order. Moving a caller who listens to a prompt, taking somebody out of a room and ending
a call that does not answer its AGI need AMI. The AMI side implements :class:`ChannelControl`; the channel is
written against it, and is tested with a double of it.
"""

from __future__ import annotations

from typing import Protocol


class ChannelControl(Protocol):
    """Commands on a channel or a room. Each has a deadline of its own; none is ever repeated.

    A ``channel`` is the switch's name of it (``agi_channel``) or its unique id (``agi_uniqueid``).

    Every method raises:
        SwitchUnavailable, SwitchTimeout: unknown whether it was done.
        CommandRefused: a value that must never reach the wire.
    """

    async def redirect(self, channel: str, context: str, exten: str, priority: int = 1) -> None:
        """Send the channel to another place of the dialplan. It moves when its AGI connection is closed.

        Raises:
            SwitchRefused: there is no such channel (any more).
        """

    async def record_talk(self, channel: str, recording: str) -> None:
        """Let the room record the channel's next talk, under that id.

        Raises:
            SwitchRefused: there is no such channel (any more).
        """

    async def kick(self, conference: str, channel: str) -> None:
        """Take the channel out of a conference room; its dialplan goes on. Not being there is no error."""

    async def hang_up(self, channel: str, cause: int = 16) -> None:
        """End the channel with a Q.850 cause. A channel that is gone already is no error."""

    async def signal(self, channel: str) -> None:
        """Press :data:`calls.switch.keys.SIGNAL` in the caller's place: what AGI plays or waits for ends by it.

        Raises:
            SwitchRefused: there is no such channel (any more).
        """

    async def mute_recording(self, channel: str, *, muted: bool) -> None:
        """Let the channel's recording hold silence, or no longer.

        Raises:
            SwitchRefused: nothing records the channel, or there is no such channel.
        """

    async def stop_recording(self, channel: str) -> None:
        """End the channel's recording. There being none is no error."""
