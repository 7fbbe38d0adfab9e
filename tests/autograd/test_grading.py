"""grade: a right class is right, each slip is found under its kind, and nothing a class does hurts.

A second engine, STUDENT, stands beside Value: where both say the same, so does the chain rule.
"""

import json
import math
import multiprocessing
import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import autograd
from autograd import Value, examiner, grading

REPO = Path(__file__).resolve().parents[2]
KINDS = (
    "operators", "reuse", "accumulation", "second backward", "order", "depth", "exponent", "tanh",
    "exp", "relu", "zero_grad",
)  # fmt: skip
STUDENT = '''
import math


class Value:
    def __init__(self, data, uses=()):
        self.data, self.grad, self.uses = data, 0.0, uses  # uses: (operand, slope) of each

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, ((self, other.data), (other, self.data)))

    def __pow__(self, n):
        if isinstance(n, Value):
            return (Value(self.data).log_of(self) * n).exp()
        return Value(self.data**n, ((self, n * self.data ** (n - 1) if n else 0.0),))

    def log_of(self, operand):
        return Value(math.log(self.data), ((operand, 1.0 / self.data),))

    def __rpow__(self, base):
        return (self * math.log(base)).exp()

    def __truediv__(self, other):
        return self * other**-1

    def __rtruediv__(self, other):
        return self**-1 * other

    def __neg__(self):
        return Value(-self.data, ((self, -1.0),))

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return -self + other

    __radd__, __rmul__ = __add__, __mul__

    def tanh(self):
        y = math.tanh(self.data)
        return Value(y, ((self, 1.0 - y * y),))

    def exp(self):
        y = math.exp(self.data)
        return Value(y, ((self, y),))

    def relu(self):
        return Value(max(self.data, 0.0), ((self, 1.0 if self.data > 0.0 else 0.0),))

    def zero_grad(self):
        self.grad = 0.0

    def backward(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, below = stack.pop()
            if below:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                for operand, _ in node.uses:
                    stack.append((operand, False))
        for node in order:
            if node.uses:
                node.grad = 0.0
        self.grad = 1.0
        for node in reversed(order):
            for operand, slope in node.uses:
                operand.grad += slope * node.grad
'''
WRAPS = "other = other if isinstance(other, Value) else Value(other)"
BEGIN = "order, seen, stack = [], set(), [(self, False)]"
RECURSIVE = '''
    def backward(self):
        order, seen = [], set()
        def visit(node):
            if node not in seen:
                seen.add(node)
                for operand, _ in node.uses:
                    visit(operand)
                order.append(node)
        visit(self)
''' + STUDENT[STUDENT.index("        for node in order:\n") :]  # the same from there on
SLIPS = {  # what stands there, what is written instead, the kinds that show it
    "= for +=": ("grad += slope", "grad = slope", {"reuse", "accumulation"}),
    "what is above is lost": ("slope * node.grad", "slope", {"operators", "tanh", "exp"}),
    "no seed": ("        self.grad = 1.0\n", "", {"operators"}),
    "seed 2": ("self.grad = 1.0", "self.grad = 2.0", {"operators"}),
    "sum's slope": ("(self, 1.0), (other, 1.0)", "(self, 1.0), (other, 0.0)", {"operators"}),
    "product's slopes swapped": (
        "(self, other.data), (other, self.data)", "(self, self.data), (other, other.data)",
        {"operators"},
    ),
    "difference's sign": ("return self + -other", "return self + other", {"operators"}),
    "r-difference swapped": ("return -self + other", "return self - other", {"operators"}),
    "r-quotient swapped": ("return self**-1 * other", "return self / other", {"operators"}),
    "quotient's slope": (
        "return self * other**-1",
        "return Value(self.data / other.data, ((self, 1 / other.data), (other, 1 / other.data))) "
        "if isinstance(other, Value) else self * (1 / other)",
        {"operators"},
    ),
    "negative's slope": ("Value(-self.data, ((self, -1.0),))", "Value(-self.data, ((self, 1.0),))",
                         {"operators"}),
    "exponent not lowered": ("self.data ** (n - 1)", "self.data ** n", {"operators", "exponent"}),
    "square's slope for all": ("n * self.data ** (n - 1)", "n * self.data", {"exponent"}),
    "integer exponents": ("self.data ** (n - 1)", "self.data ** int(n - 1)", {"exponent"}),
    "through the logarithm": ("self.data**n, (", "math.exp(n * math.log(self.data)), (",
                              {"exponent"}),
    "nothing for ** 0": (" if n else 0.0", "", {"exponent"}),
    "slope by division": ("n * self.data ** (n - 1) if n", "n * self.data ** n / self.data if n",
                          {"exponent"}),
    "tanh's slope": ("1.0 - y * y", "1.0 - y", {"tanh"}),
    "tanh by exp": ("y = math.tanh(self.data)",
                    "e = math.exp(2 * self.data); y = (e - 1) / (e + 1)", {"tanh"}),
    "tanh by cosh": ("1.0 - y * y", "math.cosh(self.data) ** -2", {"tanh"}),
    "exp's slope": ("((self, y),)", "((self, self.data * y),)", {"exp"}),
    "relu leaks": ("else 0.0),))\n\n    def zero", "else 0.01),))\n\n    def zero", {"relu"}),
    "relu is abs": ("max(self.data, 0.0)", "abs(self.data)", {"relu"}),
    "relu flat": ("1.0 if self.data > 0.0 else 0.0", "0.0", {"relu"}),
    "what is between adds up": ("            if node.uses:\n                node.grad = 0.0",
                                "            pass", {"second backward"}),
    "leaves are reset": ("            if node.uses:\n    ", "",
                         {"accumulation", "second backward"}),
    "operands in a set": ("in node.uses:\n                operand",
                          "in set(node.uses):\n                operand", {"reuse"}),
    "when met, not when done": ("stack.append((node, True))", "order.insert(0, node)", {"order"}),
    "breadth first": (
        "node, below = stack.pop()", "node, below = stack.pop(0)\n            "
        "if not below and node not in seen: order.insert(0, node)\n            below = False",
        {"order"},
    ),
    "every path": ("elif node not in seen:", "else:", {"reuse", "order"}),
    "recursion": (STUDENT[STUDENT.index("\n    def backward"):], RECURSIVE, {"depth"}),
    "recursion without a limit": (
        STUDENT[STUDENT.index("\n    def backward"):],
        RECURSIVE.replace("(self):", "(self):\n        import sys; sys.setrecursionlimit(3000)"),
        {"depth"},
    ),
    "zero_grad forgets nothing": ("        self.grad = 0.0\n\n", "        pass\n\n", {"zero_grad"}),
    "zero_grad to None": ("        self.grad = 0.0\n\n", "        self.grad = None\n\n",
                          {"zero_grad"}),
}  # fmt: skip


