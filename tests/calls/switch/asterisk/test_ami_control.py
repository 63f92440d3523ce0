"""What a channel asks of AMI: each action on the wire, and which refusals are none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from calls.errors import CommandRefused, SwitchRefused, SwitchUnavailable
from calls.ids import BootId
from calls.switch.asterisk.ami_client import AmiClient, Client
from calls.switch.asterisk.ami_control import AmiControl
from calls.switch.asterisk.control import ChannelControl
from tests.calls.switch.asterisk.fake_ami import FakeAmi
from tests.calls.switch.asterisk.test_ami_client import QUICK

CALLER = "PJSIP/caller-00000002"


async def nothing_to_reconcile(_: BootId) -> None:
    return


@pytest.fixture
async def pbx() -> AsyncIterator[FakeAmi]:
    async with FakeAmi() as fake:
        yield fake


@pytest.fixture
async def control(pbx: FakeAmi) -> AsyncIterator[AmiControl]:
    parts = Client(
        wanted=frozenset(("Status", "StatusComplete")),
        on_event=lambda event: None,
        on_up=nothing_to_reconcile,
        on_down=lambda reason: None,
        nonce=lambda: "nonce",
        random=lambda: 0.5,
    )
    client = AmiClient(replace(QUICK, port=pbx.port), parts)
    await client.start()
    yield AmiControl(client)
    await client.stop()


async def test_it_is_what_a_channel_asks_for(control: AmiControl) -> None:
    asked: ChannelControl = control
    assert asked is control


async def test_redirect(pbx: FakeAmi, control: AmiControl) -> None:
    await control.redirect(CALLER, "callwright-room", "leg-1")
    (sent,) = pbx.of("Redirect")
    assert [sent[key] for key in ("Channel", "Context", "Exten", "Priority")] == [
        CALLER,
        "callwright-room",
        "leg-1",
        "1",
    ]
    pbx.answers["Redirect"] = pbx.no_such_channel
    with pytest.raises(SwitchRefused, match="No such channel"):
        await control.redirect(CALLER, "callwright-room", "leg-1")


async def test_kick_of_one_who_is_not_there_is_no_error(pbx: FakeAmi, control: AmiControl) -> None:
    await control.kick("cw-leg-1", CALLER)
    pbx.answers["ConfbridgeKick"] = pbx.no_such_channel
    await control.kick("cw-leg-1", CALLER)
    assert [(sent["Conference"], sent["Channel"]) for sent in pbx.of("ConfbridgeKick")] == [("cw-leg-1", CALLER)] * 2


async def test_kick_of_everybody_is_refused(pbx: FakeAmi, control: AmiControl) -> None:
    with pytest.raises(CommandRefused):
        await control.kick("cw-leg-1", "all")
    assert pbx.of("ConfbridgeKick") == []


async def test_hang_up_tells_whether_there_was_a_channel(pbx: FakeAmi, control: AmiControl) -> None:
    assert await control.end(CALLER, 21)
    assert pbx.of("Hangup")[0]["Cause"] == "21"
    pbx.answers["Hangup"] = pbx.no_such_channel
    assert not await control.end(CALLER, 16)
    await control.hang_up(CALLER)


async def test_is_there(pbx: FakeAmi, control: AmiControl) -> None:
    assert await control.is_there(CALLER)
    pbx.answers["Status"] = pbx.no_such_channel
    assert not await control.is_there(CALLER)


async def test_a_lost_connection_is_told(pbx: FakeAmi, control: AmiControl) -> None:
    pbx.answers["Hangup"] = lambda _: pbx.drop()
    with pytest.raises(SwitchUnavailable, match="may have run"):
        await control.hang_up(CALLER)


async def test_muting_a_recording_is_refused_where_nothing_records(pbx: FakeAmi, control: AmiControl) -> None:
    await control.mute_recording(CALLER, muted=True)
    await control.mute_recording(CALLER, muted=False)
    sent = [(each["Channel"], each["Direction"], each["State"]) for each in pbx.of("MixMonitorMute")]
    assert sent == [(CALLER, "both", "1"), (CALLER, "both", "0")]
    pbx.answers["MixMonitorMute"] = pbx.no_such_channel
    with pytest.raises(SwitchRefused):
        await control.mute_recording(CALLER, muted=True)


async def test_stopping_a_recording_that_is_none_is_no_error(pbx: FakeAmi, control: AmiControl) -> None:
    await control.stop_recording(CALLER)
    pbx.answers["StopMixMonitor"] = pbx.no_such_channel
    await control.stop_recording(CALLER)
    assert [sent["Channel"] for sent in pbx.of("StopMixMonitor")] == [CALLER] * 2
