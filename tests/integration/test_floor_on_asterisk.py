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

from calls.errors import SwitchRefused
from calls.ids import LegId
from calls.recordings import RecordingFiles
from calls.switch.asterisk.ami_client import AmiSettings
from calls.switch.asterisk.config import AsteriskConfig
from calls.switch.events import CallConnected, LegAnswered, LegEnded, LegHeld
from calls.switch.port import Answer, CallChannel, Connect, Done, Hangup, MuteRecording, RingAgent, Seat
from console.demo.pbx import PrivateAsterisk
from console.demo.ports import LOOPBACK, free_port
from console.demo.sipp import SippHome
from dialplans.asterisk import Phone
from tests.integration.conftest import SECRETS, StartAsterisk
from tests.integration.levels import RATE_HZ, samples
from tests.integration.raw_phone import SipPhone, Voice, tones_in, tones_of
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

    @property
    def recordings(self) -> Path:
        """Where recordings lie."""
        return self.folder / "recordings"

    @asynccontextmanager
    async def office(self, phones: Iterable[Phone]) -> AsyncIterator[Office]:
        """A switch on an Asterisk with these phones."""
        agi_port = free_port(socket.SOCK_STREAM)
        self.recordings.mkdir()
        pbx: PrivateAsterisk = await self.start(agi_port=agi_port, phones=tuple(phones), recordings=self.recordings)
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
            recordings=RecordingFiles(self.recordings),
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
                async with asyncio.timeout(20):
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


# --- supervisors --------------------------------------------------------------------------------------------------

TONES = {"agent": 500.0, "caller": 1300.0, "supervisor": 2100.0}
BEEP = {"beep": 1000.0}
SETTLES_S, LISTENS_S = 0.4, 0.5


@dataclass
class Talk:
    """Three people on one switch: an agent and a caller who talk, and a supervisor whose phone is up."""

    here: Office
    agent: SipPhone
    supervisor: SipPhone
    caller: SipCaller

    async def heard(self, tones: dict[str, float] = TONES) -> dict[str, set[str]]:
        """Whom each of them hears, from a moment from now on."""
        await asyncio.sleep(SETTLES_S)
        since_s = asyncio.get_running_loop().time()
        await asyncio.sleep(LISTENS_S)
        people: dict[str, SipPhone | SipCaller] = {
            "agent": self.agent,
            "supervisor": self.supervisor,
            "caller": self.caller,
        }
        return {name: tones_in(each.heard_at_s, since_s, tones) for name, each in people.items()}

    async def seat(self, seat: Seat) -> None:
        await self.here.switch.seat(SUPERVISOR, seat, None if seat is Seat.OWN else AGENT)


AGENT, SUPERVISOR = LegId("leg-1"), LegId("watch-1")
APART = {"agent": {"caller"}, "supervisor": set[str](), "caller": {"agent"}}
LISTENED = APART | {"supervisor": {"agent", "caller"}}
WHISPERED = LISTENED | {"agent": {"caller", "supervisor"}}
JOINED = WHISPERED | {"caller": {"agent", "supervisor"}}


@asynccontextmanager
async def talk(premises: Premises, record: str = "") -> AsyncIterator[Talk]:
    """The talk, going on, and recorded where a recording is named."""
    desk, office_port = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)
    phones = [Phone("agent1", LOOPBACK, desk), Phone("boss", LOOPBACK, office_port)]
    talking = asyncio.Event()

    async def connect(call: CallChannel) -> None:
        await call.perform(Answer())
        talking.set()
        await call.perform(Connect(AGENT, record))
        await call.perform(Hangup())

    voice = Voice(TONES["caller"])
    async with (
        SipPhone(desk, TONES["agent"]) as agent,
        SipPhone(office_port, TONES["supervisor"]) as supervisor,
        premises.office(phones) as here,
        SipCaller(here.pbx.ports.sip) as caller,
    ):
        here.handler = connect
        for leg_id, name in ((AGENT, "agent1"), (SUPERVISOR, "boss")):
            await here.switch.originate(RingAgent(leg_id, f"PJSIP/{name}", "", 10.0))
            await here.until(lambda leg_id=leg_id: LegAnswered(leg_id) in here.events)  # type: ignore[misc]
        caller.invite()
        await caller.until_status(200)
        voice.start(caller)
        await here.until(lambda: any(isinstance(event, CallConnected) for event in here.events))
        try:
            yield Talk(here, agent, supervisor, caller)
        finally:
            await voice.stop()


async def test_a_supervisor_listens_whispers_and_joins(premises: Premises) -> None:
    """By the tones that each of the three hears."""
    async with talk(premises) as three:
        assert await three.heard() == APART
        await three.seat(Seat.LISTEN)
        assert await three.heard() == LISTENED
        await three.seat(Seat.WHISPER)
        assert await three.heard() == WHISPERED
        await three.seat(Seat.JOIN)
        assert await three.heard() == JOINED
        await three.seat(Seat.LISTEN)
        assert await three.heard() == LISTENED
        await three.seat(Seat.OWN)
        assert await three.heard() == APART
        assert [event for event in three.here.events if isinstance(event, LegEnded)] == []


