"""How late a caller's voice is with us on a real FreeSWITCH, by each of the ways that its stock modules have.

``CALLWRIGHT_TEST_ESL=host:port:password python -m tests.bench.esl_hearing``; docs/conformance.md says what that
FreeSWITCH must have. A telephone of our own sends a packet every 20 ms, silence and now and then a loud word: from
the moment at which a word's first packet is sent until we have it, while the call is parked and while a prompt plays.
The first way is measured as the engine hears it.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import os
import random
import re
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from calls.switch.events import SwitchEvent
from calls.switch.port import Answer, CallChannel, Hangup, Play, Prompt
from calls.wire.esl_control import Overhear
from console.demo.ports import LOOPBACK
from prompts.audio import decode_ulaw
from tests.bench.quantiles import quantile
from tests.conformance.freeswitch_real import FarEnds, Real, find, new_driver
from tests.integration.raw_wire import SipCaller

WORDS = 24
FEW_WORDS = 3
"""Where each takes ten seconds."""

WORD_PACKETS = 5
PACKET_S = 0.02
SILENCE, LOUD = b"\xff" * 160, bytes([0x00, 0x80]) * 80
FROM = 20_000
"""Louder than this, of 32,767, is the word: the prompt is a fifth of it."""

PAUSE_S = (0.2, 0.4)
PATIENCE_S = 0.5
BUFFER_S = 4.1
"""What FreeSWITCH's buffer of 64 kB holds of 16-bit sound at 8 kHz."""

LONG = Prompt("conformance.long", "en")


@dataclass
class Ear:
    """When something loud was heard."""

    loud_at: list[float] = field(default_factory=list)
    first_at: float | None = None
    """When anything came."""

    def hears(self, samples: Sequence[int]) -> None:
        """What came just now, as 16 bits."""
        now = time.perf_counter()
        self.first_at = self.first_at or now
        if len(samples) and max(samples) > FROM:
            self.loud_at.append(now)


@dataclass
class Call:
    """One call, parked or in a prompt, and who speaks in it."""

    real: Real
    channel: CallChannel
    phone: Phone
    folder: Path

    @property
    def uuid(self) -> str:
        """FreeSWITCH's id of it."""
        return self.channel.info.channel


class Phone(SipCaller):
    """Sends a packet every 20 ms from the answer on."""

    word_at = 0.0
    """When the first packet of the last word was sent."""
    _left = 0

    def speak(self) -> None:
        """The next packets are a word."""
        self._left = WORD_PACKETS

    async def send(self) -> None:
        """Until it is cancelled. FreeSWITCH takes a packet at the call's next tick of its own, so each word begins at
        another moment between two of them."""
        loop = asyncio.get_running_loop()
        at = loop.time()
        while True:
            if self._left == WORD_PACKETS:
                skip_s = random.uniform(0.0, PACKET_S)
                at += skip_s
                await asyncio.sleep(skip_s)
                self.word_at = time.perf_counter()
            self.say(LOUD if self._left else SILENCE)
            self._left = max(0, self._left - 1)
            at += PACKET_S
            await asyncio.sleep(at - loop.time())


Way = Callable[[Call], AbstractAsyncContextManager[Ear]]


# --- the ways -----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def as_the_engine_does(call: Call) -> AsyncIterator[Ear]:
    """``uuid_record`` of what the caller says alone, unbuffered, read as the file grows."""
    ear = Ear()
    async with call.channel.hear() as audio:

        async def listen() -> None:
            while data := await audio.read():
                ear.hears(array.array("h", data))

        async with _beside(listen()):
            yield ear


@asynccontextmanager
async def buffered(call: Call) -> AsyncIterator[Ear]:
    """The same with FreeSWITCH's own buffer."""
    ear, file = Ear(), call.folder / f"{uuid4().hex}.wav"
    (line,) = Overhear(call.uuid, str(file), 900).lines()
    line = line.removeprefix("api ").replace("write_buffering=false", "write_buffering=true")
    assert (await call.real.api(line)).startswith("+OK"), line

    async def listen() -> None:
        at = 44
        while True:
            data = await asyncio.to_thread(file.read_bytes)
            if len(data) > at + 1:
                ear.hears(array.array("h", data[at : len(data) - len(data) % 2]))
                at = len(data) - len(data) % 2
            await asyncio.sleep(0.01)

    async with _beside(listen()):
        yield ear
    await call.real.api(f"uuid_record {call.uuid} stop {file}")


