"""What people change in the store: the same functions for the running engine and for a command without one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from calls import numbers, toml_file
from calls.errors import CampaignError, Location, UserError
from calls.ids import CampaignId, is_safe_id
from calls.numbers import NumberProblem
from calls.overrides import Override, OverrideState
from calls.people import blocked, callbacks, lockout, number_lists
from calls.recordings import RecordingFiles
from calls.records import notices, outbox, voicemail
from calls.records import overrides as opening_hours
from calls.records.notices import Kind
from calls.records.store import add_audit
from calls.records.voicemail import MessageState
from calls.reports.schedules import ScheduledReport, latest
from calls.settings import Settings
from console.moments import Moment
from dialer import archive, control, enrolment, hopper, own_rules, pacing_states, roll, versions, windows
from dialer import campaign as campaigns
from dialer.campaign import Campaign
from dialer.events import CampaignStarted, CampaignState
from prompts.library import PromptLibrary

T = TypeVar("T")


class Writes(Protocol):
    """Whoever writes: the engine's writer, or a command that holds the lock for a moment."""

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """The result of ``work``, committed."""


class Done(BaseModel):
    """What was done, in words."""

    model_config = ConfigDict(frozen=True)
    said: str


@dataclass(frozen=True, slots=True)
class Registered:
    """A campaign that may start: its roll, who answered and was abandoned in its preset's window, and in how many
    seconds that begins anew."""

    leads: int
    answered: int
    abandoned: int
    resets_s: tuple[float, ...]
    campaign: Campaign
    """As it runs: its file, and the changes that hold."""
    learnt: pacing_states.State | None
    """What its pacing has learnt before."""
    undialled: str = ""
    """Why nobody of its roll will be dialled; "": somebody will."""

    def event(self) -> CampaignStarted:
        """What the dialer's core is to be told."""
        return CampaignStarted(self.campaign, self.answered, self.abandoned, self.resets_s, self.learnt)


def load_campaign(campaign_id: str, settings: Settings) -> Campaign:
    """The campaign from its file.

    Raises:
        CampaignError: there is no such file, or it has a fault.
    """
    path = settings.campaigns / f"{campaign_id}.toml"
    if path.parent != settings.campaigns or not path.is_file():
        found = ", ".join(sorted(each.stem for each in settings.campaigns.glob("*.toml"))) or "none"
        raise CampaignError(f"no campaign {campaign_id}: there are {found}", Location(settings.campaigns))
    return check_campaign(path, settings)


def check_campaign(path: Path, settings: Settings) -> Campaign:
    """The campaign in ``path``, which can be started: who is to hear a prompt of it will hear it.

    Raises:
        CampaignError: it has a fault.
    """
    campaign = campaigns.load(path, settings)
    flow = campaign.file.flow
    if flow is not None and not (settings.flows / f"{flow}.yaml").is_file():
        raise CampaignError(
            f"no flow {flow}: there is no file {flow}.yaml in {settings.flows}",
            toml_file.read(path, CampaignError).where(("flow",)),
        )
    library = PromptLibrary(settings.prompts)
    missing = library.missing()
    for place, prompt in campaign.prompts.items():
        problem = ""
        if prompt not in library.wanted:
            problem = f"there is no prompt {prompt.key} in {prompt.language}"
        elif prompt in missing:
            problem = f"the prompt {prompt.key} is not rendered: run callwright prompts render"
        if problem:
            raise CampaignError(problem, toml_file.read(path, CampaignError).where(place))
    return campaign


