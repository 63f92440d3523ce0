"""Expressions of flows, such as ``balance < 0 and not vip``: read once with the flow, run without ``eval``.

The writing is Python's, of which this is allowed and nothing else:

=====================  ==============================================================================
what                   notes
=====================  ==============================================================================
``12``, ``2.50``       numbers are exact decimals
``"text"``             without backslashes
``true false none``    ``none`` is what a variable holds before it is set
``order``              a variable; ``call.caller`` and its kin (``ivr/turn.py``) are of the call
``+ - * / // %``       numbers; ``+`` joins texts too
``== != < <= > >=``    numbers by size, texts by their characters; chains such as ``1 <= n < 5``
``in``, ``not in``     a text in a text, a value in a list: ``kind in ["a", "b"]``
``and or not``         what is empty, zero, false or none counts as false
``a if b else c``
``f(x)``               one of :data:`FUNCTIONS`
=====================  ==============================================================================

Running one touches nothing but the values it is given, takes time in proportion to its length, and either gives a
value or raises :class:`EvaluationError`.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from ivr.values import BadValue, Value, Values, checked, in_words, is_number

MAX_SOURCE = 500
"""Characters of one expression; a longer thought belongs into several nodes."""

MAX_DEPTH = 40
"""How deep one may be nested; nobody reads deeper, and no stack is exhausted."""

QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
JOINED = re.compile(r"\b[0-9][0-9.]*[A-Za-z_]")
"""What Python takes with a warning, such as ``1if x else 2``: warnings are a process's, and threads read flows."""

CALL = "call"
"""The one name that has parts: ``call.caller``."""

NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?\Z")
"""A number in a text. There is no ``e``: a caller's name such as 1e-99999999 must not become a number that fills
the memory when it is written out."""

CONSTANTS: Mapping[str, Value] = {"true": True, "false": False, "none": None}


class ExpressionProblem(ValueError):
    """What is written is no expression of ours."""


class EvaluationError(ValueError):
    """The values do not fit what is done with them."""


