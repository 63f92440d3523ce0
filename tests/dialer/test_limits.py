"""Which attempt must be looked after next."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from dialer.limits import Limits


@dataclass
class Each:
    limit_at: float


@given(moves=st.lists(st.tuples(st.integers(0, 4), st.floats(0, 100)), max_size=40), now=st.floats(0, 100))
def test_each_is_given_once_when_its_last_limit_has_come(moves: list[tuple[int, float]], now: float) -> None:
    limits: Limits[Each] = Limits()
    all_of_them = [Each(-1.0) for _ in range(5)]
    for which, at in moves:
        all_of_them[which].limit_at = at
        limits.keep(all_of_them[which])
    kept = [each for each in all_of_them if each.limit_at >= 0]
    assert limits.next_at() == min((each.limit_at for each in kept), default=None)
    given_back = []
    while (each := limits.pop(now)) is not None:
        each.limit_at = -1.0
        given_back.append(each)
    assert len(given_back) == len({id(each) for each in given_back})
    assert all(each.limit_at == -1.0 or each.limit_at > now for each in kept)
