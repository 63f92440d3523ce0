"""A FreeSWITCH made from its recordings: it connects to our outbound socket as a real call does.

Every frame is one that FreeSWITCH 1.11.1 sent in tests/transcripts/freeswitch-1.11, with the call's own values put
in: the reply to ``connect`` (URL-encoded whole), the events with all their headers, the notices. So are the orders:

- a message that was sent waits for the channel's next 20 ms; what comes while a file plays is run within it;
- the events of a hang-up come as in ``outbound-caller-hangs-up`` and ``outbound-break``, those of an unknown
  application as in ``outbound-ivr``; commands after it are still answered ``+OK``;
- a broken playback says FILE PLAYED; a break before the application has begun is forgotten;
- the key ``*`` ends a playback unless ``playback_terminators`` says otherwise (switch_ivr_play_say.c, mod_dptools.c).
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from itertools import count
from urllib.parse import unquote

from tests.calls.switch.freeswitch.fake_caller import Caller, Key, Leave, Seen
from tests.calls.switch.freeswitch.fake_event_socket import CORE, FakeEventSocket
from tests.calls.switch.freeswitch.fake_far_end import FarEnd, FarLeg
from tests.calls.switch.freeswitch.fake_frames import GOODBYE, REPLY, quoted, recorded, wire
from tests.calls.wire.esl_recordings import Lines

TICK_S = 0.02
KEY_GAP_S = 0.2
CONNECT_S = 5.0
Q850 = {"NORMAL_CLEARING": 16, "USER_BUSY": 17, "CALL_REJECTED": 21, "DESTINATION_OUT_OF_ORDER": 27}
Q850 |= {"NORMAL_TEMPORARY_FAILURE": 41, "SWITCH_CONGESTION": 42, "ALLOTTED_TIMEOUT": 102}

_uuids = count(1)

APPLICATIONS = ("answer", "set", "playback", "break", "hangup", "record", "bridge")
STREAMS_S = {"local_stream://default": float("inf"), "tone_stream://%(250,0,800)": 0.25}
"""What plays without a file, and for how long."""


class FakeFreeSwitch:
    """Places calls to our outbound socket. ``durations``: the files that there are, and their seconds."""

    def __init__(self, port: int, token: str, durations: Mapping[str, float], *, mode: str = "async") -> None:
        self.port = port
        self.token = token
        self.durations = durations
        self.mode = mode
        self.calls: list[FakeCall] = []
        self.legs: set[str] = set()
        """The ids of agents' legs that are up, with which a call can be joined."""
        self.answers: dict[str, FarEnd] = {}
        """What a transfer's target does, by its dial string; who is not here is busy."""
        self.silent_after_s: float | None = None
        """When a caller who leaves a message falls silent; None: never."""
        self.event_socket: FakeEventSocket | None = None

    def attach(self, event_socket: FakeEventSocket) -> None:
        """Its event socket tells of calls that are in a talk, and commands them."""
        self.event_socket = event_socket
        event_socket.api = self.api

    def api(self, command: str) -> str:
        """What a command over the event socket prints."""
        call = next((call for call in self.calls if call.seen.uuid == command.split()[1]), None)
        return "-ERR No such channel!\n" if call is None else call.api(command)

    def place(self, caller: Caller | None = None) -> FakeCall:
        """A new call; it begins when its ``run`` is awaited."""
        call = FakeCall(self, caller or Caller(), f"{next(_uuids):08x}-0000-4000-8000-000000000000")
        self.calls.append(call)
        return call

    async def call(self, caller: Caller | None = None) -> Seen:
        """One call from its beginning to its end."""
        return await self.place(caller).run()


