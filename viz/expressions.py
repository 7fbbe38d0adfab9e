"""A formula that anybody typed, as a Value: parsed, held to what is allowed, and never evaluated.

Python's parser reads it, and the table's records compute it, plain numbers too. Reads autograd's
table; read by __main__.py.
"""

from __future__ import annotations

import ast
import math
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
POWER, PRODUCT = "a power is written x**2", "a product is written 2*x"
OTHERS = {"^": POWER, "²": POWER, "·": PRODUCT, "×": PRODUCT, "#": "a comment is not read"}
# Characters. Python's parser calls itself, at most once a character: at 3,000 it may give up. Depth
# and the number of nodes are less than that, so they need no bound of their own.
LONGEST = 1_000
# Beyond, a power is 0, 1 or infinite, unless its base is 1 to three digits.
LARGEST = 1e6


def value_of(text: str, numbers: Mapping[str, float]) -> Value:
    """What ``text`` is, its names Values of these numbers.

    Raises:
        ValueError: it is no such formula, and at which column, from 1; a name has no number, or a
            number is of no name in it.

    >>> value_of("2*x**2 - 1", {"x": 3.0})
    Value(data=17.0, grad=0.0)
    """
    nodes, todo = [], [_parsed(text)]
    while todo:  # the last operand first: from behind, it is operands first, from left to right
        nodes.append(todo.pop())
        todo += _operands(nodes[-1])
    leaves = {name: Value(number, name) for name, number in numbers.items()}
    found: dict[ast.expr, Any] = {}
    for node in reversed(nodes):
        try:
            found[node] = _made(text, node, [found[x] for x in _operands(node)], leaves)
        except (TypeError, ValueError, OverflowError) as error:
            source = text.lstrip(" ").encode()[: node.col_offset]  # the parser counts bytes
            at = len(text) - len(text.lstrip(" ")) + len(source.decode())
            raise _refusal(at, f"{error}") from None
    if unused := set(numbers).difference(x.id for x in nodes if isinstance(x, ast.Name)):
        name = clean(min(unused))
        raise ValueError(f"{name} has a number, but is not in the expression; leave it out")
    y = found[nodes[0]]
    return y if isinstance(y, Value) else Value(y, "y")


def _refusal(at: int, why: str) -> ValueError:
    return ValueError(f"column {at + 1}: {why}; {ALLOWED}")


def _parsed(text: str) -> ast.expr:
    """The tree of ``text``, whatever it holds."""
    if (length := len(text)) > LONGEST:
        raise _refusal(LONGEST, f"at most {LONGEST:,} characters are read, got {length:,}")
    for at, character in enumerate(text):
        if character in OTHERS:
            raise _refusal(at, OTHERS[character])
        if not character.isprintable():
            raise _refusal(at, f"{character!a} cannot be shown")
    source = text.lstrip(" ")
    try:
        return ast.parse(source, mode="eval").body
    except SyntaxError as error:
        why = error.msg if source else "an expression is required, got none"
        at = len(text) - len(source) + max(1, error.offset or 1) - 1  # 0 of an empty text
        raise _refusal(at, why) from None
    except (RecursionError, MemoryError):
        raise _refusal(0, "it is nested too deeply") from None


def _operands(node: ast.expr) -> list[ast.expr]:
    """The nodes of the operands, and behind them those of the parameters."""
    match node:
        case ast.BinOp():
            return [node.left, node.right]
        case ast.UnaryOp():
            return [node.operand]
        case ast.Call(func=ast.Name()):
            return [*node.args, *(keyword.value for keyword in node.keywords)]
    return []


def _made(text: str, node: ast.expr, operands: list[Any], leaves: Mapping[str, Value]) -> Any:
    """What a node is, from what its operands are.

    Raises:
        TypeError, ValueError, OverflowError: why it is not allowed.
    """
    match node:
        case ast.Name(id=name) if name in leaves:
            return leaves[name]
        case ast.Name(id=name) if name in ops.TABLE:
            raise ValueError(f"{name} is a function; write {name}(0.5)")
        case ast.Name(id=name):
            number = getattr(math, name, 0.5) if name in ("e", "pi") else 0.5
            raise ValueError(f"{clean(name)} has no number; add {clean(name)}={number}")
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.BinOp(op=ast.Pow()) if type(x := operands[1]) is float and abs(x) > LARGEST:
            raise ValueError(f"an exponent is at most {LARGEST:,.0f}, got {x:g}")
        case ast.BinOp(op=operator) | ast.UnaryOp(op=operator) if type(operator) in OPERATORS:
            return OPERATORS[type(operator)](*operands)
        case ast.Call(func=ast.Name(id=name)) if name not in ops.TABLE:
            raise ValueError(f"{clean(name)} is no function")
        case ast.Call(func=ast.Name(id=name)) if all(x.arg for x in node.keywords):
            record, count = ops.TABLE[name], len(node.args)
            parameters = {x.arg or "": number for x, number in zip(node.keywords, operands[count:])}
            many = [operands[:count]] if record.slots is None else operands[:count]
            return record(*many, **parameters)
    piece = ast.get_source_segment(text.lstrip(" "), node) or "it"
    raise ValueError(f"{clean(piece)} is not allowed")
