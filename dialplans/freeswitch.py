"""FreeSWITCH's configuration: one file of the dialplan and one of the event socket, beside an administrator's own.

The context ``callwright`` is the wire contract with the engine:

=============  ====================================================================================================
a number       callers: to the engine's socket; an administrator sends them here by ``transfer NUMBER XML callwright``
codes          what an agent dials on a telephone that has logged in, likewise
cw-dialled     an answered attempt, which only a leg that the engine dialled reaches
cw-agent       an agent's leg, likewise: it waits, parked, and comes back here from each talk
cw-outside     somebody outside whom an agent asks, likewise; ended after the ``cw_limit_s`` that the engine set
cw-back        a customer comes back from a talk: to the engine's socket again
cw-lost        a call whose engine has taken it and says nothing any more
=============  ====================================================================================================

Where the engine is not there, or ends, the next action speaks (``socket_resume``): a sorry, then the configured
place, FreeSWITCH's own queue (:mod:`dialplans.callcenter`) or the end. Where it accepts a call and is silent then,
the call is sent to ``cw-lost``; ``sched_hangup`` is the last word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from calls.switch.freeswitch.watchdog import SILENT_S
from dialplans.callcenter import FILE as CALLCENTER
from dialplans.callcenter import FallbackQueue
from dialplans.values import CODES, NAME, SECRET, address, folder, matches, within

TEMPLATES = Path(__file__).parent / "templates" / "freeswitch"

PLACE = re.compile(r"[A-Za-z0-9_+*#-]{1,79} XML [A-Za-z0-9_-]{1,79}\Z")
"""Where the fallback leads: "extension XML context"."""

MODE = 0o640
"""The files hold secrets; FreeSWITCH's group reads them."""

FILES = {
    "dialplan/callwright.xml": "callwright.xml.j2",
    "autoload_configs/event_socket.conf.xml": "event_socket.conf.xml.j2",
}
"""Below FreeSWITCH's configuration folder. The vanilla configuration includes all of ``dialplan/*.xml`` and
``autoload_configs/*.xml``; its event socket has a password that everybody knows, and is replaced."""


@dataclass(frozen=True, slots=True)
class FreeSwitchIncludes:
    """The values of the files.

    Raises:
        SettingsError: a value that must not reach a configuration file; the key names the field.
    """

    token: str
    """What the dialplan shows the engine."""
    password: str
    """What the engine shows the event socket."""
    sorry: Path
    """The prompt of the fallback."""
    host: str = "127.0.0.1"
    """Where the engine listens for calls."""
    port: int = 8084
    esl_host: str = "127.0.0.1"
    esl_port: int = 8021
    acl: str = "loopback.auto"
    """The list of addresses that may log in to the event socket, by FreeSWITCH's name of it."""
    context: str = "callwright"
    fallback: str | None = None
    queue: FallbackQueue | None = None
    """Where callers wait while the engine is away, in the place of ``fallback``."""
    call_limit_s: int = 4 * 3600
    """A customer's call ends after this, whatever goes wrong."""
    silent_s: int = SILENT_S
    """After so long an engine that is connected and silent has lost its call."""
    leg_limit_s: int = 16 * 3600
    """An agent's leg ends after this: a working day and a margin."""
    codes: str = "*9"
    """What the codes begin with that agents dial on their own phones."""

    def __post_init__(self) -> None:
        for key in ("token", "password"):
            matches(key, getattr(self, key), SECRET, "16 to 128 letters, digits and _ ~ . -")
        matches("context", self.context, NAME, "a letter, then letters, digits, _ and -")
        matches("acl", self.acl, re.compile(r"[A-Za-z0-9_.-]{1,64}\Z"), "the name of a list")
        matches("codes", self.codes, CODES, "1 to 6 of the keys 0 to 9, * and #")
        folder("sorry", self.sorry)
        for key in ("host", "esl_host"):
            address(key, getattr(self, key))
        if self.fallback is not None:
            matches("fallback", self.fallback, PLACE, '"extension XML context"')
        within("port", self.port, 1, 65535)
        within("esl_port", self.esl_port, 1, 65535)
        within("call_limit_s", self.call_limit_s, 60, 24 * 3600)
        within("silent_s", self.silent_s, 5, 24 * 3600)
        within("leg_limit_s", self.leg_limit_s, 60, 7 * 24 * 3600)


def render(values: FreeSwitchIncludes) -> dict[str, str]:
    """The files by their path below FreeSWITCH's configuration folder, each well-formed XML."""
    given = {name: getattr(values, name) for name in values.__dataclass_fields__}
    given["codes"] = re.escape(values.codes)
    files = FILES if values.queue is None else FILES | {CALLCENTER: "callcenter.conf.xml.j2"}
    rendered = {path: _environment().get_template(name).render(given) for path, name in files.items()}
    for text in rendered.values():
        ElementTree.fromstring(text)
    return rendered


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=True,
    )
