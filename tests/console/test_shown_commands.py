"""Every command line that README.md and docs/*.md show is run, none left out: each document's in their order, in an
installation of its own that has the documents' own settings, flows, campaign and lists, on the loopback switch.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing, redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest

from calls.records.database import open_readonly
from calls.secrets import SwitchSecrets
from calls.settings import Settings, load
from console import main
from console.demo.hum import Hum
from prompts.library import PromptLibrary
from prompts.rendering import render_all
from tests.console.hummed import hum
from tests.console.processes import START_S, answers, said, started
from tests.console.served import free_port, served
from tests.console.shown import DOCUMENTS, ROOT, SAMPLES, Shown, example, shown_in
from tests.console.walked import keep, walk

DOCS = ROOT / "docs"

ANSWERS = {
    "callwright dialplans install": "y\n",
    "callwright dialplans install --switch asterisk": "y\n",
    "callwright dialplans install --switch freeswitch": "y\n",
    "callwright dialplans uninstall --switch asterisk": "y\n",
    "callwright ivr walk main.yaml": "1\n2\nq-\n",
    "callwright leads remove LIST": "y\n",
    "callwright leads remove LIST --number NEW": "y\n",
}
"""What a person answers to the questions of a command."""

PLACES = {
    "dialplans diff": ["--folder", "asterisk"],
    "dialplans install": ["--folder", "asterisk"],
    "dialplans uninstall": ["--folder", "asterisk"],
}
"""Commands that work in a folder of the machine, /etc/asterisk, where nothing else is said: a test says so, and names
FreeSWITCH's where the line names FreeSWITCH."""

STANDS_FOR: dict[str, Callable[[Settings], str]] = {
    "/var/backups/callwright/before.db": lambda settings: "backups/before.db",
    "2026-12-31T12:00": lambda settings: f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M}",
    "VERSION": lambda settings: versions(settings)[0],
    "3f2a": lambda settings: versions(settings)[-1],
    "91c0": lambda settings: versions(settings)[0],
    "NUMBER": lambda settings: "+12025550123",
    "NEW": lambda settings: "+12025550124",
    "LIST": lambda settings: "shops",
    "TO": lambda settings: "others",
    "C": lambda settings: "autumn",
}
"""Words that a reader has others for: a folder of the machine, a day to come, versions of the reader's own flow."""

OF_THE_MOMENT = {
    *("floor listen", "floor whisper", "floor join", "floor leave"),
    *("agents hold", "agents take-back"),
    *("agents pause-recording", "agents resume-recording"),
    *("agents transfer", "agents complete-transfer", "agents cancel-transfer"),
    *("agents preview", "agents dial", "agents skip"),
    *("campaign set", "campaign show", "campaign why", "campaign reset", "leads move", "leads recycle"),
    *("campaign archive", "campaign unarchive"),
    *("dialer measure", "dialer forecast", "report progress"),
}
"""Commands for a talk, a lead that is shown or a campaign that runs, of which an installation at rest has none: they
say so in our words. That they do what they say is seen in the tests of the engine."""

FLOW_TESTS = """\
tests:
  - {name: hours, steps: [{press: "1"}, {hear: [main.hours]}, {expect: {outcome: completed}}]}
  - {name: sales, steps: [{press: "2"}, {agent: answers}, {expect: {node: bye}}]}
  - {name: silence, steps: [{wait: timeout}, {wait: timeout}, {agent: none}, {expect: {node: bye}}]}
"""
"""Tests of the README's flow that go all its ways."""

MORE = {"callwright dialer simulate lunch": ["--replications", "1", "--policy", "progressive"]}
"""What is added to a line that takes a minute and more as it is shown."""

SMALLER = ("duration_s = 28800", "duration_s = 600")
"""Ten replications of eight hours take a minute, those of ten minutes two seconds."""

CALL_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

STAYS = "up"
"""The command that does not end by itself: it runs until the document's last line, and then ends well by SIGTERM."""


