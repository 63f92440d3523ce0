"""Pages speak the language of who looks, and so does what the engine says, with its numbers and days."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from calls.causes import Outcome
from calls.people.consents import ConsentKind
from calls.people.history import _CALL_COLUMNS, _OTHERS, KINDS
from calls.reports.definitions import BY_NAME, DEFINITIONS, Targets
from calls.reports.question import Dimension
from calls.settings import load
from console.web import words
from console.web.house_time import HouseTime
from console.web.person_facts import BESIDE, CODES, IDS
from console.web.words import LANGUAGES
from console.web.words.engine_texts import LONGEST, literal
from console.web.words.formats import DASH
from console.web.words.tongue import PageTongue
from dialer.compliance import RULES
from dialer.leads.columns import SYNONYMS
from tests.console.served import install

ROOT = Path(__file__).parents[2]
READ = words.read()


def written() -> str:
    """The source of the engine, with texts that go over several lines in one piece."""
    folders = (ROOT / name for name in ("calls", "console", "dialer"))
    files = (path for folder in folders for path in sorted(folder.rglob("*.py")))
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    return re.sub(r"[\"']\s*\n\s*f?[\"']", "", text)


def test_what_is_translated_of_the_engine_is_what_it_says() -> None:
    """A text that was changed in the engine would be said in English from then on: here it fails."""
    source = written()
    for key, text in READ["en"].texts.items():
        if key.startswith("said."):
            pieces = [piece for piece, *_ in string.Formatter().parse(text) if len(piece.strip()) > 2]
            assert [piece for piece in pieces if piece.strip(" ().") not in source] == [], key
            assert literal(text), key


SAYING = (
    "console/consenting.py",
    "console/people.py",
    "console/reviewing.py",
    "console/lead_lists.py",
    "console/one_lead.py",
    "console/archiving.py",
    "dialer/archive.py",
    "dialer/leads/one.py",
    "dialer/leads/as_row.py",
    "console/campaign_control.py",
    "console/reads/people.py",
    "console/reads/campaigns.py",
    "dialer/pacing/broadcast.py",
    "dialer/pacing/outage.py",
    "dialer/pacing/power.py",
    "dialer/pacing/predictive.py",
    "dialer/pacing/progressive.py",
    "console/web/agents_day.py",
    "console/web/progress.py",
    "calls/reports/progress.py",
    "calls/reports/asked.py",
    "calls/reports/asking.py",
    "calls/agents/shift_file.py",
    "console/shifting.py",
    "console/accounts/orders.py",
    "console/accounts/store.py",
    "console/reads/staffing.py",
    "console/reads/flows.py",
    "console/reads/flow_walk.py",
    "console/reads/flow_check.py",
    "console/web/staffing.py",
    "dialer/lane.py",
    "dialer/workforce.py",
    "dialer/schedule.py",
    "dialer/routes.py",
)
"""Where what these pages show is said."""

OTHERS = {
    "{}{}",  # put together of texts
    "outside its schedule: opens {} {}",  # the first place has a weekday, a day and a time: see below
    "expected an age such as 30m, 12h or 2d; found {}",  # of commands, and of files that they read
    "expected when it was given, such as 2026-11-29 or 2026-11-29T14:05; found {}",
    "the audit has it that {} hears {}",
    "{} leads of campaign {} are dialled again, as far as its rules allow it",
}


def test_the_engine_says_nothing_to_these_pages_that_has_no_words() -> None:
    german = READ["de"]
    missing = []
    for name in SAYING:
        for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
            for text in _said(node):
                sample = text.replace("{}", "7")
                if text not in OTHERS and german.told(sample) == german.formats.inside(sample):
                    missing.append((name, text))
    assert not missing, missing


def _said(node: ast.AST) -> Iterator[str]:
    """The texts of orders that are done, of refusals, and of reasons."""
    match node:
        case ast.keyword(arg="said" | "reason", value=value):
            yield from _texts(value)
        case ast.Raise(exc=ast.Call(func=ast.Name(id=name), args=[first, *_])) if name.endswith("Error"):
            yield from _texts(first)
        case ast.Call(func=ast.Name(id="Explanation" | "NoRoute" | "Opening"), args=args):
            for each in args:
                yield from _texts(each)
        case _:
            return


def _texts(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)) if " " in text:
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(each.value) if isinstance(each, ast.Constant) else "{}" for each in parts)
        case ast.IfExp(body=one, orelse=other):
            yield from _texts(one)
            yield from _texts(other)
        case _:
            return


OF_THE_TEMPLATE = re.compile(r"{#.*?#}|{%.*?%}|{{.*?}}|<script.*?</script>|<code>[a-z .]*</code>", re.DOTALL)
READ_OUT = re.compile(r'(?:aria-label|alt|placeholder|title)="([^"]*)"')
NAMES = {"Callwright", "OpenAPI", "Apache", "API", "CSV", "Alt", "Erlang", "Tab", "Shift"}
"""What is called so in every language."""


PAGES = [path for path in sorted((ROOT / "console/web/templates").glob("*.html")) if path.stem != "macros"]


@pytest.mark.parametrize("path", PAGES, ids=[path.stem for path in PAGES])
def test_a_page_has_no_words_of_its_own(path: Path) -> None:
    """All that people read on a page, or have read out, comes from the words: else it is English for all of them."""
    text = OF_THE_TEMPLATE.sub(" ", path.read_text(encoding="utf-8"))
    seen = [re.sub(r"<[^>]*>|&[a-z]+;", " ", text), *READ_OUT.findall(text)]
    assert set(re.findall(r"[A-Za-z]{3,}", " ".join(seen))) <= NAMES


def test_every_figure_has_its_words_in_every_language() -> None:
    for code in LANGUAGES:
        tongue = PageTongue(READ[code])
        shown = [tongue.figure(each) for each in DEFINITIONS]
        assert [each.name for each in shown] == [each.name for each in DEFINITIONS]
        if code != "en":
            same = {each.name for each, own in zip(DEFINITIONS, shown, strict=True) if each.words == own.words}
            assert not same, code
    german = PageTongue(READ["de"])
    level = german.said(BY_NAME["service_level"], Targets(service_level_s=12.5))
    assert level.startswith("angebotene Anrufe, die binnen 12,5\u00a0s angenommen wurden")
    goals = german.said(BY_NAME["containment_functional"], Targets(goals=("paid", "told")))
    assert "mit dem Ausgang paid oder told, deren" in goals
    assert german.figure(BY_NAME["sold"].of_currency("EUR")).title == "Verkauft, EUR"


@pytest.mark.parametrize(
    ("dimension", "value", "german", "short"),
    [
        (Dimension.DAY, "2027-03-01", "01.03.2027", "01.03."),
        (Dimension.HALF, "2027-03-01T09:30+01:00", "01.03.2027 09:30", "09:30"),
        (Dimension.HALF, "2027-03-01T00:00+01:00", "01.03.2027 00:00", "01.03. 00:00"),
        (Dimension.WEEKDAY, "2 Tue", "Di", "Di"),
        (Dimension.DIRECTION, "inbound", "Eingehend", "Eingehend"),
        (Dimension.OUTCOME, "pbx_lost", "mit der Anlage verloren", "mit der Anlage"),
        (Dimension.QUEUE, "sales", "sales", "sales"),
        (Dimension.QUEUE, "", "", "keine"),
    ],
)
def test_what_figures_are_asked_by_is_said_in_the_language(
    dimension: Dimension, value: str, german: str, short: str
) -> None:
    tongue = PageTongue(READ["de"])
    assert (tongue.key(dimension, value), tongue.short(dimension, value).strip()) == (german, short)


def test_a_text_longer_than_any_of_ours_stays_as_it_is() -> None:
    """A look takes the square of its length: whoever sends one must not keep the pages busy."""
    german = READ["de"]
    longest = "x" * (LONGEST - len(": the number is empty")) + ": the number is empty"
    assert german.told(longest).endswith(": die Nummer ist leer")
    assert german.told(f"x{longest}") == f"x{longest}"


@pytest.mark.parametrize(
    ("language", "said", "again"),
    [
        ("en", "outside its schedule: opens Mon 2027-03-01 09:00 UTC", None),
        ("de", "outside its schedule: opens Mon 2027-03-01 09:00 UTC",
         "außerhalb ihres Zeitplans: öffnet Mo 01.03.2027 um 09:00 (UTC)"),
        ("de", "waiting: no lead may be called before 09:00 in 3 zones",
         "wartet: vor 09:00 darf in 3 Zeitzonen kein Kontakt angerufen werden"),
        ("es", "no lead is due within 30 s (refused: 2 by calling_hours) (leads wait for a better hour)",
         "ningún contacto toca en los próximos 30 s (rechazados: 2 por horario de llamadas) (contactos esperan una"
         " hora mejor)"),
        ("fr", "main: no free agent; other: 2.5 calls per second on t",
         "main\u202f: aucun agent libre\u202f; other\u202f: 2,5 appels par seconde sur t"),
        ("de", "agents will be free in time (1 of 2 agents free, 0 calls under way, 37.5% of dials reach a person;"
         " risk of one more 0.12%, allowed 1.00%; 0 of 3 abandoned, cap 3%: with what is under way one more might"
         " break it, so no risk is taken; agents may expect to work 80% of their time)",
         "Agenten werden rechtzeitig frei (1 von 2 Agenten frei, 0 Anrufe unterwegs, 37,5 % der Anwahlen erreichen"
         " jemanden; Risiko einer weiteren 0,12 %, erlaubt 1,00 %; 0 von 3 abgebrochen, Grenze 3 %: mit dem,"
         " was im Gang ist, könnte eine weitere sie verletzen, deshalb kein Risiko;"
         " Agenten arbeiten voraussichtlich 80 % ihrer Zeit)"),
        ("fr", "list shops is closed: no campaign dials it", "liste shops : fermée, aucune campagne ne la compose"),
        ("de", "review 12: 62%, failed", "Bewertung 12: 62\u00a0%, nicht bestanden"),
        ("de", "nobody has put this into words", None),
        ("de", "1,200", "1.200"),
    ],
)  # fmt: skip
def test_what_the_engine_says_is_said_again(language: str, said: str, again: str | None) -> None:
    assert READ[language].told(said) == (said if again is None else again)


def test_people_are_called_by_their_names() -> None:
    names = {"ann": "Ann Smith"}
    assert READ["en"].told("paused by ann", names) == "paused by Ann Smith"
    assert READ["de"].told("the talk with ann is over", names) == "das Gespräch mit Ann Smith ist zu Ende"
    assert READ["de"].told("the talk with bob is over", names) == "das Gespräch mit bob ist zu Ende"


@pytest.mark.parametrize(
    ("language", "number", "share", "seconds", "time"),
    [
        ("en", "12,345.5", "61.9%", "1,234\u00a0s", "2027-03-01 13:05"),
        ("de", "12.345,5", "61,9\u00a0%", "1.234\u00a0s", "01.03.2027 13:05"),
        ("es", "12.345,5", "61,9\u00a0%", "1234\u00a0s", "01/03/2027 13:05"),
        ("fr", "12\u202f345,5", "61,9\u202f%", "1\u202f234\u00a0s", "01/03/2027 13:05"),
    ],
)
def test_numbers_and_times_are_written_as_in_the_language(
    tmp_path: Path, language: str, number: str, share: str, seconds: str, time: str
) -> None:
    formats = READ[language].formats
    assert (formats.number(12_345.5, 1), formats.share(0.619, 1), formats.seconds(1234.0)) == (number, share, seconds)
    assert (formats.number(None), formats.share(None), formats.seconds(None)) == (DASH, DASH, DASH)
    local = HouseTime(load(install(tmp_path, render=False), {})).of(language)
    assert local(datetime(2027, 3, 1, 13, 5, 9, tzinfo=UTC)) == time
    assert local.seconds(datetime(2027, 3, 1, 13, 5, 9, tzinfo=UTC)) == f"{time}:09"


def test_whatever_a_record_may_hold_has_a_word() -> None:
    columns = {*_CALL_COLUMNS, *(name for _, _, names in _OTHERS for name in names)} - {*IDS, *BESIDE}
    for code in LANGUAGES:
        texts = READ[code].texts
        lacking = [
            *(f"history.{kind}" for kind in KINDS),
            *(f"history.v_{each.value}" for each in (*Outcome, *ConsentKind)),
            *(f"outcome.{each.value}" for each in Outcome),
            *(f"people.d_{name}" for name in columns - {"lead", "direction"}),
            *(f"lead.rule_{rule}" for rule in RULES),
            *(f"lead.kind_{kind}" for kind in SYNONYMS),
        ]
        assert [key for key in lacking if key not in texts] == [], code
    assert set(CODES) <= columns