def student(*changes):
    """The class of STUDENT's source after changes: it is in no module, as in a notebook."""
    source = STUDENT
    for there, instead in changes:
        assert source.count(there) >= 1, there
        source = source.replace(there, instead, 1)
    space = {}
    exec(source, space)
    return space["Value"]


def kinds(facts, verdict):
    return {check["kind"] for check in facts["checks"] if check["verdict"] == verdict}


@pytest.fixture
def hasty(monkeypatch):
    """What does not come back is given up at once."""
    monkeypatch.setattr(examiner, "_SECONDS", 6.0)
    monkeypatch.setattr(examiner, "_LEAST", 0.1)


# ---------------------------------------------------------------- what is right, wrong, missing
@pytest.mark.parametrize("cls", [student(), Value], ids=["a student's", "ours"])
def test_a_right_class_is_right_in_every_kind(cls):
    facts = autograd.grade(cls).to_dict()
    assert (facts["wrong"], facts["missing"], facts["right"]) == (0, 0, len(facts["checks"]))
    assert kinds(facts, "right") == set(KINDS)
    assert list(facts) == ["right", "wrong", "missing", "checks"]
    assert set(facts["checks"][0]) == {"kind", "verdict", "program", "expected", "got"}
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_found_under_its_kind_with_a_program_that_shows_it(slip, hasty):
    there, instead, expected = SLIPS[slip]
    cls = student((there, instead))
    result = autograd.grade(cls)
    facts = result.to_dict()
    assert expected <= kinds(facts, "wrong")
    for check in facts["checks"]:
        if check["verdict"] == "wrong":
            right, theirs = {"Value": student()}, {"Value": cls}
            exec(check["program"], right)
            assert right["got"] == pytest.approx(check["expected"], rel=1e-12)  # some roundings
            if not isinstance(check["got"], str):
                exec(check["program"], theirs)
                assert theirs["got"] == check["got"] != pytest.approx(check["expected"])
            assert len(check["program"].splitlines()) <= 6


