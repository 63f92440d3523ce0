"""Far ends for a private Asterisk: callers, callees and agents' phones, played by SIPp.

Each is one SIPp process with ports of its own and a log of events, one line each, which say what the far end did and
when by its own account: an independent checker reads them (:func:`read_events`).
"""

from __future__ import annotations

import random
import re
import signal
import socket
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from calls.errors import UserError
from console.demo.ports import LOOPBACK, free_media_ports, free_port
from console.demo.process import Child, start, tail

SCENARIOS = Path(__file__).parent / "sipp"
MEDIA_PORTS = 1200
"""SIPp gives a call two to four ports: 300 calls at once."""
AT_ONCE = 64
"""More than this do not start at the same moment."""
KEY_MS = 200
"""From key to key by INFO."""
LEAD_MS = 580
"""SIPp's play_dtmf sends this long of packets that mean nothing before its first key (seen with 3.6.1), and a second
play_dtmf cuts a first one off: keys are sent this much ahead of their time."""

NUMBER = re.compile(r"\+?[0-9]{1,15}\Z")
KEYS = re.compile(r"[0-9*#A-D]{1,20}\Z")
FILE = re.compile(r"/[A-Za-z0-9_./+=~-]+\Z")
EVENT = re.compile(
    r"at=\S+\s+\S+\s+(?P<at_s>[0-9.]+) call=(?P<call>[0-9]+) number=(?P<number>\S*) event=(?P<event>\S+)\Z"
)


@dataclass(frozen=True, slots=True)
class Press:
    """Keys pressed one after another, ``at_s`` after the answer."""

    at_s: float
    keys: str


@dataclass(frozen=True, slots=True)
class CallerScript:
    """What a caller does: whom they call, which keys they press when, and when they hang up.

    Times count from the answer. Without ``hang_up_at_s`` the caller waits for the other side's hang-up, at most
    ``stays_s`` after the last key (then "gave_up" is logged). ``voice``: a µ-law file (8 kHz, no header) that the
    caller speaks again and again. Keys go as RTP (RFC 4733); by SIP INFO where ``info`` asks for it, where the caller
    speaks, where keys follow each other too fast for SIPp, and where this user may not open raw sockets.
    """

    called: str
    presses: tuple[Press, ...] = ()
    hang_up_at_s: float | None = None
    caller: str = "+493055501"
    stays_s: float = 60.0
    answer_within_s: float = 20.0
    voice: Path | None = None
    info: bool = False

    def __post_init__(self) -> None:
        """
        Raises:
            UserError: a number, key or time that has no place in a scenario.
        """
        if not NUMBER.match(self.called) or not NUMBER.match(self.caller):
            raise UserError(f"a caller's script needs numbers, not {self.called!r} and {self.caller!r}")
        times = [press.at_s for press in self.presses]
        if times != sorted(times) or any(at < 0 for at in times):
            raise UserError("a caller's keys must be in the order of their times")
        if not all(KEYS.match(press.keys) for press in self.presses):
            raise UserError("a caller's keys are digits, *, # and A to D")
        if self.hang_up_at_s is not None and times and self.hang_up_at_s < times[-1]:
            raise UserError("a caller hangs up after the last key")
        _check_audio(self.voice)


@dataclass(frozen=True, slots=True)
class Callees:
    """How callees by last digit behave; ``human`` and ``machine`` are what they say (µ-law, 8 kHz, no header)."""

    human: Path
    machine: Path
    ring_ms: tuple[int, int] = (500, 2000)
    talk_ms: tuple[int, int] = (3000, 6000)
    """From the answer to the callee's hang-up."""
    machine_ms: int = 8000
    key: str = ""
    """A digit that each person presses ``key_ms`` after the answer; "" for none."""
    key_ms: int = 2000

    def __post_init__(self) -> None:
        """
        Raises:
            UserError: an audio file that is not there.
        """
        _check_audio(self.human)
        _check_audio(self.machine)