async def register(writes: Writes, campaign: Campaign, who: str, now: datetime) -> Registered:
    """Put the campaign and its leads on the roll, in steps, so that calls are recorded in between.

    Raises:
        CampaignError: a list of it is not there, or it is archived.
    """

    def enter(connection: sqlite3.Connection) -> None:
        archive.require_in_use(connection, campaign.id)
        before = versions.newest(connection, campaign.id)
        own_rules.require_lists(campaign.file.compliance, number_lists.standing(connection), campaign.id, now)
        if roll.stored(connection, campaign.campaign_id) != campaign:
            control.clear(connection, campaign.campaign_id)
        roll.enter(connection, campaign, now)
        versions.audit_change(connection, before, campaign, who, now)

    def registered(connection: sqlite3.Connection) -> Registered:
        audit_campaign(connection, campaign.id, "start", who, now)
        leads = enrolment.enrolled(connection, campaign.campaign_id)
        answered, abandoned = roll.abandonment(connection, campaign, now)
        return Registered(
            leads,
            answered,
            abandoned,
            windows.resets_s(campaign.preset.cap_window, now),
            control.effective(connection, campaign),
            pacing_states.kept(connection, campaign.campaign_id),
            _undialled(connection, campaign, now),
        )

    await writes.run(enter)
    while await writes.run(lambda db: enrolment.step(db, campaign)):
        pass
    return await writes.run(registered)


def _undialled(connection: sqlite3.Connection, campaign: Campaign, now: datetime) -> str:
    if hopper.next_in_s(connection, campaign.campaign_id, now) is not None:
        return ""
    if hopper.any_closed(connection, campaign.campaign_id):
        return "every lead that is left is in a closed list"
    return roll.undialled(roll.progress(connection, campaign.campaign_id)) or "all of them are done"


def audit_campaign(connection: sqlite3.Connection, campaign_id: str, what: str, who: str, now: datetime) -> None:
    """Keep who changed a campaign."""
    add_audit(connection, now, who, f"campaign.{what}", {"campaign": campaign_id})


def set_campaign_state(
    connection: sqlite3.Connection, campaign_id: str, state: CampaignState, who: str, now: datetime
) -> Done:
    """Without an engine: the state in which the next start finds the campaign.

    Raises:
        CampaignError: it was never started, or is archived.
    """
    if CampaignId(campaign_id) not in roll.states(connection):
        raise CampaignError(f"campaign {campaign_id} was not started")
    archive.require_in_use(connection, campaign_id)
    roll.set_state(connection, CampaignId(campaign_id), state, now)
    audit_campaign(connection, campaign_id, state.value, who, now)
    return Done(said=f"campaign {campaign_id} is {state.value} when the engine starts")


def e164(text: str) -> str:
    """The number in E.164.

    Raises:
        UserError: it is none.
    """
    try:
        return numbers.to_e164(text, None)
    except NumberProblem as problem:
        raise UserError(f"{text!r} is no number in international form (+12025550123): {problem.reason}") from problem


