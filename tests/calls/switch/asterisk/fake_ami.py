"""A scripted Asterisk manager on loopback. What it says is what was recorded (tests/transcripts), ids replaced."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable
from typing import Self

from tests.calls.wire import ami_transcripts as recorded

Fields = dict[str, str]
Answer = Callable[[Fields], bytes | None]
"""What to say to an action; None: nothing."""


def said(version: str, name: str, action: str, nth: int = 0) -> bytes:
    """What the switch answered to the nth ``action`` of a recorded session, with ``{id}`` for the ActionID."""
    asked = [parse(part) for part in recorded.stream(version, name, "us").split(b"\r\n\r\n") if part.strip()]
    action_id = [fields["ActionID"] for fields in asked if fields["Action"] == action][nth].encode()
    mark = b"ActionID: " + action_id + b"\r\n"
    parts = recorded.stream(version, name).split(b"\r\n", 1)[1].split(b"\r\n\r\n")
    answer = b"".join(part + b"\r\n\r\n" for part in parts if mark in part + b"\r\n" and b"OriginateResp" not in part)
    return answer.replace(mark, b"ActionID: {id}\r\n")


def parse(raw: bytes) -> Fields:
    """An action's headers; the last of one name."""
    lines = raw.decode().strip("\r\n").split("\r\n")
    return dict(line.split(": ", 1) for line in lines)


def with_id(template: bytes) -> Answer:
    """An answer from a template of :func:`said`."""
    return lambda fields: template.replace(b"{id}", fields["ActionID"].encode())


class FakeAmi:
    """``async with FakeAmi() as pbx:`` listens on a port of its own; ``pbx.answers`` can be changed at any time."""

    def __init__(self, version: str = "asterisk-16", secret: str = "a secret") -> None:
        self.secret = secret
        self.greeting = recorded.stream(version, "ami-login-md5").split(b"\r\n", 1)[0] + b"\r\n"
        (challenge,) = re.findall(rb"Challenge: ([0-9]+)", said(version, "ami-login-md5", "Challenge"))
        self.challenge = challenge.decode()
        self.refusal = said(version, "ami-login-refused", "Login")
        self.port = 0
        self.received: list[Fields] = []
        self.connections = 0
        self.globals: dict[str, str] = {"CW_BOOT": "first"}
        """Its global variables: they live through a lost connection, and not through a restart."""
        self._times: list[float] = []
        self.answers: dict[str, Answer] = {
            "Challenge": with_id(said(version, "ami-login-md5", "Challenge")),
            "Login": self._login,
            "Ping": with_id(said(version, "ami-login-ok", "Ping")),
            "CoreStatus": with_id(said(version, "ami-login-ok", "CoreStatus")),
            "Getvar": self._get_global,
            "Setvar": self._set_global,
            "CoreShowChannels": with_id(said(version, "ami-status", "CoreShowChannels", 0)),
            "Originate": with_id(said(version, "ami-originate-busy", "Originate")),
            "Hangup": with_id(said(version, "ami-originate-duplicate-id", "Hangup")),
            "Redirect": with_id(said(version, "ami-bridge", "Redirect")),
            "ConfbridgeKick": lambda f: f"Response: Success\r\nActionID: {f['ActionID']}\r\n\r\n".encode(),
            "MixMonitorMute": with_id(said(version, "ami-mixmonitor-mute", "MixMonitorMute")),
            "StopMixMonitor": with_id(said(version, "ami-mixmonitor-mute", "StopMixMonitor")),
            "Status": with_id(said(version, "ami-status", "Status")),
            "AbsoluteTimeout": lambda f: f"Response: Success\r\nActionID: {f['ActionID']}\r\n\r\n".encode(),
            "PlayDTMF": lambda f: f"Response: Success\r\nActionID: {f['ActionID']}\r\n\r\n".encode(),
            "Logoff": with_id(said(version, "ami-login-ok", "Logoff")),
        }
        self.no_such_channel = with_id(said(version, "ami-originate-no-such-endpoint", "Hangup", 1))
        self._accepted = re.sub(
            rb"Event: FullyBooted.*?\r\n\r\n", b"", said(version, "ami-login-md5", "Login"), flags=re.S
        )
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def _login(self, fields: Fields) -> bytes | None:
        digest = hashlib.md5((self.challenge + self.secret).encode(), usedforsecurity=False).hexdigest()
        template = self._accepted if fields["Key"] == digest else self.refusal
        return with_id(template)(fields)

    def _get_global(self, fields: Fields) -> bytes:
        name = fields["Variable"]
        lines = ("Response: Success", f"ActionID: {fields['ActionID']}", f"Variable: {name}")
        return "\r\n".join((*lines, f"Value: {self.globals.get(name, '')}", "", "")).encode()

    def _set_global(self, fields: Fields) -> bytes:
        self.globals[fields["Variable"]] = fields["Value"]
        lines = ("Response: Success", f"ActionID: {fields['ActionID']}", "Message: Variable Set", "", "")
        return "\r\n".join(lines).encode()

    async def __aenter__(self) -> Self:
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.die()

    async def listen(self) -> None:
        """Listen: on the same port as before, if there was one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def die(self) -> None:
        """As by kill -9: every connection ends without a word, and nobody listens."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        if self._tasks:
            await asyncio.wait(set(self._tasks))
        if self._server is not None:
            await self._server.wait_closed()

    def drop(self) -> None:
        """End every connection; go on listening."""
        for writer in list(self._writers):
            writer.transport.abort()

    def push(self, data: bytes) -> None:
        """Say ``data`` to everybody who is connected."""
        for writer in self._writers:
            writer.write(data)

    def ahead(self) -> int:
        """Bytes that were said and that no connection has taken yet."""
        return sum(writer.transport.get_write_buffer_size() for writer in self._writers)

    async def asked(self, action: str, count: int = 1, deadline_s: float = 5.0) -> list[Fields]:
        """The actions of this name, once there are ``count``."""
        async with asyncio.timeout(deadline_s), self._changed:
            await self._changed.wait_for(lambda: len(self.of(action)) >= count)
        return self.of(action)

    def of(self, action: str) -> list[Fields]:
        """The actions of this name so far."""
        return [fields for fields in self.received if fields["Action"] == action]

    def received_at(self, action: str) -> float:
        """When the first action of this name came, on the loop's clock."""
        return self._times[self.received.index(self.of(action)[0])]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        self.connections += 1
        try:
            writer.write(self.greeting)
            while True:
                fields = parse(await reader.readuntil(b"\r\n\r\n"))
                async with self._changed:
                    self.received.append(fields)
                    self._times.append(asyncio.get_running_loop().time())
                    self._changed.notify_all()
                answer = self.answers[fields["Action"]](fields)
                if answer is not None:
                    writer.write(answer)
                if fields["Action"] == "Logoff":
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            self._tasks.discard(task)
            writer.close()
