"""A load of callers: one SIPp, each call with a number and keys of its own, so that every key can be checked."""

from __future__ import annotations

import random
import socket
from dataclasses import dataclass
from pathlib import Path

from console.demo.ports import LOOPBACK, free_media_ports, free_port
from console.demo.process import Child, start
from tests.integration.harness import House

HERE = Path(__file__).parent
MEDIA_PORTS = 3000
KEY_PAUSE_MS = 200
"""Between the digits of a code: faster than people key."""

LAST_PAUSE_MS = (900, 2400)
"""Before the last digit: the second menu's prompt begins meanwhile."""

INFO = """\
<send retrans="500"><![CDATA[
INFO [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: "Caller" <sip:[field0]@[local_ip]:[local_port]>;tag=[pid]caller[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: {sequence} INFO
Max-Forwards: 70
Content-Type: application/dtmf-relay
Content-Length: [len]

Signal=[field{field}]
Duration=100
]]></send>
<recv response="200" timeout="5000"/>
"""


@dataclass(frozen=True, slots=True)
class LoadCaller:
    """One caller of the load. ``code`` has four digits, ``last`` one."""

    number: str
    code: str
    last: str


async def call_at_rate(house: House, people: list[LoadCaller], per_s: int) -> Child:
    """All of ``people`` call 1000, ``per_s`` in each second. Ends by itself when the last call has."""
    folder = house.home.folder
    folder.mkdir(parents=True, exist_ok=True)
    scenario, fields = folder / "load.xml", folder / "load.csv"
    text = (HERE / "callers.xml").read_text(encoding="utf-8")
    scenario.write_text(text.replace("@KEYS@", _keys()), encoding="utf-8")
    lines = [";".join((each.number, *each.code, each.last)) for each in people]
    fields.write_text("\n".join(["SEQUENTIAL", *lines]) + "\n", encoding="utf-8")
    first, _ = free_media_ports(MEDIA_PORTS, random.Random())
    command: list[str | Path] = [house.home.tree / "run", f"{LOOPBACK}:{house.pbx.ports.sip}", "-s", "1000"]
    command += ["-sf", scenario, "-inf", fields, "-m", str(len(people)), "-r", str(per_s), "-l", str(len(people))]
    command += ["-i", LOOPBACK, "-p", str(free_port(socket.SOCK_DGRAM)), "-mi", LOOPBACK, "-mp", str(first)]
    command += ["-nostdin", "-fd", "3600", "-trace_err", "-error_file", folder / "load.errors"]
    return await start(
        "SIPp load",
        command,
        folder=folder,
        output=folder / "load.output",
        environment={"TERM": "dumb", "PATH": "/usr/bin:/bin"},
    )


def _keys() -> str:
    steps = [INFO.format(sequence=field + 1, field=field) for field in range(1, 6)]
    pause = f'<pause milliseconds="{KEY_PAUSE_MS}"/>\n'
    before_last = '<pause distribution="uniform" min="{}" max="{}"/>\n'.format(*LAST_PAUSE_MS)
    return pause.join(steps[:4]) + before_last + steps[4]
