"""The include files, installed into and taken out of the configuration of an Asterisk that runs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from console.demo.pbx import PrivateAsterisk
from dialplans.asterisk import render
from dialplans.install import apply, plan, plan_uninstall, uninstall
from dialplans.values import CallerId, Includes
from tests.integration.conftest import SECRETS
from tests.integration.raw_wire import AgiCall, RawAgi, RawAmi, SipCaller

pytestmark = pytest.mark.asterisk

RELOADS = ("dialplan reload", "manager reload", "module reload app_confbridge.so", "moh reload")
"""What docs/asterisk.md tells an administrator to do."""


def bare(pbx: PrivateAsterisk) -> Path:
    """Its configuration as an administrator's: nothing of ours in it, and calls sent on by a context of theirs."""
    etc = pbx.folder / "etc"
    for path in etc.glob("*_callwright.conf"):
        path.unlink()
    for name in ("extensions", "manager", "confbridge", "musiconhold"):
        host = etc / f"{name}.conf"
        host.write_text("".join(line for line in host.read_text().splitlines(True) if "callwright.conf" not in line))
    with (etc / "extensions.conf").open("a") as extensions:
        extensions.write("[from-trunk]\nexten => _X.,1,Goto(callwright-in,${EXTEN},1)\n")
    pjsip = etc / "pjsip.conf"
    pjsip.write_text(pjsip.read_text().replace("context = callwright-in", "context = from-trunk"))
    return etc


async def reload(pbx: PrivateAsterisk) -> None:
    """Makes Asterisk read its files again."""
    for command in (*RELOADS, "module reload res_pjsip.so"):
        await pbx.cli(command)


async def test_installed_beside_an_administrator_s_own_it_takes_calls(asterisk: PrivateAsterisk) -> None:
    etc = bare(asterisk)
    await reload(asterisk)
    before = {path.name: path.read_bytes() for path in etc.iterdir()}
    assert "no existence of" in await asterisk.cli("dialplan show callwright-in")

    values = Includes(
        agi_token=SECRETS.agi_token,
        ami_secret=SECRETS.ami_secret,
        agi_port=asterisk.values.includes.agi_port,
        sorry=asterisk.values.includes.sorry,
        caller_id=CallerId.CHANNEL,
        music=asterisk.folder / "moh",
    )
    apply(plan(etc, render(values)))
    await reload(asterisk)
    assert "callwright_agent" in await asterisk.cli("confbridge show profile users")
    assert "Class: callwright" in await asterisk.cli("moh show classes")

    async def serve(agi: AgiCall) -> None:
        await agi.say("ANSWER")
        await agi.say("SET VARIABLE IVR_DONE 1")

    async with (
        RawAgi(values.agi_port, serve) as engine,
        RawAmi(asterisk.ports.ami, "callwright", SECRETS.ami_secret),
        SipCaller(asterisk.ports.sip) as caller,
    ):
        caller.invite(user="4711")
        assert (await engine.until(1)).value("extension") == "4711"
        async with asyncio.timeout(20):
            await caller.ended.wait()

    uninstall(plan_uninstall(etc))
    await reload(asterisk)
    assert {path.name: path.read_bytes() for path in etc.iterdir()} == before
    assert "no existence of" in await asterisk.cli("dialplan show callwright-in")
    assert [line for line in asterisk.log.read_text().splitlines() if " ERROR[" in line] == []
