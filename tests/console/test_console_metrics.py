"""The console's figures for Prometheus, and the Grafana dashboard: each metric that it names is there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.console.browser import HASH, PASSWORD, Browser
from tests.console.served import install, served

DASHBOARD = Path(__file__).parents[2] / "docker" / "grafana.json"
SUFFIXES = ("_bucket", "_total")


def names(text: str) -> set[str]:
    """What an exposition has, with the names of its samples."""
    found = {family.name for family in text_string_to_metric_families(text)}
    return found | {f"{name}{suffix}" for name in found for suffix in SUFFIXES}


def test_the_dashboard_names_what_engine_and_console_show(tmp_path: Path) -> None:
    with served(install(tmp_path, render=False)) as running, Browser(running.settings) as browser:
        transport = httpx.HTTPTransport(uds=str(running.settings.engine.socket), verify=False)
        with httpx.Client(transport=transport, base_url="http://engine") as engine:
            order = {"name": "root", "role": "administrator", "password": HASH, "must_change": False}
            assert engine.post("/v1/accounts", json=order).status_code == 200
            shown = names(engine.get("/metrics").text)
        assert browser.get("/metrics").url.path != "/metrics", "not for everybody"
        browser.log_in("root", PASSWORD)
        assert browser.get("/people/+12025550123").status_code == 200
        browser.ask("MADEUP1", "/livez")
        text = browser.get("/metrics").text
        assert 'method="other"' in text and "MADEUP1" not in text
        assert 'route="/people/{person}"' in text and "12025550123" not in text
        assert "callwright_console_sessions 1.0" in text
        shown |= names(text)
    document = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    expressions = [target["expr"] for panel in document["panels"] for target in panel["targets"]]
    asked = {name for each in expressions for name in re.findall(r"callwright_\w+", each)}
    assert len(asked) >= 15 and asked <= shown, asked - shown
    places = [tuple(panel["gridPos"].values()) for panel in document["panels"]]
    assert len({panel["id"] for panel in document["panels"]}) == len(places) == len(set(places))