@pytest.mark.parametrize("slip, wrong", [
    ("difference's sign", {"operators"}), ("tanh's slope", {"tanh"}),
    ("exp's slope", {"exp", "exponent"}), ("relu leaks", {"relu"}),
    ("what is between adds up", {"second backward"}), ("recursion", {"depth"}),
    ("when met, not when done", {"order"}), ("no seed", set(KINDS)),
    ("leaves are reset", {"accumulation", "second backward"}), ("nothing for ** 0", {"exponent"}),
    ("zero_grad forgets nothing", {"zero_grad"}),
])  # fmt: skip
def test_a_slip_is_not_found_where_it_is_not(slip, wrong):
    facts = autograd.grade(student(SLIPS[slip][:2])).to_dict()
    assert kinds(facts, "wrong") == wrong


# By hand: a = 3, b = -2, x = 2; c = a·b, so dc/da = b and dc/db = a.
BY_HAND = {
    "y = (a / b) * Value(5.0)": [-5 / 2, -15 / 4],
    "y = (2 - a) * Value(5.0)": -5.0,
    "y = (2 / a) * Value(5.0)": -10 / 9,
    "y = (c * c) * Value(5.0)": [5 * 2 * 3 * 4, 5 * 2 * -2 * 9],  # (a·b)²: 2ab², 2a²b
    "y = (c + c * a) * Value(5.0)": [5 * (-2 + 2 * 3 * -2), 5 * (3 + 9)],  # ab + a²b
    "y = (a ** b) * Value(5.0)": [-10 / 27, 5 / 9 * math.log(3)],
    "y = (2 ** a) * Value(5.0)": 40 * math.log(2),
    "y = (x.tanh()) * Value(5.0)": 5 / math.cosh(2) ** 2,
    "y = (far.tanh()) * Value(5.0)": 0.0,
    "y = (x.exp()) * Value(5.0)": 5 * math.exp(2),
    "y = (b.relu()) * Value(5.0)": 0.0,
    "y = (zero ** 0) * Value(5.0)": 0.0,
    "c = (x * x) * 3": (1 + 5) * 6 * 2,  # 6x at 2, once and five times
    "for _ in range(40): c = c + c": 5 * 2.0**40,
    "for _ in range(5000): c = c + a": 5 * 5001.0,
    "c = a + b": [1 + 5 * -2, 1 + 5 * 3],
    "(a * a).backward()": 5 * 6.0,
}


def test_what_is_expected_is_what_one_finds_by_hand():
    checks = autograd.grade(Value).to_dict()["checks"]
    for line, expected in BY_HAND.items():
        (check,) = [c for c in checks if line in c["program"].splitlines()]
        assert check["expected"] == pytest.approx(expected, rel=1e-14)  # a few roundings


def test_the_program_shown_is_the_smallest_that_fails():
    def first(kind, *changes):
        facts = autograd.grade(student(*changes)).to_dict()
        return next(c["program"] for c in facts["checks"]
                    if c["kind"] == kind and c["verdict"] == "wrong")  # fmt: skip

    assert first("operators", SLIPS["difference's sign"][:2]) == (
        "a, b = Value(3.0), Value(-2.0)\ngot = (a - b).data"
    )
    assert "Value(5.0)" not in first("tanh", SLIPS["tanh's slope"][:2])


def test_micrograds_class_has_the_faults_that_are_known():
    """36 for 24 at a second pass, no deep graphs; 0 ** 0 has no slope; no tanh, no exp."""
    engine = pytest.importorskip("micrograd.engine")
    facts = autograd.grade(engine.Value).to_dict()
    assert kinds(facts, "wrong") == {"second backward", "depth", "exponent"}
    second = next(c for c in facts["checks"] if c["kind"] == "second backward")
    assert (second["expected"], second["got"]) == (24.0, 36.0)
    assert {c["verdict"] for c in facts["checks"] if c["kind"] in ("tanh", "exp")} == {"missing"}


@pytest.mark.parametrize("change, kind, text", [
    (("def tanh", "def tangens"), "tanh", "AttributeError"),
    (("y = math.exp(self.data)", "raise NotImplementedError('later')"), "exp", "later"),
    (("__radd__, __rmul__ = __add__", "_, __rmul__ = __add__"), "operators", "'int' and 'Value'"),
    ((WRAPS, ""), "operators", "'data'"),
    ((WRAPS, "assert isinstance(other, Value)"), "operators", "AssertionError"),
    (("def __neg__", "def negative"), "operators", "TypeError"),
])  # fmt: skip
def test_what_a_class_does_not_offer_is_missing(change, kind, text):
    result = autograd.grade(student(change))
    facts = result.to_dict()
    assert kinds(facts, "wrong") == set() and facts["missing"] and kind in kinds(facts, "missing")
    assert f"missing: {kind}" in str(result) and text in str(result)