Run = Callable[[Values], Value]


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression, ready to run. ``names``: the variables it reads."""

    source: str
    names: frozenset[str]
    _run: Run = field(repr=False, compare=False)

    def value(self, variables: Values) -> Value:
        """What it comes to; a variable that is not in ``variables`` is ``none``.

        Raises:
            EvaluationError: the values do not fit, e.g. a text is subtracted, or something is divided by zero.
        """
        try:
            return checked(self._run(variables))
        except (BadValue, ArithmeticError) as problem:
            raise EvaluationError(f"{self.source!r}: {_arithmetic(problem)}") from problem
        except EvaluationError as problem:
            raise EvaluationError(f"{self.source!r}: {problem}") from problem


def parse(source: str) -> Expression:
    """The expression that is written as ``source``.

    Raises:
        ExpressionProblem: it is none; the message says what is wrong and what may stand there.
    """
    text = source.strip()
    if not text:
        raise ExpressionProblem("an expression is empty; expected one such as order != none")
    if len(text) > MAX_SOURCE:
        raise ExpressionProblem(f"an expression has at most {MAX_SOURCE} characters, and this has {len(text)}")
    if "\\" in text or "\n" in text:
        raise ExpressionProblem("an expression is one line without backslashes")
    if JOINED.search(QUOTED.sub("''", text)):
        raise ExpressionProblem(f"{text!r} is no expression: a number runs into a name; put a blank between them")
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        told = problem.msg if isinstance(problem, SyntaxError) else "it is written wrongly"
        raise ExpressionProblem(f"{text!r} is no expression: {told}") from problem
    reader = _Reader(text)
    run = reader.read(tree.body)
    return Expression(text, frozenset(reader.names), run)


class _Reader:
    """Turns Python's tree into functions, and refuses all that is not in the table above."""

    def __init__(self, source: str) -> None:
        self.names: set[str] = set()
        self._source = source
        self._depth = 0

    def read(self, node: ast.expr) -> Run:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionProblem(f"an expression is nested at most {MAX_DEPTH} deep")
        try:
            return self._read(node)
        finally:
            self._depth -= 1

    def _read(self, node: ast.expr) -> Run:
        match node:
            case ast.Constant(value=value):
                return _constant(value)
            case ast.Name(id=name):
                return self._name(name)
            case ast.Attribute(value=ast.Name(id=name), attr=part) if name == CALL:
                return self._variable(f"{CALL}.{part}")
            case ast.BoolOp(op=op, values=values):
                return self._bool(isinstance(op, ast.And), values)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self.read(operand)
                return lambda values: not inner(values)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self.read(operand)
                return lambda values: -_number(inner(values))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
                return self._binary(ARITHMETIC[type(op)], left, right)
            case ast.Compare(left=left, ops=ops, comparators=rest):
                return self._compare(left, ops, rest)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                asked, yes, no = self.read(test), self.read(body), self.read(orelse)
                return lambda values: yes(values) if asked(values) else no(values)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self._call(name, args)
            case _:
                raise ExpressionProblem(
                    f"{ast.get_source_segment(self._source, node)!r} may not stand in an expression;"
                    " expected values, variables, + - * / // %, comparisons, in, and, or, not, if-else or a function"
                )

    def _name(self, name: str) -> Run:
        if name in CONSTANTS:
            value = CONSTANTS[name]
            return lambda values: value
        if name == CALL:
            raise ExpressionProblem("call has parts; expected one such as call.caller")
        if name in FUNCTIONS:
            raise ExpressionProblem(f"{name} is a function; expected {name}(...)")
        if name in ("True", "False", "None"):
            raise ExpressionProblem(f"expected {name.lower()}, not {name}")
        return self._variable(name)

    def _variable(self, name: str) -> Run:
        if name not in self._source:  # Python reads letters of other alphabets as plain ones
            raise ExpressionProblem(f"{name} is written with other letters; expected a to z, 0 to 9 and _")
        self.names.add(name)
        return lambda values: values.get(name)

    def _bool(self, every: bool, nodes: list[ast.expr]) -> Run:
        parts = [self.read(node) for node in nodes]
        if every:
            return lambda values: all(part(values) for part in parts)
        return lambda values: any(part(values) for part in parts)

    def _binary(self, do: Callable[[Value, Value], Value], left: ast.expr, right: ast.expr) -> Run:
        first, second = self.read(left), self.read(right)
        return lambda values: checked(do(first(values), second(values)))

    def _compare(self, left: ast.expr, ops: list[ast.cmpop], rest: list[ast.expr]) -> Run:
        first = self.read(left)
        steps = [self._comparison(op, node) for op, node in zip(ops, rest, strict=True)]

        def run(values: Values) -> bool:
            value = first(values)
            for step in steps:
                holds, value = step(values, value)
                if not holds:
                    return False
            return True

        return run

    def _comparison(self, op: ast.cmpop, node: ast.expr) -> Callable[[Values, Value], tuple[bool, Value]]:
        """One step of a chain: whether it holds, and the value that the next step begins with."""
        if isinstance(op, ast.In | ast.NotIn):
            wanted = isinstance(op, ast.In)
            if isinstance(node, ast.List | ast.Tuple):
                items = [self.read(each) for each in node.elts]
                return lambda values, value: (any(_same(value, item(values)) for item in items) is wanted, None)
            inner = self.read(node)
            return lambda values, value: ((_text(value) in _text(inner(values))) is wanted, None)
        compare = COMPARISONS.get(type(op))
        if compare is None:
            raise ExpressionProblem("is and is not are unknown here; expected == or !=")
        right = self.read(node)

        def step(values: Values, value: Value) -> tuple[bool, Value]:
            other = right(values)
            return compare(value, other), other

        return step

    def _call(self, name: str, args: list[ast.expr]) -> Run:
        function = FUNCTIONS.get(name)
        if function is None:
            raise ExpressionProblem(f"there is no function {name}; there are: {', '.join(sorted(FUNCTIONS))}")
        if not function.least <= len(args) <= function.most:
            raise ExpressionProblem(f"expected {function.written}")
        parts = [self.read(node) for node in args]
        return lambda values: function.do(*(part(values) for part in parts))


def _constant(value: object) -> Run:
    if value is None or isinstance(value, bool):
        raise ExpressionProblem(f"expected {str(value).lower()}, not {value}")
    if not isinstance(value, int | float | str):
        raise ExpressionProblem(f"{value!r} may not stand in an expression; expected a number or a text")
    try:
        constant = checked(value)
    except BadValue as problem:
        raise ExpressionProblem(str(problem)) from problem
    return lambda values: constant


def _number(value: Value) -> int | Decimal:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return value
    raise EvaluationError(f"expected a number, not {_shown(value)}")


def _text(value: Value) -> str:
    if isinstance(value, str):
        return value
    raise EvaluationError(f"expected a text, not {_shown(value)}")