OF_AN_ENGINE = {"VERSION", "3f2a", "91c0", "status", "skip"}
"""What only an engine knows of, as the versions of a flow that it took: documents with these words and without the
command that starts one have an engine from their first line.
"""


def versions(settings: Settings) -> list[str]:
    """Those of the flow ``main``, the oldest first."""
    with closing(open_readonly(settings.engine.database)) as db:
        return [
            row[0] for row in db.execute("SELECT version FROM flow_versions WHERE flow = 'main' ORDER BY kept_at")
        ]


def typed(document: Path) -> list[Shown]:
    """The lines that a reader would type, in their order."""
    return [line for line in shown_in(document) if not line.is_spoken_of]


def write(folder: Path) -> Path:
    """The files that the documents show, where their commands look for them; the settings file."""
    folders = ("flows/tests", "campaigns", "texts", "recorded", "asterisk", "backups", "new")
    for name in (*folders, "freeswitch/autoload_configs", "freeswitch/dialplan"):
        (folder / name).mkdir(parents=True)
    first_flow = example(DOCS / "flows.md", "yaml", "language:")
    readme_flow = example(ROOT / "README.md", "yaml", "language:")
    scenario = example(DOCS / "pacing.md", "toml", 'name = "Tuesday"')
    assert SMALLER[0] in scenario
    settings = (ROOT / "docker" / "callwright.toml").read_text(encoding="utf-8")
    prompts = sorted({*re.findall(r"\b(?:main|system)\.[a-z_]+", first_flow + readme_flow)})
    prompts += ["system.sorry", "system.noinput", "system.nomatch", "system.safe_harbour"]
    files = {
        "flows/main.yaml": readme_flow,
        "new/main.yaml": readme_flow + "# shorter\n",
        "flows/tests/main.yaml": FLOW_TESTS,
        "sales.yaml": readme_flow,
        "sales-new.yaml": readme_flow,
        "main.yaml": first_flow,
        "campaigns/autumn.toml": example(ROOT / "README.md", "toml", "name ="),
        "autumn.csv": example(DOCS / "campaigns.md", "csv", "Phone,"),
        "shops.csv": example(DOCS / "campaigns.md", "csv", "Phone,"),
        "answers.csv": "number,since,answer\n2025550123,2024-01-01,no\n",
        "shifts.csv": example(DOCS / "reports.md", "csv", "agent,day").replace("ann,", "anna,"),
        "register.txt": "2025550123\n202,5550124\n",
        "tuesday.toml": scenario.replace(*SMALLER),
        "texts/en.yaml": "".join(f"{key}: Some words.\n" for key in dict.fromkeys(prompts)),
        "callwright.toml": settings + '\n[[queues]]\nname = "support"\n',
        "secrets.toml": "".join(f'{name} = "a-long-{name}-of-the-test"\n' for name in SwitchSecrets.model_fields)
        + '[named]\nmail = "of-the-server"\n',
        "freeswitch/freeswitch.xml": "autoload_configs/*.xml dialplan/*.xml",
        **{f"asterisk/{name}.conf": "[general]\n" for name in ("extensions", "manager", "confbridge")},
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "secrets.toml").chmod(0o600)
    shutil.copytree(ROOT / "tests" / "tinyvosk" / "model", folder / "models" / "en")
    return folder / "callwright.toml"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation in use, in whose folder we stand: its prompts are rendered, its records have a call."""
    given = {
        "SWITCH__KIND": "loopback",
        "ENGINE__DATABASE": str(tmp_path / "callwright.db"),
        "ENGINE__SOCKET": str(tmp_path / "e.sock"),
        "ENGINE__HTTP_PORT": str(free_port()),
        "ENGINE__SETTLE_S": "0.1",
        "CONSOLE__HTTP_PORT": str(free_port()),
        "PROMPTS__CACHE": str(tmp_path / "cache"),
        "ESPEAK": str(ROOT / "var" / "pbx" / "espeak"),
    }
    for name, value in given.items():
        monkeypatch.setenv(f"CALLWRIGHT_{name}", value)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path)
    settings = load(path, os.environ)
    hum(settings.prompts)
    (call_id,) = {found for line in typed(DOCS / "ivr-tools.md") for found in CALL_ID.findall(line.line)}
    keep(settings, call_id, walk(settings, "1"))
    return path


def with_samples(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The samples' installation instead, in whose folder we stand then; its settings file."""
    shutil.copytree(SAMPLES, folder, ignore=shutil.ignore_patterns("var"))
    (folder / "var").mkdir()
    monkeypatch.chdir(folder)
    path = folder / "callwright.toml"
    render_all(PromptLibrary(load(path, os.environ).prompts), Hum())
    return path


