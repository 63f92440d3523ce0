"""The exceptions of Callwright, one tree.

::

    CallwrightError
    +-- UserError                  bad input from a person: says file, line, key, what was expected and what to do
    |   +-- SettingsError          settings and secrets
    |   +-- FlowError              a flow file
    |   +-- PromptError            a prompt file or text
    |   +-- SpeechError            a model or a grammar of speech recognition
    |   +-- LeadError              a list of leads
    |   +-- ScenarioError          a scenario of a simulation
    |   +-- CampaignError          a campaign's settings or state
    |   +-- RecordingError         a recording that cannot be found or touched
    +-- SwitchError                the switch or the way to it
    |   +-- SwitchUnavailable      not connected, or the connection ended before an answer came
    |   |   +-- NotSent            nothing of the command has left
    |   +-- SwitchTimeout          no answer within the deadline
    |   +-- SwitchRefused          the switch said no: carries its words
    |   +-- CommandRefused         our bug: a value that must never reach the wire (control character, bad id)
    |   +-- RemoteProtocolError    their bug: bytes that are not the protocol
    +-- OutsideError               another server that was asked
    |   +-- OutsideRefused         it may not be asked: its address is not allowed
    |   +-- OutsideUnreached       no connection: nothing of the request has left
    |   +-- OutsideUnanswered      no answer, or none that can be used: what was asked may be done or not
    |   +-- OutsideTooLate         the same, for the deadline came
    +-- SpeechUnavailable          recognition cannot be had now: callers are left with their keys
    +-- RecordError                the store
        +-- SchemaTooNew           written by a newer release
        +-- WriterBusy             another process holds the writer's lock
        +-- WriterOverloaded       what may be left out was left out: too much is waiting to be written
        +-- StoreFull              no room on the disk: nothing of the refused write is in the store
        +-- StoreDamaged           the integrity check failed
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class CallwrightError(Exception):
    """Anything that Callwright raises on purpose."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where in an input a fault lies: file, 1-based line, and the dotted key."""

    file: Path | None = None
    line: int | None = None
    key: str | None = None

    def __str__(self) -> str:
        """``file:line: key``, with what is unknown left out."""
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return ": ".join(part for part in (place, self.key) if part)


class UserError(CallwrightError):
    """Bad input from a person. ``str()`` is the whole message: where, what is wrong, what was expected."""

    def __init__(self, problem: str, where: Location | None = None) -> None:
        self.problem = problem
        self.where = where or Location()
        place = str(self.where)
        super().__init__(f"{place}: {problem}" if place else problem)


class SettingsError(UserError):
    """Settings or secrets that cannot be used. The process ends with status 78 (EX_CONFIG of sysexits.h)."""


class FlowError(UserError):
    """A flow file that cannot be used."""


class PromptError(UserError):
    """A prompt that cannot be found or rendered."""


class SpeechError(UserError):
    """A model of speech recognition that cannot serve, or words that it cannot hear."""


class LeadError(UserError):
    """A list of leads that cannot be read at all. Single bad rows are reported, not raised."""


class ScenarioError(UserError):
    """A scenario of a simulation that cannot be run."""


class CampaignError(UserError):
    """A campaign that cannot do what was asked."""


class RecordingError(UserError):
    """A recording that cannot be found, or is none."""


class SwitchError(CallwrightError):
    """The switch, or the way to it."""


class SwitchUnavailable(SwitchError):
    """Not connected, or the connection ended before the answer came: the command may or may not have run."""


class NotSent(SwitchUnavailable):
    """Not connected: nothing of the command has left."""


class SwitchTimeout(SwitchError):
    """No answer within the deadline: the command may or may not have run."""


class SwitchRefused(SwitchError):
    """The switch answered no."""


class CommandRefused(SwitchError):
    """Our bug: a value that must never reach the wire."""


class RemoteProtocolError(SwitchError):
    """Their bug: bytes that are not the protocol. The connection they came from is not to be trusted again."""


class OutsideError(CallwrightError):
    """Another server that was asked. Messages name its host, never what was asked."""


class OutsideRefused(OutsideError):
    """It may not be asked: its address is not allowed."""


class OutsideUnreached(OutsideError):
    """No connection: nothing of the request has left."""


class OutsideUnanswered(OutsideError):
    """No answer, or none that can be used: what was asked may be done or not."""


class OutsideTooLate(OutsideUnanswered):
    """No answer within the deadline: what was asked may be done or not."""


class SpeechUnavailable(CallwrightError):
    """Recognition cannot be had now: callers are left with their keys."""


class RecordError(CallwrightError):
    """The store of records."""


class SchemaTooNew(RecordError):
    """The database was written by a newer release than this one."""


class WriterBusy(RecordError):
    """Another process holds the writer's lock."""


class WriterOverloaded(RecordError):
    """Too much waits to be written, and this write may be left out. Final records are never among them."""


class StoreFull(RecordError):
    """No room on the disk: nothing of the refused write is in the store, and what was acknowledged still is."""


class StoreDamaged(RecordError):
    """The database failed its integrity check."""
