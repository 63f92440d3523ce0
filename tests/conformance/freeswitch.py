"""The adapter of the FreeSWITCH driver, with a FreeSWITCH made from recordings."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from pydantic import SecretStr

from calls.switch.freeswitch.switch import FreeSwitch, FreeSwitchConfig
from calls.switch.port import EndedBy, Prompt
from tests.calls.switch.freeswitch.fake_freeswitch import KEY_GAP_S, Caller, FakeFreeSwitch, Key, Leave
from tests.conformance.vocabulary import DURATIONS_S, Act, HangUp, Press

TOKEN = "a-token-of-this-test"


class Files:
    """The prompts of the scripts as files that only the fake FreeSWITCH has."""

    def path(self, prompt: Prompt) -> Path:
        return Path(f"/var/lib/pbx/prompts/{prompt.language}/{prompt.key}.wav")

    def duration_s(self, prompt: Prompt) -> float:
        return DURATIONS_S[prompt]


class FreeSwitchUnderTest:
    """See :class:`tests.conformance.play.SwitchUnderTest`."""

    def __init__(self) -> None:
        self.slack_s = 0.3
        self.trunk = "carrier"
        self.agent_endpoint = "user/agent1"
        self._switch: FreeSwitch | None = None

    def make_switch(self) -> FreeSwitch:
        config = FreeSwitchConfig("freeswitch", "127.0.0.1", 0, SecretStr(TOKEN))
        self._switch = FreeSwitch(config, Files(), lambda: str(uuid4()))
        return self._switch

    def number(self, digit: str) -> str:
        return f"+1555010000{digit}"

    async def call_in(self, acts: tuple[Act, ...]) -> EndedBy:
        assert self._switch is not None, "make_switch comes first"
        durations = {str(Files().path(prompt)): lasts_s for prompt, lasts_s in DURATIONS_S.items()}
        freeswitch = FakeFreeSwitch(self._switch.port, TOKEN, durations)
        seen = await freeswitch.call(Caller(acts_of(acts)))
        assert not seen.resumed, "the connection was closed while the call was up"
        return EndedBy.CALLER if seen.by_caller else EndedBy.US


def acts_of(acts: tuple[Act, ...]) -> tuple[Key | Leave, ...]:
    """The caller's acts in the words of the fake."""
    found: list[Key | Leave] = []
    for act in acts:
        match act:
            case Press(at_s, keys):
                found += [Key(at_s + KEY_GAP_S * index, key) for index, key in enumerate(keys)]
            case HangUp(at_s):
                found.append(Leave(at_s))
    return tuple(found)
