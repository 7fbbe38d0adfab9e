"""Compiled speed (T2): Black-Scholes call with five first derivatives, 1,000,000 rows, one thread.

python benchmarks/compiled.py           against JAX, Dr.Jit (needs libLLVM, e.g. Debian's libllvm15)
                                        and NumPy by hand
python benchmarks/compiled.py --smoke   our side only, 1,000 rows, once
"""

import os
import sys
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from common import (
    OURS,
    REPO,
    Figure,
    Row,
    Worker,
    close_enough,
    in_turn,
    parser,
    python_of,
    ratio,
    report,
    serve,
    verdict,
)

ROWS = 1_000_000
SHOWN = 499  # rows whose six numbers are compared: every 2,004th
HEAD: Row = ("what", "bar", "median (range)", "")
Task = tuple[Any, Callable[[], Any], Callable[[Any], Any]]
Columns = Sequence[Any]  # price, then its derivatives in S, K, T, r, v


def price(m: Any) -> Callable[..., Any]:
    """The formula over the functions of ``m``, as each engine's user writes it."""

    def call(S: Any, K: Any, T: Any, r: Any, v: Any) -> Any:
        spread = v * m.sqrt(T)
        d1 = (m.log(S / K) + (r + 0.5 * v * v) * T) / spread
        d2 = d1 - spread
        below1 = 0.5 * (1.0 + m.erf(d1 * 0.7071067811865476))
        below2 = 0.5 * (1.0 + m.erf(d2 * 0.7071067811865476))
        return S * below1 - K * m.exp(-r * T) * below2

    return call


def rows(count: int = ROWS) -> list[Any]:
    """Spot, strike, years, rate and volatility, the same in every process."""
    import numpy

    draw = numpy.random.default_rng(0)
    ranges = ((50, 150), (50, 150), (0.1, 2.0), (0.0, 0.1), (0.1, 0.6))
    return [draw.uniform(low, high, count) for low, high in ranges]


