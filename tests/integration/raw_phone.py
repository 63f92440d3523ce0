"""Telephones by hand that sound and hear: each sends a tone of its own all the time, and keeps what it hears."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from contextlib import suppress
from typing import Self

import numpy as np

from calls.wire.g711 import Law, decode
from tests.integration.levels import Samples, share_of, tone
from tests.integration.raw_wire import LOOPBACK, SipCaller

PACKET = 160
"""Samples of 20 ms, as nearly all telephones send (RFC 3551, section 4.2)."""

FIRST_CSEQ = 20
"""Of a re-INVITE."""

AGAIN_S = 0.5
"""After which a request is sent again that the switch could not take yet."""

QUIET = 0.01
"""Of full scale: what is less is no sound of anybody's."""

SHARE = 0.02
"""The least part of what is heard that one of three tones of the same strength may have."""


def tones_in(heard: list[tuple[float, bytes]], since_s: float, tones: dict[str, float]) -> set[str]:
    """Whose tones are in what was heard since then, by the loop's clock."""
    payload = b"".join(sound for at_s, sound in heard if at_s >= since_s)
    return tones_of(_samples(payload), tones)


def tones_of(found: Samples, tones: dict[str, float]) -> set[str]:
    """Whose tones are in these samples."""
    if len(found) == 0 or float(np.sqrt((found**2).mean())) < QUIET:
        return set()
    return {name for name, frequency_hz in tones.items() if share_of(found, frequency_hz) > SHARE}


def _samples(payload: bytes) -> Samples:
    return np.frombuffer(decode(payload, Law.MU), dtype=np.int16).astype(np.float64) / 32_768


