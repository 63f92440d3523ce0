"""Expressions: what they come to, what is refused, and that nothing else can come of them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.expressions import MAX_SOURCE, EvaluationError, ExpressionProblem, parse
from ivr.values import MAX_NUMBER, BadValue, Value, checked, in_words

VALUES: dict[str, Value] = {
    "n": 5,
    "price": Decimal("2.50"),
    "name": "Ann",
    "vip": True,
    "no": False,
    "empty": "",
    "keyed": "0042",
    "due": "2026-12-01",
    "call.time": "09:30",
    "small": Decimal("1e-50"),
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1", 1),
        ("2.50", Decimal("2.50")),
        ("'a text'", "a text"),
        ("true", True),
        ("none", None),
        ("missing", None),
        ("n + 1", 6),
        ("n - 10", -5),
        ("-n", -5),
        ("n * price", Decimal("12.50")),
        ("n / 2", Decimal("2.5")),
        ("n // 2", 2),
        ("n % 2", 1),
        ("0.1 + 0.2 == 0.3", True),
        ("name + '!'", "Ann!"),
        ("n == 5.0", True),
        ("n == '5'", False),
        ("vip == 1", False),
        ("n != 5", False),
        ("1 <= n < 6", True),
        ("1 < n < 5", False),
        ("due > '2026-11-30'", True),
        ("call.time < '12:00'", True),
        ("'nn' in name", True),
        ("'x' not in name", True),
        ("name in ['Bob', 'Ann']", True),
        ("n in (1, 2)", False),
        ("n not in [1, 2]", True),
        ("vip and n", True),
        ("no or empty", False),
        ("not empty", True),
        ("'dear' if vip else 'you'", "dear"),
        ("default(missing, 3)", 3),
        ("default(empty, 'x')", "x"),
        ("default(0, 3)", 0),
        ("digits('4-2 a')", "42"),
        ("ends(name, 'nn')", True),
        ("starts(name, 'Bo')", False),
        ("left(name, 2)", "An"),
        ("right(keyed, 2)", "42"),
        ("right(keyed, 0)", ""),
        ("length(keyed)", 4),
        ("lower(name) + upper(name)", "annANN"),
        ("trim(' a ')", "a"),
        ("max(n, price)", 5),
        ("min(n, price)", Decimal("2.50")),
        ("number(keyed)", 42),
        ("number('2.5')", Decimal("2.5")),
        ("number('-7')", -7),
        ("number('x')", None),
        ("number('1e-99999999')", None),
        ("number('1_000')", None),
        ("number('nan')", None),
        ("number(vip)", None),
        ("round(price * 3)", 8),
        ("round(price / 3, 2)", Decimal("0.83")),
        ("text(price)", "2.50"),
        ("text(vip)", "true"),
        ("text(missing)", ""),
    ],
)
def test_what_it_comes_to(source: str, value: Value) -> None:
    result = parse(source).value(VALUES)
    assert result == value and type(result) is type(value)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "n +",
        "x = 1",
        "(x := 1)",
        "lambda: 1",
        "[x for x in name]",
        "f'{name}'",
        "name[0]",
        "name.upper()",
        "name.__class__",
        "call",
        "call.caller.x",
        "\N{MATHEMATICAL BOLD SMALL N} + 1",
        "__import__('os')",
        "open('x')",
        "().__class__",
        "{'a': 1}",
        "n ** 9",
        "n << 3",
        "~n",
        "~" * 400 + "1",
        "n is none",
        "1if n else 2",
        "0or n",
        "1e9",
        "0x10",
        "1j",
        "b'x'",
        "...",
        "True",
        "None",
        "lower",
        "lower()",
        "lower(name, name)",
        "lower(text=name)",
        "lower(*name)",
        "'a\\x00'",
        "n\n+ 1",
        "x" * (MAX_SOURCE + 1),
        "(" * 240 + "1" + ")" * 240,
        "-" * 400 + "1",
        "not " * 100 + "n",
        f"{MAX_NUMBER}0",
    ],
)
def test_what_is_no_expression_is_refused(source: str) -> None:
    with pytest.raises(ExpressionProblem):
        parse(source)


@pytest.mark.parametrize(
    "source",
    [
        "name - 1",
        "n + name",
        "n < name",
        "none < 1",
        "vip + 1",
        "-name",
        "n / 0",
        "n // 0",
        "n % 0",
        "'a' in n",
        "lower(n)",
        "round(name)",
        "round(n, 99)",
        "small / 1000000000000000 / 1000000000000000 / 1000000000000000 / 1000000000000000",
        f"{MAX_NUMBER} + {MAX_NUMBER}",
        f"{MAX_NUMBER} * {MAX_NUMBER} * {MAX_NUMBER}",
    ],
)
def test_values_that_do_not_fit_are_told_without_being_shown(source: str) -> None:
    with pytest.raises(EvaluationError) as told:
        parse(source).value(VALUES)
    assert "Ann" not in str(told.value)


def test_texts_do_not_grow_without_end() -> None:
    doubled = parse("t + t")
    text: Value = "x" * 100
    with pytest.raises(EvaluationError):
        for _ in range(10):
            text = doubled.value({"t": text})


def test_an_expression_knows_what_it_reads() -> None:
    expression = parse("a + b > call.time and f in [c, 'd'] or length(e) > 1")
    assert sorted(expression.names) == ["a", "b", "c", "call.time", "e", "f"]


PIECES = st.sampled_from(
    ["n", "name", "call.time", "1", "2.5", "'a'", "+", "-", "*", "/", "%", "<", "==", " in ", " not ",
     " and ", " or ", "(", ")", "[", "]", ",", " if ", " else ", "length(", "number(", "none", "true", "x",
     ".", ":", "=", "@", "\u2028"]
)  # fmt: skip

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-MAX_NUMBER, MAX_NUMBER),
    st.decimals(-1000, 1000, places=2),
    st.text(max_size=8),
)


@settings(max_examples=400)
@given(
    st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=30)), st.dictionaries(st.just("n"), values)
)
def test_any_text_is_an_expression_or_is_refused_and_any_expression_gives_a_value_or_says_why(
    source: str, variables: dict[str, Value]
) -> None:
    try:
        expression = parse(source)
    except ExpressionProblem:
        return
    try:
        value = expression.value(variables | {"name": "Ann"})
    except EvaluationError:
        return
    assert checked(value) is value
    assert expression.names <= {"n", "name", "x", "call.time"} or all(name in source for name in expression.names)


@pytest.mark.parametrize("value", [[1], {"a": 1}, float("nan"), float("inf"), 10**16, "x" * 3000, object()])
def test_what_no_variable_holds(value: object) -> None:
    with pytest.raises(BadValue):
        checked(value)


def test_values_in_words() -> None:
    assert [in_words(each) for each in (None, True, False, 3, Decimal("2.50"), "x")] == [
        "",
        "true",
        "false",
        "3",
        "2.50",
        "x",
    ]
    assert checked(2.5) == Decimal("2.5")
