"""A campaign's texts for its agents against the columns of its list."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from calls import templates, toml_file
from calls.errors import CampaignError
from calls.people import persons
from calls.toml_file import Place
from dialer.campaign import Campaign


def check_columns(connection: sqlite3.Connection, campaign: Campaign, path: Path) -> None:
    """Refuse places of the script and of ``screen_pop`` for columns that a list of the campaign does not have. A list
    that is not imported yet has none, and nothing is said of it.

    Raises:
        CampaignError: names the first of them with its line.
    """
    for share in campaign.file.shares:
        columns = persons.columns_of(connection, share.name)
        for place, text in _texts(campaign) if columns else ():
            if missing := sorted(templates.fields(text) - columns):
                document = toml_file.read(path, CampaignError)
                known = ", ".join(sorted(columns))
                raise CampaignError(
                    f"{{fields.{missing[0]}}}: the list {share.name} has no such column, but {known}",
                    document.where(place),
                )


def _texts(campaign: Campaign) -> Iterator[tuple[Place, str]]:
    if campaign.file.script is not None:
        yield from campaign.file.script.texts()
    if campaign.file.screen_pop is not None:
        yield ("screen_pop",), campaign.file.screen_pop