@pytest.mark.parametrize("change, kind", [
    (("y = math.tanh(self.data)", "y = math.tanh(self)"), "tanh"),
    (("operand.grad += slope", "operand.gradient += slope"), "operators"),
    (("operand.grad += slope", "operand.grad += None * slope"), "operators"),
])  # fmt: skip
def test_an_error_that_refuses_no_operand_is_wrong(change, kind):
    facts = autograd.grade(student(change)).to_dict()
    assert kind in kinds(facts, "wrong")


def test_a_gradient_may_be_set_back_by_hand_where_there_is_no_method():
    facts = autograd.grade(student(("def zero_grad", "def other"))).to_dict()
    assert facts["missing"] == facts["wrong"] == 0
    (check,) = [c for c in facts["checks"] if c["kind"] == "zero_grad"]
    assert check["verdict"] == "right" and "'grad', 0.0" in check["program"]


def test_numbers_of_any_kind_are_compared_by_their_value():
    """An int, NumPy's double and single, which has seven digits, are numbers."""
    for wrap in ("round(data) if data % 1 == 0 else data", "np.float64(data)", "np.float32(data)"):
        change = ("self.data, self.grad, self.uses = data", "import numpy as np\n"
                  f"        self.data, self.grad, self.uses = {wrap}")  # fmt: skip
        assert autograd.grade(student(change)).to_dict()["wrong"] == 0, wrap


def test_an_array_of_one_element_is_a_number_and_of_more_a_text():
    for shape, got in ((), 2.0), ((1,), 2.0), ((1, 1), 2.0), ((2,), "array([2., 2.])"):
        assert examiner.result(Value, f"import numpy as np\ngot = np.full({shape}, 2.0)") == got


def test_one_cause_is_told_once_and_an_error_has_no_hint_on_gradients():
    unhashable = autograd.grade(student(("    def zero", "    __hash__ = None\n\n    def zero")))
    assert len(kinds(unhashable.to_dict(), "wrong")) == len(KINDS)
    assert str(unhashable).count("unhashable type") == 1 and "hint" not in str(unhashable)
    lost = str(autograd.grade(student(SLIPS["exp's slope"][:2])))
    assert "\nwrong: exponent (2)\n" in lost and lost.count("hint: the slopes of a**b are") == 1
    assert "\nwrong: exp (1)\n" in lost and lost.count("hint: the slope is the result") == 1
    assert lost.endswith("Mend the first and grade again: what follows it may come of it.")


def test_a_class_of_another_name_is_named_as_the_programs_need_it():
    class Scalar(student()):
        pass

    assert str(autograd.grade(Scalar)).startswith("Value = Scalar: ")


@pytest.mark.parametrize("got", ["math.nan", "math.inf", "None", "'\\x1b[31m'", "10**400", "1j"])
def test_what_is_no_number_is_told_as_text_without_control_characters(got):
    result = autograd.grade(student(("1.0 - y * y", got)))
    facts = result.to_dict()
    assert "tanh" in kinds(facts, "wrong") and "\x1b" not in str(result)
    json.dumps(facts, allow_nan=False)


# ---------------------------------------------------------------- whatever the class does
@pytest.mark.parametrize("deed, told", [
    ("while True: pass", "no answer in"),
    ("__import__('os')._exit(3)", "exit code 3"),
    ("import os; os.kill(os.getpid(), 15)", "exit code -15"),
    ("import os; os.kill(0, 9)", "exit code -9"),  # the whole group, of which we are not
    ("raise SystemExit(0)", "SystemExit"),
    ("raise KeyboardInterrupt", "exit code 1"),
    ("input()", "EOFError"),
    ("import os; os.closerange(0, 100)", "the process ended"),
])
@pytest.mark.skipif(not examiner.HAS_FORK, reason="without fork it runs in this process")
def test_a_class_that_does_not_come_back_is_graded(deed, told, hasty):
    facts = autograd.grade(student((BEGIN, f"{deed}\n        {BEGIN}"))).to_dict()
    assert told in next(c["got"] for c in facts["checks"] if c["verdict"] == "wrong")
    assert kinds(facts, "wrong") == set(KINDS) and facts["missing"] == facts["right"] == 0
    assert multiprocessing.active_children() == []


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="memory is bounded on Linux")
def test_a_class_that_eats_memory_is_stopped():
    eats = "eaten = [bytes(1 << 28) for _ in range(1000)]; y = math.tanh(self.data)"
    facts = autograd.grade(student(("y = math.tanh(self.data)", eats))).to_dict()
    assert [c["got"] for c in facts["checks"] if c["verdict"] == "wrong"] == ["MemoryError"] * 3


