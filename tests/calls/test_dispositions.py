"""Dispositions in files: what they may say, and that faults are named with their line."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.dispositions import DEFAULTS, offered
from calls.errors import CampaignError, SettingsError
from calls.settings import load
from dialer.campaign import load as load_campaign
from tests.dialer.conftest import SETTINGS, campaign_text

SOLD = '[dispositions.sold]\nlabel = "Sold"\n'


def test_a_campaign_names_its_own(tmp_path: Path) -> None:
    path = tmp_path / "autumn.toml"
    text = campaign_text(SOLD + 'sale = true\ncurrency = "EUR"\n', disposition_required="true")
    path.write_text(text, encoding="utf-8")
    file = load_campaign(path, SETTINGS).file
    assert list(offered(file.dispositions)) == ["sold"] and file.disposition_required
    assert file.dispositions["sold"].currency == "EUR"


def test_the_usual_ones_hold_where_none_is_named() -> None:
    assert offered({}) is DEFAULTS
    assert any(each.sale for each in DEFAULTS.values()) and any(each.do_not_call for each in DEFAULTS.values())


@pytest.mark.parametrize(
    ("tables", "line", "words"),
    [
        (SOLD + "sales = true\n", 12, "dispositions.sold.sales: unknown key: did you mean sale?"),
        ("[dispositions.sold]\nsale = true\n", 10, "dispositions.sold.label: missing: expected a text of 1 to 100"),
        (SOLD + 'sale = "yes"\n', 12, "dispositions.sold.sale: expected true or false"),
        (SOLD + 'currency = "EUR"\n', 10, "dispositions.sold: a currency is that of a sale"),
        (SOLD + 'sale = true\ncurrency = "Euro"\n', 13, "dispositions.sold.currency: expected a currency such as"),
        (SOLD + "recycle = {after_s = 0, times = 1}\n", 12, "dispositions.sold.recycle.after_s: expected seconds"),
        (SOLD + "next_number = true\nsale = true\n", 10, "dispositions.sold: recycle and next_number dial the lead"),
        (SOLD + "next_number = true\nrecycle = {after_s = 9, times = 1}\n", 10, "another number at once: choose one"),
        (SOLD + "close = true\nrecycle = {after_s = 9, times = 1}\n", 10, "never: choose one"),
        ('[dispositions.none]\nlabel = "x"\n', 10, "dispositions.none: none stands for a disposition that was not"),
    ],
)
def test_faults_are_named(tmp_path: Path, tables: str, line: int, words: str) -> None:
    path = tmp_path / "autumn.toml"
    path.write_text(campaign_text(tables), encoding="utf-8")
    with pytest.raises(CampaignError) as problem:
        load_campaign(path, SETTINGS)
    assert words in str(problem.value)
    assert problem.value.where.line == line


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("recycle = {after_s = 60, times = 1}", "queues[0].dispositions.ask.recycle: a caller is no lead"),
        ("next_number = true", "queues[0].dispositions.ask.next_number: a caller is no lead"),
        ("label = 'x'", "queues[0].dispositions.none: none stands for"),
    ],
)
def test_faults_of_a_queue_are_named(tmp_path: Path, key: str, words: str) -> None:
    path = tmp_path / "callwright.toml"
    name, label = ("none", "") if "label" in key else ("ask", 'label = "Ask"\n')
    path.write_text(f'[[queues]]\nname = "sales"\n[queues.dispositions.{name}]\n{label}{key}\n', encoding="utf-8")
    with pytest.raises(SettingsError) as problem:
        load(path, {})
    assert words in str(problem.value)
