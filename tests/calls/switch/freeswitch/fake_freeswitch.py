"""A FreeSWITCH made from its recordings: it connects to our outbound socket as a real call does, and dials for us.

A call that runs our ``socket`` action is a :class:`FakeCall`, a leg that we had it dial a :class:`FakeLeg`; whom it
dials, ``far_end`` says. Its event socket tells of all of them and commands them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

from tests.calls.switch.freeswitch.fake_call import TICK_S, FakeCall
from tests.calls.switch.freeswitch.fake_caller import Caller, Seen
from tests.calls.switch.freeswitch.fake_event_socket import CORE, FakeEventSocket
from tests.calls.switch.freeswitch.fake_far_end import BUSY, FarEnd, FarLeg
from tests.calls.switch.freeswitch.fake_frames import CALLS, INCOMING, LEGS, event_frame, filled, recorded
from tests.calls.switch.freeswitch.fake_leg import FakeLeg
from tests.calls.switch.freeswitch.traffic import Traffic
from tests.calls.wire.esl_recordings import Lines

__all__ = ["KEY_GAP_S", "FakeCall", "FakeFreeSwitch"]

KEY_GAP_S = 0.2

_uuids = count(1)


class FakeFreeSwitch:
    """Places calls to our outbound socket. ``durations``: the files that there are, and their seconds."""

    def __init__(
        self,
        port: int,
        token: str,
        durations: Mapping[str, float],
        *,
        mode: str = "async",
        traffic: Traffic | None = None,
    ) -> None:
        self.port = port
        self.token = token
        self.durations = dict(durations)
        self.mode = mode
        self.traffic = traffic
        self.calls: list[FakeCall] = []
        self.channels: dict[str, FakeCall | FakeLeg | FarLeg] = {}
        """What lives, by its id."""
        self.answers: dict[str, FarEnd] = {}
        """What a far end does, by its dial string; who is not here is busy."""
        self.far_end: Callable[[str], FarEnd] = lambda endpoint: self.answers.get(endpoint, BUSY)
        self.job_late_s = TICK_S
        """How long the job is behind the answer: 0 to 20 ms were seen."""
        self.event_socket: FakeEventSocket | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def attach(self, event_socket: FakeEventSocket) -> None:
        """Its event socket tells of all channels, and commands them."""
        self.event_socket = event_socket
        event_socket.api = self.api
        event_socket.job = self.job
        event_socket.listing = self.listing

    # --- what is asked of it -----------------------------------------------------------------------------------

    def api(self, command: str) -> str:
        """What an ``api`` command prints."""
        name, *words = command.split()
        channel = self.channels.get(words[0]) if words else None
        if command == "show calls as json":
            return json.dumps(
                {"row_count": sum(isinstance(each, FakeLeg) and each.leads for each in self.channels.values())}
            )
        if name == "hupall":
            return self._hang_up_all()
        if name == "uuid_exists":
            return "true" if channel is not None else "false"
        if name in SCHEDULER:
            return SCHEDULER[name]
        if not name.startswith("uuid_"):
            return f"-ERR {name} Command not found!\n"
        if channel is None:
            return NO_CHANNEL.get(name, "-ERR No such channel!\n")
        return channel.api(command)

    def _hang_up_all(self) -> str:
        """Source: mod_commands.c, hupall_api_function."""
        for each in list(self.channels.values()):
            match each:
                case FakeCall():
                    each.end("MANAGER_REQUEST", by_caller=False)
                case FakeLeg():
                    each.end("MANAGER_REQUEST", by_far_end=False)
                case FarLeg():
                    each.stopped.set()
        return "+OK hangup all channels with cause MANAGER_REQUEST\n"

    def job(self, command: str, job: str) -> None:
        """Begin what a ``bgapi`` command asks for."""

        def done(text: str) -> None:
            told = {"Job-UUID": job, "Job-Command": "originate"}
            if self.event_socket is not None:
                lines = filled(recorded("BACKGROUND_JOB", "", LEGS), {"Core-UUID": CORE}, told)
                lines = tuple((name, each) for name, each in lines if name != "Content-Length")
                self.event_socket.send("BACKGROUND_JOB", lambda: event_frame(lines, body=text.encode()))

        word, _, argument = command.partition(" ")
        assert word == "originate", command
        uuid = argument.partition("origination_uuid=")[2].partition(",")[0].partition("}")[0] or _new_uuid()
        if uuid in self.channels:
            asyncio.get_running_loop().call_soon(done, "-ERR DESTINATION_OUT_OF_ORDER\n")
            return
        task = asyncio.get_running_loop().create_task(FakeLeg(self, uuid).dial(argument, done))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def listing(self) -> str:
        """``show channels as json``."""
        lives = self.channels.items()
        rows = [{"uuid": uuid, "callstate": "ACTIVE" if each.is_up else "RINGING"} for uuid, each in lives]
        return json.dumps({"row_count": len(rows), **({"rows": rows} if rows else {})})

    async def stop(self) -> None:
        """End what is under way; nothing is told."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def die(self) -> None:
        """It is killed with all of its channels: every connection is reset, nothing is told."""
        for channel in list(self.channels.values()):
            if isinstance(channel, FakeCall):
                channel.die()
        self.channels.clear()
        await self.stop()
        assert self.event_socket is not None, "attach comes first"
        await self.event_socket.die()

    # --- what happens to it ------------------------------------------------------------------------------------

    def place(self, caller: Caller | None = None) -> FakeCall:
        """A new call; it begins when its ``run`` is awaited."""
        caller = caller or Caller()
        dialled = caller.route == "dialled"
        call = FakeCall(self, caller, caller.uuid or _new_uuid(), caller.route, answered=dialled)
        self.calls.append(call)
        self.add(call.seen.uuid, call)
        return call

    async def call(self, caller: Caller | None = None) -> Seen:
        """One call from its beginning to its end."""
        return await self.place(caller).run()

    async def dialled(self, uuid: str, caller: Caller) -> None:
        """A leg that was answered runs our ``socket`` action."""
        call = FakeCall(self, caller, uuid, "dialled", answered=True)
        self.calls.append(call)
        self.add(uuid, call)
        await call.run()

    def seat_agent(self, uuid: str) -> FakeLeg:
        """An agent's leg that is up."""
        leg = FakeLeg(self, uuid)
        leg.is_up = True
        self.add(uuid, leg)
        return leg

    def add(self, uuid: str, channel: FakeCall | FakeLeg | FarLeg) -> None:
        """A channel begins to live."""
        self.channels[uuid] = channel

    def gone(self, uuid: str) -> None:
        """It lives no more. Again is no error."""
        self.channels.pop(uuid, None)

    def leg(self, uuid: str) -> FakeLeg | None:
        """The leg of that id."""
        found = self.channels.get(uuid)
        return found if isinstance(found, FakeLeg) and found.is_up else None

    def keep(self, file: str, lasts_s: float) -> None:
        """A recording is there, and can be played."""
        self.durations[file] = lasts_s
        if Path(file).parent.is_dir():
            Path(file).write_bytes(b"\xff" * round(lasts_s * 8_000))

    # --- what it tells -----------------------------------------------------------------------------------------

    def template(self, event: str, application: str) -> Lines:
        """The recorded event of a call."""
        return recorded(event, application, INCOMING if event == "CHANNEL_CREATE" else CALLS)

    def leg_event(self, event: str, uuid: str, values: Mapping[str, str], recording: str = "") -> Lines:
        """An event of a leg, with all its headers. ``recording``: where it is from."""
        ours = dict.fromkeys(("Unique-ID", "Channel-Call-UUID", "Caller-Unique-ID", "variable_uuid"), uuid)
        ours |= {"Core-UUID": CORE, "variable_call_uuid": uuid, "Call-Direction": "outbound"}
        if event == "MEDIA_BUG_START":
            return tuple({"Event-Name": event, **ours, **values}.items())
        application = values.get("Application", "")
        return filled(recorded(event, application, (recording,) if recording else LEGS), ours, values)

    def tell_of_leg(self, event: str, uuid: str, values: Mapping[str, str], recording: str = "") -> None:
        """An event of a leg, to who asked for it."""
        if self.event_socket is not None:
            self.event_socket.send(event, lambda: event_frame(self.leg_event(event, uuid, values, recording)))


SCHEDULER = {"sched_api": "+OK Added: 7\n", "sched_del": "+OK Deleted: 1\n"}
"""Seen on 1.11.1. Nothing of it happens here: who is silent is silent for longer than any test."""

NO_CHANNEL = {
    "uuid_bridge": "-ERR Invalid uuid\n",
    "uuid_record": "-ERR Cannot locate session!\n",
    "uuid_displace": "-ERR Cannot locate session!\n",
}
"""What the commands print that find no channel. Source: mod_commands.c."""


def _new_uuid() -> str:
    return f"{next(_uuids):08x}-0000-4000-8000-000000000000"
