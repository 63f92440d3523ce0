"""docs/campaigns.md says what is: its campaign loads, its list imports, its tables name what there is."""

from __future__ import annotations

import io
import re
from pathlib import Path

from calls.desk_settings import DeskSettings
from calls.dispositions import DEFAULTS, Disposition
from calls.errors import Location
from calls.records.published import Event
from calls.settings import QueueSettings, Settings, Trunk
from calls.settings import load as load_settings
from dialer.campaign import Retries, load
from dialer.compliance import RULES
from dialer.leads.file import LeadFile
from dialer.leads.table import open_table
from tests.dialer import rules_doc
from tests.dialer.conftest import SETTINGS, campaign_text

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "campaigns.md").read_text(encoding="utf-8")
DESK = DOCS / "desk.md"


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_campaign_loads(tmp_path: Path) -> None:
    path = tmp_path / "lamps.toml"
    path.write_text(block("toml"), encoding="utf-8")
    trunk = Trunk(name="carrier", dial="PJSIP/{number}@carrier", lines=20, calls_per_second=5)
    campaign = load(path, Settings(trunks=(trunk,), queues=(QueueSettings(name="support"),)))
    assert campaign.file.attempts.per_day == 3
    assert campaign.file.retries.busy is not None


def test_the_page_of_leads_has_a_campaign_and_a_list_that_hold(tmp_path: Path) -> None:
    page = (DOCS / "leads.md").read_text(encoding="utf-8")
    tables = re.search(r"```toml\n(.*?)```", page, re.DOTALL)
    rows = re.search(r"```text\n(.*?)```", page, re.DOTALL)
    assert tables is not None and rows is not None
    path = tmp_path / "autumn.toml"
    path.write_text(campaign_text("", list=None) + tables[1], encoding="utf-8")
    file = load(path, SETTINGS).file
    assert [share.weight for share in file.shares] == [3, 1]
    assert file.filter.changes and file.order.by.value == "fewest_tries"
    leads = LeadFile(open_table(io.BytesIO(rows[1].encode()), Location()), Location(), "US")
    (batch,) = leads.batches()
    assert [len(lead.numbers) for lead in batch.leads] == [1, 2] and batch.refused == []


def test_the_list_imports() -> None:
    leads = LeadFile(open_table(io.BytesIO(block("csv").encode()), Location()), Location(), "US")
    assert [(len(batch.leads), batch.refused) for batch in leads.batches()] == [(2, [])]


def test_the_presets_are_what_the_code_gives() -> None:
    """Run `python -m tests.dialer.rules_doc` where this fails."""
    old = rules_doc.TARGET.read_text(encoding="utf-8")
    assert rules_doc.text(old) == old


def test_the_tables_name_every_rule_and_outcome() -> None:
    assert all(f"| `{rule}` |" in PAGE for rule in RULES)
    assert all(f"`{outcome}`" in PAGE for outcome in Retries.model_fields)


def test_the_page_of_the_desk_loads_and_names_every_key_and_usual_disposition(tmp_path: Path) -> None:
    page = DESK.read_text(encoding="utf-8")
    tables, queue = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)[:2]
    path = tmp_path / "lamps.toml"
    first, rest = tables.split("\n\n", 1)
    path.write_text(f"{first}\n{campaign_text()}{rest}", encoding="utf-8")
    assert load(path, SETTINGS).file.dispositions["sold"].currency == "EUR"
    (tmp_path / "callwright.toml").write_text(queue, encoding="utf-8")
    assert list(load_settings(tmp_path / "callwright.toml", {}).queues[0].dispositions) == ["solved"]
    assert all(f"`{key}`" in page for key in (*Disposition.model_fields, *DEFAULTS, *Event))


def test_the_page_of_the_desk_shows_a_script_and_an_address(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", DESK.read_text(encoding="utf-8"), re.DOTALL)
    (script,) = [each for each in blocks if each.startswith("[script]")]
    (address,) = [each for each in blocks if each.startswith("screen_pop")]
    path = tmp_path / "lamps.toml"
    path.write_text(f"{address}{campaign_text()}{script}", encoding="utf-8")
    found = load(path, SETTINGS).file.script
    assert found is not None and [step.id for step in found.steps] == ["wants", "why"]
    desk = [each.removeprefix("[desk]\n") for each in blocks if each.startswith("[desk]")]
    settings = "[desk]\n" + "".join(desk) + "".join(each for each in blocks if each.startswith("[[webhooks]]"))
    (tmp_path / "callwright.toml").write_text(settings, encoding="utf-8")
    assert load_settings(tmp_path / "callwright.toml", {}).desk.mask_numbers
    assert all(f"{key} = " in settings for key in DeskSettings.model_fields)


def test_the_page_of_switches_has_settings_that_hold(tmp_path: Path) -> None:
    found = re.search(r"```toml\n(.*?)```", (DOCS / "switches.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    path = tmp_path / "callwright.toml"
    path.write_text(found[1], encoding="utf-8")
    secrets = {"CALLWRIGHT_AMI_SECRET": "a-secret-of-tests-01", "CALLWRIGHT_AGI_TOKEN": "a-token-of-tests-01"}
    settings = load_settings(path, secrets)
    assert [(each.name, each.weight) for each in settings.switches] == [("east", 2), ("west", 1)]
