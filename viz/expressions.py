"""A formula that anybody typed, as a Value: parsed, held to what is allowed, and never evaluated.

Python's parser reads it, and the table's records compute it, plain numbers too. Reads autograd's
table; read by __main__.py.
"""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from autograd import ops
from autograd.names import clean
from autograd.value import Value

OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: ops.add, ast.Sub: ops.subtract, ast.Mult: ops.multiply, ast.Div: ops.divide,
    ast.Mod: ops.remainder, ast.Pow: ops.power, ast.USub: ops.negative, ast.UAdd: lambda x: x,
}  # fmt: skip
ALLOWED = "allowed are numbers, names, + - * / % **, parentheses and the functions of --help"
# Characters. Python's parser calls itself, at most once a character: at 3,000 it may give up. Depth
# and the number of nodes are less than that, so they need no bound of their own.
LONGEST = 1_000
# Beyond, a power is 0, 1 or infinite, unless its base is 1 to three digits.
LARGEST_EXPONENT = 1e6


def value_of(text: str, numbers: Mapping[str, float]) -> Any:
    """What ``text`` is, its names Values of these numbers: a Value; a float where it has no name.

    Raises:
        ValueError: it is no such formula, and at which column, from 1; a name has no number, or a
            number is of no name in it.

    >>> value_of("2*x**2 - 1", {"x": 3.0})
    Value(data=17.0, grad=0.0)
    """
    nodes = [_parsed(text)]
    for node in nodes:  # it grows: each stands behind what it is an operand of
        nodes += _operands(node)
    for node in sorted(nodes, key=lambda node: node.col_offset):  # the first in the text is named
        if why := _wrong(text, node, numbers):
            raise _refusal(text, node, why)
    if "#" in text:
        raise _refusal(text, text.index("#"), "a comment is no part of a formula")
    leaves = {name: Value(number, name) for name, number in numbers.items()}
    found: dict[ast.expr, Any] = {}
    for node in reversed(nodes):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            exponent = found[node.right]
            if type(exponent) is float and not abs(exponent) <= LARGEST_EXPONENT:
                why = f"an exponent is at most {LARGEST_EXPONENT:,.0f}, got {exponent:g}"
                raise _refusal(text, node.right, why)
        try:
            found[node] = _made(node, [found[x] for x in _operands(node)], leaves)
        except (TypeError, ValueError) as error:  # the op's own refusal
            raise _refusal(text, node, f"{error}") from None
    if unused := set(numbers).difference(x.id for x in nodes if isinstance(x, ast.Name)):
        name = clean(min(unused))
        raise ValueError(f"{name} has a number, but is not in the expression; leave it out")
    return found[nodes[0]]


def _refusal(text: str, at: ast.expr | int, why: str) -> ValueError:
    """``why``, with the column of a character or of a node; the parser counts bytes."""
    if not isinstance(at, int):
        source = text.lstrip(" ")
        at = len(text) - len(source) + len(source.encode()[: at.col_offset].decode())
    return ValueError(f"column {at + 1}: {why}; {ALLOWED}")


def _parsed(text: str) -> ast.expr:
    """The tree of ``text``, whatever it holds."""
    if (length := len(text)) > LONGEST:
        raise _refusal(text, LONGEST, f"at most {LONGEST:,} characters are read, got {length:,}")
    for at, character in enumerate(text):
        if not character.isprintable():
            raise _refusal(text, at, f"{character!a} cannot be shown")
    source = text.lstrip(" ")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of 1if, which is refused
            return ast.parse(source, mode="eval").body
    except SyntaxError as error:
        why = error.msg if source else "an expression is required, got none"
        at = len(text) - len(source) + max(1, error.offset or 1) - 1  # 0 of an empty text
        raise _refusal(text, at, why) from None
    except (RecursionError, MemoryError):
        raise _refusal(text, 0, "it is nested too deeply") from None


def _operands(node: ast.expr) -> list[ast.expr]:
    """The nodes of the operands, and behind them those of the parameters."""
    match node:
        case ast.BinOp():
            return [node.left, node.right]
        case ast.UnaryOp():
            return [node.operand]
        case ast.Call():
            return [*node.args, *(keyword.value for keyword in node.keywords)]
    return []


def _wrong(text: str, node: ast.expr, numbers: Mapping[str, float]) -> str:
    """Why ``node`` is not allowed, its operands aside; nothing if it is."""
    match node:
        case ast.Name(id=name) if name in ops.TABLE and name not in numbers:
            return f"{name} is a function; write {name}(0.5)"
        case ast.Name(id=name):
            return "" if name in numbers else f"{clean(name)} has no number; add {clean(name)}=0.5"
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return "" if number <= sys.float_info.max else "a float holds no such number"
        case ast.Call(func=ast.Name(id=name)) if all(x.arg for x in node.keywords):
            return "" if name in ops.TABLE else f"{clean(name)} is no function of the table"
        case ast.BinOp(op=operator) | ast.UnaryOp(op=operator) if type(operator) in OPERATORS:
            return ""
    piece = ast.get_source_segment(text.lstrip(" "), node) or "it"
    return f"{clean(piece)} is not allowed"


def _made(node: ast.expr, operands: list[Any], leaves: Mapping[str, Value]) -> Any:
    """What an allowed node is, from what its operands are."""
    match node:
        case ast.Name(id=name):
            return leaves[name]
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.BinOp(op=operator) | ast.UnaryOp(op=operator):
            return OPERATORS[type(operator)](*operands)
        case ast.Call(func=ast.Name(id=name)):
            record, count = ops.TABLE[name], len(node.args)
            parameters = {x.arg or "": number for x, number in zip(node.keywords, operands[count:])}
            many = [operands[:count]] if record.slots is None else operands[:count]
            return record(*many, **parameters)
    raise AssertionError(f"{node} is allowed, but not made")
