"""The proof of a campaign's run and its refusals, as the command line and the API give them."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel

from calls.errors import UserError
from calls.ids import CampaignId
from calls.records.database import open_readonly
from dialer import roll
from dialer.proof.judge import NOT_IN_THE_RECORDS, judge
from dialer.refusals import RefusedBy

PROOF_S = 600.0
"""How long one statement of a proof may read: some minutes for millions of attempts."""

LOWEST = 15
"""The niceness of a process that proves: calls come first."""


class BreachShown(BaseModel):
    """A rule that was broken. ``attempt_id`` "": the run as a whole."""

    attempt_id: str
    rule: str
    evidence: str


class UnprovedShown(BaseModel):
    """What the records do not show of an attempt."""

    attempt_id: str
    rule: str
    why: str


class ProofShown(BaseModel):
    """What the records show of a campaign's run. ``first_at``, ``last_at``: of its attempts, "" where there is
    none."""

    campaign_id: str
    attempts: int
    first_at: str
    last_at: str
    breaches: list[BreachShown]
    unproved: list[UnprovedShown]
    not_in_the_records: list[str]


class RefusalsShown(BaseModel):
    """What one rule refused in one campaign. ``until``: when it may allow the first of the leads; None: never as
    things are."""

    campaign_id: str
    rule: str
    leads: int
    times: int
    first_at: datetime
    last_at: datetime
    until: datetime | None
    sample: list[str]


def prove(database: Path, campaign_id: str, now: datetime) -> ProofShown:
    """Judge a campaign's run from the records alone.

    Raises:
        UserError: it was never started.
        RecordError: the database cannot be read.
    """
    with closing(open_readonly(database, PROOF_S)) as connection:
        if CampaignId(campaign_id) not in roll.states(connection):
            raise UserError(f"no campaign {campaign_id} was ever started")
        verdict = judge(connection, campaign_id, now)
    return ProofShown.model_validate(asdict(verdict) | {"not_in_the_records": list(NOT_IN_THE_RECORDS)})


def prove_beside_calls(database: Path, campaign_id: str, now: datetime) -> ProofShown:
    """The same in a process of its own, whose work holds no call up."""
    os.nice(LOWEST)
    return prove(database, campaign_id, now)


def refusals_shown(found: list[RefusedBy]) -> list[RefusalsShown]:
    """As the API gives them."""
    return [RefusalsShown.model_validate(asdict(each)) for each in found]