def spying(application: str) -> Way:
    """A leg by SIP to an RTP port of ours, which runs ``application``."""

    @asynccontextmanager
    async def way(call: Call) -> AsyncIterator[Ear]:
        ear, leg = Ear(), str(uuid4())
        async with _answering(ear) as port:
            place = f"{{origination_uuid={leg}}}sofia/{call.real.profile}/ear@{LOOPBACK}:{port}"
            said = await call.real.api(f"originate {place} &{application}({call.uuid})")
            assert said.startswith("+OK"), said
            yield ear
            await call.real.api(f"uuid_kill {leg}")

    return way


@asynccontextmanager
async def unicast(call: Call) -> AsyncIterator[Ear]:
    """What the outbound socket has for this: the channel sends its sound by UDP."""
    ear = Ear()
    with _udp() as theirs:
        their_port = theirs.getsockname()[1]
    with _udp() as ours:
        loop = asyncio.get_running_loop()
        loop.add_reader(ours, lambda: ear.hears(array.array("h", ours.recv(4_096))))
        try:
            ports = f"local-ip: {LOOPBACK}\nlocal-port: {their_port}\nremote-ip: {LOOPBACK}\n"
            ports += f"remote-port: {ours.getsockname()[1]}\ntransport: udp\n"
            await _send(call.real, f"sendmsg {call.uuid}\ncall-command: unicast\n{ports}\n")
            yield ear
        finally:
            loop.remove_reader(ours)


WAYS: dict[str, tuple[Way, float]] = {
    "uuid_record, unbuffered, read as it grows": (as_the_engine_does, 0.0),
    "uuid_record, buffered": (buffered, BUFFER_S),
    "a leg by SIP, eavesdrop": (spying("eavesdrop"), 0.0),
    "a leg by SIP, native_eavesdrop": (spying("native_eavesdrop"), 0.0),
    "unicast": (unicast, 0.0),
}
"""Each, and for how long it may hold back what it has: so far are two words apart."""


class _Ear(asyncio.DatagramProtocol):
    """A telephone that answers at once."""

    transport: asyncio.DatagramTransport
    """Set when it has one."""

    def __init__(self, media_port: int) -> None:
        self._media_port = media_port

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        text = data.decode(errors="replace")
        if text.startswith(("SIP/2.0", "ACK ")):
            return
        kept = "".join(
            f"{each.strip()}\r\n" for each in re.findall(r"^(?:Via|From|To|Call-ID|CSeq): .*$", text, re.MULTILINE)
        )
        body = ""
        if text.startswith("INVITE "):
            kept = re.sub(r"(To: [^\r;]*)\r", r"\1;tag=ear\r", kept)
            port = self.transport.get_extra_info("sockname")[1]
            kept += f"Contact: <sip:ear@{LOOPBACK}:{port}>\r\nContent-Type: application/sdp\r\n"
            body = (
                f"v=0\r\no=ear 1 1 IN IP4 {LOOPBACK}\r\ns=-\r\nc=IN IP4 {LOOPBACK}\r\nt=0 0\r\n"
                f"m=audio {self._media_port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
            )
        head = f"SIP/2.0 200 OK\r\n{kept}Content-Length: {len(body)}\r\n\r\n"
        self.transport.sendto((head + body).encode(), addr)


@asynccontextmanager
async def _answering(ear: Ear) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    with _udp() as media:
        transport, answering = await loop.create_datagram_endpoint(
            lambda: _Ear(media.getsockname()[1]), local_addr=(LOOPBACK, 0)
        )
        answering.transport = transport
        loop.add_reader(media, lambda: ear.hears(_linear(media.recv(4_096)[12:])))
        try:
            yield transport.get_extra_info("sockname")[1]
        finally:
            loop.remove_reader(media)
            transport.close()


def _linear(sound: bytes) -> Sequence[int]:
    return [round(each * 32_768) for each in decode_ulaw(sound).samples.tolist()]


