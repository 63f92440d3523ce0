"""A flow as text for Mermaid, which code hosts and wikis draw in their pages.

Source: the syntax of flowcharts, mermaid.js.org, version 11.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ivr.drawing.cards import Card, Mark, Way

SHAPES = {Mark.ASKS: ("{{", "}}"), Mark.PERSON: ("([", "])"), Mark.END: ("((", "))"), Mark.PLAIN: ("[", "]")}
ESCAPED = {ord("#"): "#35;", ord('"'): "#quot;", ord("<"): "#lt;", ord(">"): "#gt;", ord("`"): "#96;"}
"""What Mermaid or the HTML that it makes would take for something else inside quotes; ``#`` begins an entity."""


def mermaid(cards: Sequence[Card]) -> str:
    """The text of a flowchart. Ids begin with ``n_``: a node may be called ``end``, a word of Mermaid's own."""
    return "\n".join(["flowchart LR", *_nodes(cards), *_ways(cards)]) + "\n"


def _nodes(cards: Sequence[Card]) -> Iterator[str]:
    yield "    start((( )))"
    for card in cards:
        opened, closed = SHAPES[card.mark]
        lines = [f"<b>{card.name}</b>", card.kind, *([_text(card.about)] if card.about else [])]
        if card.entries is not None:
            lines.append(f"{card.entries} in, {card.drop_offs} hung up")
        yield f'    n_{card.name}{opened}"{"<br/>".join(lines)}"{closed}'


def _ways(cards: Sequence[Card]) -> Iterator[str]:
    for card in cards:
        if card.is_start:
            yield f"    start --> n_{card.name}"
    for card in cards:
        to: dict[str, list[str]] = {}
        for way in card.ways:
            to.setdefault(way.to, []).append(_label(way))
        for target, labels in to.items():
            yield f'    n_{card.name} -->|"{"<br/>".join(labels)}"| n_{target}'


def _label(way: Way) -> str:
    counted = "" if way.count is None else f": {way.count}"
    shared = "" if way.share is None else f" ({way.share:.0%})"
    return f"{_text(way.label)}{counted}{shared}"


def _text(text: str) -> str:
    return text.translate(ESCAPED)
