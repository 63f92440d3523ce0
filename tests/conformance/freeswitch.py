"""The adapter of the FreeSWITCH driver, with a FreeSWITCH made from recordings."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from pydantic import SecretStr

from calls.switch.freeswitch.config import FreeSwitchConfig
from calls.switch.freeswitch.esl_client import EslSettings
from calls.switch.freeswitch.switch import FreeSwitch
from calls.switch.port import EndedBy, Prompt
from tests.calls.switch.freeswitch.fake_caller import Caller, Key, Leave
from tests.calls.switch.freeswitch.fake_event_socket import PASSWORD, FakeEventSocket
from tests.calls.switch.freeswitch.fake_freeswitch import KEY_GAP_S, FakeFreeSwitch
from tests.conformance.vocabulary import DURATIONS_S, Act, HangUp, Press, Speak, duration_s

TOKEN = "a-token-of-this-test"
SLACK_S = 0.3
NO_SWEEP_S = 3_600.0
"""The fake's list of channels is empty."""


class Files:
    """The prompts of the scripts as files that only the fake FreeSWITCH has."""

    def path(self, prompt: Prompt) -> Path:
        duration_s(prompt)
        return Path(f"/var/lib/pbx/prompts/{prompt.language}/{prompt.key}.wav")

    def duration_s(self, prompt: Prompt) -> float:
        return duration_s(prompt)


def new_switch(event_socket: FakeEventSocket) -> FreeSwitch:
    """A driver at a port of its own."""
    esl = EslSettings("127.0.0.1", event_socket.port, SecretStr(PASSWORD))
    config = FreeSwitchConfig("freeswitch", "127.0.0.1", 0, SecretStr(TOKEN), esl, settle_s=0.0, sweep_s=NO_SWEEP_S)
    return FreeSwitch(config, Files(), lambda: str(uuid4()))


def fake(switch: FreeSwitch) -> FakeFreeSwitch:
    """A FreeSWITCH that has the prompts and calls ``switch``."""
    durations = {str(Files().path(prompt)): lasts_s for prompt, lasts_s in DURATIONS_S.items()}
    return FakeFreeSwitch(switch.port, TOKEN, durations)


async def ring_in(switch: FreeSwitch, called: str, caller: str, acts: tuple[Act, ...]) -> EndedBy:
    """See :data:`tests.conformance.engine.play.RingIn`."""
    seen = await fake(switch).call(Caller(acts_of(acts), caller, called=called))
    assert not seen.resumed, "the connection was closed while the call was up"
    return EndedBy.CALLER if seen.by_caller else EndedBy.US


class FreeSwitchUnderTest:
    """See :class:`tests.conformance.play.SwitchUnderTest`."""

    def __init__(self, event_socket: FakeEventSocket) -> None:
        self._event_socket = event_socket
        self.slack_s = SLACK_S
        self.trunk = "carrier"
        self.agent_endpoint = "user/agent1"
        self._switch: FreeSwitch | None = None

    def make_switch(self) -> FreeSwitch:
        self._switch = new_switch(self._event_socket)
        return self._switch

    def number(self, digit: str) -> str:
        return f"+1555010000{digit}"

    async def call_in(self, acts: tuple[Act, ...]) -> EndedBy:
        assert self._switch is not None, "make_switch comes first"
        return await ring_in(self._switch, "8084", "4930111", acts)


def acts_of(acts: tuple[Act, ...]) -> tuple[Key | Leave, ...]:
    """The caller's acts in the words of the fake."""
    found: list[Key | Leave] = []
    for act in acts:
        match act:
            case Press(at_s, keys):
                found += [Key(at_s + KEY_GAP_S * index, key) for index, key in enumerate(keys)]
            case Speak():
                raise AssertionError("this FreeSWITCH hears nobody")
            case HangUp(at_s):
                found.append(Leave(at_s))
    return tuple(found)