@pytest.mark.skipif(not examiner.HAS_FORK, reason="without fork it runs in this process")
def test_what_a_class_starts_ends_with_it():
    """Who is left would hold the pipe open."""
    ours, theirs = os.pipe()
    starts = f"import os, time; os.fork() or time.sleep(100)\n        {BEGIN}"
    assert autograd.grade(student((BEGIN, starts))).to_dict()["wrong"] == 0
    os.close(theirs)
    assert select.select([ours], [], [], 5.0)[0] and os.read(ours, 1) == b""
    os.close(ours)


def test_ctrl_c_ends_it_and_what_it_started():
    looping = student((BEGIN, f"while True: pass\n        {BEGIN}"))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job has none
    try:
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            autograd.grade(looping)
    finally:
        signal.signal(signal.SIGINT, before)
    assert multiprocessing.active_children() == []


def test_one_method_that_loops_leaves_the_others_their_verdicts(hasty):
    sleeps = ("y = math.tanh(self.data)", "import time; time.sleep(100)")
    facts = autograd.grade(student(sleeps)).to_dict()
    assert kinds(facts, "wrong") == {"tanh"} and facts["wrong"] == 3


def test_all_is_over_in_a_minute():
    """The longest there is: one node, then each check, takes all the time it may."""
    left, spent = examiner._SECONDS, 0.0
    for _ in ["one node", *autograd.grade(Value).to_dict()["checks"]]:
        limit = max(examiner._LEAST, left / examiner._SHARE)
        left, spent = left - limit, spent + limit
    assert spent + 5.0 < 60.0  # 5 for the processes


def test_what_a_class_prints_is_not_shown(capfd):
    noisy = ("y = math.tanh(self.data)", "print('right ' * 9); y = math.tanh(self.data)\n"
             "        import os; os.system('echo right')")  # fmt: skip
    assert autograd.grade(student(noisy)).to_dict()["wrong"] == 0
    assert capfd.readouterr() == ("", "")


def test_grading_leaves_the_class_and_the_caller_as_they_were():
    count = ("self.data, self.grad", "Value.made = getattr(Value, 'made', 0) + 1\n"
             "        self.data, self.grad")  # fmt: skip
    cls = student(count)
    with autograd.no_grad():
        facts = autograd.grade(cls).to_dict()
        assert autograd.grade(Value).to_dict()["wrong"] == 0
        assert not (Value(1.0) * 2.0).requires_grad
    assert facts["wrong"] == 0
    assert not examiner.HAS_FORK or not hasattr(cls, "made")


def test_grading_works_from_a_thread_and_beside_one():
    found, over = [], threading.Event()
    other = threading.Thread(target=over.wait)
    thread = threading.Thread(target=lambda: found.append(autograd.grade(student())))
    for one in other, thread:
        one.start()
    thread.join()
    over.set()
    other.join()
    assert found[0].to_dict()["wrong"] == 0


def test_without_fork_a_class_is_graded_in_this_process(monkeypatch):
    monkeypatch.setattr(grading, "HAS_FORK", False)
    change = ("y = math.tanh(self.data)", "raise SystemExit")
    facts = autograd.grade(student(change)).to_dict()
    assert kinds(facts, "wrong") == {"tanh"} and facts["right"] == len(facts["checks"]) - 3
    with pytest.raises(TypeError, match="required"):
        autograd.grade(int)


def test_without_fork_a_file_is_imported_in_the_other_process(monkeypatch, tmp_path, hasty):
    monkeypatch.setattr(examiner, "HAS_FORK", False)
    monkeypatch.setattr(examiner, "_LEAST", 20.0)  # a new interpreter
    source = STUDENT.replace("y = math.tanh(self.data)", "import os; os._exit(0)")
    (tmp_path / "mine.py").write_text(source)
    facts = grading.grade_file(f"{tmp_path / 'mine.py'}:Value").to_dict()
    assert kinds(facts, "wrong") == {"tanh"} and facts["right"] == len(facts["checks"]) - 3
    assert "mine.py" not in sys.modules


