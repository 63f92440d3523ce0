"""The demonstration: a switch, callers, a campaign, agents; the records at the end."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.live import Live

from calls.errors import CallwrightError
from calls.records.database import open_readonly
from calls.records.figure import Scope
from calls.records.store import calls_between
from calls.reports.of_scope import all_figures
from console.demo import view
from console.demo.director import Play, perform
from console.demo.scene import Scene
from console.demo.stage import AsteriskStage, LoopbackStage, NoAsterisk, Stage, fetch

PROJECT = Path(__file__).resolve().parents[2]
PLAIN_WIDTH = 120
"""Columns where the output is no terminal."""

PLAIN_LOOK_S = 5.0
"""How often a line is printed where the output is no terminal."""


def main() -> int:
    """The exit status: 0, also after Ctrl-C; 1 where a part failed."""
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--switch", choices=("asterisk", "loopback"), default="asterisk")
    parser.add_argument("--pbx", type=Path, default=PROJECT / "var/pbx")
    given = parser.parse_args()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    began = datetime.now(UTC)
    folder = PROJECT / "var/demo" / began.strftime("%Y-%m-%dT%H-%M-%S-%f")
    try:
        status = asyncio.run(_run(given.switch, given.pbx, folder, began, console))
    except KeyboardInterrupt:
        status = 0
    except CallwrightError as problem:
        console.print(f"callwright: {problem}", markup=False)
        status = 1
    _report(console, folder, began)
    return status


async def _run(switch: str, pbx: Path, folder: Path, began: datetime, console: Console) -> int:
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, signal.raise_signal, signal.SIGINT)
    stage = await _stage(switch, pbx, console)
    play = Play(stage.what, began)
    with tempfile.TemporaryDirectory(prefix="cw-", ignore_cleanup_errors=True) as run:
        scene = Scene(folder, Path(run), folder / "cache")
        showing = asyncio.create_task(_show(play, console), name="view")
        try:
            await perform(stage, scene, play)
        except TimeoutError:
            console.print("callwright: not over in time: ended")
            return 1
        finally:
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)
    return 0


async def _stage(switch: str, pbx: Path, console: Console) -> Stage:
    if switch == "loopback":
        return LoopbackStage()
    try:
        return AsteriskStage(await asyncio.to_thread(fetch, PROJECT, pbx))
    except NoAsterisk as problem:
        console.print(f"callwright: {problem}: taking the loopback switch instead", markup=False)
        return LoopbackStage()


async def _show(play: Play, console: Console) -> None:
    """The progress: live on a terminal, a line now and then elsewhere."""
    if not console.is_terminal:
        while True:
            console.print(_line(play), markup=False)
            await asyncio.sleep(PLAIN_LOOK_S)
    with Live(view.live(play), console=console, refresh_per_second=4, transient=True) as shown:
        while True:
            await asyncio.sleep(0.25)
            shown.update(view.live(play))


def _line(play: Play) -> str:
    calls = f", {len(play.status.calls)} calls under way" if play.status is not None else ""
    campaigns = "".join(f", {each.id}: {each.reason}" for each in play.status.campaigns) if play.status else ""
    return f"{(datetime.now(UTC) - play.began).total_seconds():5.0f} s  {play.scene}{calls}{campaigns}"


def _report(console: Console, folder: Path, began: datetime) -> None:
    """The calls and figures of this run, from its database."""
    database = folder / "callwright.db"
    if not database.exists():
        return
    connection = open_readonly(database)
    try:
        end = datetime.now(UTC)
        calls = list(calls_between(connection, began, end))
        figures = all_figures(connection, Scope(began, end))
    finally:
        connection.close()
    view.tables(console, calls, figures)
    settings = (folder / "callwright.toml").relative_to(PROJECT)
    for line in (
        f"The records: {database.relative_to(PROJECT)}",
        f"The engine's log: {(folder / 'engine.log').relative_to(PROJECT)}",
        f"All figures: .venv/bin/callwright --settings {settings} report",
    ):
        console.print(line, markup=False, soft_wrap=True)
