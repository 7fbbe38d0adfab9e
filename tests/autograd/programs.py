"""Random programs and what became of each, as text: run in both cores, the text must be the same.

python tests/autograd/programs.py 1000    values, gradients, steps, errors, warnings, bit for bit
"""

import copy
import itertools
import math
import pickle
import random
import sys
import traceback
import warnings

import autograd
from autograd import Value, ops
from autograd.op import REALS, derived, primitive
from autograd.unknown import Unknown


class Tagged(Value):
    """A user's subclass, with an attribute and a method of its own."""

    def __init__(self, data, tag="t"):
        super().__init__(data, label=tag)
        self.tag = tag

    def twice(self):
        return self * 2.0


NEW = (
    derived("bump", domain=REALS, formula=lambda m, x: m.exp(-(x * x)) * m.sin(x)),
    primitive("cube", domain=REALS, partials=(lambda m, x, y: 3.0 * x * x,),
              floats=lambda x: x * x * x),
    derived("mix", domain=REALS, formula=lambda m, t, a, b: (1.0 - t) * a + t * m.tanh(b)),
)  # fmt: skip
RECORDS = (*ops.TABLE.values(), *NEW)
NUMBERS = (0.0, -0.0, 1.0, -1.0, 0.5, 2, -2, True, 1e-3, 1e300, 5e-324, math.inf, math.nan, 710.0)
WRONG = (None, "3", 1j, [1.0], 10**400, b"x", object)
OPERATORS = (
    lambda a, b: a + b, lambda a, b: b + a, lambda a, b: a * b, lambda a, b: b * a,
    lambda a, b: a - b, lambda a, b: b - a, lambda a, b: a / b, lambda a, b: b / a,
    lambda a, b: a**b, lambda a, b: b**a, lambda a, b: a < b, lambda a, b: a >= b,
    lambda a, b: a == b, lambda a, b: a != b, lambda a, b: -a, lambda a, b: abs(a),
    lambda a, b: +a, lambda a, b: a.relu() + b, lambda a, b: a.sigmoid(), lambda a, b: a.log(),
    lambda a, b: a.sqrt(), lambda a, b: a.exp(), lambda a, b: a.detach(), lambda a, b: copy.copy(a),
)  # fmt: skip
WRITES = (
    lambda a, x: setattr(a, "data", x), lambda a, x: setattr(a, "grad", x),
    lambda a, x: setattr(a, "label", x), lambda a, x: setattr(a, "requires_grad", x),
    lambda a, x: refused(setattr, a, "colour", x), lambda a, x: refused(delattr, a, "data"),
    lambda a, x: a.backward(x), lambda a, x: float(a), lambda a, x: [0.0, 1.0][a],
    lambda a, x: a.zero_grad(), lambda a, x: Value(x, x), lambda a, x: Value(1.0, "v", x),
    lambda a, x: autograd.scope(x), lambda a, x: autograd.errstate(x), lambda a, x: f"{a:{x}}",
    lambda a, x: autograd.Graph(x), lambda a, x: autograd.backward_steps(x),
    lambda a, x: hash(a) == object.__hash__(a),
    lambda a, x: autograd.gradients(a, [x]), lambda a, x: autograd.dot([a, x], [x, a, 1.0]),
)  # fmt: skip


def refused(change, *args):
    """Whether it is; in Python's own words, which differ by version and core."""
    try:
        change(*args)
    except AttributeError:
        return True
    return False


def said(x):
    """A result as text; floats in hexadecimal, so that every bit counts."""
    if type(x) is float:
        return x.hex() if x == x else "nan"
    if isinstance(x, Value) and not isinstance(x, Unknown):
        grad = said(x.grad) if x.has_grad else "none"
        kind, record = type(x).__name__, x.op.name if x.op else "leaf"
        return f"{kind}({said(x.data)} {grad} {record} {x.label!r} {x.requires_grad} {x.scope!r})"
    if isinstance(x, (list, tuple)):
        return f"[{' '.join(map(said, x))}]"
    if hasattr(x, "__next__"):
        return "an iterator"
    return f"{type(x).__name__} {x!r}".split(" at 0x")[0]


def attempt(f, *args):
    """The result as text, else the error's, with the user's line, which is one of this file."""
    try:
        made = f(*args)
        return made, said(made)
    except Exception as error:
        own = [
            x.lineno for x in traceback.extract_tb(error.__traceback__) if x.filename == __file__
        ]
        return None, f"{type(error).__name__} line {own[-1]}: {error}"


def program(seed):
    """The lines of one program's transcript."""
    draw = random.Random(seed)
    yield f"program {seed}"
    pool = [Value(float(draw.choice(NUMBERS)), f"x{i}", draw.random() < 0.8) for i in range(3)]
    pool.append(Tagged(draw.uniform(-2.0, 2.0)))
    for _ in range(draw.randrange(4, 24)):
        at, kind = draw.choice(pool), draw.random()
        other = draw.choice([*pool, *NUMBERS]) if draw.random() < 0.95 else draw.choice(WRONG)
        modes = [autograd.errstate(draw.choice(("warn", "warn", "raise", "ignore")))]
        if draw.random() < 0.2:
            modes.append(autograd.scope(f"s{draw.randrange(2)}"))
        if draw.random() < 0.1:
            modes.append(autograd.no_grad())
        for mode in modes:
            mode.__enter__()
        if kind < 0.5:
            record = draw.choice(RECORDS)
            count = record.slots or 2 * draw.randrange(0, 4)
            operands = [at, other, *(draw.choice(pool) for _ in range(count))][:count]
            made, line = attempt(ops.Op.recorder, record, operands)
        elif kind < 0.9:
            made, line = attempt(draw.choice(OPERATORS), at, other)
        else:
            made, line = attempt(draw.choice(WRITES), at, draw.choice([*WRONG, *NUMBERS]))
        for mode in reversed(modes):
            mode.__exit__(None, None, None)
        yield line
        if isinstance(made, Value):
            pool.append(made)
    root = pool[-1]
    for pass_ in range(2):
        yield attempt(root.backward, draw.choice((1.0, 2, -0.5)))[1]
        yield said(pool)
        if pass_ and draw.random() < 0.3:
            yield attempt(setattr, pool[0], "data", 0.25)[1]
    steps, line = attempt(lambda: list(autograd.backward_steps(root)))
    yield line
    yield "".join(f"{said(s.upstream)} {said(s.contributions)}\n" for s in steps or ())
    yield attempt(autograd.gradients, root, pool[:4])[1]
    yield attempt(copy.deepcopy, root)[1]
    yield attempt(lambda: pickle.loads(pickle.dumps(pool)) if root.op not in NEW else None)[1]


def traced():
    """What a value without a number answers, in a recording and after it."""
    x = Unknown("rate")
    for f, y in itertools.product((*OPERATORS, *WRITES), (1.0, Value(2.0), "s", None)):
        with autograd.modes.recording():
            yield attempt(f, x, y)[1]
        yield attempt(f, x, y)[1]


def main():
    lines = itertools.chain(traced(), *map(program, range(int(sys.argv[1]))))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for line in lines:
            print(line)
            for w in caught:
                print(f"{w.category.__name__} {w.filename == __file__} {w.lineno}: {w.message}")
            caught.clear()


if __name__ == "__main__":
    main()
