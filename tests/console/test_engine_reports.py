"""Scheduled reports on the whole engine: each period once, over restarts, kills and servers that refuse."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import ssl
import subprocess
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from calls.errors import OutsideRefused, OutsideUnanswered, OutsideUnreached
from calls.mail import Mail, MailSettings
from calls.outside import WebhookSettings
from calls.records import notices
from calls.records.writer import write_once
from calls.reports import scheduled
from calls.reports.schedules import ScheduledReport
from calls.reports.targets import Standing, Target, measure
from calls.switch.loopback.callers import HangUp, Wait
from console import operations
from console.cli.doctor import examine
from console.engine.mailer import Mailer
from console.engine.metrics import exposition
from console.engine.outside import Answered
from tests.console.fake_hosts import FakeHosts
from tests.console.held_time import NOON, held
from tests.console.smtp_stub import SmtpStub, smtp_stub
from tests.console.world import World, world_in

REFUSING = "bob@example.com"


def server(stub: SmtpStub, **changed: object) -> MailSettings:
    given = {"host": "127.0.0.1", "port": stub.port, "security": "none", "from": "Callwright <cw@example.com>"}
    return MailSettings.model_validate(given | changed)


def report(**changed: object) -> ScheduledReport:
    """Due a minute after a world begins."""
    given = {"name": "daily", "section": "inbound", "at": "12:01", "to": ["anna@example.com"], "format": "json"}
    return ScheduledReport.model_validate_json(json.dumps(given | changed), strict=True)


def told(*reports: ScheduledReport, **outside: object) -> dict[str, object]:
    return {"scheduled_reports": reports, **outside}


def rows(world: World) -> list[tuple[object, ...]]:
    return world.rows("SELECT recipient, state, tries, last_error FROM notices ORDER BY notice_id")


def states(world: World) -> list[object]:
    return [row[1] for row in rows(world)]


async def start_late(world: World, by: timedelta = timedelta(hours=1)) -> None:
    """Start the engine as if an earlier run had ended so long ago: what came due since is due at once."""
    began = NOON - by
    write_once(world.settings.engine.database, partial(notices.note_planned, names=["daily"], at=began))
    await world.start()


async def come(world: World, *wanted: list[str]) -> None:
    """Return when the states are these; asked seldom, as it is asked of the disk."""
    await world.until(lambda: states(world) in wanted, within_s=200.0, every_s=2.0)


@held
async def test_a_report_goes_out_once_to_each_when_it_is_due(tmp_path: Path) -> None:
    async with smtp_stub() as stub:
        of = report(to=["anna@example.com", "ben@example.com"], format="html")
        async with world_in(tmp_path, outside=told(of, mail=server(stub))) as world:
            await asyncio.sleep(50.0)
            assert stub.mails == []
            await world.until(lambda: len(stub.mails) == 2)
            await come(world, ["sent", "sent"])
            (to, mail), (other, _) = stub.mails
            assert (to, other) == ("anna@example.com", "ben@example.com")
            assert (mail["To"], mail["From"]) == ("anna@example.com", "Callwright <cw@example.com>")
            assert mail["Subject"] == "daily: Inbound, 2026-01-04" and mail["Auto-Submitted"] == "auto-generated"
            body, file = mail.get_body(), next(mail.iter_attachments())
            assert body is not None and "Offered: 0" in body.get_content()
            assert file.get_filename() == "daily-2026-01-04_2026-01-04.html" and "<table>" in file.get_content()
            assert len({str(each["Message-ID"]) for _, each in stub.mails}) == 2
            await world.kill()
            await world.start()
            await asyncio.sleep(40.0)
            assert len(stub.mails) == 2 and rows(world)[0][2] == 1


@held
async def test_a_mail_whose_taking_was_not_written_is_sent_again_under_its_id(tmp_path: Path) -> None:
    """The server has it, and the engine dies before that is on the disk."""
    async with smtp_stub() as stub:
        async with world_in(tmp_path, start=False, outside=told(report(at="11:30"), mail=server(stub))) as world:
            await start_late(world)
            await come(world, ["sent"])
            await world.kill()
            await world.start()
            await world.engine.writer.run(
                lambda db: db.execute("UPDATE notices SET state = 'waiting', tries = 0, ended_at = NULL").rowcount
            )
            world.engine.telling.notices.wake()
            await world.until(lambda: len(stub.mails) == 2)
            assert stub.mails[0][1]["Message-ID"] == stub.mails[1][1]["Message-ID"]


@held
async def test_an_engine_that_was_away_sends_each_missed_period_once(tmp_path: Path) -> None:
    async with smtp_stub() as stub:
        async with world_in(tmp_path, start=False, outside=told(report(at="11:30"), mail=server(stub))) as world:
            await start_late(world, timedelta(days=3, hours=1))
            await world.until(lambda: len(stub.mails) == 4)
            await world.kill()
            await world.start()
            await asyncio.sleep(20.0)
            subjects = [str(mail["Subject"]).rpartition(" ")[2] for _, mail in stub.mails]
            assert subjects == ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"]


@held
async def test_one_who_is_refused_keeps_up_no_other_and_is_seen(tmp_path: Path) -> None:
    def say(verb: str, rest: str) -> str | None:
        return "550 no such person" if verb == "RCPT" and REFUSING in rest else None

    async with smtp_stub(say) as stub:
        of = report(at="11:30", to=[REFUSING, "anna@example.com"])
        async with world_in(tmp_path, start=False, outside=told(of, mail=server(stub))) as world:
            await start_late(world)
            await come(world, ["dead", "sent"])
            assert rows(world)[0][3] == "550 no such person"
            await world.until(lambda: world.engine.status().reports[0].dead == 1)
            text = exposition(world.engine)[0].decode()
            assert 'callwright_notices{kind="report",name="daily",state="dead"} 1.0' in text
            assert 'callwright_notice_tries_total{kind="report",result="dead"} 1.0' in text
            found = next(each for each in examine(world.settings) if each.what == "reports")
            assert found.problem.startswith("daily: 1 not sent, 550 no such person: mend it")
            done = await world.engine.writer.run(
                lambda db: operations.send_report(db, world.settings, "daily", "me", world.engine.clock.now())
            )
            assert done.said == f"daily of 2026-01-04 is to be sent to {REFUSING}, anna@example.com"
            world.engine.telling.notices.wake()
            await world.until(lambda: len(stub.mails) == 2)
            assert stub.mails[0][1]["Message-ID"] != stub.mails[1][1]["Message-ID"]


@held
async def test_records_that_cannot_be_read_keep_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = scheduled.make

    def make(connection: sqlite3.Connection, of: ScheduledReport, *rest: Any, **more: Any) -> scheduled.Made:
        if of.name == "slow":
            raise sqlite3.OperationalError("interrupted")
        return whole(connection, of, *rest, **more)

    monkeypatch.setattr(scheduled, "make", make)
    async with smtp_stub() as stub:
        outside = told(report(name="slow"), report(), mail=server(stub))
        async with world_in(tmp_path, outside=outside) as world:
            await come(world, ["waiting", "sent"])
            assert rows(world)[0][2:] == (1, "the records were not read: interrupted")
            monkeypatch.setattr(scheduled, "make", whole)
            await come(world, ["sent", "sent"])


@held
async def test_a_server_that_is_away_is_tried_again_and_then_given_up(tmp_path: Path) -> None:
    said = ["451 later"]

    def say(verb: str, rest: str) -> str | None:
        return said.pop() if verb == "CONTENT" and said else None

    async with smtp_stub(say) as stub:
        outside = told(report(at="11:30"), mail=server(stub, give_up_after_s=60.0))
        async with world_in(tmp_path, start=False, outside=outside) as world:
            await start_late(world)
            await world.until(lambda: rows(world) != [] and rows(world)[0][2] == 1, within_s=90.0, every_s=2.0)
            assert rows(world)[0][1::2] == ("waiting", "451 later")
            await come(world, ["sent"])
            assert rows(world)[0][2] == 2 and len(stub.mails) == 1
            said += ["452 full"] * 2
            await world.engine.writer.run(
                lambda db: operations.send_report(db, world.settings, "daily", "me", world.engine.clock.now())
            )
            world.engine.telling.notices.wake()
            await come(world, ["dead"])
            assert str(rows(world)[0][3]).endswith("last: 452 full") and len(stub.mails) == 1


@held
async def test_a_webhook_has_the_report_under_one_key(tmp_path: Path) -> None:
    said = [Answered(500)]
    hosts = FakeHosts(lambda at, sent: said.pop() if said else Answered(200))
    of = report(at="11:30", to=[], webhook="crm", figures=["offered"], by=[])
    crm = WebhookSettings(name="crm", url="https://crm.example/hook")
    async with world_in(tmp_path, start=False, hosts=hosts, outside=told(of, webhooks=(crm,))) as world:
        await start_late(world)
        await world.until(lambda: len(hosts.asked) == 2, within_s=90.0)
        first, second = hosts.asked
        assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
        body = json.loads(first.body or b"")
        assert body["id"] == first.headers["Idempotency-Key"] and body["event"] == "report"
        (row,) = body["values"].pop("rows")
        assert (row["figure"], row["value"]) == ("offered", 0.0)
        assert (body["values"]["report"], body["values"]["from"]) == ("daily", "2026-01-04")
        await world.until(lambda: world.rows("SELECT state FROM outbox") == [("sent",)], every_s=1.0)
        assert states(world) == ["sent"]


@held
async def test_an_alert_is_told_of_by_mail_and_webhook_and_outlives_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[object] = []

    def measured(*given: Any) -> Standing:
        looked.append(given)
        if len(looked) == 1:
            raise sqlite3.OperationalError("interrupted")
        return measure(*given)

    monkeypatch.setattr("console.engine.alerting.measure", measured)
    hosts = FakeHosts(lambda at, sent: Answered(200))
    crm = WebhookSettings(name="crm", url="https://crm.example/hook")
    given = {"name": "lost", "figure": "drop_off", "aim": 0.0, "alarm": 0.5, "least": 1}
    lost = Target.model_validate(given | {"window_minutes": 2, "to": ("anna@example.com",), "webhook": "crm"})
    async with smtp_stub() as stub:
        outside = {"mail": server(stub), "targets": (lost,), "webhooks": (crm,)}
        async with world_in(tmp_path, hosts=hosts, outside=outside) as world:
            call = world.call(Wait(1.5), HangUp())
            await call.over()
            await world.until(lambda: len(stub.mails) == 1 and len(hosts.asked) == 1, every_s=1.0)
            text = exposition(world.engine)[0].decode()
            assert 'callwright_target_alarm{target="lost"} 1.0' in text
            await world.kill()
            await world.start()
            await world.until(lambda: len(stub.mails) == 2 and len(hosts.asked) == 2, within_s=200.0, every_s=1.0)
            assert [str(mail["Subject"]) for _, mail in stub.mails] == [
                "Alert: lost, Drop-off of all calls",
                "Over: lost, Drop-off of all calls",
            ]
            events = [json.loads(sent.body or b"") for sent in hosts.asked]
            assert [each["event"] for each in events] == ["alert_raised", "alert_cleared"]
            assert events[1]["values"]["cleared_by"] == "quiet"
            assert world.rows("SELECT count(*) FROM alerts") == [(1,)]


# --- the way to the server --------------------------------------------------------------------------------------

MAIL = Mail("anna@example.com", "Grüße", "Hello.\n.\nBye.\n", "one@example.com", NOON)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost, with its key."""
    folder = tmp_path_factory.mktemp("tls")
    key, chain = folder / "key.pem", folder / "chain.pem"
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    more = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(chain)]
    subprocess.run([*words.split(), *more], check=True, capture_output=True, timeout=60)
    both = folder / "both.pem"
    both.write_bytes(key.read_bytes() + chain.read_bytes())
    return both