async def test_the_hold_key_of_an_agents_phone_is_told(premises: Premises) -> None:
    """By a re-INVITE, each way; in between the phone sends on, and the leg stays."""
    async with talk(premises) as three:
        for held in (True, False, True):
            three.here.events.clear()
            three.agent.hold(held=held)
            await three.here.until(lambda held=held: LegHeld(AGENT, held) in three.here.events)  # type: ignore[misc]
        three.agent.hold(held=False)
        await three.here.until(lambda: LegHeld(AGENT, False) in three.here.events)
        assert await three.heard() == APART


async def test_the_agent_alone_hears_the_tone(premises: Premises) -> None:
    async with talk(premises) as three:
        await three.seat(Seat.LISTEN)
        since_s = asyncio.get_running_loop().time()
        await three.here.switch.beep(AGENT)
        await asyncio.sleep(2.0)
        assert tones_in(three.agent.heard_at_s, since_s, BEEP) == {"beep"}
        assert tones_in(three.caller.heard_at_s, since_s, BEEP) == set()
        assert "tone" not in await three.here.pbx.cli("core show channels concise"), "nothing of it is left"


@pytest.mark.parametrize("seat", [Seat.LISTEN, Seat.WHISPER, Seat.JOIN])
async def test_who_sits_beside_a_leg_that_goes_is_in_its_own_room(premises: Premises, seat: Seat) -> None:
    async with talk(premises) as three:
        await three.seat(seat)
        await three.here.switch.hang_up(AGENT)
        await three.here.ended(AGENT)
        heard = await three.heard()
        assert heard["supervisor"] == set()
        assert three.here.end_of(SUPERVISOR) is None, "the leg stays"
        with pytest.raises(SwitchRefused):
            await three.here.switch.seat(LegId("nobody"), Seat.OWN)


async def test_a_customer_comes_to_a_room_with_a_guest(premises: Premises) -> None:
    """The guest is no customer: the room is free, and the next talk begins."""
    async with talk(premises) as three:
        await three.seat(Seat.JOIN)
        three.caller.hang_up()
        three.here.events.clear()
        async with SipCaller(three.here.pbx.ports.sip) as second:
            second.invite()
            await second.until_status(200)
            await three.here.until(lambda: any(isinstance(event, CallConnected) for event in three.here.events))


# --- recordings ---------------------------------------------------------------------------------------------------


async def test_a_talk_is_recorded_but_for_its_pause_and_what_is_whispered(premises: Premises) -> None:
    """By the tones in the file: both sides, silence while it is muted, and the supervisor only where all hear."""
    async with talk(premises, "call-1-talk-1") as three:
        began_s = asyncio.get_running_loop().time()
        (call,) = three.here.calls
        await three.seat(Seat.WHISPER)
        marks = [began_s]
        for muted in (True, False):
            await asyncio.sleep(1.5)
            assert await call.perform(MuteRecording(muted)) == Done()
            marks.append(asyncio.get_running_loop().time())
        await three.seat(Seat.JOIN)
        joined_s = asyncio.get_running_loop().time()
        await asyncio.sleep(1.5)
        three.caller.hang_up()
        async with asyncio.timeout(20):
            while True:  # nobody tells: it is asked again
                if "callwright_customer" not in await three.here.pbx.cli("core show channels concise"):
                    break
                await asyncio.sleep(0.1)
        found = samples(premises.recordings / "call-1-talk-1.wav")

        def between(first_s: float, last_s: float) -> set[str]:
            begin, end = (round((at_s - began_s) * RATE_HZ) for at_s in (first_s + 0.4, last_s - 0.2))
            return tones_of(found[begin:end], TONES)

        assert between(marks[0], marks[1]) == {"agent", "caller"}, "nothing of what is whispered"
        assert between(marks[1], marks[2]) == set()
        assert between(joined_s, joined_s + 1.5) == {"agent", "caller", "supervisor"}


async def test_a_recording_ends_with_its_talk(premises: Premises) -> None:
    async with talk(premises, "call-1-talk-1") as three:
        (call,) = three.here.calls
        await call.end_talk()
        file = premises.recordings / "call-1-talk-1.wav"
        async with asyncio.timeout(20):
            await three.caller.ended.wait()
        size = file.stat().st_size
        assert size > 0
        await asyncio.sleep(0.5)
        assert file.stat().st_size == size, "the recording has ended with its talk"


# --- faults -------------------------------------------------------------------------------------------------------


async def test_a_phone_that_loses_its_network_is_found(premises: Premises) -> None:
    """It says no goodbye: the switch hears nothing of it any more, and ends the leg."""
    desk = free_port(socket.SOCK_DGRAM)
    async with premises.office([Phone("agent1", LOOPBACK, desk, rtp_timeout_s=4)]) as here:
        async with SipPhone(desk, TONES["agent"]):
            await here.switch.originate(RingAgent(AGENT, "PJSIP/agent1", "", 10.0))
            await here.until(lambda: LegAnswered(AGENT) in here.events)
            await asyncio.sleep(6.0)
            assert here.end_of(AGENT) is None, "it sounds"
        gone_s = asyncio.get_running_loop().time()
        await here.ended(AGENT)
        assert asyncio.get_running_loop().time() - gone_s < 10.0
