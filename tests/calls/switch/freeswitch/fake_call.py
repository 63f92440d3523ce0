"""One channel of the fake FreeSWITCH that runs our ``socket`` action, and its connection.

Every frame is one that FreeSWITCH 1.11.1 sent in tests/transcripts/freeswitch-1.11, with the call's own values put
in: the reply to ``connect`` (URL-encoded whole), the events with all their headers, the notices. So are the orders:

- a message that was sent waits for the channel's next 20 ms; what comes while a file plays is run within it;
- the events of a hang-up come as in ``outbound-caller-hangs-up`` and ``outbound-break``, those of an unknown
  application as in ``outbound-ivr``; commands after it are still answered ``+OK``;
- a broken playback says FILE PLAYED; a break before the application has begun is forgotten;
- the key ``*`` ends a playback unless ``playback_terminators`` says otherwise (switch_ivr_play_say.c, mod_dptools.c);
- ``api uuid_kill`` answers first, and the channel ends with its next 20 ms;
- who is sent to a leg that ends first is parked, and its connection stays; sent to ``cw-back`` from there it connects
  beside that (seen on 1.11.1, of which there is no recording).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tests.calls.switch.freeswitch.fake_applications import Applications
from tests.calls.switch.freeswitch.fake_caller import Caller, Key, Leave, Say, Seen, spans_of
from tests.calls.switch.freeswitch.fake_event_socket import CORE
from tests.calls.switch.freeswitch.fake_frames import GOODBYE, REPLY, event_frame, filled, quoted, wire
from tests.calls.switch.freeswitch.fake_hearing import FakeHearing
from tests.calls.switch.freeswitch.fake_line import FakeLine, connect
from tests.calls.wire.esl_recordings import Lines

if TYPE_CHECKING:
    from tests.calls.switch.freeswitch.fake_freeswitch import FakeFreeSwitch
    from tests.calls.switch.freeswitch.fake_leg import FakeLeg

TICK_S = 0.02
SOCKET = {"Application": "socket", "Application-UUID": "00000000-0000-4000-8000-00000000cafe"}
CONNECT_S = 5.0
Q850 = {"NORMAL_CLEARING": 16, "USER_BUSY": 17, "CALL_REJECTED": 21, "DESTINATION_OUT_OF_ORDER": 27}
Q850 |= {"NORMAL_TEMPORARY_FAILURE": 41, "SWITCH_CONGESTION": 42, "ALLOTTED_TIMEOUT": 102, "MANAGER_REQUEST": 16}


class FakeCall:
    """One channel and its socket. ``route``: the extension of our dialplan by which it comes; ``answered``: it is a
    leg of ours, which the far end has answered."""

    def __init__(
        self, switch: FakeFreeSwitch, caller: Caller, uuid: str, route: str = "in", *, answered: bool = False
    ) -> None:
        self.switch = switch
        self.caller = caller
        self.seen = Seen(uuid, answered=answered)
        self.over = asyncio.Event()
        self.messages: deque[dict[str, str]] = deque()
        self.news = asyncio.Event()
        self.breaking = False
        self.hung_up = False
        self.talking: FakeLeg | None = None
        """The leg with which the call is in a talk."""
        self.asked: frozenset[str] | None = frozenset()
        self.answered_at = 0.0
        self._overheard: dict[str, FakeHearing] = {}
        self.tapes: set[str] = set()
        """The files into which ``uuid_record`` records."""
        self.applications = Applications(self)
        self._route = route
        self._parked = False
        self._linger: int | None = None
        self._json = False
        self._filters: set[str] = set()
        self._talk_over = asyncio.Event()
        self._nobodys = False
        """Sent to a leg that ended first: parked, and nobody is told but the event socket."""
        self._returning: asyncio.Task[None] | None = None
        self._timers: list[asyncio.TimerHandle] = []

    @property
    def is_up(self) -> bool:
        """It was answered."""
        return self.seen.answered

    # --- the call ----------------------------------------------------------------------------------------------

    async def run(self) -> Seen:
        """From the dialplan's ``socket`` action to the end of the connection."""
        self._loop = asyncio.get_running_loop()
        if self._route == "in":
            self.announce("CHANNEL_CREATE", {})
        for act in self.caller.acts:
            if isinstance(act, Leave) and act.unanswered:
                self._later(act.at_s, self.leave)
        if self.seen.answered:
            self._begin()
        async with asyncio.timeout(CONNECT_S):
            self._line = await connect(self.switch.port, self.switch.traffic)
        channel = asyncio.create_task(self._channel())
        try:
            await self._read()
            while not self.hung_up and (self.talking is not None or self._returning is not None):
                coming, self._returning = self._returning, None
                await (coming or self._talk())
            if not self.hung_up:
                self.seen.resumed = True
                self.end("NORMAL_CLEARING", by_caller=False)
            await channel
        finally:
            channel.cancel()
            for timer in self._timers:
                timer.cancel()
            self._line.close()
            self._deaf()
            self.switch.gone(self.seen.uuid)
            self.over.set()
        return self.seen

    async def _talk(self) -> None:
        """The talk, without a connection of ours; then the dialplan's ``cw-back`` connects anew."""
        await self._talk_over.wait()
        self._talk_over.clear()
        leg, self.talking = self.talking, None
        if leg is not None:
            leg.left()
        if not self.hung_up:
            await self._come_back()

    async def _come_back(self) -> None:
        """The dialplan's ``cw-back`` connects anew; a connection from before stays until we close it."""
        self._route, self._filters, self.asked, self._nobodys = "back", set(), frozenset(), False
        self._line = await connect(self.switch.port, self.switch.traffic)
        await self._read()

    def leg_gone(self) -> None:
        """The agent's leg has ended."""
        self._talk_over.set()

    def drop_leg(self) -> None:
        """The agent's leg ends."""
        assert self.talking is not None
        self.talking.end("NORMAL_CLEARING", by_far_end=True)

    def leave(self) -> None:
        """The caller hangs up."""
        self.end("NORMAL_CLEARING" if self.seen.answered else "ORIGINATOR_CANCEL", by_caller=True)

    def press(self, key: str) -> None:
        """The caller presses a key: told when the channel takes it, which is now."""
        if self.hung_up:
            return
        self.tell("DTMF", {"DTMF-Digit": key})
        terminators = self.applications.variables.get("playback_terminators", "*")
        if terminators != "none" and key in terminators:
            self.breaking = True
            self.news.set()

    def die(self) -> None:
        """FreeSWITCH is killed: the socket is reset, nothing is told."""
        self.hung_up = True
        self.news.set()
        self._talk_over.set()
        self._line.abort()

    def close(self) -> None:
        """The connection ends behind what was said, as where FreeSWITCH is stopped; nothing more is told."""
        self.hung_up = True
        self.news.set()
        self._line.close()

    def say(self, data: bytes) -> None:
        """Raw bytes of a FreeSWITCH that is not one."""
        self._line.say(data)

    def answer(self) -> None:
        """The call is answered, and the caller begins to act; on an answered one nothing happens."""
        if not self.seen.answered:
            self.seen.answered = True
            self.tell("CHANNEL_ANSWER", {})
            self._begin()

    def _begin(self) -> None:
        self.answered_at = self._loop.time()
        for act in self.caller.acts:
            match act:
                case Key(at_s, key):
                    self._later(at_s, self.press, key)
                case Leave(at_s, unanswered=False):
                    self._later(at_s, self.leave)
                case Say() | Leave():
                    pass

    def _later(self, seconds: float, do: object, *about: object) -> None:
        self._timers.append(self._loop.call_later(seconds, do, *about))  # type: ignore[arg-type]

    # --- commands ----------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        line: FakeLine = self._line
        while (command := await line.command()) is not None:
            self.seen.commands.append(command)
            self._command(command)
        if line is self._line:
            self._goodbye()  # said to who has closed, too
        else:
            line.close()  # of before a return

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
                self.asked, self._filters, self._json = None, {self.seen.uuid}, argument == "json"
                self._reply("+OK Events Enabled")
            case "event":
                kind, *names = argument.split()
                self.asked, self._json = (self.asked or frozenset()) | set(names), kind == "json"
                self._reply(f"+OK event listener enabled {kind}")
            case "filter":
                self._filters.add(argument.split()[1])
                self._reply(f"+OK filter added. [Unique-ID]=[{argument.split()[1]}]")
            case "sendmsg":
                self.messages.append(dict(line.split(": ", 1) for line in rest.split("\n")))
                self._reply("+OK")
                self.news.set()
            case "api":
                self._api_reply(self.switch.api(argument))
            case "bgapi":
                job = "00000000-0000-4000-8000-0000000000b9"
                told = (("Content-Type", "command/reply"), ("Reply-Text", f"+OK Job-UUID: {job}"), ("Job-UUID", job))
                self.say(wire(told))
                self.switch.api(argument)
            case "resume":
                self._reply("+OK")
            case "exit":
                self._reply("+OK bye")
                self._goodbye()
            case _:
                self._reply("-ERR command not found")

    def api(self, command: str) -> str:
        """Run an api command about this channel: its output."""
        name, _, *rest = command.split()
        match name:
            case "uuid_break":
                self.breaking = True
                self.news.set()
                return "+OK\n"
            case "uuid_record":
                return self._tape(*rest)
            case "uuid_setvar_multi":
                for each in " ".join(rest).split(";"):
                    variable, _, to = each.partition("=")
                    self.applications.variables[variable] = to
                return "+OK\n"
            case "uuid_bridge":
                leg = self.switch.leg(rest[0])
                if leg is None:
                    return "-ERR Invalid uuid\n"
                self._later(2 * TICK_S, self._join, leg)
                return f"+OK {rest[0]}\n"
            case "uuid_transfer" if self._nobodys:
                self._later(TICK_S, self._return)
                return "+OK\n"
            case "uuid_transfer":
                self._later(TICK_S, self._talk_over.set)
                return "+OK\n"
            case "uuid_kill":
                self._later(TICK_S, self._kill, rest[0])
                return "+OK\n"
            case "uuid_exists":
                return "true"
            case _:
                return f"-ERR {name} Command not found!\n"

    def _kill(self, cause: str) -> None:
        self.end(cause, by_caller=False)

    def _tape(self, what: str, file: str, _limit_s: str = "", variables: str = "") -> str:
        """``uuid_record``. Source: mod_commands.c, session_record_function."""
        if "RECORD_READ_ONLY=true" in variables:
            return self._overhear(file)
        if file in self._overheard:
            self._overheard.pop(file).end()
            return "+OK Success\n"
        if what == "start":
            self.tapes.add(file)
            self.switch.keep(file, 1.0)
        elif file not in self.tapes:
            return f"-ERR Cannot {what} record{'' if what == 'stop' else 'ing'} session!\n"
        if what == "stop":
            self.tapes.remove(file)
        return "+OK Success\n"

    def _overhear(self, file: str) -> str:
        try:
            self._overheard[file] = FakeHearing(file, self._speaks)
        except OSError:
            return "-ERR Cannot record session!\n"
        return "+OK Success\n"

    def _deaf(self) -> None:
        for hearing in self._overheard.values():
            hearing.end()

    def _speaks(self) -> bool:
        since_s = self._loop.time() - self.answered_at
        return any(begin_s <= since_s < end_s for begin_s, end_s in spans_of(self.caller.acts))

    def _return(self) -> None:
        if not self.hung_up and self._returning is None:
            self._returning = asyncio.create_task(self._come_back())

    def _join(self, leg: FakeLeg) -> None:
        if self.hung_up:
            return
        for told in reversed(self.applications.running):
            self.tell("CHANNEL_EXECUTE_COMPLETE", told | {"Application-Response": "PLAYBACK ERROR"})
        self.applications.running.clear()
        if leg.ended:
            self._nobodys = True
            self.tell("CHANNEL_EXECUTE_COMPLETE", SOCKET | {"Application-Response": "_none_"})
            self.announce("CHANNEL_PARK", {})
            return
        self._talk_over.clear()
        if self.talking is not None:
            self.talking.left()
        self.talking, leg.customer = leg, self
        leg.unpark(self.seen.uuid)
        self.news.set()
        self.tell("CHANNEL_BRIDGE", {"Bridge-B-Unique-ID": leg.uuid, "Other-Leg-Unique-ID": leg.uuid})

    def _connect(self) -> None:
        lines = self._with(REPLY, {"Socket-Mode": self.switch.mode})
        at = next(index for index, (name, _) in enumerate(lines) if name == "Content-Type")
        token = ("variable_cw_token", quoted(self.switch.token))
        route = ("variable_cw_route", self._route)
        self.say(wire((*lines[:at], token, route, *lines[at:])))

    def _reply(self, text: str) -> None:
        self.say(wire((("Content-Type", "command/reply"), ("Reply-Text", text))))

    def _api_reply(self, text: str) -> None:
        self.say(wire((("Content-Type", "api/response"), ("Content-Length", str(len(text))))) + text.encode())

    # --- the channel -------------------------------------------------------------------------------------------

    async def _channel(self) -> None:
        """The park loop: every 20 ms it runs what was sent."""
        while not self.hung_up:
            await self.work()
            await self.applications.wait(None)

    async def work(self) -> None:
        """Run what was sent; within an application, only what is not locked to wait for its end."""
        while self.messages and not self.hung_up:
            if self.applications.locked:
                return
            await asyncio.sleep(TICK_S)
            if self.hung_up:
                return
            if not self._parked:
                self._parked = True
                self.tell("CHANNEL_PARK", {})
            message = self.messages.popleft()
            if message["call-command"] == "hangup":
                self.end(message["hangup-cause"], by_caller=False)
            else:
                await self.applications.execute(message)

    # --- the end -----------------------------------------------------------------------------------------------

    def end(self, cause: str, *, by_caller: bool) -> None:
        """The call ends, by the caller or by the switch, and its events come at once."""
        if self.hung_up:
            return
        self.hung_up = True
        self.seen.cause, self.seen.by_caller = cause, by_caller
        self.news.set()
        self.applications.stop()
        self._deaf()
        self.switch.gone(self.seen.uuid)
        spoke = "bye" if self.seen.answered else "cancel" if by_caller else "refuse"
        side = f"{'recv' if by_caller else 'send'}_{spoke}"
        ended = {"Hangup-Cause": cause, "variable_sip_hangup_disposition": side}
        complete = ended | {"variable_hangup_cause_q850": str(Q850.get(cause, 487))}
        if self.talking is not None:  # no connection of ours is told
            self.tell("CHANNEL_UNBRIDGE", ended | {"Bridge-B-Unique-ID": self.talking.uuid})
            self.tell("CHANNEL_HANGUP_COMPLETE", complete)
            self._talk_over.set()
            return
        self.tell("CHANNEL_HANGUP", {"Hangup-Cause": cause})
        response = "_none_"
        for told in reversed(self.applications.running):
            if told["Application"] == "playback":
                response = "PLAYBACK ERROR"
            self.tell("CHANNEL_EXECUTE_COMPLETE", told | ended | {"Application-Response": response})
        if self._parked:
            self.tell("CHANNEL_UNPARK", ended)
        self.tell("CHANNEL_EXECUTE_COMPLETE", SOCKET | ended | {"Application-Response": response})
        self.tell("CHANNEL_STATE", ended | {"Channel-State": "CS_HANGUP"})
        self.tell("CHANNEL_STATE", ended | {"Channel-State": "CS_REPORTING"})
        self.tell("CHANNEL_HANGUP_COMPLETE", complete)
        self._notice()

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
            self._later(self._linger, self._goodbye)

    def _goodbye(self) -> None:
        self.say(wire(GOODBYE.lines) + GOODBYE.body)
        self._line.close()

    # --- frames ------------------------------------------------------------------------------------------------

    def tell(self, event: str, values: Mapping[str, str], uuid: str = "") -> None:
        """Send the event where it was asked for. ``uuid``: of another channel, which the call dials."""
        self.announce(event, values, uuid)
        if self.asked is not None and event not in self.asked:
            return
        if self._filters and (uuid or self.seen.uuid) not in self._filters:
            return
        self.say(event_frame(self._event(event, values, uuid), as_json=self._json))

    def announce(self, event: str, values: Mapping[str, str], uuid: str = "") -> None:
        """Send the event to the event socket, where it was asked for."""
        if self.switch.event_socket is not None:
            self.switch.event_socket.send(event, lambda: event_frame(self._event(event, values, uuid)))

    def _event(self, event: str, values: Mapping[str, str], uuid: str) -> Lines:
        if uuid:
            return self.switch.leg_event(event, uuid, values)
        return self._with(self.switch.template(event, values.get("Application", "")), values)

    def _with(self, template: Lines, values: Mapping[str, str]) -> Lines:
        """The template with this call's values in the place of the recorded ones, and the others behind them."""
        uuid = self.seen.uuid
        state = "hangup" if self.hung_up else "answered" if self.seen.answered else "ringing"
        ours = dict.fromkeys(("Unique-ID", "Channel-Call-UUID", "Caller-Unique-ID", "variable_uuid"), uuid)
        ours |= {"Core-UUID": CORE, "variable_call_uuid": uuid, "Answer-State": state}
        ours |= {"Caller-Caller-ID-Number": self.caller.number, "Caller-Caller-ID-Name": self.caller.name}
        ours |= {"Caller-Destination-Number": self.caller.called, "variable_sip_from_display": self.caller.name}
        return filled(template, ours, values)
