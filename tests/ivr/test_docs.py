"""What docs/flows.md and docs/nodes.md say is so: every example goes through ``check``, and nothing is left out."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from ivr.check import Known, check, load
from ivr.expressions import FUNCTIONS
from ivr.faults import RULES, Rule, Severity
from ivr.nodes import KINDS
from ivr.nodes.base import written
from ivr.nodes.queue import ABANDONED, SERVED
from ivr.nodes.survey import ANSWERED
from ivr.nodes.transfer import LEFT_IN_TRANSFER, TRANSFERRED
from ivr.nodes.voicemail import MESSAGE_LEFT
from ivr.script import WORDS
from ivr.session import FAULT, HUNG_UP, RETURNED, STEP_LIMIT
from ivr.trail import Kind
from ivr.turn import CALL_NAMES
from prompts.texts import shipped_texts
from tests.ivr.conftest import Write

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "flows.md").read_text(encoding="utf-8")
NODES = (ROOT / "docs" / "nodes.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", TEXT + NODES, re.DOTALL)
FLOWS = [example for example in EXAMPLES if example.startswith("language:")]
FRAGMENTS = [example for example in EXAMPLES if not example.startswith("language:")]

texts: dict[str, str] = YAML(typ="safe", pure=True).load(ROOT / "console" / "demo" / "prompts" / "en.yaml")
SURVEY = {"main.recorded", "main.press_1", "survey.agent", "survey.recommend", "survey.words"}
SHIPPED = frozenset(prompt.key for prompt in shipped_texts(["en"]))
OF_ORDER = {
    "order.ask",
    "order.said",
    "order.how_many",
    "order.more",
    "order.total",
    "item.lamp",
    "pay.card",
    "pay.expiry",
    "pay.code",
}
OF_VOICE = {"said.support", "said.goodbye", "complaint.ask"}
OF_EXAMPLES = OF_ORDER | OF_VOICE | {"auth.pin", "main.which_language", "main.one_moment"}
KEYS = frozenset(texts) | SHIPPED | SURVEY | OF_EXAMPLES
LOOKUPS = {"orders": frozenset({"order"})}
KNOWN = Known(
    frozenset({"support"}),
    frozenset({"alice"}),
    {"en": KEYS, "de": KEYS},
    webhooks=frozenset({"tickets"}),
    lookups=LOOKUPS,
    gateways=frozenset({"cards"}),
    authenticators=frozenset({"customers"}),
)


@pytest.fixture(autouse=True)
def confirm(tmp_path: Path) -> None:
    """Lay the flow that the examples call beside them."""
    (tmp_path / "confirm.yaml").write_text(CONFIRM, encoding="utf-8")


def section(kind: str) -> str:
    """What the document says of a kind of node."""
    return NODES.split(f"\n## {kind}\n", 1)[1].split("\n#", 1)[0]


CONFIRM = """\
language: en
languages: [en, de]
variables: {asked: "", given: ""}
start: done
nodes:
  done: {return: "yes"}
"""
"""The flow that an example calls."""


@pytest.mark.parametrize("example", FLOWS)
def test_an_example_of_a_flow_has_no_fault(write: Write, example: str) -> None:
    assert [str(fault) for fault in check(write(example), KNOWN)] == []


@pytest.mark.parametrize("example", FRAGMENTS)
def test_an_example_of_a_node_has_no_error(write: Write, example: str) -> None:
    """The first flow of the document, with the node of the example in the place of its own."""
    yaml = YAML()
    yaml.preserve_quotes = True
    flow = yaml.load(FLOWS[0])
    flow["nodes"].update(yaml.load(example))
    out = io.StringIO()
    yaml.dump(flow, out)
    faults = check(write(out.getvalue()), KNOWN)
    assert [str(fault) for fault in faults if fault.severity is Severity.ERROR] == []
    assert load(write(out.getvalue()), KNOWN).nodes.keys() >= YAML(typ="safe", pure=True).load(example).keys()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_section_with_each_key_and_an_example(kind: str) -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| ([^|]*?) ?\|", section(kind), re.MULTILINE))
    fields = written(KINDS[kind])
    assert list(rows) == list(fields)
    for name, field in fields.items():
        assert (rows[name] == "") == field.is_required(), name
        match field.get_default(call_default_factory=True):
            case str(text) if not field.is_required():
                assert rows[name] == f"`{text}`"
            case bool(value):
                assert rows[name] == f"`{str(value).lower()}`"
            case int(value):
                assert rows[name] == f"`{value}`"
            case {}:
                assert rows[name] in ("", "`{}`")
            case tuple(keys):
                assert rows[name] == f"`[{', '.join(keys)}]`"
            case _:
                pass
    assert any(
        re.search(rf"\b{kind}:\s", example) for example in re.findall(r"```yaml\n(.*?)```", section(kind), re.S)
    )


def test_every_kind_of_event_is_listed_with_its_details() -> None:
    trail = TEXT.split("\n## The trail\n")[1]
    listed = re.findall(r"^\| `([a-z_]+)` \| [^|]+ \| ([^|]*) \|$", trail, re.MULTILINE)
    assert [kind for kind, _ in listed] == [kind.value for kind in Kind]
    source = (ROOT / "ivr" / "trail.py").read_text(encoding="utf-8")
    for kind, details in listed:
        names = re.search(rf'"{kind}"  # (.*)', source)
        assert names is not None
        told = re.findall(r"`([a-z_]+)`", re.sub(r"\(.*?\)", "", details))
        assert told == [name for name in names[1].split(", ") if name != "node"], kind


def test_every_rule_of_the_check_is_listed_as_the_code_has_it() -> None:
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (error|warning) \| ([^|]*) \|$", TEXT, re.MULTILINE)
    assert rows == [(rule.value, RULES[rule].severity.value, RULES[rule].finds) for rule in Rule]


def test_every_name_of_the_call_and_every_function_is_listed() -> None:
    variables = TEXT.split("\n## Variables\n")[1].split("\n## ")[0]
    assert dict(re.findall(r"^\| `(call\.[a-z_]+)` \| (.*) \|$", variables, re.MULTILINE)) == CALL_NAMES
    functions = TEXT.split("| function | what it gives |")[1].split("\n\n")[0]
    assert sorted(re.findall(r"`([a-z]+)\(", functions)) == sorted(FUNCTIONS)


def test_every_word_of_a_script_is_listed() -> None:
    walking = TEXT.split("\n## Walking a flow\n")[1].split("\n## ")[0]
    assert set(WORDS) <= set(re.findall(r"`([^`]+)`", walking))


def test_every_outcome_of_ours_is_listed() -> None:
    outcomes = TEXT.split("| outcome | what happened |")[1]
    ours = {
        RETURNED,
        SERVED,
        TRANSFERRED,
        ABANDONED,
        LEFT_IN_TRANSFER,
        MESSAGE_LEFT,
        ANSWERED,
        HUNG_UP,
        FAULT,
        STEP_LIMIT,
    }
    assert set(re.findall(r"`([a-z_]+)`", outcomes)) == ours
