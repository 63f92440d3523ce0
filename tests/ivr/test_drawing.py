"""Pictures of flows: nothing is left out, nothing lies over another thing, and what is drawn is well-formed."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.reports.traffic import Traffic
from ivr.drawing.cards import Card, Mark, Way, cards
from ivr.drawing.layers import LANE, Box, Line, Stop, placed
from ivr.drawing.mermaid import mermaid
from ivr.drawing.svg import Heading, svg
from ivr.flow import Flow
from ivr.nodes.base import Taken
from tests.ivr import strategies
from tests.ivr.conftest import NOON, Make
from tests.ivr.test_properties import flow_of

ODD = """\
language: en
start: end
extensions: {"200": end}
nodes:
  end: {menu: [a.b], keys: {"#": graph, "*": click, "1": graph}, direct_dial: true, failed: click}
  graph: {branch: {'call.caller == "1" and call.called < "2"': click}, otherwise: click}
  click: {hangup: []}
  lost: {transfer: lost, failed: click}
"""

TRAFFIC = Traffic(
    NOON,
    NOON + timedelta(days=7),
    calls=40,
    entries={"end": 40, "graph": 10},
    drop_offs={"end": 4},
    ways={("end", "keys.1", "graph"): 10, ("end", "failed", "click"): 26},
    versions={},
)


@pytest.fixture
def odd(make: Make) -> Flow:
    return make(ODD)


def test_the_cards_of_a_flow(odd: Flow) -> None:
    end, graph, click, lost = cards(odd)
    assert (end.mark, graph.mark, click.mark, lost.mark) == (Mark.ASKS, Mark.PLAIN, Mark.END, Mark.PERSON)
    assert (end.about, graph.about, click.about, lost.about) == ("a.b", "", "", "lost")
    assert [way.label for way in end.ways] == ["#", "*", "1", "200", "failed"]
    assert [way.exit for way in end.ways] == ["keys.#", "keys.*", "keys.1", "direct_dial", "failed"]
    assert [card.is_reached for card in (end, graph, click, lost)] == [True, True, True, False]
    assert [card.is_start for card in (end, graph, click, lost)] == [True, False, False, False]
    assert (end.entries, end.drop_offs, end.ways[0].count, end.ways[0].share) == (None, None, None, None)


def test_figures_are_of_the_entries_to_the_node(odd: Flow) -> None:
    end, graph, _, lost = cards(odd, TRAFFIC)
    assert (end.entries, end.drop_offs) == (40, 4)
    assert [(way.count, way.share) for way in end.ways] == [(0, 0.0), (0, 0.0), (10, 0.25), (0, 0.0), (26, 0.65)]
    assert [(way.count, way.share) for way in graph.ways] == [(0, 0.0), (0, 0.0)]
    assert [(lost.entries, way.count, way.share) for way in lost.ways] == [(0, 0, None)]


def test_mermaid_text(odd: Flow) -> None:
    assert mermaid(cards(odd)).splitlines() == [
        "flowchart LR",
        "    start((( )))",
        '    n_end{{"<b>end</b><br/>menu<br/>a.b"}}',
        '    n_graph["<b>graph</b><br/>branch"]',
        '    n_click(("<b>click</b><br/>hangup"))',
        '    n_lost(["<b>lost</b><br/>transfer<br/>lost"])',
        "    start --> n_end",
        '    n_end -->|"#35;<br/>1"| n_graph',
        '    n_end -->|"*<br/>failed"| n_click',
        '    n_end -->|"200"| n_end',
        '    n_graph -->|"call.caller == #quot;1#quot; and call.called #lt; #quot;2#quot;<br/>otherwise"| n_click',
        '    n_lost -->|"failed"| n_click',
    ]
    counted = mermaid(cards(odd, TRAFFIC))
    assert "<b>end</b><br/>menu<br/>a.b<br/>40 in, 4 hung up" in counted
    assert '    n_end -->|"*: 0 (0%)<br/>failed: 26 (65%)"| n_click' in counted


def texts(root: ET.Element) -> list[str]:
    return [each.text or "" for each in root.iter("{http://www.w3.org/2000/svg}text")]


def test_an_svg_says_what_it_shows(odd: Flow) -> None:
    root = ET.fromstring(svg(cards(odd, TRAFFIC), Heading("odd", "version 1")))
    title, desc = root[0], root[1]
    assert (root.get("role"), root.get("aria-labelledby")) == ("img", f"{title.get('id')} {desc.get('id')}")
    assert title.text == "Flow odd"
    assert (desc.text or "").splitlines()[0] == (
        "The call begins here. end, menu a.b, 40 calls came and 4 hung up: "
        "# to graph (0); * to click (0); 1 to graph (10); 200 to end (0); failed to click (26)."
    )
    assert "click, hangup, 0 calls came and 0 hung up: the call ends." in (desc.text or "")
    assert {"odd", "version 1", "▶ end", "40 in", "4 hung up (10%)", "26 · 65%"} <= set(texts(root))
    assert "prefers-color-scheme:dark" in "".join(each.text or "" for each in root)


def test_an_svg_holds_nothing_but_itself(odd: Flow) -> None:
    text = svg(cards(odd), Heading("odd", "<script>&"))
    assert "<script>" not in text and "href" not in text and "url(" not in text
    assert re.findall(r"https?://[^\"]+", text) == ["http://www.w3.org/2000/svg"]


@settings(max_examples=40, deadline=None)
@given(data=strategies.flows, counted=st.booleans())
def test_any_flow_is_drawn_whole(data: dict[str, object], counted: bool) -> None:
    drawn = cards(flow_of(data), TRAFFIC if counted else None)
    root = ET.fromstring(svg(drawn, Heading("random", "")))
    lines = [
        each for each in root.iter("{http://www.w3.org/2000/svg}path") if each.get("class", "").startswith("line")
    ]
    assert len(lines) == 4 + sum(len(card.ways) for card in drawn)
    assert {f"▶ {card.name}" if card.is_start else card.name for card in drawn} <= set(texts(root))
    inside(root)
    text = mermaid(drawn)
    assert all(f"n_{way.to}" in text for card in drawn for way in card.ways)


def inside(root: ET.Element) -> None:
    """No card lies outside of the picture, and none over another."""
    width, height = (float(root.get(name, "0")) for name in ("width", "height"))
    boxes = [
        tuple(float(rect.get(name, "0")) for name in ("x", "y", "width", "height"))
        for rect in root.iter("{http://www.w3.org/2000/svg}rect")
        if rect.get("class", "").startswith("card")
    ]
    for index, (x, y, wide, high) in enumerate(boxes):
        assert x >= 0 and y >= 0 and x + wide <= width and y + high <= height
        for other_x, other_y, other_wide, other_high in boxes[:index]:
            apart_x = x >= other_x + other_wide or other_x >= x + wide
            assert apart_x or y >= other_y + other_high or other_y >= y + high


names = st.sampled_from([f"n{number}" for number in range(12)])


@settings(max_examples=60, deadline=None)
@given(ways=st.lists(st.tuples(names, names), max_size=40), heights=st.lists(st.integers(20, 300), min_size=12))
def test_layers_go_from_left_to_right_and_nothing_touches(ways: list[tuple[str, str]], heights: list[int]) -> None:
    boxes = [Box(f"n{number}", float(heights[number]), 10.0) for number in range(12)]
    ports = Counter(source for source, _ in ways)
    lines = [Line(source, 5.0 * ports[source] + row, target) for row, (source, target) in enumerate(ways)]
    layout = placed(boxes, lines, "n0", 20.0)
    assert set(layout.layer) == {box.name for box in boxes}
    for line in lines:
        route = layout.routes[line]
        assert (route[0].name, route[-1].name) == (line.source, line.target)
        steps = [after.layer - before.layer for before, after in pairwise(route)]
        assert set(steps) <= {1} or (set(steps) <= {0, -1} and all(stop.back for stop in route[1:-1]))
    heights_of = {Stop(box.name, layout.layer[box.name]): box.height for box in boxes}
    for layer in layout.layers:
        for upper, lower in pairwise(layer):
            assert layout.tops[lower] >= layout.tops[upper] + heights_of.get(upper, LANE) + 20.0 - 1e-6


def test_a_straight_flow_is_a_straight_line() -> None:
    boxes = [Box(name, 50.0, 10.0) for name in "abc"]
    layout = placed(boxes, [Line("a", 10.0, "b"), Line("b", 10.0, "c")], "a", 20.0)
    assert [layout.tops[Stop(name, layer)] for layer, name in enumerate("abc")] == pytest.approx([0.0, 0.0, 0.0])


def test_a_large_flow_is_drawn() -> None:
    def ways(number: int) -> tuple[Way, ...]:
        return tuple(Way("w", "w", f"n{(number * 7 + row) % 120}", Taken.BY_CALLER) for row in range(4))

    drawn = [Card(f"n{each}", "say", "", Mark.PLAIN, each == 0, True, ways(each)) for each in range(120)]
    inside(ET.fromstring(svg(drawn, Heading("large", ""))))


def test_the_sample_flow_is_drawn(make: Make) -> None:
    sample = Path(__file__).resolve().parents[2] / "console" / "demo" / "flows" / "main.yaml"
    drawn = cards(make(sample.read_text(encoding="utf-8")))
    assert {card.name: card.about for card in drawn}["opening"] == "mon-sun 00:00-24:00"
    inside(ET.fromstring(svg(drawn, Heading("main", ""))))
