"""What a channel of the fake FreeSWITCH runs: applications, one within the other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.calls.switch.freeswitch.fake_caller import silent_for, spans_of
from tests.calls.switch.freeswitch.fake_detection import wait_for_silence
from tests.calls.switch.freeswitch.fake_far_end import FarLeg

if TYPE_CHECKING:
    from tests.calls.switch.freeswitch.fake_call import FakeCall

APPLICATIONS = ("answer", "set", "playback", "break", "hangup", "record", "bridge", "wait_for_silence")
STREAMS_S = {"local_stream://default": float("inf"), "tone_stream://%(250,0,800)": 0.25}
"""What plays without a file, and for how long."""


class Applications:
    """Those of one call."""

    def __init__(self, call: FakeCall) -> None:
        self._call = call
        self.variables: dict[str, str] = {}
        self.running: list[dict[str, str]] = []
        """Those under way, the innermost last."""
        self.far: FarLeg | None = None
        """What the call dials."""

    @property
    def locked(self) -> bool:
        """What is next waits for the end of what runs."""
        call = self._call
        return bool(self.running) and bool(call.messages) and call.messages[0].get("event-lock") == "true"

    async def execute(self, message: dict[str, str]) -> None:
        """Run what a message asks for, to its end."""
        call = self._call
        name, argument = message["execute-app-name"], message.get("execute-app-arg", "")
        told = {"Application": name, "Application-UUID": message.get("Event-UUID", "made-by-freeswitch")}
        if argument:
            told["Application-Data"] = argument
        if name in APPLICATIONS:
            call.tell("CHANNEL_EXECUTE", told)
            call.breaking = False
            self.running.append(told)
        response, values = await self._run(name, argument)
        if not call.hung_up and told in self.running:
            self.running.remove(told)
            call.tell("CHANNEL_EXECUTE_COMPLETE", told | values | {"Application-Response": response})

    async def _run(self, name: str, argument: str) -> tuple[str, dict[str, str]]:
        """The response, and the variables that are left behind."""
        call = self._call
        match name:
            case "answer":
                call.answer()
            case "set":
                variable, _, to = argument.partition("=")
                self.variables[variable] = to
            case "playback":
                return await self._playback(argument), {}
            case "record":
                return "_none_", await self._record(argument)
            case "bridge":
                self.far = FarLeg(call.switch, call.tell, lambda: call.hung_up)
                return "_none_", await self.far.dial(argument)
            case "wait_for_silence":
                since_s = asyncio.get_running_loop().time() - call.answered_at
                waited = wait_for_silence(argument, spans_of(call.caller.acts), since_s)
                await self._run_for(waited.lasts_s)
                return "_none_", waited.values
            case "break":
                call.breaking = True
            case "hangup":
                call.end(argument, by_caller=False)
            case _:
                call.end("DESTINATION_OUT_OF_ORDER", by_caller=False)
        return "_none_", {}

    def stop(self) -> None:
        """The call has ended."""
        if self.far is not None:
            self.far.stopped.set()

    async def _playback(self, file: str) -> str:
        lasts_s = STREAMS_S.get(file, self._call.switch.durations.get(file))
        if lasts_s is None:
            return "FILE NOT FOUND"
        self._call.seen.played.append(file)
        await self._run_for(lasts_s)
        return "FILE PLAYED"

    async def _record(self, argument: str) -> dict[str, str]:
        file, longest_s, _, silence_s = argument.split()
        clock = asyncio.get_running_loop().time
        began, until_s, exhausted = clock(), float(longest_s), False
        spans = spans_of(self._call.caller.acts)
        if spans:  # else the telephone sends nothing at all
            since_s = began - self._call.answered_at
            silent_s = silent_for(spans, since_s, float(silence_s)) - since_s
            until_s, exhausted = min(until_s, silent_s), silent_s < until_s
        broken = await self._run_for(until_s)
        lasted_s = clock() - began
        self._call.switch.keep(file, lasted_s)
        exhausted = exhausted and not broken
        return {
            "variable_record_ms": str(round(lasted_s * 1_000)),
            "variable_silence_hits_exhausted": str(exhausted).lower(),
        }

    async def _run_for(self, lasts_s: float) -> bool:
        """Until it is broken, or its time is over; whether it was broken."""
        call, loop = self._call, asyncio.get_running_loop()
        until = loop.time() + lasts_s
        while not self._stopped and loop.time() < until:
            await call.work()
            if not self._stopped:
                await self.wait(until if until != float("inf") else None)
        broken, call.breaking = call.breaking, False
        return broken

    @property
    def _stopped(self) -> bool:
        return self._call.hung_up or self._call.breaking or self._call.talking is not None

    async def wait(self, until: float | None) -> None:
        """Until there is news, or the time of ``until``."""
        call = self._call
        call.news.clear()
        waiting = call.messages and not self.locked
        if waiting or call.hung_up or (call.breaking and self.running):
            return
        try:
            async with asyncio.timeout_at(until):
                await call.news.wait()
        except TimeoutError:
            return
