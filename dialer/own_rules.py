"""``[compliance]``: what a campaign keeps to beside its preset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from calls.errors import CampaignError
from calls.parts import Name, Part
from calls.people.consents import ConsentKind
from calls.people.number_lists import NumberList
from calls.toml_file import Place


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

    recording: Annotated[Literal["any", "consent"], Field(description='"any" or "consent"')] = "any"
    """Whose talks are recorded: by ``record`` alone, or only of people with the consent ``recording``."""

    @property
    def consents(self) -> tuple[ConsentKind, ...]:
        """As the rules have it."""
        return () if self.consent == "none" else (ConsentKind(self.consent),)


def faults(own: OwnRules) -> Iterator[tuple[Place, str]]:
    """What one value alone does not show."""
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