class FakeCall:
    """One channel and its socket."""

    def __init__(self, switch: FakeFreeSwitch, caller: Caller, uuid: str) -> None:
        self._switch = switch
        self._caller = caller
        self.seen = Seen(uuid)
        self.over = asyncio.Event()
        self._variables: dict[str, str] = {}
        self._messages: deque[dict[str, str]] = deque()
        self._news = asyncio.Event()
        self._running: list[dict[str, str]] = []
        """The applications under way, the innermost last."""
        self._breaking = False
        self._hung_up = False
        self._parked = False
        self._linger: int | None = None
        self.asked: frozenset[str] | None = frozenset()
        self._json = False
        self._filter = ""
        self._closed = False
        self._talking: str | None = None
        """The leg with which the call is in a talk."""
        self._talk_over = asyncio.Event()
        self._far: FarLeg | None = None
        self._route = "in"
        self._timers: list[asyncio.TimerHandle] = []

    # --- the call ----------------------------------------------------------------------------------------------

    async def run(self) -> Seen:
        """From the dialplan's ``socket`` action to the end of the connection."""
        self._loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_S):
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._switch.port)
        for act in self._caller.acts:
            if isinstance(act, Leave) and act.unanswered:
                self._timers.append(self._loop.call_later(act.at_s, self.leave))
        channel = asyncio.create_task(self._channel())
        try:
            await self._read()
            while self._talking is not None and not self._hung_up:
                await self._talk()
            if not self._hung_up:
                self.seen.resumed = True
                self.end("NORMAL_CLEARING", by_caller=False)
            await channel
        finally:
            channel.cancel()
            for timer in self._timers:
                timer.cancel()
            self._writer.close()
            self.over.set()
        return self.seen

    async def _talk(self) -> None:
        """The talk, without a connection of ours; then the dialplan's ``cw-back`` connects anew."""
        await self._talk_over.wait()
        self._talk_over.clear()
        self._talking = None
        if self._hung_up:
            return
        self._route, self._closed, self._filter, self.asked = "back", False, "", frozenset()
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._switch.port)
        await self._read()

    def drop_leg(self) -> None:
        """The agent's leg ends."""
        self._switch.legs.discard(self._talking or "")
        self._talk_over.set()

    def leave(self) -> None:
        """The caller hangs up."""
        self.end("NORMAL_CLEARING" if self.seen.answered else "ORIGINATOR_CANCEL", by_caller=True)

    def press(self, key: str) -> None:
        """The caller presses a key: told when the channel takes it, which is now."""
        if self._hung_up:
            return
        self.tell("DTMF", {"DTMF-Digit": key})
        terminators = self._variables.get("playback_terminators", "*")
        if terminators != "none" and key in terminators:
            self._breaking = True
            self._news.set()

    def die(self) -> None:
        """FreeSWITCH is killed: the socket is reset, nothing is told."""
        self._hung_up = True
        self._news.set()
        self._writer.transport.abort()

    def close(self) -> None:
        """The connection ends behind what was said, as where FreeSWITCH is stopped; nothing more is told."""
        self._hung_up = True
        self._news.set()
        self._writer.close()

    def say(self, data: bytes) -> None:
        """Raw bytes of a FreeSWITCH that is not one."""
        self._writer.write(data)

    # --- commands ----------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        while not self._closed:
            try:
                data = await self._reader.readuntil(b"\n\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            command = data.decode().removesuffix("\n\n")
            self.seen.commands.append(command)
            self._command(command)

    def _command(self, command: str) -> None:
        first, _, rest = command.partition("\n")
        word, _, argument = first.partition(" ")
        match word:
            case "connect":
                self._connect()
            case "linger":
                self._linger = int(argument or "-1")
                self._reply("+OK will linger" + (f" {argument} seconds" if argument else ""))
            case "myevents":
                self.asked, self._filter, self._json = None, self.seen.uuid, argument == "json"
                self._reply("+OK Events Enabled")
            case "event":
                kind, *names = argument.split()
                self.asked, self._json = (self.asked or frozenset()) | set(names), kind == "json"
                self._reply(f"+OK event listener enabled {kind}")
            case "filter":
                self._filter = self._filter or argument.split()[1]
                self._reply(f"+OK filter added. [Unique-ID]=[{argument.split()[1]}]")
            case "sendmsg":
                self._messages.append(dict(line.split(": ", 1) for line in rest.split("\n")))
                self._reply("+OK")
                self._news.set()
            case "api":
                self._api_reply(self.api(argument))
            case "bgapi":
                job = "00000000-0000-4000-8000-0000000000b9"
                self.say(
                    wire(
                        (("Content-Type", "command/reply"), ("Reply-Text", f"+OK Job-UUID: {job}"), ("Job-UUID", job))
                    )
                )
                self.api(argument)
            case "exit":
                self._reply("+OK bye")
                self._goodbye()
            case _:
                self._reply("-ERR command not found")

    def api(self, command: str) -> str:
        """Run an api command: its output."""
        name, uuid, *rest = command.split()
        known = uuid == self.seen.uuid and not self._hung_up
        match name:
            case "uuid_break" if known:
                self._breaking = True
                self._news.set()
                return "+OK\n"
            case "uuid_record" if known:
                return "+OK Success\n"
            case "uuid_setvar_multi" if known:
                return "+OK\n"
            case "uuid_bridge" if known and rest[0] in self._switch.legs:
                self._loop.call_later(2 * TICK_S, self._join, rest[0])
                return f"+OK {rest[0]}\n"
            case "uuid_bridge" if known:
                return "-ERR Invalid uuid\n"
            case "uuid_transfer" if known:
                self._talk_over.set()
                return "+OK\n"
            case "uuid_kill" if known:
                self.end(rest[0], by_caller=False)
                return "+OK\n"
            case "uuid_kill" if self._far is not None and uuid == self._far.leg_id:
                self._far.killed.set()
                return "+OK\n"
            case "uuid_exists":
                return "true" if known else "false"
            case "uuid_break":
                return "-ERR No such channel!\n"
            case _:
                return f"-ERR {name} Command not found!\n"

    def _join(self, leg: str) -> None:
        for told in reversed(self._running):
            self.tell("CHANNEL_EXECUTE_COMPLETE", told | {"Application-Response": "PLAYBACK ERROR"})
        self._running.clear()
        self._talking = leg
        self._news.set()
        self.tell("CHANNEL_BRIDGE", {"Bridge-B-Unique-ID": leg, "Other-Leg-Unique-ID": leg})

    def _connect(self) -> None:
        lines = self._with(REPLY, {"Socket-Mode": self._switch.mode})
        at = next(index for index, (name, _) in enumerate(lines) if name == "Content-Type")
        token = ("variable_cw_token", quoted(self._switch.token))
        route = ("variable_cw_route", self._route)
        self.say(wire((*lines[:at], token, route, *lines[at:])))

    def _reply(self, text: str) -> None:
        self.say(wire((("Content-Type", "command/reply"), ("Reply-Text", text))))

    def _api_reply(self, text: str) -> None:
        self.say(wire((("Content-Type", "api/response"), ("Content-Length", str(len(text))))) + text.encode())

    # --- the channel -------------------------------------------------------------------------------------------

    async def _channel(self) -> None:
        """The park loop: every 20 ms it runs what was sent."""
        while not self._hung_up:
            await self._work()
            await self._wait(None)

    async def _work(self) -> None:
        """Run what was sent; within an application, only what is not locked to wait for its end."""
        while self._messages and not self._hung_up:
            if self._running and self._messages[0].get("event-lock") == "true":
                return
            await asyncio.sleep(TICK_S)
            if self._hung_up:
                return
            if not self._parked:
                self._parked = True
                self.tell("CHANNEL_PARK", {})
            message = self._messages.popleft()
            if message["call-command"] == "hangup":
                self.end(message["hangup-cause"], by_caller=False)
            else:
                await self._execute(message)

    async def _execute(self, message: dict[str, str]) -> None:
        name, argument = message["execute-app-name"], message.get("execute-app-arg", "")
        told = {"Application": name, "Application-UUID": message.get("Event-UUID", "made-by-freeswitch")}
        if argument:
            told["Application-Data"] = argument
        response = "_none_"
        values: dict[str, str] = {}
        if name in APPLICATIONS:
            self.tell("CHANNEL_EXECUTE", told)
            self._breaking = False
            self._running.append(told)
        match name:
            case "answer":
                self._answer()
            case "set":
                variable, _, to = argument.partition("=")
                self._variables[variable] = to
            case "playback":
                response = await self._playback(argument)
            case "record":
                values = await self._record(argument)
            case "bridge":
                self._far = FarLeg(self.tell, lambda: self._hung_up)
                values = await self._far.dial(argument, self._switch.answers)
            case "break":
                self._breaking = True
            case "hangup":
                self.end(argument, by_caller=False)
            case _:
                self.end("DESTINATION_OUT_OF_ORDER", by_caller=False)
        if not self._hung_up and told in self._running:
            self._running.remove(told)
            self.tell("CHANNEL_EXECUTE_COMPLETE", told | values | {"Application-Response": response})

    def _answer(self) -> None:
        if self.seen.answered:
            return
        self.seen.answered = True
        self.tell("CHANNEL_ANSWER", {})
        for act in self._caller.acts:
            match act:
                case Key(at_s, key):
                    self._timers.append(self._loop.call_later(at_s, self.press, key))
                case Leave(at_s, unanswered=False):
                    self._timers.append(self._loop.call_later(at_s, self.leave))

    async def _playback(self, file: str) -> str:
        lasts_s = STREAMS_S.get(file, self._switch.durations.get(file))
        if lasts_s is None:
            return "FILE NOT FOUND"
        self.seen.played.append(file)
        await self._run_for(lasts_s)
        return "FILE PLAYED"

    async def _run_for(self, lasts_s: float) -> bool:
        """Until it is broken, or its time is over; whether it was broken."""
        until = self._loop.time() + lasts_s
        while not self._stopped and self._loop.time() < until:
            await self._work()
            if not self._stopped:
                await self._wait(until if until != float("inf") else None)
        broken, self._breaking = self._breaking, False
        return broken

    @property
    def _stopped(self) -> bool:
        return self._hung_up or self._breaking or self._talking is not None

    async def _record(self, argument: str) -> dict[str, str]:
        _, longest_s, _, silence_s = argument.split()
        began, silent = self._loop.time(), self._switch.silent_after_s
        broken = await self._run_for(float(longest_s) if silent is None else silent + float(silence_s))
        lasted_ms = round((self._loop.time() - began) * 1_000)
        exhausted = str(silent is not None and not broken).lower()
        return {"variable_record_ms": str(lasted_ms), "variable_silence_hits_exhausted": exhausted}

    async def _wait(self, until: float | None) -> None:
        """Until there is news, or the time of ``until``."""
        self._news.clear()
        waiting = self._messages and not (self._running and self._messages[0].get("event-lock") == "true")
        if waiting or self._hung_up or (self._breaking and self._running):
            return
        try:
            async with asyncio.timeout_at(until):
                await self._news.wait()
        except TimeoutError:
            return

    # --- the end -----------------------------------------------------------------------------------------------

    def end(self, cause: str, *, by_caller: bool) -> None:
        """The call ends, by the caller or by the switch, and its events come at once."""
        if self._hung_up:
            return
        self._hung_up = True
        self.seen.cause, self.seen.by_caller = cause, by_caller
        self._news.set()
        if self._talking is not None:
            self._end_in_talk(cause, by_caller=by_caller)
            return
        spoke = "bye" if self.seen.answered else "cancel" if by_caller else "refuse"
        side = f"{'recv' if by_caller else 'send'}_{spoke}"
        ended = {"Hangup-Cause": cause, "variable_sip_hangup_disposition": side}
        self.tell("CHANNEL_HANGUP", {"Hangup-Cause": cause})
        response = "_none_"
        for told in reversed(self._running):
            if told["Application"] == "playback":
                response = "PLAYBACK ERROR"
            self.tell("CHANNEL_EXECUTE_COMPLETE", told | ended | {"Application-Response": response})
        if self._parked:
            self.tell("CHANNEL_UNPARK", ended)
        socket = {"Application": "socket", "Application-UUID": "00000000-0000-4000-8000-00000000cafe"}
        self.tell("CHANNEL_EXECUTE_COMPLETE", socket | ended | {"Application-Response": response})
        self.tell("CHANNEL_STATE", ended | {"Channel-State": "CS_HANGUP"})
        self.tell("CHANNEL_STATE", ended | {"Channel-State": "CS_REPORTING"})
        self.tell("CHANNEL_HANGUP_COMPLETE", ended | {"variable_hangup_cause_q850": str(Q850.get(cause, 487))})
        self._notice()

    def _end_in_talk(self, cause: str, *, by_caller: bool) -> None:
        """No connection of ours is told: the event socket tells."""
        assert self._switch.event_socket is not None, "attach comes first"
        side = "recv_bye" if by_caller else "send_bye"
        values = {"Unique-ID": self.seen.uuid, "Hangup-Cause": cause, "variable_sip_hangup_disposition": side}
        q850 = {"variable_hangup_cause_q850": str(Q850.get(cause, 487))}
        self._switch.event_socket.tell("CHANNEL_HANGUP_COMPLETE", values | q850)
        self._talk_over.set()

    def _notice(self) -> None:
        if self._linger is None:
            self._goodbye()
            return
        lines = (
            ("Content-Type", "text/disconnect-notice"),
            ("Controlled-Session-UUID", self.seen.uuid),
            ("Content-Disposition", "linger"),
            ("Channel-Name", "sofia/lo/4930111@127.0.0.1:5099"),
            ("Linger-Time", str(self._linger)),
            ("Content-Length", "0"),
        )
        self.say(wire(lines))
        if self._linger >= 0:
            self._timers.append(self._loop.call_later(self._linger, self._goodbye))

    def _goodbye(self) -> None:
        self.say(wire(GOODBYE.lines) + GOODBYE.body)
        self._closed = True
        self._writer.close()

    # --- frames ------------------------------------------------------------------------------------------------

    def tell(self, event: str, values: Mapping[str, str]) -> None:
        """Send the event where it was asked for."""
        if self.asked is not None and event not in self.asked:
            return
        if self._filter not in ("", self.seen.uuid):
            return
        lines = self._with(recorded(event, values.get("Application", "")), values)
        if self._json:
            body = json.dumps({name: unquote(each) for name, each in lines}).encode()
        else:
            body = wire(lines)
        kind = "json" if self._json else "plain"
        self.say(wire((("Content-Length", str(len(body))), ("Content-Type", f"text/event-{kind}"))) + body)

    def _with(self, template: Lines, values: Mapping[str, str]) -> Lines:
        """The template with this call's values in the place of the recorded ones, and the others behind them."""
        uuid = self.seen.uuid
        state = "hangup" if self._hung_up else "answered" if self.seen.answered else "ringing"
        ours = dict.fromkeys(("Unique-ID", "Channel-Call-UUID", "Caller-Unique-ID", "variable_uuid"), uuid)
        ours |= {"Core-UUID": CORE, "variable_call_uuid": uuid, "Answer-State": state, **values}
        ours |= {"Caller-Caller-ID-Number": self._caller.number, "Caller-Caller-ID-Name": self._caller.name}
        ours |= {"Caller-Destination-Number": self._caller.called, "variable_sip_from_display": self._caller.name}
        lines = tuple((name, quoted(ours.pop(name)) if name in ours else each) for name, each in template)
        return lines + tuple((name, quoted(ours[name])) for name in values if name in ours)