def run(path: Path, line: Shown) -> tuple[object, str]:
    """The exit status of a command line and what it says, by the entry point and in this process."""
    settings = load(path, os.environ)
    words = [STANDS_FOR[word](settings) if word in STANDS_FOR else word for word in line.words]
    place = PLACES.get(line.name, [])
    if "freeswitch" in words:
        place = ["freeswitch" if each == "asterisk" else each for each in place]
    told = TextIOWrapper(BytesIO(), encoding="utf-8", write_through=True)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(told), redirect_stderr(told):
        patch.setattr(sys, "argv", ["callwright", *words, *place, *MORE.get(line.line, [])])
        patch.setattr(sys, "stdin", StringIO(ANSWERS.get(line.line, "")))
        with pytest.raises(SystemExit) as ended:
            main.run()
    return ended.value.code, told.buffer.getvalue().decode()


@asynccontextmanager
async def running(path: Path) -> AsyncIterator[None]:
    """``callwright up`` until both of its processes answer, and to its end."""
    at, log = load(path, os.environ), path.parent / "log"
    async with started(path, STAYS) as process:
        for part in (at.engine, at.console):
            await answers(f"http://127.0.0.1:{part.http_port}/readyz", process, log)
        try:
            yield
        finally:  # killed, it would leave its two processes behind
            process.send_signal(signal.SIGTERM)
            ended = await asyncio.wait_for(process.wait(), START_S)
        assert ended == 0, said(log)
    assert "Traceback" not in said(log)


async def in_this_process(path: Path, until_the_end: AsyncExitStack) -> None:
    """An engine alone, without processes that each take seconds of CPU to start: the README's are real."""
    engine = served(path, os.environ)
    await asyncio.to_thread(engine.__enter__)
    until_the_end.push_async_callback(asyncio.to_thread, engine.__exit__, None, None, None)


@pytest.mark.parametrize("document", [path for path in DOCUMENTS if typed(path)], ids=lambda path: str(path.name))
async def test_what_a_document_shows_ends_well(document: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if document.parent == SAMPLES:
        path = with_samples(path.parent / "samples", monkeypatch)
    async with AsyncExitStack() as until_the_end:
        words = {word for line in typed(document) for word in line.words}
        if words & OF_AN_ENGINE and STAYS not in words:
            await in_this_process(path, until_the_end)
        for line in typed(document):
            if line.name == STAYS and document.name == "README.md":
                await until_the_end.enter_async_context(running(path))
                continue
            if line.name == STAYS:
                await in_this_process(path, until_the_end)
                continue
            status, told = await asyncio.to_thread(run, path, line)
            assert status == 0 or is_refused_in_words(line, status, told), f"{line}\n{told}"


def is_refused_in_words(line: Shown, status: object, told: str) -> bool:
    """True where a command of the moment says that there is nothing for it to do."""
    return line.name in OF_THE_MOMENT and status == 1 and told.startswith("callwright: ") and "Traceback" not in told


def test_what_is_said_here_of_a_command_is_said_of_one_that_is_shown() -> None:
    lines = [line for document in DOCUMENTS for line in typed(document)]
    assert len(lines) > 15
    assert {*ANSWERS, *MORE} <= {line.line for line in lines}
    assert {*PLACES, *OF_THE_MOMENT, STAYS} <= {line.name for line in lines}
    assert set(STANDS_FOR) <= {word for line in lines for word in line.words}
