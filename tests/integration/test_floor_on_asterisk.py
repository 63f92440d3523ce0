"""What agents and supervisors do with their phones, on a real Asterisk."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from pydantic import SecretStr

from calls.switch.asterisk.ami_client import AmiSettings
from calls.switch.asterisk.config import AsteriskConfig
from calls.switch.port import Answer, CallChannel, Hangup
from console.demo.pbx import PrivateAsterisk
from console.demo.ports import LOOPBACK, free_port
from console.demo.sipp import SippHome
from dialplans.asterisk import Phone
from tests.integration.conftest import SECRETS, StartAsterisk
from tests.integration.raw_wire import SipCaller
from tests.integration.test_switch_on_asterisk import Office

pytestmark = pytest.mark.asterisk

OWN, STRANGE = "127.0.0.2", "127.0.0.3"
"""The address of an agent's phone, and one of nobody's."""


@dataclass
class Premises:
    """What a test starts with."""

    start: StartAsterisk
    sipp: SippHome
    folder: Path

    @asynccontextmanager
    async def office(self, phones: Iterable[Phone]) -> AsyncIterator[Office]:
        """A switch on an Asterisk with these phones."""
        agi_port = free_port(socket.SOCK_STREAM)
        pbx: PrivateAsterisk = await self.start(agi_port=agi_port, phones=tuple(phones))
        config = AsteriskConfig(
            name="main",
            ami=AmiSettings(LOOPBACK, pbx.ports.ami, "callwright", SecretStr(SECRETS.ami_secret)),
            agi_host=LOOPBACK,
            agi_port=agi_port,
            agi_token=SecretStr(SECRETS.agi_token),
            agi_allow=(IPv4Network("127.0.0.0/8"),),
            trunks={},
            settle_s=0.2,
            sweep_s=60.0,
        )
        office = Office(pbx, self.sipp, config, answer_and_end)
        await office.open()
        try:
            yield office
        finally:
            await office.switch.stop()


@pytest.fixture
def premises(start_asterisk: StartAsterisk, sipp: SippHome, short_folder: Path) -> Premises:
    return Premises(start_asterisk, sipp, short_folder)


async def answer_and_end(call: CallChannel) -> None:
    await call.perform(Answer())
    await call.perform(Hangup())


# --- codes --------------------------------------------------------------------------------------------------------


async def test_a_code_comes_with_the_phone_that_dialled_it(premises: Premises) -> None:
    """The caller's number is a lie, and is not looked at."""
    async with premises.office([Phone("agent1", OWN)]) as here:
        for code in ("*91", "*941"):
            async with SipCaller(here.pbx.ports.sip, OWN) as phone:
                phone.invite(code, sender='"Ben" <sip:agent2@127.0.0.1>')
                await phone.until_status(200)
                async with asyncio.timeout(10):
                    await phone.ended.wait()
        assert [(call.info.endpoint, call.info.called) for call in here.calls] == [
            ("PJSIP/agent1", "*91"),
            ("PJSIP/agent1", "*941"),
        ]


@pytest.mark.parametrize(("host", "status"), [(LOOPBACK, 404), (STRANGE, 401)])
async def test_nobody_poses_as_a_phone_by_its_name(premises: Premises, host: str, status: int) -> None:
    """Callers come from the first address; the second is nobody's."""
    async with premises.office([Phone("agent1", OWN), Phone("agent2", password="a-long-password-0001")]) as here:
        for name in ("agent1", "agent2"):
            async with SipCaller(here.pbx.ports.sip, host) as stranger:
                stranger.invite("*91", sender=f'"Ann" <sip:{name}@127.0.0.1>')
                await stranger.until_status(status)
        assert here.calls == []


async def test_a_phone_dials_nothing_but_codes(premises: Premises) -> None:
    async with premises.office([Phone("agent1", OWN)]) as here:
        async with SipCaller(here.pbx.ports.sip, OWN) as phone:
            phone.invite("100")
            await phone.until_status(404)
        assert here.calls == []