def shown(columns: Columns) -> list[float]:
    import numpy

    sample = [numpy.asarray(c)[:: ROWS // SHOWN] for c in columns]
    return [float(x) for x in numpy.concatenate(sample)]


def by_hand(S: Any, K: Any, T: Any, r: Any, v: Any) -> Columns:
    """The textbook's closed forms over NumPy arrays, what can be shared computed once."""
    import numpy as np
    from scipy.special import erf

    root = np.sqrt(T)
    spread = v * root
    d1 = (np.log(S / K) + (r + 0.5 * v * v) * T) / spread
    d2 = d1 - spread
    below1 = 0.5 * (1.0 + erf(d1 * 0.7071067811865476))
    below2 = 0.5 * (1.0 + erf(d2 * 0.7071067811865476))
    strike = np.exp(-r * T) * K
    paid = strike * below2
    vega = S * (0.3989422804014327 * np.exp(-0.5 * d1 * d1)) * root
    value = S * below1 - paid
    return value, below1, -paid / K, 0.5 * vega * v / T + r * paid, T * paid, vega


def ours(engine: str) -> Task:
    import autograd

    program = autograd.compile(price(autograd), backend=engine)
    columns = rows()
    value, grads = program.value_and_grad(*columns)
    return shown([value, *grads]), lambda: columns, lambda c: program.value_and_grad(*c)


def hand(_: str) -> Task:
    columns = rows()
    return shown(by_hand(*columns)), lambda: columns, lambda c: by_hand(*c)


def jax(_: str) -> Task:
    """The faster of its two ways: vmap of value_and_grad, and one vjp of the whole columns."""
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    import jax
    from jax import numpy as jnp
    from jax.scipy.special import erf

    jax.config.update("jax_enable_x64", True)

    call = price(SimpleNamespace(exp=jnp.exp, log=jnp.log, sqrt=jnp.sqrt, erf=erf))

    def whole(*arguments: Any) -> Any:
        value, pull = jax.vjp(call, *arguments)
        return value, pull(jnp.ones_like(value))

    def seconds(run: Callable[[Any], Any]) -> float:
        run(columns)
        start = time.perf_counter()
        for _ in range(3):
            run(columns)
        return time.perf_counter() - start

    def ready(compiled: Any) -> Callable[[Any], Any]:
        return lambda arguments: jax.block_until_ready(compiled(*arguments))

    columns = [jnp.asarray(c) for c in rows()]
    by_row = jax.vmap(jax.value_and_grad(call, argnums=(0, 1, 2, 3, 4)))
    run = min((ready(jax.jit(way)) for way in (by_row, whole)), key=seconds)
    value, grads = run(columns)
    return shown([value, *grads]), lambda: columns, run


def drjit(_: str) -> Task:
    import drjit as dr
    from drjit.llvm.ad import Float64
    from numpy import array

    dr.set_thread_count(0)  # none beside the one that calls: 11.46 ns a row, with 1 it was 11.53
    call = price(dr)

    @dr.freeze  # type: ignore[untyped-decorator]
    def frozen(*columns: Any) -> Any:
        arguments = [Float64(c) for c in columns]
        dr.enable_grad(arguments)
        value = call(*arguments)
        dr.backward(value)
        return dr.detach(value), [dr.grad(a) for a in arguments]

    def run(columns: Any) -> Any:
        out = frozen(*columns)
        dr.eval(out)
        dr.sync_thread()
        return out

    columns = [Float64(c) for c in rows()]
    value, grads = run(columns)
    return shown([array(c) for c in (value, *grads)]), lambda: columns, run


TASKS = {"llvm": ours, "numpy": ours, "by hand": hand, "JAX": jax, "Dr.Jit": drjit}
INTERPRETERS = {"JAX": "jax", "Dr.Jit": "drjit"}


def table() -> list[Row]:
    workers = {}
    for engine in TASKS:
        peer = INTERPRETERS.get(engine, OURS)
        env = {"PYTHONPATH": str(REPO)} if peer == OURS else {}
        workers[engine] = Worker(__file__, "T2", engine, python_of(peer), **env)
    for engine, worker in workers.items():
        close_enough(worker.result, workers["by hand"].result, 1e-9, f"T2, {engine}")
    times = in_turn(workers, rounds=11)  # short runs: more of them
    for worker in workers.values():
        worker.close()

    def compared(what: str, over: str, under: str, bar: float, most: bool) -> Row:
        figure = ratio(times[over], times[under])
        bound = f"{'≤' if most else '≥'} {bar:g}×"
        return what, bound, figure.text("×") + verdict(figure.median, bar, most), ""

    each = [
        (
            f"T2, {engine}",
            "",
            Figure(tuple(s / ROWS * 1e9 for s in times[engine])).text(" ns a row"),
            "",
        )
        for engine in TASKS
    ]
    return [
        compared("T2: JAX's time ÷ llvm's", "JAX", "llvm", 5, most=False),
        compared("T2: llvm's time ÷ Dr.Jit's", "llvm", "Dr.Jit", 1.2, most=True),
        compared("T2: numpy's time ÷ NumPy by hand", "numpy", "by hand", 1.8, most=True),
        *each,
    ]


def smoke() -> None:
    """Both back ends give the textbook's numbers."""
    import importlib.util

    import autograd

    columns = rows(1_000)
    expected = by_hand(*columns)
    llvm = ["llvm"] if importlib.util.find_spec("llvmlite") else []
    for backend in ["numpy", *llvm]:
        program = autograd.compile(price(autograd), backend=backend)
        value, grads = program.value_and_grad(*columns)
        for ours_column, hand_column in zip((value, *grads), expected):
            close_enough(list(ours_column), list(hand_column), 1e-11, f"T2, {backend}")
    print(f"compiled: numpy{' and llvm' * bool(llvm)} agree with the closed forms on 1,000 rows")


def main() -> None:
    arguments = parser(__doc__, workers=True)
    chosen = arguments.parse_args()
    if chosen.worker:
        if hasattr(os, "sched_setaffinity"):  # one thread, the same core for all
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        serve(*TASKS[chosen.worker[1]](chosen.worker[1]))
    elif chosen.smoke:
        sys.path.insert(0, str(REPO))
        smoke()
    else:
        report("compiled", table(), HEAD, chosen.write)


if __name__ == "__main__":
    main()
