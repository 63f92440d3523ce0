"""Which kind a node is whose keys name more than one."""

from __future__ import annotations

import pytest

from ivr.nodes import kind_of


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        (("emergency", "transfer", "failed"), "emergency"),
        (("transfer", "failed"), "transfer"),
        (("hours", "zone", "open", "closed", "emergency"), "hours"),
        (("queue", "failed", "nonsense"), "queue"),
        (("failed",), None),
    ],
)
def test_the_kind_is_the_one_that_has_all_the_keys_in_any_order(keys: tuple[str, ...], kind: str | None) -> None:
    assert kind_of(dict.fromkeys(keys)) == kind
    assert kind_of(dict.fromkeys(reversed(keys))) == kind


def test_where_none_has_all_the_keys_the_first_is_meant() -> None:
    assert kind_of(dict.fromkeys(("transfer", "emergency", "nonsense"))) == "transfer"
