"""What callers may say in a flow, for those who must know before a call comes: recognisers, and the check."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.flow import Flow
from ivr.nodes.base import Place
from ivr.nodes.voice import yes_or_no
from ivr.speech.expected import Expected

YES, NO = "1", "2"


def spoken_of(flow: Flow) -> Iterator[tuple[Place, Expected]]:
    """All that callers may say in ``flow`` and the flows that it calls, in each of their languages.

    A place begins with the flow's id. Where a flow takes keys alone there is none.
    """
    done = set()
    for each in flow.with_subflows():
        if each.speech and each.id not in done:
            done.add(each.id)
            for language in each.languages:
                yield from _in_language(each, language)


def _in_language(flow: Flow, language: str) -> Iterator[tuple[Place, Expected]]:
    if (agreed := yes_or_no(language, YES, NO)) is not None:
        yield (flow.id, "speech"), agreed
    for name, node in flow.nodes.items():
        for place, expected in (*node.expects(language), *node.hears(language)):
            yield (flow.id, "nodes", name, *place), expected
