"""What tests came to, as JUnit's XML, which build servers show.

Source: the schema of Apache Ant's JUnit task, as Jenkins, GitLab and GitHub's reporters read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from calls.text import printable
from ivr.testing.running import Ran


def junit(files: Sequence[tuple[Path, Sequence[Ran]]]) -> str:
    """One suite a file, one case a test. ``time`` is that of the call, which nobody waited for."""
    everything = [ran for _, each in files for ran in each]
    root = ET.Element("testsuites", _counts(everything))
    for path, each in files:
        suite = ET.SubElement(root, "testsuite", {"name": path.as_posix(), **_counts(each)})
        for ran in each:
            _case(suite, path, ran)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ET.Element, path: Path, ran: Ran) -> None:
    where = {"file": path.as_posix(), "line": str(ran.test.where.line or 1)}
    named = {"name": printable(ran.test.name), "classname": path.stem, "time": f"{ran.lasted_s:.3f}"}
    case = ET.SubElement(suite, "testcase", named | where)
    if ran.failure is not None:
        failure = ET.SubElement(case, "failure", {"message": printable(ran.failure.problem), "type": "failed"})
        failure.text = printable(str(ran.failure))


def _counts(runs: Sequence[Ran]) -> dict[str, str]:
    return {
        "tests": str(len(runs)),
        "failures": str(sum(ran.failure is not None for ran in runs)),
        "errors": "0",
        "time": f"{sum(ran.lasted_s for ran in runs):.3f}",
    }
