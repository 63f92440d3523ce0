"""FreeSWITCH's event socket, as far as its connections go: logins, commands and their replies, events to who asked.

Frames are as FreeSWITCH 1.11.1 sent them in tests/transcripts/freeswitch-1.11 (esl-auth-ok, esl-auth-refused,
esl-rude-rejection, esl-errors).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import quote

from tests.calls.switch.freeswitch.fake_line import FakeLine
from tests.calls.switch.freeswitch.traffic import Traffic

PASSWORD = "a-password-of-this-test"
CORE = "992959f5-0f8c-431b-843f-5e1463dcb27e"
AUTH = b"Content-Type: auth/request\n\n"
REJECTION = (
    b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n"
    b"Content-Type: text/disconnect-notice\nContent-Length: 67\n\n"
    b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
)
GOODBYE = (
    b"Content-Type: text/disconnect-notice\nContent-Length: 67\n\n"
    b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
)


def reply(text: str) -> bytes:
    """A ``command/reply``."""
    return f"Content-Type: command/reply\nReply-Text: {text}\n\n".encode()


def api_response(text: str) -> bytes:
    """An ``api/response``."""
    data = text.encode()
    return f"Content-Type: api/response\nContent-Length: {len(data)}\n\n".encode() + data


def plain_event(name: str, values: dict[str, str], body: str = "") -> bytes:
    """A ``text/event-plain`` of these headers."""
    data = body.encode()
    lines = {"Event-Name": name, "Core-UUID": CORE, **values}
    if body:
        lines["Content-Length"] = str(len(data))
    head = "".join(f"{key}: {quote(value, safe='/,-_.~!*()')}\n" for key, value in lines.items()).encode() + b"\n"
    return f"Content-Length: {len(head) + len(data)}\nContent-Type: text/event-plain\n\n".encode() + head + data


@dataclass(eq=False)
class Listener:
    """One connection."""

    line: FakeLine
    logged_in: bool = False
    asked: set[str] = field(default_factory=set)
    commands: list[str] = field(default_factory=list)
    mute: bool = False
    """It answers nothing more, and stays open."""

    def say(self, data: bytes) -> None:
        """Send ``data``."""
        self.line.say(data)


class FakeEventSocket:
    """A server. ``api``: what an ``api`` command prints; ``job``: what is done with a ``bgapi`` command."""

    def __init__(self, traffic: Traffic | None = None) -> None:
        self._traffic = traffic
        self.core = CORE
        self.password = PASSWORD
        self.greeting = AUTH
        self.login_answer: bytes | None = None
        """Instead of an answer to the password."""
        self.channels = '{"row_count":0}'
        """What lives, as FreeSWITCH lists it."""
        self.listing: Callable[[], str] | None = None
        """Where a whole FreeSWITCH stands behind it: the same, as it is."""
        self.lists = True
        """Whether it answers who asks for that list."""
        self.api: Callable[[str], str] = lambda command: "-ERR no such command\n"
        self.job: Callable[[str, str], None] = lambda command, job: None
        self.listeners: list[Listener] = []
        self.said: list[str] = []
        """All commands, in order, of connections that have ended too."""
        self.taken = 0
        """Connections so far."""
        self.port = 0
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, where: TracebackType | None
    ) -> None:
        await self.die()

    async def listen(self) -> None:
        """Accept connections, on the same port as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def die(self) -> None:
        """As a process that is killed: the connections are reset, the port is closed."""
        if self._server is not None:
            self._server.close()
        for listener in list(self.listeners):
            listener.line.abort()
        if self._serving:
            await asyncio.wait(self._serving)

    @property
    def commands(self) -> list[str]:
        """All that was said, connection by connection."""
        return [command for listener in self.listeners for command in listener.commands]

    def tell(self, name: str, values: dict[str, str], body: str = "") -> None:
        """An event, to those who asked for its kind."""
        self.send(name, lambda: plain_event(name, values, body))

    def send(self, name: str, frame: Callable[[], bytes]) -> None:
        """An event's ``frame``, to those who asked for its kind."""
        for listener in self.listeners:
            if name in listener.asked:
                listener.say(frame())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        listener = Listener(FakeLine(reader, writer, self._traffic))
        self.listeners.append(listener)
        self.taken += 1
        try:
            listener.say(self.greeting)
            while (command := await listener.line.command()) is not None:
                listener.commands.append(command)
                self.said.append(command)
                if not listener.mute:
                    self._command(listener, command)
        finally:
            if listener in self.listeners:
                self.listeners.remove(listener)
            listener.line.close()

    def _command(self, listener: Listener, command: str) -> None:
        first, _, rest = command.partition("\n")
        word, _, argument = first.partition(" ")
        match word:
            case "auth":
                self._login(listener, argument)
            case "exit":
                listener.say(reply("+OK bye") + GOODBYE)
                listener.line.close()
            case _ if not listener.logged_in:
                listener.say(reply("-ERR command not found"))
            case "event":
                listener.asked.update(argument.split()[1:])
                listener.say(reply("+OK event listener enabled plain"))
            case "api" if argument == "global_getvar core_uuid":
                listener.say(api_response(self.core))
            case "api" if argument == "show channels as json":
                if self.lists:
                    listener.say(api_response(self.channels if self.listing is None else self.listing()))
            case "api":
                listener.say(api_response(self.api(argument)))
            case "bgapi":
                job = rest.removeprefix("Job-UUID: ") or f"00000000-0000-4000-8000-{len(self.said):012x}"
                listener.say(
                    f"Content-Type: command/reply\nReply-Text: +OK Job-UUID: {job}\nJob-UUID: {job}\n\n".encode()
                )
                self.job(argument, job)
            case _:
                listener.say(reply("-ERR command not found"))

    def _login(self, listener: Listener, password: str) -> None:
        if self.login_answer is not None:
            listener.say(self.login_answer)
        elif password == self.password:
            listener.logged_in = True
            listener.say(reply("+OK accepted"))
        else:
            listener.say(reply("-ERR invalid") + GOODBYE)
            listener.line.close()
