"""The commands that run from their beginning to their result, one at a time: which of them is which turn."""

from __future__ import annotations

from typing import assert_never

from calls.switch.freeswitch import message
from calls.switch.freeswitch.transfer import transfer
from calls.switch.freeswitch.turn import Turn
from calls.switch.port import Answer, Gather, Hold, Play, PlayRecording, Record, Result, Transfer

InTurn = Answer | Play | Gather | Hold | Transfer | Record | PlayRecording


async def run(turn: Turn, command: InTurn) -> Result:
    """What came of ``command``.

    Raises:
        Cut: another command, or the call's end, came first.
        SwitchError: the switch would not, or could not.
    """
    match command:
        case Answer():
            return await turn.answer()
        case Play():
            return await turn.play_all(command)
        case Gather():
            return await turn.gather(command)
        case Hold():
            return await turn.hold(command)
        case Transfer():
            return await transfer(turn, command)
        case Record():
            return await message.record(turn, command)
        case PlayRecording():
            return await message.play_recording(turn, command)
        case _:
            assert_never(command)