# ---------------------------------------------------------------- what cannot be tried
class Bare:
    """No number makes a node of it."""


class Three:
    def __init__(self, data, grad, backward):
        pass


class Empty:
    def __init__(self, data):
        self.data = data


@pytest.mark.parametrize("wrong, text", [
    (3.0, "got 3.0"), (Value(1.0), "got Value(data=1.0"), (None, "got None"),
    (Bare, "TypeError"), (Three, "missing 2 required"),
    (Empty, "no attribute 'grad'"), (int, "'data'"),
])  # fmt: skip
def test_what_is_no_class_of_nodes_is_a_type_error(wrong, text):
    with pytest.raises(TypeError, match="required") as caught:
        autograd.grade(wrong)
    assert text in str(caught.value)


@pytest.mark.parametrize("source, text", [
    ("while True: pass", "no answer in 1 s"), ("import os; os._exit(0)", "the process ended"),
    ("raise SystemExit", "SystemExit"), ("def (:", "invalid syntax (mine.py, line 1)"),
    ("x = 1", "mine.py defines no Value"), ("import nowhere", "No module named 'nowhere'"),
    ("Value = 3", "not callable"), ("", "mine.py defines no Value"), ("\0", "null bytes"),
])  # fmt: skip
def test_a_file_that_cannot_be_imported_says_why(source, text, tmp_path, monkeypatch):
    monkeypatch.setattr(examiner, "_SECONDS", 6.0)
    (tmp_path / "mine.py").write_text(source)
    with pytest.raises(TypeError) as caught:
        grading.grade_file(f"{tmp_path / 'mine.py'}:Value")
    assert text in str(caught.value) and "\n" not in str(caught.value)


# ---------------------------------------------------------------- from a shell
def shell(*words):
    env = {**os.environ, "PYTHONPATH": str(REPO)}
    return subprocess.run([sys.executable, "-W", "error", "-m", "autograd", *words], env=env,
                          capture_output=True, text=True, timeout=120)  # fmt: skip


def test_the_exit_code_says_whether_all_is_right(tmp_path):
    """The good one is as files are: a neighbour, a dataclass, prints, a main part; it grades."""
    (tmp_path / "beside.py").write_text("import dataclasses")
    begin = "from beside import *\n__file__\n@dataclasses.dataclass\nclass Pair:\n    a: int\n"
    end = "\nimport autograd\nprint(autograd.grade(Value))\nif __name__ == '__main__':\n    1 / 0\n"
    (tmp_path / "good.py").write_text(begin + STUDENT + end)
    done = shell("--grade", f"{tmp_path / 'good.py'}:Value")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Value: 43 right, 0 wrong, 0 missing\n")
    assert len(done.stdout.splitlines()) == 2
    (tmp_path / "bad.py").write_text(STUDENT.replace("return -self + other", "return self - other"))
    done = shell("--grade", f"{tmp_path / 'bad.py'}:Value")
    assert (done.returncode, done.stderr) == (1, "")
    assert "wrong: operators (1)\n" in done.stdout and "a.__rsub__(2)" in done.stdout
    assert "    got = (2 - a).data\n  expected -1.0, got 1.0\n" in done.stdout


@pytest.mark.parametrize("words", [
    ("--grade", "nowhere.py:Value"), ("--grade", "nowhere.py"), ("--grade", ":Value"),
    ("--grade", "C:\\x.py"), ("--grade", __file__ + ":Nothing"),
])  # fmt: skip
def test_what_cannot_be_tried_is_one_line_and_2(words):
    done = shell(*words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "Traceback" not in done.stderr and len(done.stderr) > 30


def test_an_expression_is_sent_to_viz_and_an_option_to_the_usage():
    assert "of expressions: python -m viz" in shell("tanh(x)", "x=1").stderr
    done = shell("--grades", "x")
    assert done.returncode == 2 and "usage: python -m autograd" in done.stderr


def test_without_words_it_says_what_there_is_to_run_on():
    done = shell()
    assert done.returncode == 0 and done.stdout.startswith("whygrad ") and "core: " in done.stdout


def test_importing_autograd_starts_nothing_of_it():
    code = "import sys, autograd; print({'multiprocessing', 'socket', 'argparse'} & {*sys.modules})"
    env = {**os.environ, "PYTHONPATH": str(REPO)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.stdout == "set()\n"
