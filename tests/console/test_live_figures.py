"""What the wall is told of the records."""

from __future__ import annotations

import asyncio
import re
from contextlib import closing
from pathlib import Path

from calls.records import store
from calls.records.database import open_writer
from calls.records.migrations import migrate
from calls.settings import load
from console.web import live_figures
from tests.calls.records.test_figures import DAY, call
from tests.console.served import install

WALL = Path(live_figures.__file__).with_name("static") / "wall.js"


def test_the_figures_that_the_wall_shows_are_counted_and_no_others(tmp_path: Path) -> None:
    """Counting all of the reports' took thirty times as long, every five seconds."""
    settings = load(install(tmp_path), {})
    now = DAY.end
    figures = live_figures.Figures(settings, lambda: now)
    assert asyncio.run(figures.count()) == {"figures": {}, "targets": {}}
    with closing(open_writer(settings.engine.database)) as connection:
        migrate(connection)
        for number, wait_s in enumerate((3.0, 19.0, 40.0, 41.0)):
            record = call(f"c{number}", queue="sales", agent="anna", wait_s=wait_s)
            store.finish_call(connection, record)
    found = asyncio.run(figures.count())["figures"]
    assert (found["service_level"]["value"], found["service_level"]["of"]) == (0.5, 4)
    assert set(found) == set(re.findall(r"\bfigures\.(\w+)", WALL.read_text(encoding="utf-8")))
