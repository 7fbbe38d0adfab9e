"""Errors: what was required, what was got, where, and one remedy; and of the right kind."""

import subprocess
import sys
import textwrap
import warnings
from pathlib import Path

import pytest

import autograd
from autograd import Value, errors
from autograd.unknown import Unknown

REPO = Path(__file__).resolve().parents[2]


def test_kinds_are_what_a_caller_would_catch():
    """A wrong value is a ValueError, a wrong kind a TypeError."""
    for error in (
        autograd.DomainError,
        autograd.StaleGraphError,
        autograd.GradientError,
    ):
        assert issubclass(error, ValueError)
    assert issubclass(autograd.TracingError, TypeError)


def test_the_users_line_is_found_from_below_our_own():
    def callback(x):
        return errors.user_line()

    from autograd.op import derived

    seen = []
    record = derived(
        "seen", domain=autograd.op.REALS, formula=lambda m, x: seen.append(callback(x)) or x
    )
    record(1.0)
    assert "test_errors.py:" in seen[0]


def test_a_domain_error_says_line_and_file():
    with autograd.errstate("raise"), pytest.raises(autograd.DomainError) as caught:
        autograd.log(Value(-1.0, "rate"))  # here
    text = str(caught.value)
    for words in (
        "log: operand must be > 0, got -1.0 from rate",
        "the result is nan",
        f"of {__file__})",
        "(line ",
    ):
        assert words in text
    line = int(text.split("(line ")[1].split()[0])
    assert "# here" in Path(__file__).read_text(encoding="utf-8").splitlines()[line - 1]


TRACED = {
    "if": (lambda x: x if x > 0 else -x, "condition"),
    "and": (lambda x: (x > 0) and x, "condition"),
    "bool": (bool, "condition"), "float": (float, "plain number"),
    "math": (lambda x: __import__("math").exp(x), "plain number"),
    "item": (lambda x: x.item(), "number was read"), "data": (lambda x: x.data, "number was read"),
    "sort": (lambda x: sorted([x, 2.0 * x]), "condition"),
}  # fmt: skip


@pytest.mark.parametrize("name", TRACED)
def test_a_traced_value_asked_for_its_number_says_where_and_use_where(name):
    ask, why = TRACED[name]
    words = f"{why}.*test_errors.py:.*got (2×rate<)?rate.*autograd.where"
    with autograd.modes.recording(), pytest.raises(autograd.TracingError, match=words):
        ask(Unknown("rate"))


def test_a_traced_value_is_traced_by_comparisons_and_equality_with_numbers():
    x = Unknown("x")
    with autograd.modes.recording():
        made = (
            x > 0,
            x >= 0,
            x < 1,
            x <= 1,
            x == 0,
            x != 0,
            1 > x,
            1 <= x,
            Value(1.0) < x,
            x > Value(1.0),
            x > x,
            x == Unknown("y"),
            x != Unknown("y"),
            Value(1.0) == x,
            x != Value(1.0),
        )
    assert all(isinstance(y, Unknown) for y in made)
    assert len({x, Unknown("y")}) == 2
    assert "unknown" in repr(x) and "unknown" in f"{x:.3f}"


def test_modes_inside_a_traced_function_keep_it_traced():
    with autograd.modes.recording():
        for mode in (
            autograd.errstate("warn"),
            autograd.errstate("raise"),
            autograd.scope("s"),
            autograd.no_grad(),
        ):
            with mode:
                assert isinstance(Unknown("x") * 2.0 + Unknown("y").tanh(), Unknown)


def test_no_pass_runs_on_traced_values():
    with autograd.modes.recording():
        y = Unknown("x") * 2.0
    for go in (y.backward, lambda: autograd.backward_steps(y)):
        with pytest.raises(autograd.TracingError, match=r"program\.value_and_grad"):
            go()


def test_a_warning_can_be_turned_into_an_error_by_pythons_own_filter():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning, match="log: operand"):
            autograd.log(0.0)


def test_checks_of_user_input_do_not_hang_on_assert():
    """python -O changes no behaviour: what is refused here is refused there."""
    code = """
        import autograd, nn
        from autograd import Value
        from autograd.op import REALS, derived
        def refused(f, error):
            try:
                f()
            except error:
                return
            raise SystemExit(f"not refused: {f}")
        refused(lambda: Value("3"), TypeError)
        refused(lambda: autograd.dot([1.0], [1.0, 2.0]), ValueError)
        refused(lambda: autograd.exp(1.0, 2.0), TypeError)
        refused(lambda: nn.MLP(0, [1]), ValueError)
        refused(lambda: nn.mse([], []), ValueError)
        refused(lambda: Value(1.0, requires_grad=False).backward(), ValueError)
        n_ary = dict(domain=REALS, formula=lambda m, *xs: xs[0], slots=None)
        refused(lambda: derived("f", **n_ary), ValueError)
        refused(lambda: autograd.errstate("loud"), ValueError)
        refused(lambda: autograd.gradcheck(lambda a: a * a.detach(), [1.5]), autograd.GradientError)
        print("done")
    """
    done = subprocess.run(
        [sys.executable, "-O", "-c", textwrap.dedent(code)],
        cwd=REPO,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "done\n", done.stdout + done.stderr


def test_a_label_in_an_error_is_one_short_line():
    """What a drawing would show: no control characters, 24 characters at most."""
    shown = {"two\nlines\x1b[31m": "from two lines [31m:", "x" * 10_000: f"from {'x' * 23}…:"}
    for label, words in shown.items():
        with pytest.warns(RuntimeWarning) as caught:
            autograd.log(Value(-1.0, label))
        assert words in str(caught[0].message)
