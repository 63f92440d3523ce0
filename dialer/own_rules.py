"""``[compliance]``: what a campaign keeps to beside its preset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from calls.errors import CampaignError
from calls.parts import Key, Name, Part, PromptKey
from calls.people.consents import ConsentKind
from calls.people.number_lists import NumberList
from calls.toml_file import Place
from dialer.recording_notice import RecordingRule


class OwnRules(Part):
    """``[compliance]``: lists of numbers that are not dialled, and what people must have agreed to."""

    do_not_call: Annotated[tuple[Name, ...], Field(description='a list of lists\' names such as ["national"]')] = ()
    """Imported lists that hold beside our own, which always does."""
    max_list_age_days: Annotated[int, Field(ge=1, le=3650, description="days, 1 to 3650")] = 31
    """How old such a list may be. Source: 16 CFR 310.4(b)(3)(iv)."""
    stale_list: Annotated[Literal["refuse", "warn"], Field(description='"refuse" or "warn"')] = "refuse"
    """What a list that is older does: nobody is dialled, or the attempt says that it was."""
    consent: Annotated[
        Literal["none", "calls", "prerecorded", "mobile"],
        Field(description='"none", "calls", "prerecorded" or "mobile"'),
    ] = "none"
    """The consent without which nobody is dialled, beside those of the preset."""

    reassigned_within_days: Annotated[int | None, Field(ge=1, le=3650, description="days, 1 to 3650")] = None
    """An American number is dialled only where the Reassigned Numbers Database was asked so recently and said that it
    is still the same person's; none: only the numbers that it said are not are left out."""
    attestation: Annotated[
        Literal["A", "B", "C"] | None, Field(description='"A", "B" or "C", the least that the carrier must give')
    ] = None
    """How the carrier must vouch for the number that is shown (STIR/SHAKEN); none: it need not."""

    recording: Annotated[RecordingRule, Field(description='"any", "consent", "announce" or "place"')] = "any"
    """Whose talks are recorded: by ``record`` alone, only of people with the consent ``recording``, of who has heard
    ``recording_announcement``, or of who has heard it where the place asks for it and of all others."""
    recording_announcement: PromptKey = None
    """What a person hears before the recording begins."""
    recording_refuse_key: Key = None
    """The key by which a person who hears that refuses the recording."""

    @property
    def reassigned_within(self) -> timedelta | None:
        """As the rules have it."""
        return None if self.reassigned_within_days is None else timedelta(days=self.reassigned_within_days)

    @property
    def consents(self) -> tuple[ConsentKind, ...]:
        """As the rules have it."""
        return () if self.consent == "none" else (ConsentKind(self.consent),)


def faults(own: OwnRules) -> Iterator[tuple[Place, str]]:
    """What one value alone does not show."""
    announces = own.recording in ("announce", "place")
    if announces and own.recording_announcement is None:
        missing = f'recording = "{own.recording}" needs a prompt: expected recording_announcement = "system.recorded"'
        yield ("compliance", "recording"), missing
    for key in ("recording_announcement", "recording_refuse_key"):
        if not announces and getattr(own, key) is not None:
            yield ("compliance", key), f'is for recording = "announce" or "place"; it is "{own.recording}"'
    twice = sorted({name for name in own.do_not_call if own.do_not_call.count(name) > 1})
    if twice:
        yield ("compliance", "do_not_call"), f"{', '.join(twice)}: named twice"


def require_lists(own: OwnRules, standing: Mapping[str, NumberList], campaign_id: str, now: datetime) -> None:
    """Refuse to start a campaign of which nobody could be dialled for a list's sake.

    Raises:
        CampaignError: a list that it names was not imported, or is too old.
    """
    for name in own.do_not_call:
        found = standing.get(name)
        if found is None:
            raise CampaignError(
                f"campaign {campaign_id}: no do-not-call list {name}: callwright dnc import FILE --list {name}"
            )
        too_old = now - found.listed_at > timedelta(days=own.max_list_age_days)
        if too_old and own.stale_list == "refuse":
            raise CampaignError(
                f"campaign {campaign_id}: the do-not-call list {name} is of {found.listed_at:%Y-%m-%d}, older than"
                f" {own.max_list_age_days} days: import a newer one"
            )


def of_promises(own: OwnRules) -> OwnRules:
    """Of the rules of a campaign what holds for somebody who is called back as they asked in its call."""
    return OwnRules(
        attestation=own.attestation,
        recording=own.recording,
        recording_announcement=own.recording_announcement,
        recording_refuse_key=own.recording_refuse_key,
    )
