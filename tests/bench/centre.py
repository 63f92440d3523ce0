"""A call centre to be measured: the one of the integration tests, with a flow of its own and a look at its engine."""

from __future__ import annotations

import asyncio
import tempfile
import tomllib
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from calls.settings import Prompts
from console.demo.sipp import Callees
from prompts.callee import MACHINE, PERSON, write_callee
from prompts.espeak import EspeakSynthesizer, find_espeak
from prompts.library import PromptLibrary
from prompts.rendering import render_all
from prompts.synthesis import Synthesizer
from tests.bench.quantiles import Buckets
from tests.integration.harness import House, open_house
from tests.integration.premises import TEXTS, Plan

METRICS_S = 10.0


@asynccontextmanager
async def open_centre(
    trees: Mapping[str, Path], plan: Plan, flow: str | None = None, texts: str = "", voice: Synthesizer | None = None
) -> AsyncIterator[House]:
    """A call centre without its engine; all ends with the context.

    ``flow`` takes the calls to 1000 in place of the harness's; ``texts`` are its prompts, spoken by espeak-ng
    or by another ``voice``.
    """
    speaker = EspeakSynthesizer(find_espeak({}, [trees["espeak"]]))
    with tempfile.TemporaryDirectory(prefix="cw-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        people = folder / "human.ulaw", folder / "machine.ulaw"
        write_callee(PERSON, people[0], speaker)
        write_callee(MACHINE, people[1], speaker)
        callees, cache = Callees(human=people[0], machine=people[1]), folder / "cache"
        async with open_house(plan, folder / "h", trees["asterisk"], trees["sipp"], callees, cache) as house:
            if flow is not None:
                (house.folder / "flows/main.yaml").write_text(flow, encoding="utf-8")
            (house.folder / "prompts/en.yaml").write_text(TEXTS + texts, encoding="utf-8")
            report = render_all(PromptLibrary(Prompts(texts=house.folder / "prompts", cache=cache)), voice or speaker)
            if report.failed:
                raise report.failed[0]
            yield house


def listen_elsewhere(house: House, agi_port: int) -> None:
    """Have the engine listen for AGI at ``agi_port``, so that a relay can take the place that Asterisk calls."""
    path = house.folder / "callwright.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(f"agi_port = {house.agi_port}", f"agi_port = {agi_port}"), encoding="utf-8")


async def metrics(house: House) -> str:
    """The engine's figures, as Prometheus would read them."""
    settings = tomllib.loads((house.folder / "callwright.toml").read_text(encoding="utf-8"))
    address = f"http://127.0.0.1:{settings['engine']['http_port']}/metrics"

    def read() -> str:
        with urllib.request.urlopen(address, timeout=METRICS_S) as answer:
            text: str = answer.read().decode("utf-8")
            return text

    return await asyncio.to_thread(read)


async def timings(house: House) -> tuple[Buckets, Buckets]:
    """The engine's own histograms so far: its AGI turns and its loop's lag."""
    text = await metrics(house)
    return Buckets.read(text, "callwright_agi_turn_seconds"), Buckets.read(text, "callwright_loop_lag_seconds")


def gauge(exposition: str, name: str) -> float:
    """The one value of ``name`` in a Prometheus text.

    Raises:
        KeyError: there is none.
    """
    for family in text_string_to_metric_families(exposition):
        if family.name == name:
            return float(family.samples[0].value)
    raise KeyError(name)


def most_at_once(house: House) -> int:
    """How many calls were up at the same time, by their records."""
    moments = house.rows(
        "SELECT started_at AS at, 1 AS step FROM calls UNION ALL SELECT ended_at, -1 FROM calls ORDER BY at, step"
    )
    up = most = 0
    for moment in moments:
        up += int(str(moment["step"]))
        most = max(most, up)
    return most
