"""Every op of the table, 1,000,000 rows, one thread: ours beside NumPy's or SciPy's own.

python benchmarks/ops.py             all of them, five minutes
python benchmarks/ops.py sinh dot    some
python benchmarks/ops.py --smoke     every op once, 1,000 rows: results agree
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from common import REPO, Figure, Row, close_enough, parser, ratio, report, verdict

sys.path.insert(0, str(REPO))

ROWS = 1_000_000
SHOWN = 499  # rows whose results are compared
TURNS = 11  # short runs: more of them
CHECKED = 1_000  # rows whose results are measured against mpmath
OPERANDS = 3  # of an op that takes any number
# Operands are drawn from -3 to 3 within the domain; these from 0, as SciPy's digamma takes 20 times
# as long left of it.
LEAST = dict.fromkeys(("lgamma", "digamma", "polygamma"), 0.0)
BAR, COUNTED = 1.2, (1.2, 1.0, 0.5)  # of NumPy's time
# glibc's malloc keeps what NumPy frees: whether it gives the pages back otherwise is luck, and new
# ones cost as much as the arithmetic.
KEEP_PAGES = {"MALLOC_MMAP_THRESHOLD_": "1073741824", "MALLOC_TRIM_THRESHOLD_": "4294967296"}
ENGINES = ("llvm", "numpy", "NumPy")  # our two back ends, and NumPy or SciPy
HEAD: Row = ("op", "in NumPy", "llvm", "numpy", "NumPy", "llvm ÷ NumPy", "value off", "slope off")

# What a NumPy user writes; an op that is not here is NumPy's function of that name. The operands of
# an op that takes any number are the rows of one array. A comparison is asked for as float64, which
# is what ours gives.
WRITTEN = {
    "identity": "np.positive(x)", "stop_gradient": "np.positive(x)", "sinc": "np.sinc(x)",
    "round": "np.rint(x)", "clip": "np.clip(x, a, b)", "where": "np.where(c, a, b)",
    "erf": "special.erf(x)", "erfc": "special.erfc(x)", "erfinv": "special.erfinv(x)",
    "lgamma": "special.gammaln(x)", "digamma": "special.digamma(x)",
    "polygamma": "special.polygamma(1, x)",
    "sigmoid": "special.expit(x)", "logit": "special.logit(x)",
    "log_sigmoid": "special.log_expit(x)",
    "softplus": "np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))",
    "relu": "np.maximum(x, 0.0)", "leaky_relu": "np.where(x > 0.0, x, 0.01 * x)",
    "elu": "np.where(x > 0.0, x, np.expm1(x))", "celu": "np.where(x > 0.0, x, np.expm1(x))",
    "selu": "1.0507009873554805 * np.where(x > 0.0, x, 1.6732632423543772 * np.expm1(x))",
    "gelu": "0.5 * x * special.erfc(-0.7071067811865476 * x)", "silu": "x * special.expit(x)",
    "mish": "x * np.tanh(np.log1p(np.exp(x)))", "softsign": "x / (1.0 + np.abs(x))",
    "hardtanh": "np.clip(x, -1.0, 1.0)", "relu6": "np.clip(x, 0.0, 6.0)",
    "hardswish": "x * np.clip(x + 3.0, 0.0, 6.0) / 6.0",
    **{name: f"np.{name}(a, b).astype(float)"
       for name in ("equal", "not_equal", "greater", "greater_equal", "less", "less_equal")},
    "sum": "xs.sum(axis=0)", "prod": "xs.prod(axis=0)", "max": "xs.max(axis=0)",
    "min": "xs.min(axis=0)", "norm": "np.linalg.norm(xs, axis=0)", "var": "xs.var(axis=0)",
    "std": "xs.std(axis=0)", "dot": 'np.einsum("ij,ij->j", xs[:3], xs[3:])',
    "corner": "np.positive(a)",
}  # fmt: skip


def written(record: Any) -> str:
    return WRITTEN.get(record.name) or f"np.{record.name}({', '.join(record.letters)})"


def columns(record: Any, count: int = ROWS) -> Any:
    """An operand a row of one array: inside its domain, of ordinary size, the same for all."""
    import numpy

    draw = numpy.random.default_rng(0)
    domains = record.domain
    if record.slots is None:
        domains *= OPERANDS * (1 + (record.name == "dot"))
    least = LEAST.get(record.name, -3.0)
    ranges = [(max(d.low, least), min(d.high, max(d.low, 0.0) + 3.0)) for d in domains]
    drawn = [draw.uniform(low, high, count) for low, high in ranges]
    if record.name == "clip":
        drawn[1:] = numpy.minimum(*drawn[1:]), numpy.maximum(*drawn[1:])
    return numpy.stack(drawn)


def compiled(record: Any, backend: str) -> Any:
    """Our program of the op, a parameter an operand."""
    import autograd

    if record.slots is not None:
        return autograd.compile(record, backend)
    if record.name == "dot":
        return autograd.compile(lambda *xs: record(xs[:OPERANDS], xs[OPERANDS:]), backend)
    return autograd.compile(lambda *xs: record(xs), backend)


def by_numpy(record: Any) -> Callable[..., Any]:
    """What a NumPy user writes, as a function of the same operands."""
    import numpy
    from scipy import special

    names = ", ".join(record.letters) or "xs"
    function = eval(f"lambda {names}: {written(record)}", {"np": numpy, "special": special})
    return function if record.letters else lambda *xs: function(xs[0].base)


def timed(name: str) -> dict[str, list[float]]:
    """Nanoseconds a row of each engine, a number a turn; all take the same operands.

    A turn is two calls that bring the operands into the cache, then so many that they take some
    10 ms; each result is let go of before the next.
    """
    from autograd.ops import TABLE

    record, operands = TABLE[name], tuple(columns(TABLE[name]))
    functions = {engine: compiled(record, engine) for engine in ENGINES[:-1]}
    functions[ENGINES[-1]] = by_numpy(record)
    expected = [float(x) for x in functions[ENGINES[-1]](*operands)[:: ROWS // SHOWN]]
    calls = {}
    for engine, function in functions.items():
        shown = [float(x) for x in function(*operands)[:: ROWS // SHOWN]]
        close_enough(shown, expected, 1e-9, f"{name}, {engine}")
        start = time.perf_counter()
        function(*operands)
        calls[engine] = min(20, max(1, round(0.01 / (time.perf_counter() - start))))
    times: dict[str, list[float]] = {engine: [] for engine in functions}
    for turn in range(TURNS + 1):  # the first is not recorded
        for engine, function in functions.items():
            gc.collect()
            for i in range(2 + calls[engine]):
                if i == 2:
                    start = time.process_time()
                function(*operands)
            seconds = time.process_time() - start
            if turn:
                times[engine].append(seconds / calls[engine] / ROWS * 1e9)
    return times


def accuracy(record: Any) -> tuple[str, str]:
    """Worst error of llvm's value, in ulp, and of its partials, relative, on some of the rows.

    Where the record names a scale to measure an error by, 1 ulp is at least eps of it, and a
    partial is no smaller than 4 eps of it over 1e-12.
    """
    try:
        import mpmath

        from tests.autograd.cases import EPS, scale_of, true_partial, true_value, ulp
    except ImportError:
        return "–", "–"
    operands = columns(record, CHECKED)
    value, slopes = compiled(record, "llvm").value_and_grad(*operands)
    off_value, off_slope = 0.0, 0.0
    for at, y, partials in zip(operands.T.tolist(), value.tolist(), zip(*slopes)):
        true = true_value(record, tuple(at))
        unit = max(ulp(true), EPS * mpmath.mpf(scale_of(record, 0, tuple(at))))
        off_value = max(off_value, float(abs(y - true) / unit))
        for slot, slope in enumerate(map(float, partials)):
            true = true_partial(record, slot, tuple(at))
            place = 1 if record.slots is None else 1 + slot
            least = 4 * EPS / 1e-12 * mpmath.mpf(scale_of(record, place, tuple(at), slot))
            if abs(slope - true):
                off_slope = max(off_slope, float(abs(slope - true) / max(abs(true), least)))
    return f"{off_value:.2g}", f"{off_slope:.1g}"


def measured(names: Sequence[str]) -> Iterator[dict[str, list[float]]]:
    """``timed`` of each op, in a process of its own, on one core."""
    command = [sys.executable, __file__, "--worker", *names]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **KEEP_PAGES}
    ) as worker:
        assert worker.stdout is not None
        yield from map(json.loads, worker.stdout)
    if worker.returncode:
        raise SystemExit(f"ops: ended with status {worker.returncode}")


def table(names: Sequence[str]) -> list[Row]:
    from autograd.ops import TABLE

    rows, ratios = [], []
    for name, times in zip(names, list(measured(names))):  # all of them: it runs alone
        figure = ratio(times["llvm"], times["NumPy"])
        ratios.append(figure.median)
        each = [Figure(tuple(times[engine])).text() for engine in ENGINES]
        compared = figure.text("×") + verdict(figure.median, BAR, most=True)
        rows.append((name, f"`{written(TABLE[name])}`", *each, compared, *accuracy(TABLE[name])))
    counts = ", ".join(f"{sum(r <= bar for r in ratios)} at ≤ {bar:g}×" for bar in COUNTED)
    return [(f"all {len(names)} ops", "", "", "", "", counts, "", ""), *rows]


def smoke() -> None:
    """Every op by both back ends gives NumPy's or SciPy's numbers."""
    import importlib.util

    from autograd.ops import TABLE

    llvm = ["llvm"] if importlib.util.find_spec("llvmlite") else []
    for name, record in TABLE.items():
        operands = tuple(columns(record, 1_000))
        expected = list(by_numpy(record)(*operands))
        for backend in ["numpy", *llvm]:
            close_enough(list(compiled(record, backend)(*operands)), expected, 1e-9, name)
    print(f"ops: numpy{' and llvm' * bool(llvm)} agree with NumPy and SciPy on {len(TABLE)} ops")


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("names", nargs="*", help="ops; all of them without")
    arguments.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    if chosen.worker:
        if hasattr(os, "sched_setaffinity"):  # one thread, the same core for all
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        for name in chosen.names:
            print(json.dumps(timed(name)), flush=True)
    elif chosen.smoke:
        smoke()
    else:
        from autograd.ops import TABLE

        report("ops", table(chosen.names or list(TABLE)), HEAD, chosen.write)


if __name__ == "__main__":
    main()
