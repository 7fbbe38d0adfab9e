"""Our derivatives against JAX's in float64: random programs, five kinds of derivative.

python benchmarks/against_jax.py              200 programs; the first line that disagrees is shown
python benchmarks/against_jax.py --programs 9 so many

A program is a list of lines, each an op of the table on earlier results or numbers, as the tests of
the compiler grow them: well conditioned at its point. It goes to JAX's process as data. Differences
are relative to the largest entry; where one is too large, arbitrary precision says who is off.
"""

import json
import math
import os
import random
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from common import REPO, Row, Worker, parser, python_of, report, verdict

PROGRAMS = 200
BAR = 1e-11  # of the largest entry
SMALL = 1e-10  # below it a derivative of numbers of size 1 is a 0, and what rounding leaves there
NOTHING = 1e-20  # differences in 60 digits leave less than this of a truth that is 0
# JAX's sinc loses its digits near 0, where it divides a sine by a small number.
EXCEPT = ("sinc", "corner")
# Its second slope jumps at 0, where a product with a comparison lies: ours is nan there, JAX's 0.
KINK = "softsign"
KINDS = ("gradient", "jacobian", "hessian", "jvp", "vjp")
HEAD: Row = (
    "derivative",
    "bar",
    "programs that agree",
    "their largest difference",
    "in the others: ours off; JAX off",
)
Program = dict[str, Any]  # lines, ends, x, along, back
Found = dict[str, list[float]]


# ---------------------------------------------------------------- the programs
def programs(count: int) -> list[Program]:
    """The same ones in every run: three inputs, up to 20 lines, results that no other line uses."""
    sys.path.insert(0, str(REPO))
    from tests.compiler.test_random_programs import INPUTS, ROWS, build

    draw = random.Random(0)
    found: list[Program] = []
    while len(found) < count:
        rows = [[draw.uniform(-3.0, 3.0) for _ in range(INPUTS)] for _ in range(ROWS)]
        codes = [draw.getrandbits(48) for _ in range(draw.randint(1, 20))]
        known = build(codes, rows, deep=draw.random() < 0.5)
        lines = [result.line for result in known[INPUTS:]]
        if not lines or any(record.name in EXCEPT for record, _ in lines):
            continue
        if any(r.name == KINK and known[xs[0]].numbers[0] == 0.0 for r, xs in lines):
            continue
        used = {x for _, operands in lines for x in operands if type(x) is int}
        ends = [i for i in range(INPUTS, len(known)) if i not in used]
        texts = [[record.name, dict(record.parameters), list(xs)] for record, xs in lines]
        along, back = ([draw.uniform(-1.0, 1.0) for _ in xs] for xs in (rows[0], ends))
        found.append({"lines": texts, "ends": ends, "x": rows[0], "along": along, "back": back})
    return found


def function(program: Program, op: Callable[..., Any]) -> Callable[[Any], list[Any]]:
    """The results at the program's ends; ``op(name, parameters, operands)`` computes a line."""

    def f(x: Any) -> list[Any]:
        known = [x[i] for i in range(len(program["x"]))]
        for name, parameters, operands in program["lines"]:
            given = [known[o] if type(o) is int else o for o in operands]
            known.append(op(name, parameters, given))
        return [known[i] for i in program["ends"]]

    return f


def written(program: Program) -> str:
    """The program's lines as a person reads them."""
    names = [f"x{i}" for i in range(len(program["x"]))]
    lines = [f"{n} = {x!r}" for n, x in zip(names, program["x"])]
    for name, parameters, operands in program["lines"]:
        names.append(f"y{len(names)}")
        given = [names[o] if type(o) is int else repr(o) for o in operands]
        given += [f"{key}={value!r}" for key, value in parameters.items()]
        lines.append(f"{names[-1]} = {name}({', '.join(given)})")
    return "\n".join([*lines, f"results: {', '.join(names[i] for i in program['ends'])}"])


