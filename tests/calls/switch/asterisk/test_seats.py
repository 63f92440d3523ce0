"""Where legs are put: what is sent, and what is taken for their being there."""

from __future__ import annotations

import asyncio

import pytest

from calls.errors import CommandRefused, SwitchTimeout
from calls.ids import LegId
from calls.switch.asterisk.seats import SITS_S, Seats
from calls.switch.port import Seat
from calls.wire.ami import Decoder, Event
from calls.wire.ami_actions import Action, encode
from tests.virtual_time import run

LEG, HOST = LegId("watch-1"), LegId("leg-7")


class Sent:
    """An AMI client that takes everything."""

    def __init__(self) -> None:
        self.actions: list[Action] = []

    async def ask(self, action: Action) -> None:
        self.actions.append(action)

    @property
    def lines(self) -> list[bytes]:
        return [encode(action, "1") for action in self.actions]


def event(name: str, privilege: str = "call,all", **values: str) -> Event:
    lines = "".join(f"{key}: {value}\r\n" for key, value in values.items())
    text = f"Event: {name}\r\nPrivilege: {privilege}\r\n{lines}\r\n"
    (_, found) = Decoder(frozenset((name,))).feed(b"Asterisk Call Manager/5.0.4\r\n" + text.encode())
    assert isinstance(found, Event)
    return found


SPIED = event("ChanSpyStart", SpyerUniqueid=LEG, SpyeeUniqueid=HOST)


def room(name: str) -> Event:
    return event("ConfbridgeJoin", Conference=f"cw-{name}", Uniqueid=LEG)


@pytest.mark.parametrize(
    ("seat", "place", "told"),
    [
        (Seat.LISTEN, "callwright-listen\r\nExten: leg-7", SPIED),
        (Seat.WHISPER, "callwright-coach\r\nExten: leg-7", SPIED),
        (Seat.JOIN, "callwright-join\r\nExten: leg-7", room(HOST)),
        (Seat.OWN, "callwright-agent\r\nExten: watch-1", room(LEG)),
    ],
)
def test_a_leg_is_there_when_the_switch_says_so(seat: Seat, place: str, told: Event) -> None:
    async def move() -> None:
        sent = Sent()
        seats = Seats(sent, "callwright", lambda: "n")  # type: ignore[arg-type]  # all that is asked of a client
        moving = asyncio.ensure_future(seats.seat(LEG, seat, None if seat is Seat.OWN else HOST))
        await asyncio.sleep(0.1)
        assert not moving.done()
        seats.handle(told)
        await moving
        assert sent.lines == [
            f"Action: Redirect\r\nActionID: 1\r\nChannel: watch-1\r\nContext: {place}\r\nPriority: 1\r\n\r\n".encode()
        ]

    run(move())


@pytest.mark.parametrize(
    "noise",
    [
        room("leg-8"),
        event("ConfbridgeJoin", Conference="cw-leg-7", Uniqueid="watch-2"),
        event("ConfbridgeJoin", "user,all", Conference="cw-leg-7", Uniqueid=LEG),
        event("ChanSpyStart", SpyerUniqueid="watch-2", SpyeeUniqueid=HOST),
    ],
)
def test_another_legs_news_and_forged_ones_are_noise(noise: Event) -> None:
    async def move() -> None:
        seats = Seats(Sent(), "callwright", lambda: "n")  # type: ignore[arg-type]
        moving = asyncio.ensure_future(seats.seat(LEG, Seat.JOIN, HOST))
        await asyncio.sleep(0.1)
        seats.handle(noise)
        began_s = asyncio.get_running_loop().time()
        with pytest.raises(SwitchTimeout, match="was not seen there"):
            await moving
        assert asyncio.get_running_loop().time() - began_s == pytest.approx(SITS_S - 0.1)

    run(move())


def test_a_seat_that_makes_no_sense_is_our_bug() -> None:
    seats = Seats(Sent(), "callwright", lambda: "n")  # type: ignore[arg-type]
    for seat, host in ((Seat.OWN, HOST), (Seat.LISTEN, None)):
        with pytest.raises(CommandRefused):
            run(seats.seat(LEG, seat, host))


def test_the_tone_is_whispered_by_a_leg_of_its_own() -> None:
    sent = Sent()
    run(Seats(sent, "callwright", lambda: "abc").beep(HOST))  # type: ignore[arg-type]
    (line,) = sent.lines
    assert b"ChannelId: callwright-tone-abc\r\nChannel: Local/leg-7@callwright-coach/n\r\n" in line
    assert b"Context: callwright-tone\r\nExten: s\r\n" in line
