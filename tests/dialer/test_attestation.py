"""How carriers vouch for the numbers that are shown: what a campaign may demand, and what keeps it from its start."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.errors import CampaignError
from calls.settings import Settings, Trunk
from dialer.attestation import is_enough, level
from dialer.campaign import load
from tests.dialer.conftest import CARRIER, SETTINGS, campaign_text

SHOWN, OTHER = "+12025550100", "+12025550177"


def carrier(attestation: str | None, *numbers: str) -> Trunk:
    return Trunk.model_validate(CARRIER.model_dump() | {"attestation": attestation, "attested_numbers": numbers})


@pytest.mark.parametrize(
    ("trunk", "shown", "given"),
    [
        (carrier(None), SHOWN, None),
        (carrier("A"), SHOWN, "A"),
        (carrier("A", SHOWN), SHOWN, "A"),
        (carrier("A", SHOWN), OTHER, "B"),
        (carrier("C", SHOWN), OTHER, "C"),
    ],
)
def test_the_level_is_the_carriers_and_that_of_a_number_it_does_not_know_is_less(
    trunk: Trunk, shown: str, given: str | None
) -> None:
    assert level(trunk, shown) == given


def test_a_level_is_enough_for_itself_and_less() -> None:
    assert [is_enough(given, "B") for given in ("A", "B", "C", None)] == [True, True, False, False]


@pytest.mark.parametrize(
    ("trunk", "least", "words"),
    [
        (carrier("A"), "A", ""),
        (carrier("A", SHOWN), "A", f"{OTHER} over trunk carrier is attested B"),
        (carrier("A", SHOWN, OTHER), "A", ""),
        (carrier("C"), "B", f"{SHOWN} over trunk carrier is attested C"),
        (carrier(None), "C", f"{SHOWN} over trunk carrier is not said to be attested"),
    ],
)
def test_a_campaign_that_demands_more_than_its_trunk_has_is_refused(
    tmp_path: Path, trunk: Trunk, least: str, words: str
) -> None:
    path = tmp_path / "autumn.toml"
    shown = {"caller_id": None, "caller_ids": f'["{SHOWN}", "{OTHER}"]'}
    tables = f'[compliance]\nattestation = "{least}"\n'
    path.write_text(campaign_text(tables, preset='"us-florida"', trunk='"carrier"', **shown), encoding="utf-8")
    settings = Settings(trunks=(trunk,), queues=SETTINGS.queues)
    if not words:
        assert load(path, settings).file.compliance.attestation == least
        return
    with pytest.raises(CampaignError) as problem:
        load(path, settings)
    assert f"expected {least} at least for every call: {words} ([[trunks]])" in str(problem.value)
    line = path.read_text(encoding="utf-8").splitlines().index(f'attestation = "{least}"') + 1
    assert (problem.value.where.file, problem.value.where.line) == (path, line)