def _shown(value: Value) -> str:
    """What kind of value it is; never the value, which may be a secret."""
    match value:
        case None:
            return "none"
        case bool():
            return "true or false"
        case str():
            return "a text"
        case _:
            return "a number"


def _add(left: Value, right: Value) -> Value:
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    return _number(left) + _number(right)


def _divide(left: Value, right: Value) -> Value:
    return Decimal(_number(left)) / _number(right)


def _same(left: Value, right: Value) -> bool:
    if is_number(left) and is_number(right):
        return left == right
    return type(left) is type(right) and left == right


def _ordered(compare: Callable[..., bool]) -> Callable[[Value, Value], bool]:
    def ordered(left: Value, right: Value) -> bool:
        if isinstance(left, str) and isinstance(right, str):
            return compare(left, right)
        return compare(_number(left), _number(right))

    return ordered


def _arithmetic(problem: Exception) -> str:
    if isinstance(problem, ZeroDivisionError | InvalidOperation):
        return "divided by zero, or no number comes of it"
    return str(problem)


ARITHMETIC: Mapping[type[ast.operator], Callable[[Value, Value], Value]] = {
    ast.Add: _add,
    ast.Sub: lambda left, right: _number(left) - _number(right),
    ast.Mult: lambda left, right: _number(left) * _number(right),
    ast.Div: _divide,
    ast.FloorDiv: lambda left, right: _number(left) // _number(right),
    ast.Mod: lambda left, right: _number(left) % _number(right),
}

COMPARISONS: Mapping[type[ast.cmpop], Callable[[Value, Value], bool]] = {
    ast.Eq: _same,
    ast.NotEq: lambda left, right: not _same(left, right),
    ast.Lt: _ordered(operator.lt),
    ast.LtE: _ordered(operator.le),
    ast.Gt: _ordered(operator.gt),
    ast.GtE: _ordered(operator.ge),
}


# --- functions ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Function:
    """One function: how it is written, how many arguments it takes, and what it does."""

    written: str
    least: int
    most: int
    do: Callable[..., Value]


def _as_number(value: Value) -> Value:
    """``value`` as a number where it is one or is written as one, else ``none``."""
    if is_number(value):
        return value
    text = in_words(value).strip()
    if NUMBER.match(text) is None:
        return None
    try:
        return checked(Decimal(text) if "." in text else int(text))
    except (ValueError, BadValue):  # Python reads whole numbers of up to some thousand digits
        return None


def _round(value: Value, places: Value = 0) -> Value:
    number, digits = _number(value), _number(places)
    if not 0 <= digits <= 6:
        raise EvaluationError("round takes 0 to 6 places")
    rounded = round(Decimal(number), int(digits))
    return int(rounded) if digits == 0 else rounded


def _default(value: Value, otherwise: Value) -> Value:
    return otherwise if value is None or value == "" else value


FUNCTIONS: Mapping[str, Function] = {
    "default": Function("default(value, otherwise): otherwise where value is none or empty", 2, 2, _default),
    "digits": Function(
        "digits(text): its digits alone", 1, 1, lambda value: "".join(c for c in in_words(value) if c in "0123456789")
    ),
    "ends": Function("ends(text, with)", 2, 2, lambda value, with_: _text(value).endswith(_text(with_))),
    "left": Function("left(text, count)", 2, 2, lambda value, count: _text(value)[: max(0, int(_number(count)))]),
    "length": Function("length(text): its characters", 1, 1, lambda value: len(in_words(value))),
    "lower": Function("lower(text)", 1, 1, lambda value: _text(value).lower()),
    "max": Function("max(a, b)", 2, 2, lambda left, right: max(_number(left), _number(right))),
    "min": Function("min(a, b)", 2, 2, lambda left, right: min(_number(left), _number(right))),
    "number": Function("number(text): none where it is none", 1, 1, _as_number),
    "right": Function(
        "right(text, count)",
        2,
        2,
        lambda value, count: _text(value)[-int(_number(count)) :] if _number(count) >= 1 else "",
    ),
    "round": Function("round(number) or round(number, places)", 1, 2, _round),
    "starts": Function("starts(text, with)", 2, 2, lambda value, with_: _text(value).startswith(_text(with_))),
    "text": Function("text(value)", 1, 1, in_words),
    "trim": Function("trim(text): without spaces around it", 1, 1, lambda value: _text(value).strip()),
    "upper": Function("upper(text)", 1, 1, lambda value: _text(value).upper()),
}
