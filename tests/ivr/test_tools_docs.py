"""What docs/ivr-tools.md says is so."""

from __future__ import annotations

import re
from pathlib import Path

from ruamel.yaml import YAML

from calls.switch.port import Prompt
from ivr.check import Known, check, load
from ivr.document import read
from ivr.testing.running import run
from ivr.testing.script import STEPS, load_tests
from tests.ivr.conftest import Write
from tests.ivr.schema import faults
from tests.ivr.test_schema import SCHEMA, plain

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "ivr-tools.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


def test_the_flow_that_names_its_schema_has_no_fault_and_fits_it(write: Write) -> None:
    example = next(each for each in EXAMPLES if "yaml-language-server" in each)
    named = re.search(r"\$schema=(\S+)", example)
    assert named is not None and (ROOT / "docs" / named[1]).is_file()
    path = write(example)
    assert read(path).lines[("language",)] == 2
    assert check(path, Known()) == []
    assert faults(SCHEMA, plain(path)) == []


def test_the_example_of_a_test_is_one_that_passes(tmp_path: Path) -> None:
    """On the sample flow, whose nodes and prompts it names."""
    demo = ROOT / "console" / "demo"
    texts: dict[str, str] = YAML(typ="safe", pure=True).load(demo / "prompts" / "en.yaml")
    path = tmp_path / "example.yaml"
    path.write_text(next(each for each in EXAMPLES if each.startswith("flow:")), encoding="utf-8")
    flow = load(demo / "flows" / "main.yaml", Known())
    for test in load_tests(path).tests:
        assert run(test, flow, lambda prompt: texts[prompt.key]).failure is None


def test_every_step_and_key_of_a_test_is_listed() -> None:
    section = TEXT.split("\n## Tests of flows\n")[1].split("\n## ")[0]
    steps = section.split("| step | what it is |")[1]
    assert set(re.findall(r"^\| `([a-z_]+)", steps, re.MULTILINE)) == {*STEPS, "hang_up"}
    keys = section.split("| key | default |")[1].split("| step |")[0]
    listed = re.findall(r"`([a-z]+)`", "".join(re.findall(r"^\|([^|]*)\|", keys, re.MULTILINE)))
    assert listed == ["name", "at", "caller", "called", "draw", "variables", "steps"]


def test_the_tests_of_the_sample_flow_pass() -> None:
    demo = ROOT / "console" / "demo"
    texts: dict[str, str] = YAML(typ="safe", pure=True).load(demo / "prompts" / "en.yaml")

    def text(prompt: Prompt) -> str:
        return texts[prompt.key]

    script = load_tests(demo / "flows" / "tests" / "main.yaml")
    flow = load(script.flow, Known())
    assert [str(ran.failure) for ran in (run(test, flow, text) for test in script.tests) if ran.failure] == []