class OverrideOrder(BaseModel):
    """How opening hours are overridden; ``until`` is aware."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    state: OverrideState
    until: Moment | None = None

    @classmethod
    def of(cls, override: Override) -> OverrideOrder:
        """The order for ``override``."""
        return cls(state=override.state, until=override.until)

    def override(self) -> Override:
        """What is to be set."""
        return Override(self.state, self.until)


def override_name(name: str) -> str:
    """A name of opening hours, as flows have it.

    Raises:
        UserError: it is none.
    """
    if not is_safe_id(name):
        raise UserError(
            f"{name!r} is no name of opening hours; expected 1 to 64 letters, digits, _ and -, such as main"
        )
    return name


def set_override(connection: sqlite3.Connection, name: str, override: Override, who: str, now: datetime) -> Done:
    """Override opening hours in the store."""
    opening_hours.set_override(connection, name, override, who, now)
    return override_set(name, override)


def override_set(name: str, override: Override) -> Done:
    """What is said of an override that was set."""
    until = "it is cleared" if override.until is None else f"{override.until:%Y-%m-%d %H:%M} UTC"
    return Done(said=f"the hours {name} are {override.state.value} until {until}")


def clear_override(connection: sqlite3.Connection, name: str, who: str, now: datetime) -> Done:
    """Let the clock decide again, in the store."""
    return override_cleared(name, opening_hours.clear_override(connection, name, who, now))


def override_cleared(name: str, was_set: bool) -> Done:
    """What is said of an override that was cleared."""
    return Done(
        said=f"the hours {name} go by the clock" if was_set else f"the hours {name} went by the clock already"
    )


def hear_message(connection: sqlite3.Connection, message_id: str, who: str, now: datetime) -> Done:
    """Mark a message of a caller as heard.

    Raises:
        UserError: there is no such message.
    """
    _require_message(connection, message_id)
    voicemail.set_state(connection, message_id, MessageState.HEARD, who, now)
    return Done(said=f"message {message_id} is heard")


def delete_message(
    connection: sqlite3.Connection, files: RecordingFiles, message_id: str, who: str, now: datetime
) -> Done:
    """Delete a message of a caller, and its recording.

    Raises:
        UserError: there is no such message, or its recording cannot be deleted; nothing has changed then.
    """
    _require_message(connection, message_id)
    was_there = voicemail.set_state(connection, message_id, MessageState.DELETED, who, now)
    files.delete(message_id)
    return Done(said=f"message {message_id} is deleted" if was_there else f"message {message_id} was deleted already")


def _require_message(connection: sqlite3.Connection, message_id: str) -> None:
    if voicemail.message(connection, message_id) is None:
        raise UserError(f"no message {message_id!a}: callwright voicemail list shows them")


def retry_messages(connection: sqlite3.Connection, message_id: int | None, who: str, now: datetime) -> Done:
    """Send a message again, or all that were given up.

    Raises:
        UserError: there is no such message, or it was taken.
    """
    count = outbox.retry(connection, now, message_id)
    if message_id is not None and not count:
        raise UserError(f"no message {message_id} waits to be sent or was given up: callwright webhooks list")
    add_audit(connection, now, who, "webhooks.retry", {"message": message_id, "count": count})
    return Done(said=f"{count} {'message is' if count == 1 else 'messages are'} to be sent again")


def scheduled_report(settings: Settings, name: str) -> ScheduledReport:
    """The report of this name.

    Raises:
        UserError: the settings have none.
    """
    for each in settings.scheduled_reports:
        if each.name == name:
            return each
    known = ", ".join(each.name for each in settings.scheduled_reports)
    expected = f"expected one of {known}" if known else "there are none: add [[scheduled_reports]]"
    raise UserError(f"no report is scheduled as {name}: {expected}")


def send_report(connection: sqlite3.Connection, settings: Settings, name: str, who: str, now: datetime) -> Done:
    """Send a scheduled report of its latest period, also to who has it already.

    Raises:
        UserError: there is none of this name.
    """
    report = scheduled_report(settings, name)
    period = latest(report, report.house(settings.reports), now)
    notices.put_again(connection, Kind.REPORT, name, period.ref, report.recipients, now)
    add_audit(connection, now, who, "reports.send", {"name": name, "period": period.ref})
    return Done(said=f"{name} of {period.said} is to be sent to {', '.join(report.recipients)}")


class BlockOrder(BaseModel):
    """A number that is to be turned away; ``until`` is aware."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    number: Annotated[str, Field(min_length=1, max_length=40)]
    reason: Annotated[str, Field(max_length=200)] = ""
    until: Moment | None = None


def block(connection: sqlite3.Connection, order: BlockOrder, who: str, now: datetime) -> Done:
    """Turn a number away."""
    blocked.add(connection, blocked.Blocked(order.number, order.reason, order.until, now, who))
    return Done(said=f"{order.number} is blocked")


def unblock(connection: sqlite3.Connection, number: str, who: str, now: datetime) -> Done:
    """Let a number call again."""
    removed = blocked.remove(connection, number, who, now)
    return Done(said=f"{number} may call again" if removed else f"{number} was not blocked")


def cancel_callback(connection: sqlite3.Connection, callback_id: int, who: str, now: datetime) -> Done:
    """Do not call a person back.

    Raises:
        UserError: nobody waits under this number.
    """
    if not callbacks.cancel(connection, callback_id, who, now):
        raise UserError(f"callback {callback_id} does not wait: callwright callbacks list shows those that do")
    return Done(said=f"callback {callback_id} is cancelled")


def unlock_pins(connection: sqlite3.Connection, account: str, who: str, now: datetime) -> Done:
    """Let an account or a caller try PINs again."""
    lifted = lockout.unlock(connection, account, who, now)
    return Done(said=f"{account} may try again" if lifted else f"{account} was not counted")
