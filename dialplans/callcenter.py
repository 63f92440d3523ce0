"""The queue that FreeSWITCH keeps by itself while the engine is away: mod_callcenter, and nothing else of ours.

One queue takes whoever calls, comes back from a talk, or whose engine fell silent; those who are dialled, and agents'
codes, are not put into it. Its agents are those whose telephone is on the hook between calls: that of one who is
nailed up is busy, with a leg that outlives the engine. When the engine is back it takes the calls that come from then
on; who waits in this queue waits there to the end.

Source: FreeSWITCH 1.11, mod_callcenter.c; tests/transcripts/freeswitch-1.11/esl-callcenter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dialplans.values import NAME, matches, within

FILE = "autoload_configs/callcenter.conf.xml"
"""Below FreeSWITCH's configuration folder."""

_ENDPOINT = re.compile(r"[A-Za-z][A-Za-z0-9_]*/[A-Za-z0-9_./@:+-]{1,250}\Z")
_QUEUE = re.compile(r'<queue\s+name="([^"]*)"')
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
EXAMPLES = frozenset(("support@default",))
"""The queue of the configuration that FreeSWITCH comes with."""


@dataclass(frozen=True, slots=True)
class FallbackAgent:
    """Somebody whose telephone FreeSWITCH rings."""

    id: str
    endpoint: str
    wrap_up_s: int

    def __post_init__(self) -> None:
        matches("agents.id", self.id, NAME, "a letter, then letters, digits, _ and -")
        matches("agents.endpoint", self.endpoint, _ENDPOINT, "a dial string, technology/target")
        within("agents.wrap_up_s", self.wrap_up_s, 0, 3600)


@dataclass(frozen=True, slots=True)
class FallbackQueue:
    """The queue.

    Raises:
        SettingsError: a value that must not reach a configuration file; the key names the field.
    """

    name: str
    agents: tuple[FallbackAgent, ...]
    max_wait_s: int
    music: str = "default"
    ring_s: int = 20
    """How long one telephone is rung."""
    nobody_s: int = 30
    """How long a caller waits where none of the agents is to be had."""

    def __post_init__(self) -> None:
        matches("name", self.name, NAME, "a letter, then letters, digits, _ and -")
        matches("music", self.music, NAME, "a letter, then letters, digits, _ and -")
        within("max_wait_s", self.max_wait_s, 1, 24 * 3600)
        within("ring_s", self.ring_s, 1, 120)
        within("nobody_s", self.nobody_s, 1, 3600)


def others(text: str) -> tuple[str, ...]:
    """The queues of a ``callcenter.conf.xml`` that are somebody's own: an install must not take them away."""
    said = _COMMENT.sub("", text)
    return tuple(name for name in _QUEUE.findall(said) if name not in EXAMPLES)
