"""A small server for mails on this machine: takes what it is sent, and answers as a test says."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

Say = Callable[[str, str], str | None]
"""A verb and what follows it: another answer, "" to say nothing at all, None for the usual one."""


@dataclass(slots=True)
class SmtpStub:
    """What it was sent. ``tls``: with STARTTLS."""

    say: Say = lambda verb, rest: None
    tls: ssl.SSLContext | None = None
    port: int = 0
    mails: list[tuple[str, EmailMessage]] = field(default_factory=list)
    """The envelope's recipient and the mail."""
    logged_in: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """The verbs, in their order."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        recipient = ""
        try:
            writer.write(b"220 mail.example ready\r\n")
            while line := (await reader.readline()).decode().strip():
                verb, _, rest = line.partition(" ")
                verb = verb.upper()
                self.asked.append(verb)
                said = self.say(verb, rest)
                if said == "":
                    await reader.read()
                    return
                usual = "250 OK"
                match verb:
                    case "EHLO":
                        offers = ["mail.example", "AUTH PLAIN", *(["STARTTLS"] if self.tls else [])]
                        usual = "\r\n".join(f"250-{each}" for each in offers) + "\r\n250 8BITMIME"
                    case "AUTH":
                        self.logged_in.append(base64.b64decode(rest.partition(" ")[2]).decode().replace("\0", " "))
                        usual = "235 welcome"
                    case "RCPT":
                        recipient = rest.partition("<")[2].partition(">")[0]
                    case "DATA":
                        usual = "354 go on"
                    case "STARTTLS":
                        usual = "220 go on"
                    case "QUIT":
                        usual = "221 bye"
                writer.write(f"{said or usual}\r\n".encode())
                if verb == "STARTTLS" and said is None and self.tls is not None:
                    await writer.drain()
                    await writer.start_tls(self.tls)
                if verb == "DATA" and said is None:
                    await self._take(reader, writer, recipient)
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipient: str) -> None:
        lines: list[bytes] = []
        while (line := await reader.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        said = self.say("CONTENT", recipient)
        if said is None:
            self.mails.append((recipient, message_from_bytes(b"".join(lines), policy=default)))
        writer.write(f"{said or '250 taken'}\r\n".encode())


@asynccontextmanager
async def smtp_stub(say: Say = lambda verb, rest: None, tls: ssl.SSLContext | None = None) -> AsyncIterator[SmtpStub]:
    """A server on a free port, ended at the end."""
    stub = SmtpStub(say, tls)
    server = await asyncio.start_server(stub.serve, "127.0.0.1", 0, limit=2**22)
    stub.port = server.sockets[0].getsockname()[1]
    try:
        yield stub
    finally:
        server.close()
        await server.wait_closed()