# ---------------------------------------------------------------- the three who compute them
def ours(program: Program) -> Found:
    import numpy as np

    import autograd
    from autograd.op import Op

    def op(name: str, parameters: dict[str, Any], operands: list[Any]) -> Any:
        record = autograd.ops.TABLE[name]
        return Op.recorder(record.fixed(**parameters) if parameters else record, operands)

    f, x = function(program, op), np.array(program["x"])
    along, back = np.array(program["along"]), np.array(program["back"])
    vector, scalar = (lambda x: np.array(f(x))), (lambda x: autograd.sum(f(x)))
    found = {
        "gradient": autograd.grad(scalar)(x),
        "jacobian": autograd.jacobian(vector)(x),
        "hessian": autograd.hessian(scalar)(x),
        "jvp": autograd.jvp(vector, (x,), (along,))[1],
        "vjp": autograd.vjp(vector, x)[1](back)[0],
    }
    return {kind: np.ravel(entries).tolist() for kind, entries in found.items()}


def by_jax(file: str) -> None:
    """A worker in JAX's environment: reads programs, says what it finds."""
    os.environ["JAX_PLATFORMS"] = "cpu"
    import jax
    from jax import nn
    from jax import numpy as jnp
    from jax.scipy import special

    jax.config.update("jax_enable_x64", True)
    of_one = {
        "identity": lambda x: x, "stop_gradient": jax.lax.stop_gradient,
        "lgamma": special.gammaln, "softsign": nn.soft_sign, "hardtanh": nn.hard_tanh,
        "hardswish": nn.hard_swish, "gelu": lambda x: nn.gelu(x, approximate=False),
        "leaky_relu": lambda x, slope: nn.leaky_relu(x, slope),
        "polygamma": lambda x, n: special.polygamma(n, x),
        "where": lambda c, a, b: jnp.where(c != 0, a, b),
        "dot": lambda *wx: jnp.dot(*jnp.stack(wx).reshape(2, -1)),
        "norm": lambda *xs: jnp.linalg.norm(jnp.stack(xs)),
    }  # fmt: skip
    of_many = ("sum", "prod", "max", "min", "var", "std")

    def op(name: str, parameters: dict[str, Any], operands: list[Any]) -> Any:
        operands = [jnp.asarray(x, jnp.float64) for x in operands]
        if name in of_many:
            y = getattr(jnp, name)(jnp.stack(operands), **parameters)
        else:
            homes = (jnp, special, nn)
            found = of_one.get(name) or next(getattr(m, name) for m in homes if hasattr(m, name))
            y = found(*operands, **parameters)
        return y.astype(jnp.float64)

    def all_of(program: Program) -> Found:
        f, x = function(program, op), jnp.array(program["x"])
        along, back = jnp.array(program["along"]), jnp.array(program["back"])
        vector, scalar = (lambda x: jnp.stack(f(x))), (lambda x: jnp.stack(f(x)).sum())
        found = {
            "gradient": jax.grad(scalar)(x),
            "jacobian": jax.jacrev(vector)(x),
            "hessian": jax.hessian(scalar)(x),
            "jvp": jax.jvp(vector, (x,), (along,))[1],
            "vjp": jax.vjp(vector, x)[1](back)[0],
        }
        return {kind: entries.ravel().tolist() for kind, entries in found.items()}

    with open(file, encoding="utf-8") as read:
        print(json.dumps([all_of(program) for program in json.load(read)]), flush=True)


def from_jax(asked: list[Program]) -> list[Found]:
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "programs.json")
        with open(file, "w", encoding="utf-8") as write:
            json.dump(asked, write)
        worker = Worker(__file__, file, "JAX", python_of("jax"))
        worker.close()
    return list(worker.result)