@contextlib.contextmanager
def _udp() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((LOOPBACK, 0))
        sock.setblocking(False)
        yield sock


@asynccontextmanager
async def _beside(work: Coroutine[None, None, object]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _send(real: Real, words: str) -> None:
    """Say ``words`` on the event socket."""
    reader, writer = await asyncio.open_connection(real.host, real.port)
    try:
        await reader.readuntil(b"\n\n")
        writer.write(f"auth {real.password}\n\n{words}".encode())
        for _ in range(2):
            assert b"+OK" in await reader.readuntil(b"\n\n"), words
    finally:
        writer.close()


# --- the measurement ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heard:
    """How late each word was that came at all, in seconds, and how many were said."""

    late_s: tuple[float, ...]
    said: int


@dataclass(frozen=True, slots=True)
class Figures:
    """One way. ``opens_s``: until anything came."""

    way: str
    opens_s: float | None
    parked: Heard
    in_prompt: Heard


async def words(call: Call, ear: Ear, apart_s: float) -> Heard:
    """Some words, so far apart."""
    late_s, said = [], FEW_WORDS if apart_s else WORDS
    for _ in range(said):
        await asyncio.sleep(apart_s + random.uniform(*PAUSE_S))
        ear.loud_at.clear()
        call.phone.speak()
        await asyncio.sleep(PATIENCE_S if not apart_s else apart_s)
        late_s += [at - call.phone.word_at for at in ear.loud_at if at >= call.phone.word_at][:1]
    return Heard(tuple(sorted(late_s)), said)


async def measure(name: str, call: Call) -> Figures:
    """One way, on a call of its own."""
    way, apart_s = WAYS[name]
    asked_at = time.perf_counter()
    async with way(call) as ear:
        async with asyncio.timeout(1.0):
            while ear.first_at is None and not apart_s:  # noqa: ASYNC110 - packets tell nobody
                await asyncio.sleep(0.001)
        opens_s = None if ear.first_at is None else ear.first_at - asked_at
        parked = await words(call, ear, apart_s)
        async with _beside(call.channel.perform(Play((LONG,) * 60))):
            in_prompt = await words(call, ear, apart_s)
    return Figures(name, opens_s, parked, in_prompt)


async def run() -> list[Figures]:
    """Measure on this machine, now."""
    real = await find(os.environ)
    came: asyncio.Queue[CallChannel] = asyncio.Queue()
    over = asyncio.Event()

    async def on_call(channel: CallChannel) -> None:
        await channel.perform(Answer())
        came.put_nowait(channel)
        await over.wait()
        await channel.perform(Hangup())

    def told(_: SwitchEvent) -> None:
        pass

    figures = []
    with tempfile.TemporaryDirectory(prefix="cw-", ignore_cleanup_errors=True) as name:
        switch = new_driver(real, FarEnds(1, 2, 3), Path(name))
        await switch.start(told, on_call)
        for way in WAYS:
            over.clear()
            async with Phone(real.sip_port) as phone:
                phone.invite("320")
                await phone.until_status(200)
                call = Call(real, await asyncio.wait_for(came.get(), 10.0), phone, Path(name))
                async with _beside(phone.send()):
                    await asyncio.sleep(0.5)
                    figures.append(await measure(way, call))
                over.set()
                await asyncio.wait_for(phone.ended.wait(), 10.0)
        await switch.stop()
    return figures


def report(figures: Sequence[Figures]) -> list[str]:
    """The lines."""
    return [
        f"{each.way}: opens in {_ms(each.opens_s)}; parked {_line(each.parked)}; in a prompt {_line(each.in_prompt)}"
        for each in figures
    ]


def _ms(seconds: float | None) -> str:
    return "?" if seconds is None else f"{seconds * 1e3:.0f} ms"


def _line(heard: Heard) -> str:
    if not heard.late_s:
        return "never"
    missed = heard.said - len(heard.late_s)
    lost = f", {missed} of {heard.said} not heard" if missed else ""
    return f"p50 {_ms(quantile(heard.late_s, 0.5))}, worst {_ms(heard.late_s[-1])}{lost}"


if __name__ == "__main__":
    sys.stdout.write("\n".join(report(asyncio.run(run()))) + "\n")
