"""AMI, FastAGI and SIP by hand: bytes in, bytes out, nothing of the product's.

Tests of what a switch is told look at the wire itself. Everything waits for an event with a deadline.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

DEADLINE_S = 20.0
LOOPBACK = "127.0.0.1"


class RawAmi:
    """An AMI connection: all bytes that came, and a way to wait for some."""

    def __init__(self, port: int, user: str, secret: str) -> None:
        self._port, self._user, self._secret = port, user, secret
        self.received = bytearray()
        self._news = asyncio.Event()

    async def __aenter__(self) -> RawAmi:
        self._reader, self._writer = await asyncio.open_connection(LOOPBACK, self._port)
        self._task = asyncio.create_task(self._read())
        self.send(Action="Login", Username=self._user, Secret=self._secret)
        await self.until(rb"Message: Authentication accepted")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        await self._task

    def send(self, **headers: str) -> None:
        """Send an action; its headers as they stand."""
        self._writer.write("".join(f"{key}: {value}\r\n" for key, value in headers.items()).encode() + b"\r\n")

    async def until(self, pattern: bytes, after: int = 0) -> re.Match[bytes]:
        """The first match of ``pattern`` in what came after byte ``after``, when it is there."""
        async with asyncio.timeout(DEADLINE_S):
            while (found := re.search(pattern, bytes(self.received[after:]))) is None:
                self._news.clear()
                await self._news.wait()
        return found

    async def _read(self) -> None:
        while data := await self._reader.read(65536):
            self.received += data
            self._news.set()


class AgiCall:
    """One FastAGI request."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.environment = b""

    async def read_environment(self) -> None:
        """Read the lines of the request, up to the empty one."""
        self.environment = await self._reader.readuntil(b"\n\n")

    def value(self, name: str) -> str:
        """The value of one line of the environment."""
        found = re.search(rb"^agi_" + name.encode() + rb": (.*)$", self.environment, re.MULTILINE)
        assert found is not None, self.environment
        return found[1].decode()

    async def say(self, command: str) -> str:
        """Send a command and give its reply."""
        self._writer.write(command.encode() + b"\n")
        async with asyncio.timeout(DEADLINE_S):
            while True:
                line = (await self._reader.readline()).decode(errors="replace").rstrip("\n")
                if line != "HANGUP":
                    return line

    async def wait_over(self) -> None:
        """Wait until the switch says that the channel has hung up, or ends the request."""
        async with asyncio.timeout(DEADLINE_S):
            while await self._reader.readline() not in (b"HANGUP\n", b""):
                pass