async def test_a_password_goes_over_tls_only_and_to_the_right_server_only(certificate: Path) -> None:
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(certificate)
    ours = ssl.create_default_context(cafile=str(certificate))
    async with smtp_stub(tls=theirs) as stub:
        at = server(stub, host="localhost", security="starttls", user="me", secret="mail")
        password = SecretStr("tree house")
        await asyncio.to_thread(Mailer(at, password, ours).send, MAIL)
        assert stub.logged_in == [" me tree house"] and stub.asked.index("STARTTLS") < stub.asked.index("AUTH")
        (recipient, mail), *none = stub.mails
        body = mail.get_body()
        assert body is not None and (recipient, mail["Subject"], none) == ("anna@example.com", "Grüße", [])
        assert body.get_content().splitlines() == ["Hello.", ".", "Bye."]
        other = server(stub, security="starttls", user="me", secret="mail")  # the certificate is not 127.0.0.1's
        with pytest.raises(OutsideUnanswered, match="certificate verify failed"):
            await asyncio.to_thread(Mailer(other, password, ours).send, MAIL)
        with pytest.raises(OutsideUnanswered, match="certificate verify failed"):
            await asyncio.to_thread(Mailer(at, password).send, MAIL)
        assert len(stub.logged_in) == 1


@pytest.mark.parametrize(
    ("verb", "answer", "kind", "words"),
    [
        ("MAIL", "553 not from you", OutsideRefused, "553 not from you"),
        ("RCPT", "450 greylisted", OutsideUnanswered, "450 greylisted"),
        ("CONTENT", "554 spam", OutsideRefused, "554 spam"),
        ("CONTENT", "452 full", OutsideUnanswered, "452 full"),
        ("AUTH", "535 who", OutsideUnanswered, "535 who"),
        ("STARTTLS", "454 not now", OutsideUnanswered, "STARTTLS"),
        ("EHLO", "", OutsideUnanswered, "timed out"),
    ],
)
async def test_what_the_server_says_is_told_apart(verb: str, answer: str, kind: type[Exception], words: str) -> None:
    async with smtp_stub(lambda said, rest: answer if said == verb else None) as stub:
        changed: dict[str, object] = {"timeout_s": 0.2, "user": "me", "secret": "mail"}
        changed |= {"security": "starttls"} if verb == "STARTTLS" else {}
        with pytest.raises(kind, match=words):
            await asyncio.to_thread(Mailer(server(stub, **changed), SecretStr("tree house")).send, MAIL)
        assert stub.mails == []


async def test_a_server_that_only_drips_is_left_at_the_deadline() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(b"220-")
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            pass
        finally:
            writer.close()

    dripping = await asyncio.start_server(drip, "127.0.0.1", 0)
    async with dripping:
        port = dripping.sockets[0].getsockname()[1]
        at = server(SmtpStub(port=port), timeout_s=60.0, deadline_s=0.3)
        with pytest.raises((OutsideUnreached, OutsideUnanswered)):
            await asyncio.to_thread(Mailer(at, None).send, MAIL)


async def test_nobody_listens() -> None:
    async with smtp_stub() as stub:
        at = server(stub)
    with pytest.raises(OutsideUnreached, match="refused"):
        await asyncio.to_thread(Mailer(at, None).send, MAIL)
