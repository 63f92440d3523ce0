"""What docs/ivr-tools.md says is so."""

from __future__ import annotations

import re
from pathlib import Path

from ivr.check import Known, check
from ivr.document import read
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