class RawAgi:
    """A FastAGI server on ``port`` whose calls are served by ``handler``; the calls that came are in ``calls``.

    The dialplan's question whether we live (``/alive``) is closed at once, as it should be, and not counted.
    """

    def __init__(self, port: int, handler: Callable[[AgiCall], Awaitable[None]], *, frozen: bool = False) -> None:
        """``frozen``: take connections and say nothing, to whatever comes."""
        self._port, self._handler, self._frozen = port, handler, frozen
        self.calls: list[AgiCall] = []
        self._news = asyncio.Event()
        self._fault: BaseException | None = None

    async def __aenter__(self) -> RawAgi:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._server.close()
        if kind is None and self._fault is not None:
            raise self._fault

    async def until(self, count: int) -> AgiCall:
        """The ``count``-th request, when its environment is there."""
        async with asyncio.timeout(DEADLINE_S):
            while len(self.calls) < count:
                self._news.clear()
                await self._news.wait()
        return self.calls[count - 1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = AgiCall(reader, writer)
        try:
            await call.read_environment()
            if self._frozen:
                await call.wait_over()
                return
            if "/alive?" in call.value("request"):
                return
            self.calls.append(call)
            self._news.set()
            await self._handler(call)
        except ConnectionError:
            pass
        except (AssertionError, TimeoutError) as fault:
            self._fault = fault
        finally:
            writer.close()


class SipCaller(asyncio.DatagramProtocol):
    """A caller on UDP who sends an INVITE made by the test, answers what must be answered, and listens."""

    def __init__(self, pbx_port: int, host: str = LOOPBACK) -> None:
        """``host``: the caller's own address, on this machine."""
        self._host = host
        self._pbx = (LOOPBACK, pbx_port)
        self._media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._media.bind((host, 0))
        self._media.setblocking(False)
        self.heard = bytearray()
        """The µ-law payload of all RTP that came."""
        self.heard_at_s: list[tuple[float, bytes]] = []
        """The same, packet by packet, with the times of the loop's clock."""
        self._media_port: int | None = None
        """Where the switch listens to us."""
        self._sent = 0
        self.statuses: list[int] = []
        self.ended = asyncio.Event()
        """The switch has ended the call, or refused it."""
        self._news = asyncio.Event()
        self._hang_up_line = ""

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self._host, 0))
        self._transport = transport
        self._own = transport.get_extra_info("sockname")[1]
        loop.add_reader(self._media, self._listen)
        return self

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._media)
        self._media.close()
        self._transport.close()

    def invite(self, user: str = "100", sender: str = '"Ann" <sip:+493055501@127.0.0.1>', extra: str = "") -> None:
        """Call ``user``; ``sender`` is the From header's value, ``extra`` whole header lines."""
        self._dialog = (
            f"Via: SIP/2.0/UDP {self._host}:{self._own};branch=z9hG4bKraw{self._own}\r\n"
            f"From: {sender};tag=raw{self._own}\r\n"
        )
        self._to = f"To: <sip:100@{LOOPBACK}>"
        self._call = f"Call-ID: raw{self._own}@{LOOPBACK}\r\n"
        self._uri = f"sip:{user}@{LOOPBACK}:{self._pbx[1]}"
        body = (
            f"v=0\r\no=raw 1 1 IN IP4 {self._host}\r\ns=-\r\nc=IN IP4 {self._host}\r\nt=0 0\r\n"
            f"m=audio {self._media.getsockname()[1]} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
        )
        self._send(
            f"INVITE {self._uri} SIP/2.0\r\n{self._dialog}{self._to}\r\n{self._call}CSeq: 1 INVITE\r\n"
            f"Contact: <sip:raw@{self._host}:{self._own}>\r\nMax-Forwards: 70\r\n{extra}"
            f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )

    def hang_up(self) -> None:
        """End an answered call."""
        self._send(
            f"BYE {self._uri} SIP/2.0\r\n{self._dialog.replace('z9hG4bKraw', 'z9hG4bKbye')}{self._to}\r\n{self._call}"
            "CSeq: 2 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        )

    def say(self, sound: bytes) -> None:
        """Send one packet of µ-law, the next 20 ms of an answered call."""
        assert self._media_port is not None, "nobody has answered"
        header = struct.pack("!BBHII", 0x80, 0, self._sent % 2**16, self._sent * len(sound), 0xC0FFEE)
        self._media.sendto(header + sound, (LOOPBACK, self._media_port))
        self._sent += 1

    async def until_heard(self, sound: bytes) -> None:
        """Wait until ``sound`` was heard, byte by byte."""
        async with asyncio.timeout(DEADLINE_S):
            while sound not in self.heard:
                self._news.clear()
                await self._news.wait()

    async def until_status(self, status: int) -> None:
        """Wait for a response with ``status``."""
        async with asyncio.timeout(DEADLINE_S):
            while status not in self.statuses:
                self._news.clear()
                await self._news.wait()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """asyncio: a SIP message came."""
        text = data.decode(errors="replace")
        line = text.split("\r\n", 1)[0]
        if line.startswith("SIP/2.0 "):
            status = int(line.split()[1])
            if "INVITE" in (re.search(r"^CSeq: (.*)$", text, re.MULTILINE) or [""])[0] and status >= 200:
                self._to = (re.search(r"^To: .*$", text, re.MULTILINE) or [""])[0].rstrip("\r")
                self._send(
                    f"ACK {self._uri} SIP/2.0\r\n{self._dialog}{self._to}\r\n{self._call}"
                    "CSeq: 1 ACK\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
                )
                media = re.search(r"^m=audio ([0-9]+) ", text, re.MULTILINE)
                self._media_port = int(media[1]) if media else None
                if status >= 300:
                    self.ended.set()
            self.statuses.append(status)
        elif line.startswith("BYE "):
            kept = re.findall(r"^(?:Via|From|To|Call-ID|CSeq): .*$", text, re.MULTILINE)
            self._send(
                "SIP/2.0 200 OK\r\n" + "".join(f"{each.strip()}\r\n" for each in kept) + "Content-Length: 0\r\n\r\n"
            )
            self.ended.set()
        self._news.set()

    def _listen(self) -> None:
        sound = self._media.recv(2048)[12:]
        self.heard += sound
        self.heard_at_s.append((asyncio.get_running_loop().time(), sound))
        self._news.set()

    def _send(self, text: str) -> None:
        self._transport.sendto(text.encode("utf-8", "surrogateescape"), self._pbx)


class RefusingCarrier(asyncio.DatagramProtocol):
    """A carrier at a port of its own that answers every call with 503."""

    def __init__(self) -> None:
        self.invited: dict[str, float] = {}
        """When each call came, by its Call-ID: retransmissions count once."""

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, (LOOPBACK, 0))
        self.port: int = self._transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """asyncio: a message came."""
        lines = data.decode(errors="replace").split("\r\n\r\n")[0].split("\r\n")
        if not lines[0].startswith("INVITE "):
            return
        kept = [line for line in lines if line.partition(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")]
        call_id = next(line for line in kept if line.startswith("Call-ID"))
        self.invited.setdefault(call_id, asyncio.get_running_loop().time())
        answer = [f"{line};tag=refusing" if line.startswith("To:") else line for line in kept]
        text = "\r\n".join(["SIP/2.0 503 Service Unavailable", *answer, "Content-Length: 0", "", ""])
        self._transport.sendto(text.encode(), addr)
