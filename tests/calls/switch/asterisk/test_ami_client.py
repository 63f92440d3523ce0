"""The AMI client against a scripted manager: one test for each line of HAZARDS that concerns it, and reconnecting."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace

import pytest
from pydantic import SecretStr

from calls.errors import CommandRefused, SwitchError, SwitchRefused, SwitchTimeout, SwitchUnavailable
from calls.ids import BootId
from calls.switch.asterisk import ami_link
from calls.switch.asterisk.ami_client import AmiClient, AmiSettings, Client, retry_delay_s
from calls.wire.ami import Event
from calls.wire.ami_actions import CoreShowChannels, Hangup, Originate, Ping, Redirect, Status
from tests.calls.switch.asterisk.fake_ami import FakeAmi, Fields, said, with_id
from tests.calls.wire import ami_transcripts as recorded

QUICK = AmiSettings(
    host="127.0.0.1",
    port=0,
    user="callwright",
    secret=SecretStr("a secret"),
    connect_timeout_s=2.0,
    answer_deadline_s=0.3,
    ping_interval_s=0.1,
    retry_first_s=0.01,
    retry_most_s=0.05,
)
DIAL = Originate("att-1", "PJSIP/+4930123@carrier", "callwright-dialled", "s", 5.0)


@dataclass
class Seen:
    """What the client told, and waits for it."""

    events: list[Event] = field(default_factory=list)
    ups: list[BootId] = field(default_factory=list)
    downs: list[str] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    on_event: Callable[[Event], None] | None = None
    on_up: Callable[[BootId], Awaitable[None]] | None = None
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def event(self, event: Event) -> None:
        self.events.append(event)
        self._tell()
        if self.on_event is not None:
            self.on_event(event)

    async def up(self, boot: BootId) -> None:
        if self.on_up is not None:
            await self.on_up(boot)
        self.ups.append(boot)
        self._tell()

    def down(self, reason: str) -> None:
        self.downs.append(reason)
        self._tell()

    def _tell(self) -> None:
        task = asyncio.ensure_future(self._notify())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def until(self, met: Callable[[], bool], deadline_s: float = 5.0) -> None:
        async with asyncio.timeout(deadline_s), self.changed:
            await self.changed.wait_for(met)


def client_of(
    pbx: FakeAmi, seen: Seen, settings: AmiSettings = QUICK, wanted: frozenset[str] | None = None
) -> AmiClient:
    nonces = iter(range(1000))
    parts = Client(
        wanted=frozenset(("Hangup", "OriginateResponse", "CoreShowChannel", "CoreShowChannelsComplete")),
        on_event=seen.event,
        on_up=seen.up,
        on_down=seen.down,
        nonce=lambda: f"nonce{next(nonces)}",
        random=lambda: 0.5,
    )
    return AmiClient(replace(settings, port=pbx.port), parts)


@pytest.fixture
async def pbx() -> AsyncIterator[FakeAmi]:
    async with FakeAmi() as fake:
        yield fake


@pytest.fixture
async def seen() -> Seen:
    return Seen()


@contextlib.asynccontextmanager
async def up(pbx: FakeAmi, seen: Seen, settings: AmiSettings = QUICK) -> AsyncIterator[AmiClient]:
    client = client_of(pbx, seen, settings)
    await client.start()
    try:
        yield client
    finally:
        await client.stop()


def link_of(client: AmiClient) -> ami_link.AmiLink:
    assert client._link is not None
    return client._link


class TestStart:
    @pytest.mark.parametrize("version", recorded.VERSIONS)
    async def test_logs_in_by_challenge_and_tells_the_boot(self, version: str, seen: Seen) -> None:
        async with FakeAmi(version) as pbx, up(pbx, seen):
            (login,) = pbx.of("Login")
            assert "Secret" not in login and login["Events"] == "call"
            (boot,) = seen.ups
            assert re.fullmatch(r"2026-11-21T\d\d:\d\d:\d\d-first", boot)
        assert pbx.of("Logoff") and seen.downs == []

    async def test_hazard_10_a_wrong_password_is_an_error_that_is_seen(self, pbx: FakeAmi, seen: Seen) -> None:
        client = client_of(pbx, seen, replace(QUICK, secret=SecretStr("wrong")))
        with pytest.raises(SwitchRefused, match="Authentication failed"):
            await client.start()
        assert pbx.connections == 1, "and it is not tried again for ever"

    async def test_hazard_10_a_connection_lost_before_the_reply_to_login_is_tried_again(
        self, pbx: FakeAmi, seen: Seen
    ) -> None:
        accept = pbx.answers["Login"]

        def lost(_: Fields) -> None:
            pbx.answers["Login"] = accept
            pbx.drop()

        pbx.answers["Login"] = lost
        async with up(pbx, seen):
            assert (pbx.connections, len(seen.ups)) == (2, 1)

    async def test_hazard_10_no_reply_to_login_ends_at_the_deadline(self, pbx: FakeAmi, seen: Seen) -> None:
        pbx.answers["Login"] = lambda _: None
        with pytest.raises(SwitchTimeout, match="not up within"):
            await client_of(pbx, seen, replace(QUICK, connect_timeout_s=0.3)).start()

    async def test_nobody_there(self, pbx: FakeAmi, seen: Seen) -> None:
        await pbx.die()
        with pytest.raises(SwitchTimeout, match="not up within"):
            await client_of(pbx, seen, replace(QUICK, connect_timeout_s=0.3)).start()

    async def test_somebody_else_there(self, pbx: FakeAmi, seen: Seen) -> None:
        pbx.greeting = b"SSH-2.0-OpenSSH_9.2p1\r\n"
        with pytest.raises(SwitchTimeout, match="not an Asterisk manager"):
            await client_of(pbx, seen, replace(QUICK, connect_timeout_s=0.3)).start()

    async def test_a_peer_that_never_greets(self, seen: Seen) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            pbx = FakeAmi()
            pbx.port = silent.getsockname()[1]
            with pytest.raises(SwitchTimeout, match="not up within"):
                await client_of(pbx, seen, replace(QUICK, connect_timeout_s=0.2)).start()

    async def test_a_switch_that_boots_is_waited_for(self, pbx: FakeAmi, seen: Seen) -> None:
        booted = pbx.answers["CoreStatus"]

        def booting(fields: Fields) -> bytes:
            pbx.answers["CoreStatus"] = booted
            return (booted(fields) or b"").replace(b"2026-11-21", b"1970-01-01")

        pbx.answers["CoreStatus"] = booting
        async with up(pbx, seen):
            assert seen.ups == ["2026-11-21T22:11:09-first"] and pbx.connections == 2

    async def test_stop_during_an_outage_stops(self, pbx: FakeAmi, seen: Seen) -> None:
        """HAZARDS 10: close() during an outage reconnected all the same."""
        async with up(pbx, seen) as client:
            pbx.drop()
            await seen.until(lambda: bool(seen.downs))
            await client.stop()
            connections = pbx.connections
        assert pbx.connections == connections
        with pytest.raises(SwitchUnavailable):
            await client.ask(Ping())


class TestAsk:
    async def test_hazard_10_before_connecting_is_a_typed_error(self, pbx: FakeAmi, seen: Seen) -> None:
        client = client_of(pbx, seen)
        with pytest.raises(SwitchUnavailable):
            await client.ask(Ping())
        with pytest.raises(SwitchUnavailable):
            client.next_action_id()

    async def test_refused(self, pbx: FakeAmi, seen: Seen) -> None:
        pbx.answers["Hangup"] = pbx.no_such_channel
        async with up(pbx, seen) as client:
            with pytest.raises(SwitchRefused, match="No such channel"):
                await client.ask(Hangup("PJSIP/x-1"))

    @pytest.mark.parametrize("version", recorded.VERSIONS)
    async def test_a_list_is_given_whole(self, version: str, seen: Seen) -> None:
        async with FakeAmi(version) as pbx, up(pbx, seen) as client:
            assert (await client.ask(CoreShowChannels())).events == ()
            pbx.answers["CoreShowChannels"] = with_id(said(version, "ami-status", "CoreShowChannels", 1))
            reply = await client.ask(CoreShowChannels())
            assert len(reply.events) == 5 and all(event.get("Uniqueid") for event in reply.events)

    async def test_hazard_11_an_error_to_a_list_is_an_answer(self, pbx: FakeAmi, seen: Seen) -> None:
        pbx.answers["Status"] = pbx.no_such_channel
        async with up(pbx, seen) as client:
            with pytest.raises(SwitchRefused, match="No such channel"):
                await client.ask(Status("PJSIP/x-1"))

    async def test_hazard_4_a_line_end_in_a_value_is_refused_and_nothing_is_sent(
        self, pbx: FakeAmi, seen: Seen
    ) -> None:
        async with up(pbx, seen) as client:
            with pytest.raises(CommandRefused):
                await client.ask(Redirect("PJSIP/x-1\r\nAction: Logoff", "callwright-room", "s"))
            await client.ask(Ping())
            assert pbx.of("Redirect") == [] and pbx.of("Logoff") == []

    async def test_hazard_7_what_is_never_answered_leaves_the_table(self, pbx: FakeAmi, seen: Seen) -> None:
        pbx.answers["Originate"] = lambda _: None
        async with up(pbx, seen) as client:
            with pytest.raises(SwitchTimeout, match="may have run"):
                await client.ask(DIAL, 0.05)
            assert link_of(client).pending == 0

    async def test_a_late_answer_is_noise(self, pbx: FakeAmi, seen: Seen) -> None:
        pbx.answers["Originate"] = lambda _: None
        async with up(pbx, seen) as client:
            with pytest.raises(SwitchTimeout):
                await client.ask(DIAL, 0.05)
            pbx.push(with_id(said("asterisk-16", "ami-originate-busy", "Originate"))(pbx.of("Originate")[0]) or b"")
            await client.ask(Ping())
            assert link_of(client).pending == 0 and seen.downs == []

    async def test_hazard_12_a_cancelled_action_leaves_the_table(self, pbx: FakeAmi, seen: Seen) -> None:
        pbx.answers["Originate"] = lambda _: None
        async with up(pbx, seen, replace(QUICK, ping_interval_s=60.0)) as client:
            task = asyncio.create_task(client.ask(DIAL, 60.0))
            await pbx.asked("Originate")
            assert link_of(client).pending == 1
            task.cancel()
            await asyncio.wait((task,))
            assert link_of(client).pending == 0

    async def test_an_answer_that_came_while_the_loop_stood_still_counts(
        self, pbx: FakeAmi, seen: Seen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with up(pbx, seen, replace(QUICK, ping_interval_s=60.0)) as client:
            task = asyncio.create_task(client.ask(Ping(), 20.0))
            await pbx.asked("Ping")
            loop = asyncio.get_running_loop()
            monkeypatch.setattr(loop, "time", lambda: time.monotonic() + 21.0)  # it is passed with the answer unread
            assert (await task).response.success

    async def test_a_switch_that_does_not_read_is_not_written_to_for_ever(
        self, pbx: FakeAmi, seen: Seen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ami_link, "MAX_PENDING", 1)
        pbx.answers["Originate"] = lambda _: None
        async with up(pbx, seen, replace(QUICK, ping_interval_s=60.0)) as client:
            task = asyncio.create_task(client.ask(DIAL, 0.2))
            await pbx.asked("Originate")
            with pytest.raises(SwitchUnavailable, match="does not read"):
                await client.ask(Ping())
            with pytest.raises(SwitchTimeout):
                await task

    async def test_a_list_without_end_ends_the_connection(
        self, pbx: FakeAmi, seen: Seen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ami_link, "MAX_LIST", 3)
        async with up(pbx, seen) as client:
            pbx.answers["CoreShowChannels"] = with_id(said("asterisk-16", "ami-status", "CoreShowChannels", 1))
            with pytest.raises(SwitchUnavailable, match="more than 3 events"):
                await client.ask(CoreShowChannels())


class TestEvents:
    async def test_hazard_11_an_originate_response_is_an_event_even_while_its_action_is_pending(
        self, pbx: FakeAmi, seen: Seen
    ) -> None:
        def event_first(fields: Fields) -> bytes:
            event = f"Event: OriginateResponse\r\nActionID: {fields['ActionID']}\r\nResponse: Failure\r\n\r\n"
            return event.encode() + f"Response: Success\r\nActionID: {fields['ActionID']}\r\n\r\n".encode()

        pbx.answers["Originate"] = event_first
        async with up(pbx, seen) as client:
            assert (await client.ask(DIAL)).response.success
            assert [event.name for event in seen.events] == ["OriginateResponse"]

    async def test_hazard_11_an_exception_in_a_callback_does_not_drop_the_connection(
        self, pbx: FakeAmi, seen: Seen
    ) -> None:
        logged: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: logged.append(context.get("exception")))

        def fails(event: Event) -> None:
            if event.get("Uniqueid") == "bad":
                raise ZeroDivisionError

        seen.on_event = fails
        async with up(pbx, seen) as client:
            pbx.push(b"Event: Hangup\r\nUniqueid: bad\r\n\r\nEvent: Hangup\r\nUniqueid: good\r\n\r\n")
            await seen.until(lambda: len(seen.events) == 2)
            assert (await client.ask(Ping())).response.success
        assert [type(error) for error in logged] == [ZeroDivisionError] and seen.downs == []

    async def test_hazard_8_a_character_cut_by_tcp_is_whole(self, pbx: FakeAmi, seen: Seen) -> None:
        data = "Event: Hangup\r\nCallerIDName: Zoë\r\nUniqueid: x\r\n\r\n".encode()
        cut = data.index("ë".encode()) + 1
        async with up(pbx, seen) as client:
            for chunk in (data[:cut], data[cut:]):
                link_of(client).protocol.data_received(chunk)
            await seen.until(lambda: bool(seen.events))
            assert seen.events[0].get("CallerIDName") == "Zoë"

    async def test_hazard_9_events_that_nobody_wants_are_dropped_at_their_first_line(
        self, pbx: FakeAmi, seen: Seen
    ) -> None:
        async with up(pbx, seen) as client:
            pbx.push(recorded.stream("asterisk-16", "ami-dialer-flow").split(b"\r\n", 1)[1])
            await client.ask(Ping())
            assert {event.name for event in seen.events} == {"Hangup", "OriginateResponse"}

    async def test_hazard_5_a_mistyped_name_is_a_type_error_not_an_empty_text(self) -> None:
        with pytest.raises(AttributeError):
            Event("Event: Hangup").unique_id  # type: ignore[attr-defined]  # noqa: B018

    async def test_forged_answers_do_not_count(self, pbx: FakeAmi, seen: Seen) -> None:
        pbx.answers["Hangup"] = lambda _: None
        async with up(pbx, seen) as client:
            task = asyncio.create_task(client.ask(Hangup("PJSIP/x-1"), 0.2))
            await pbx.asked("Hangup")
            pbx.push(b"Response: Success\r\nActionID: 5\r\nMessage: forged\r\n\r\nResponse: Success\r\n\r\n")
            with pytest.raises(SwitchTimeout):
                await task

    async def test_a_frame_beyond_the_limits_gives_the_connection_up(self, pbx: FakeAmi, seen: Seen) -> None:
        async with up(pbx, seen):
            pbx.push(b"Event: Hangup\r\nA: " + b"a" * 200_000 + b"\r\n\r\n")
            await seen.until(lambda: len(seen.ups) == 2)
            assert "not the protocol" in seen.downs[0]


class TestOutage:
    async def test_hazard_7_pending_actions_fail_and_nothing_is_replayed(self, pbx: FakeAmi, seen: Seen) -> None:
        answer = pbx.answers["Originate"]
        pbx.answers["Originate"] = lambda _: None
        async with up(pbx, seen) as client:
            task = asyncio.create_task(client.ask(DIAL, 5.0))
            await pbx.asked("Originate")
            pbx.answers["Originate"] = answer
            pbx.drop()
            with pytest.raises(SwitchUnavailable, match="may have run"):
                await task
            with pytest.raises(SwitchUnavailable, match="nothing was sent"):
                await client.ask(DIAL)
            await seen.until(lambda: len(seen.ups) == 2)
            await pbx.asked("Ping", len(pbx.of("Ping")) + 1)
            assert len(pbx.of("Originate")) == 1

    async def test_hazard_12_a_silent_peer_is_noticed(self, pbx: FakeAmi, seen: Seen) -> None:
        """A frozen switch, or a half-open connection: no Ping is answered."""
        answer = pbx.answers["Ping"]
        async with up(pbx, seen):
            pbx.answers["Ping"] = lambda _: None
            await seen.until(lambda: len(seen.downs) == 1)
            assert "no sign of life" in seen.downs[0]
            pbx.answers["Ping"] = answer
            await seen.until(lambda: len(seen.ups) == 2)

    def test_a_silent_peer_is_noticed_within_ten_seconds_by_default(self) -> None:
        settings = AmiSettings("127.0.0.1", 5038, "callwright", SecretStr("x"))
        assert settings.ping_interval_s + settings.answer_deadline_s <= 10

    async def test_restart_of_the_switch_is_told_with_its_new_boot(self, pbx: FakeAmi, seen: Seen) -> None:
        async with up(pbx, seen):
            await pbx.die()
            await seen.until(lambda: len(seen.downs) == 1)
            status = pbx.answers["CoreStatus"]
            pbx.answers["CoreStatus"] = lambda f: (status(f) or b"").replace(b"22:11:09", b"22:15:00")
            await pbx.listen()
            await seen.until(lambda: len(seen.ups) == 2)
            assert seen.ups == ["2026-11-21T22:11:09-first", "2026-11-21T22:15:00-first"]

    async def test_a_restart_within_one_second_is_another_boot(self, pbx: FakeAmi, seen: Seen) -> None:
        async with up(pbx, seen):
            await pbx.die()
            await seen.until(lambda: len(seen.downs) == 1)
            pbx.globals.clear()
            await pbx.listen()
            await seen.until(lambda: len(seen.ups) == 2)
            first, second = seen.ups
            assert first != second and first.split("-first")[0] == second.rsplit("-", 1)[0]
            assert second.endswith(pbx.globals["CW_BOOT"])

    async def test_a_lost_connection_is_no_other_boot(self, pbx: FakeAmi, seen: Seen) -> None:
        pbx.globals.clear()
        async with up(pbx, seen):
            pbx.drop()
            await seen.until(lambda: len(seen.ups) == 2)
            assert len(set(seen.ups)) == 1 and len(pbx.of("Setvar")) == 1

    @pytest.mark.parametrize("left", ["", "no id: $(x)"])
    async def test_a_mark_that_a_reload_took_away_is_set_again(self, pbx: FakeAmi, seen: Seen, left: str) -> None:
        async with up(pbx, seen):
            pbx.globals["CW_BOOT"] = left
            await pbx.asked("Setvar")
            await pbx.asked("Getvar", len(pbx.of("Getvar")) + 1)
            pbx.drop()
            await seen.until(lambda: len(seen.ups) == 2)
            assert pbx.globals["CW_BOOT"] == "first" and len(set(seen.ups)) == 1

    async def test_killed_within_a_message(self, pbx: FakeAmi, seen: Seen) -> None:
        async with up(pbx, seen):
            pbx.push(recorded.stream("asterisk-16", "ami-killed").split(b"\r\n", 1)[1][-500:])
            pbx.drop()
            await seen.until(lambda: len(seen.ups) == 2)
            assert seen.events == []

    async def test_a_secret_changed_later_is_tried_on(self, pbx: FakeAmi, seen: Seen) -> None:
        async with up(pbx, seen):
            pbx.secret = "another"
            pbx.drop()
            await pbx.asked("Login", 3)
            pbx.secret = "a secret"
            await seen.until(lambda: len(seen.ups) == 2)

    async def test_reconciling_that_fails_gives_the_connection_up(self, pbx: FakeAmi, seen: Seen) -> None:
        errors: list[SwitchError] = [SwitchTimeout("no list"), SwitchRefused("no")]

        async def reconcile(_: BootId) -> None:
            if errors:
                raise errors.pop()

        seen.on_up = reconcile
        async with up(pbx, seen):
            assert (pbx.connections, len(seen.ups), len(seen.downs)) == (3, 1, 2)

    async def test_a_bug_of_ours_is_told_and_not_silent(self, pbx: FakeAmi, seen: Seen) -> None:
        async def broken(_: BootId) -> None:
            raise ZeroDivisionError

        seen.on_up = broken
        with pytest.raises(ZeroDivisionError):
            await client_of(pbx, seen).start()
        assert seen.downs == ["the client failed: ZeroDivisionError()"]
        seen.on_up = None
        async with up(pbx, seen) as client:
            seen.on_up = broken
            pbx.drop()
            await seen.until(lambda: len(seen.downs) == 3)
            with pytest.raises(SwitchUnavailable):
                await client.ask(Ping())

    def test_back_off_doubles_up_to_a_limit_with_jitter(self) -> None:
        settings = replace(QUICK, retry_first_s=0.2, retry_most_s=5.0)
        assert [retry_delay_s(settings, n, 1.0) for n in (1, 2, 3, 6, 1000)] == [0.2, 0.4, 0.8, 5.0, 5.0]
        assert retry_delay_s(settings, 1000, 0.0) == 2.5