class Voice:
    """Sends a tone, packet by packet, from the start to the stop."""

    def __init__(self, frequency_hz: float) -> None:
        self._tone = tone(frequency_hz, 1.0)
        self._task: asyncio.Task[None] | None = None

    def start(self, say: SipCaller | SipPhone) -> None:
        """Sound from now on."""
        self._task = asyncio.create_task(self._sound(say))

    async def stop(self) -> None:
        """Be silent."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _sound(self, line: SipCaller | SipPhone) -> None:
        loop = asyncio.get_running_loop()
        next_s, place = loop.time(), 0
        while True:
            line.say(self._tone[place : place + PACKET])
            place = (place + PACKET) % len(self._tone)
            next_s += PACKET / 8_000
            await asyncio.sleep(max(0.0, next_s - loop.time()))


class SipPhone(asyncio.DatagramProtocol):
    """A telephone on ``port`` that answers every call at once and sounds; one call at a time."""

    def __init__(self, port: int, frequency_hz: float) -> None:
        self._port = port
        self._voice = Voice(frequency_hz)
        self._media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._media.bind((LOOPBACK, 0))
        self._media.setblocking(False)
        self._media_port = 0
        self._sent = 0
        self._requests = 0
        """Re-INVITEs of ours."""
        self._holds = False
        self._pbx: tuple[str, int] | None = None
        self._request = ""
        self.rung = 0
        self.heard_at_s: list[tuple[float, bytes]] = []
        """The µ-law payload of each packet that came, with the times of the loop's clock."""
        self.ended = asyncio.Event()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(LOOPBACK, self._port))
        loop.add_reader(self._media, self._listen)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._voice.stop()
        asyncio.get_running_loop().remove_reader(self._media)
        self._media.close()
        self._transport.close()

    def say(self, sound: bytes) -> None:
        """Send one packet."""
        header = struct.pack("!BBHII", 0x80, 0, self._sent % 2**16, self._sent * len(sound), 0xFACADE)
        self._media.sendto(header + sound, (LOOPBACK, self._media_port))
        self._sent += 1

    def hold(self, *, held: bool) -> None:
        """Press the hold key: a re-INVITE that sends only, or one that sends and hears again (RFC 3264, 8.4)."""
        self._requests, self._holds = self._requests + 1, held
        body = self._session("sendonly" if held else "sendrecv")
        self._send(
            f"{self._begin('INVITE', FIRST_CSEQ + self._requests)}Contact: <sip:phone@{LOOPBACK}:{self._port}>\r\n"
            f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )

    async def hang_up(self) -> None:
        """End the call from this side."""
        self._send(f"{self._begin('BYE', 99)}Content-Length: 0\r\n\r\n")
        await self._voice.stop()

    def _begin(self, method: str, number: int) -> str:
        """The first lines of a request in the call that was answered."""
        headers = {key: _header(self._request, key) for key in ("From", "To", "Call-ID", "Contact")}
        target = re.sub(r"^<|>.*$", "", headers["Contact"])
        branch = f"z9hG4bKphone{self._sent}{method}{number}"
        return (
            f"{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {LOOPBACK}:{self._port};branch={branch}\r\n"
            f"From: {headers['To']};tag=phone{self._port}\r\nTo: {headers['From']}\r\n"
            f"Call-ID: {headers['Call-ID']}\r\nCSeq: {number} {method}\r\nMax-Forwards: 70\r\n"
        )

    def _session(self, direction: str = "sendrecv") -> str:
        return (
            f"v=0\r\no=phone 1 {1 + self._requests} IN IP4 {LOOPBACK}\r\ns=-\r\nc=IN IP4 {LOOPBACK}\r\nt=0 0\r\n"
            f"m=audio {self._media.getsockname()[1]} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na={direction}\r\n"
        )

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """asyncio: a SIP message came."""
        text = data.decode(errors="replace")
        self._pbx = addr
        if text.startswith("INVITE ") and "tag=" not in _header(text, "To"):
            self._answer(text)
        elif text.startswith("BYE "):
            self._reply(text, "200 OK")
            asyncio.get_running_loop().create_task(self._voice.stop())
            self.ended.set()
        elif text.startswith("INVITE "):
            self._reply(text, "200 OK", self._session("sendonly" if self._holds else "sendrecv"))
        elif text.startswith(("OPTIONS ", "UPDATE ")):
            self._reply(text, "200 OK")
        elif text.startswith("SIP/2.0 200 ") and _header(text, "CSeq").endswith(" INVITE"):
            self._send(f"{self._begin('ACK', int(_header(text, 'CSeq').split()[0]))}Content-Length: 0\r\n\r\n")
        elif text.startswith(("SIP/2.0 491 ", "SIP/2.0 500 ")) and _header(text, "CSeq") == self._newest():
            loop = asyncio.get_running_loop()  # the switch was not through with the one before (RFC 3261, 14.2)
            loop.call_later(AGAIN_S, lambda: self.hold(held=self._holds))

    def _newest(self) -> str:
        return f"{FIRST_CSEQ + self._requests} INVITE"

    def _answer(self, text: str) -> None:
        self._request = text
        self.rung += 1
        self.ended.clear()
        media = re.search(r"^m=audio ([0-9]+) ", text, re.MULTILINE)
        assert media is not None, text
        self._media_port = int(media[1])
        self._reply(text, "200 OK", self._session())
        self._voice.start(self)

    def _reply(self, text: str, status: str, body: str = "") -> None:
        vias = "".join(f"{each.strip()}\r\n" for each in re.findall(r"^Via: .*$", text, re.MULTILINE))
        to = _header(text, "To")
        tag = "" if "tag=" in to else f";tag=phone{self._port}"
        kept = "".join(f"{key}: {_header(text, key)}\r\n" for key in ("From", "Call-ID", "CSeq"))
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self._send(
            f"SIP/2.0 {status}\r\n{vias}To: {to}{tag}\r\n{kept}Contact: <sip:phone@{LOOPBACK}:{self._port}>\r\n{kind}"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )

    def _listen(self) -> None:
        self.heard_at_s.append((asyncio.get_running_loop().time(), self._media.recv(2048)[12:]))

    def _send(self, text: str) -> None:
        assert self._pbx is not None, "nobody has called"
        self._transport.sendto(text.encode(), self._pbx)


def _header(text: str, name: str) -> str:
    found = re.search(rf"^{name}: (.*)$", text, re.MULTILINE)
    return "" if found is None else found[1].strip()
