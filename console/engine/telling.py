"""What the engine tells people by itself: scheduled reports and what is to be said of targets."""

from __future__ import annotations

from collections.abc import Callable

from calls.clock import Clock
from calls.records.writer import Writer
from calls.settings import Settings
from console.engine.alerting import Alerting
from console.engine.mailer import Mailer
from console.engine.notices import Notices
from console.engine.schedules import Schedules
from console.engine.status import ReportShown
from console.engine.tasks import Tasks


class Telling:
    """Of one engine."""

    def __init__(
        self,
        settings: Settings,
        sent_to_webhook: Callable[[], object],
        writer: Writer,
        tasks: Tasks,
        clock: Clock,
    ) -> None:
        """``sent_to_webhook`` hears that a message stands in the outbox."""
        mail, named = settings.mail, settings.secrets.named
        password = named.get(mail.secret) if mail is not None and mail.secret is not None else None
        mailer = None if mail is None else Mailer(mail, password)
        self._settings = settings
        self._tasks = tasks
        self.notices = Notices(mail, mailer, writer, tasks, clock, sent_to_webhook)
        self.schedules = Schedules(settings.scheduled_reports, settings.reports, self.notices, writer, clock)
        self.alerting = Alerting(settings.targets, settings.reports, self.notices, writer, clock)

    def start(self) -> None:
        """Tell from now on."""
        self.schedules.start(self._tasks)
        self.alerting.start(self._tasks)
        self.notices.start()

    def reports_shown(self) -> tuple[ReportShown, ...]:
        """The scheduled reports as they stand."""
        found = {each.name: each for each in self.notices.standing if each.kind.value == "report"}
        return tuple(
            ReportShown(
                name=name,
                next_at=self.schedules.next_at(name),
                waiting=0 if (at := found.get(name)) is None else at.waiting,
                failing=0 if at is None else at.failing,
                dead=0 if at is None else at.dead,
                last_error="" if at is None else at.last_error,
            )
            for name in (each.name for each in self._settings.scheduled_reports)
        )