def true(program: Program) -> Found:
    """By differences in 60 digits: h = 1e-15 leaves 1e-30 of truncation."""
    import mpmath as mp

    from tests.autograd.cases import REFERENCE

    def op(name: str, parameters: dict[str, Any], operands: list[Any]) -> Any:
        return REFERENCE[name](*map(mp.mpf, operands), **parameters)

    count, cut = len(program["x"]), []  # what stop_gradient stops stays as it is here
    known = [*map(mp.mpf, program["x"])]
    for name, parameters, operands in program["lines"]:
        known.append(op(name, parameters, [known[o] if type(o) is int else o for o in operands]))
        stopped = name == "stop_gradient"
        cut.append(["identity", {}, [known[-1]]] if stopped else [name, parameters, operands])
    f, h, both = function({**program, "lines": cut}, op), mp.mpf(10) ** -15, (1, -1)

    def at(*moves: tuple[int, int]) -> list[Any]:
        x = [mp.mpf(number) for number in program["x"]]
        for i, sign in moves:
            x[i] += sign * h
        return f(x)

    columns = [[(a - b) / (2 * h) for a, b in zip(at((i, 1)), at((i, -1)))] for i in range(count)]
    found = {
        "gradient": [mp.fsum(column) for column in columns],
        "jacobian": [column[k] for k in range(len(program["ends"])) for column in columns],
        "hessian": [
            mp.fsum(s * t * mp.fsum(at((i, s), (j, t))) for s in both for t in both) / (4 * h * h)
            for i in range(count) for j in range(count)
        ],
        "jvp": [mp.fdot(program["along"], row) for row in zip(*columns)],
        "vjp": [mp.fdot(program["back"], column) for column in columns],
    }  # fmt: skip
    return {
        kind: [float(x) if abs(x) > NOTHING else 0.0 for x in entries]
        for kind, entries in found.items()
    }


# ---------------------------------------------------------------- the comparison
def difference(a: list[float], b: list[float]) -> float:
    """The largest, relative to the largest entry of ``b``; as it is if these are next to 0."""
    size, worst = max(map(abs, b), default=0.0), 0.0
    for x, y in zip(a, b):
        if x != y and not (x != x and y != y):
            apart = abs(x - y)
            worst = max(worst, apart if apart == apart else math.inf)
    return worst / (size if size > SMALL else 1.0)


def first_line(program: Program, kind: str) -> str:
    """The first line whose own derivative somebody has wrong, with all before it."""
    count = len(program["x"])
    each = [
        {**program, "ends": [i], "back": [1.0], "lines": program["lines"][: i - count + 1]}
        for i in range(count, count + len(program["lines"]))
    ]
    for one, theirs in zip(each, from_jax(each)):
        mine, exact = ours(one), true(one)
        off = [difference(x[kind], exact[kind]) for x in (mine, theirs)]
        if max(off) > BAR:
            return (
                f"{written(one)}\n{kind}: ours {mine[kind]}, off by {off[0]:.1e}; "
                f"JAX {theirs[kind]}, off by {off[1]:.1e}"
            )
    return f"{written(program)}\n{kind}: only the results' sum is off"


shown: set[int] = set()  # programs whose first line was printed, for one kind


def row(kind: str, asked: list[Program], mine: list[Found], theirs: list[Found]) -> Row:
    """How many programs agree; and by how much each side is off in the others."""
    agree, our_worst, their_worst = [], 0.0, 0.0
    for program, a, b in zip(asked, mine, theirs):
        apart = difference(a[kind], b[kind])
        if apart <= BAR:
            agree.append(apart)
            continue
        exact = true(program)[kind]
        off = difference(a[kind], exact), difference(b[kind], exact)
        our_worst, their_worst = max(our_worst, off[0]), max(their_worst, off[1])
        if max(off) > BAR and id(program) not in shown:
            shown.add(id(program))
            print(f"\n{first_line(program, kind)}", file=sys.stderr)
    others = len(asked) - len(agree)
    said = f"{our_worst:.1e}{verdict(our_worst, BAR, most=True)}; {their_worst:.1e}"
    return (
        kind, f"≤ {BAR:g}", f"{len(agree)} of {len(asked)}", f"{max(agree, default=0.0):.1e}",
        said if others else "–",
    )  # fmt: skip


def main() -> None:
    arguments = parser(__doc__, workers=True)
    arguments.add_argument("--programs", type=int, default=PROGRAMS)
    chosen = arguments.parse_args()
    if chosen.worker:
        by_jax(chosen.worker[0])
        return
    asked = programs(20 if chosen.smoke else chosen.programs)
    mine = [ours(program) for program in asked]
    if chosen.smoke:
        for program, found in zip(asked, mine):
            for kind, exact in true(program).items():
                assert difference(found[kind], exact) <= BAR, (kind, written(program))
        print(f"against_jax: {len(asked)} programs agree with arbitrary precision")
        return
    theirs = from_jax(asked)
    rows = [row(kind, asked, mine, theirs) for kind in KINDS]
    report("against_jax", rows, HEAD, chosen.write)


if __name__ == "__main__":
    main()