@dataclass(frozen=True, slots=True)
class AgentPhone:
    """How an agent's phone behaves."""

    answers: bool = True
    ring_ms: int = 300
    stays_ms: int | None = None
    """The agent hangs up after this; None: stays until the switch ends the call."""
    key: str = ""
    """A digit that is pressed ``key_ms`` after the answer; "" for none."""
    key_ms: int = 500
    voice: Path | None = None


@dataclass(frozen=True, slots=True)
class FarEndEvent:
    """One thing that a far end did. ``number``: the called number for a callee, the caller's own for a caller.

    ``event``: ``invited``, ``ringing``, ``answered``, ``hangs_up``, ``gave_up``, ``ended_by_switch``, ``cancelled``,
    ``refused``, ``keyed_<keys>`` (``s`` for ``*``, ``p`` for ``#``), or the SIP status with which a callee refused.
    """

    at_s: float
    """Seconds since the epoch, by SIPp's clock."""
    call: int
    number: str
    event: str


class Sipp:
    """One running SIPp. Made by :func:`call`, :func:`answer_calls` and :func:`answer_as_agent`."""

    def __init__(self, child: Child, folder: Path, name: str, port: int) -> None:
        self._child = child
        self._folder = folder
        self._name = name
        self.port = port

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    @property
    def alive(self) -> bool:
        """True while it runs."""
        return self._child.alive

    @property
    def events(self) -> list[FarEndEvent]:
        """What it has done up to now."""
        return read_events(self._folder / f"{self._name}.log")

    @property
    def messages(self) -> Path:
        """Every SIP message that it sent and received, with times."""
        return self._folder / f"{self._name}.messages"

    async def wait(self, timeout_s: float) -> bool:
        """Waits until it has ended by itself; True where every call went as the scenario says.

        Raises:
            TimeoutError: it runs on.
        """
        return await self._child.wait(timeout_s) == 0

    async def finish(self, timeout_s: float = 10.0) -> None:
        """Let the calls that it has end, then end it: its events are whole after this.

        Raises:
            TimeoutError: a call goes on; nothing has been ended.
        """
        self._child.send(signal.SIGUSR1)
        await self._child.wait(timeout_s)

    async def stop(self) -> None:
        """End it and its calls at once. When this returns it is gone."""
        await self._child.stop(1.0, ask=signal.SIGTERM)

    @property
    def trouble(self) -> str:
        """What it complained of: the end of its error log and its output."""
        return "\n".join(filter(None, (tail(self._folder / f"{self._name}.errors", 12), tail(self._child.output, 5))))


@dataclass(frozen=True, slots=True)
class SippHome:
    """Where SIPp is (``tree``, as ``docker/fetch-asterisk`` leaves it) and where its files go."""

    tree: Path
    folder: Path
    random_source: random.Random = field(default_factory=random.Random)
    _given: deque[int] = field(default_factory=lambda: deque(maxlen=AT_ONCE))
    """The first media ports of those that were started last: they may not have opened theirs yet."""

    def media_port(self) -> int:
        """The first of the next one's own media ports.

        Raises:
            OSError: none was found.
        """
        first, _ = free_media_ports(MEDIA_PORTS, self.random_source, self._given)
        self._given.append(first)
        return first


async def call(home: SippHome, name: str, script: CallerScript, *, sip_port: int, calls: int = 1) -> Sipp:
    """Call the switch at ``sip_port`` as the script says, ``calls`` times one after another; ends by itself.

    ``name`` names its files and must be new.
    """
    own = free_port(socket.SOCK_DGRAM)
    text = caller_xml(script)
    arguments = [f"{LOOPBACK}:{sip_port}", "-s", script.called, "-m", str(calls), "-l", "1", "-r", "10"]
    return await _start(home, name, text, own, arguments)


async def answer_calls(home: SippHome, name: str, callees: Callees, *, port: int) -> Sipp:
    """Answer at ``port`` as many different people, by the last digit of the called number; until stopped."""
    text = _scenario("callee", {key: getattr(callees, key) for key in callees.__dataclass_fields__})
    return await _start(home, name, text, port, [])


async def answer_as_agent(home: SippHome, name: str, phone: AgentPhone, *, port: int) -> Sipp:
    """Be an agent's phone at ``port``; until stopped."""
    _check_audio(phone.voice)
    text = _scenario("phone", {key: getattr(phone, key) for key in phone.__dataclass_fields__})
    return await _start(home, name, text, port, [])


def caller_xml(script: CallerScript) -> str:
    """The SIPp scenario of a caller's script."""
    info = script.info or script.voice is not None or _too_close(script.presses) or not may_send_raw()
    steps: list[dict[str, object]] = []
    now_ms = 0
    for at_ms, keys in _key_times(script.presses, info=info):
        steps.append({"pause_ms": max(at_ms - now_ms, 0), "press": keys, "name": _name(keys)})
        now_ms = max(at_ms, now_ms)
    if script.hang_up_at_s is not None:
        steps.append({"pause_ms": max(round(script.hang_up_at_s * 1000) - now_ms, 0), "press": None})
    return _scenario(
        "caller",
        {
            "own_number": script.caller,
            "steps": steps,
            "hangs_up": script.hang_up_at_s is not None,
            "stays_ms": round(script.stays_s * 1000),
            "answer_within_ms": round(script.answer_within_s * 1000),
            "voice": script.voice,
            "info": info,
        },
    )


def _too_close(presses: tuple[Press, ...]) -> bool:
    """Keys that follow the answer or each other faster than SIPp can send them as RTP."""
    free_ms = 0.0
    for press in presses:
        if press.at_s * 1000 < free_ms + LEAD_MS:
            return True
        free_ms = press.at_s * 1000 + KEY_MS * len(press.keys)
    return False


def _key_times(presses: tuple[Press, ...], *, info: bool) -> Iterator[tuple[int, str]]:
    """When SIPp begins to send which keys, in ms from the answer: each by itself by INFO, in one piece by RTP."""
    for press in presses:
        if info:
            yield from ((round(press.at_s * 1000) + index * KEY_MS, key) for index, key in enumerate(press.keys))
        else:
            yield max(round(press.at_s * 1000) - LEAD_MS, 0), press.keys


def _name(keys: str) -> str:
    """Keys as they stand in the name of an event: a log line may not hold what SIPp or a shell gives a meaning to."""
    return keys.replace("*", "s").replace("#", "p")


def read_events(log: Path) -> list[FarEndEvent]:
    """The events in a log of a far end, in its order; none where the log is not there yet."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    found = (EVENT.match(line) for line in lines)
    return [
        FarEndEvent(float(each["at_s"]), int(each["call"]), each["number"], each["event"]) for each in found if each
    ]


@cache
def may_send_raw() -> bool:
    """True where this user may open raw sockets, by which SIPp sends keys as RTP; others send them by SIP INFO."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP).close()
    except PermissionError:
        return False
    return True


async def _start(home: SippHome, name: str, scenario: str, port: int, arguments: list[str]) -> Sipp:
    home.folder.mkdir(parents=True, exist_ok=True)
    file = home.folder / f"{name}.xml"
    file.write_text(scenario, encoding="utf-8")
    first = home.media_port()
    logs = {
        "log": home.folder / f"{name}.log",
        "error": home.folder / f"{name}.errors",
        "message": home.folder / f"{name}.messages",
    }
    command: list[str | Path] = [home.tree / "run", *arguments, "-sf", file, "-i", LOOPBACK, "-p", str(port)]
    command += ["-mi", LOOPBACK, "-mp", str(first), "-nostdin", "-fd", "3600"]
    command += ["-trace_logs", "-trace_err", "-trace_msg"]
    for kind, path in logs.items():
        command += [f"-{kind}_file", path]
    child = await start(
        f"SIPp {name}",
        command,
        folder=home.folder,
        output=home.folder / f"{name}.output",
        environment={"TERM": "dumb", "PATH": "/usr/bin:/bin"},
    )
    return Sipp(child, home.folder, name, port)


def _check_audio(path: Path | None) -> None:
    if path is not None and not (FILE.match(str(path)) and path.is_file()):
        raise UserError(f"{path}: expected an audio file by an absolute path without spaces")


def _scenario(name: str, given: Mapping[str, object]) -> str:
    return _environment().get_template(f"{name}.xml.j2").render(given)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(SCENARIOS), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
