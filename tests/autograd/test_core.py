"""The two cores: one behaviour from one source, and no build that is not whole."""

import importlib.machinery
import inspect
import os
import pickle
import pydoc
import shutil
import subprocess
import sys
import traceback
import warnings
from pathlib import Path

import pytest

import autograd
from autograd import Value, core

REPO = Path(__file__).resolve().parents[2]
PACKAGE = Path(autograd.__file__).parent
PURE, COMPILED = {core.SWITCH: "1"}, {core.SWITCH: ""}
compiled_only = pytest.mark.skipif(not autograd.compiled, reason="no compiled core here")


def python(*arguments, path=REPO, stdin=None, **env):
    """What another interpreter says, which imports the packages of ``path``."""
    env = {**os.environ, "PYTHONPATH": str(path), **env}
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, env=env, capture_output=True, input=stdin, cwd=path, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout, done.stderr.decode()


# ------------------------------------------------------------------ one behaviour
@compiled_only
def test_a_thousand_random_programs_say_the_same_in_both_cores():
    """Values, gradients, steps, errors and warnings, with their lines, bit for bit."""
    script = Path(__file__).with_name("programs.py")
    ours, theirs = (
        python(script, 1000, **which)[0].decode().split("\nprogram ") for which in (PURE, COMPILED)
    )
    assert len(ours) == len(theirs) == 1001
    for one, other in zip(ours, theirs):
        assert one.splitlines() == other.splitlines()


@compiled_only
@pytest.mark.parametrize(("here", "there"), [(PURE, COMPILED), (COMPILED, PURE)])
def test_a_pickle_of_one_core_is_read_by_the_other(here, there):
    write = """if True:
        import pickle, sys, autograd
        x = autograd.Value(-0.1, "x")
        y = autograd.dot([x, 2.0], [x.tanh(), x]) / 3.0
        y.backward()
        sys.stdout.buffer.write(pickle.dumps([autograd.compiled, x, y]))
    """
    read = """if True:
        import pickle, sys, autograd
        was, x, y = pickle.load(sys.stdin.buffer)
        assert was is not autograd.compiled and y.inputs[0].inputs[0] is x and x.has_grad
        print(x.label, x.data.hex(), x.grad.hex(), y.data.hex())
        y.backward()
        print(x.grad.hex())
    """
    data, _ = python("-c", write, **here)
    assert python("-c", read, stdin=data, **there) == python("-c", read, stdin=data, **there)
    _, x, y = pickle.loads(data)
    lines = python("-c", read, stdin=data, **there)[0].decode().split()
    assert lines[:4] == [x.label, x.data.hex(), x.grad.hex(), y.data.hex()]


class Tagged(Value):
    """A user's subclass."""

    def __init__(self, data, tag):
        super().__init__(data, tag)
        self.tag = tag

    @property
    def grad(self):
        return -1.0


def test_a_subclass_may_have_its_own_arguments_attributes_and_properties():
    x = Tagged(2.0, "t")
    y = x * x + x
    y.backward()
    assert (x.tag, x.label, x.grad, Value.grad.__get__(x)) == ("t", "t", -1.0, 5.0)
    assert type(y) is Value and y.inputs[1] is x
    del x.tag
    assert not hasattr(x, "tag")


def test_a_value_has_no_other_attributes_and_loses_none():
    x = Value(1.0)
    with pytest.raises(AttributeError, match="'Value' object has no attribute 'colour'"):
        x.colour = "red"
    for name in ("data", "grad", "label", "requires_grad"):
        with pytest.raises(AttributeError):
            delattr(x, name)
    assert (x.data, x.grad, x.label, x.requires_grad) == (1.0, 0.0, "", True)


def test_a_traceback_names_the_users_line_and_ours():
    with pytest.raises(ValueError) as caught:
        autograd.dot([Value(1.0)], [])
    assert traceback.extract_tb(caught.value.__traceback__)[0].filename == __file__
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        autograd.log(Value(-1.0))
        Value(0.0) ** -1.0
        Value(1.0) / 0.0
    line = inspect.currentframe().f_lineno
    assert [(w.filename, line - w.lineno) for w in seen] == [(__file__, n) for n in (3, 2, 1)]


def test_help_shows_signatures_and_texts():
    text = pydoc.plain(pydoc.render_doc(Value))
    for words in ("A number that remembers", "d root / d self", "Forget the gradient"):
        assert words in text
    assert list(inspect.signature(Value).parameters) == ["data", "label", "requires_grad"]
    assert list(inspect.signature(Value.backward).parameters) == ["self", "grad"]


# ------------------------------------------------------------------ which one runs
def test_python_m_autograd_says_what_runs():
    text = python("-m", "autograd")[0].decode()
    assert f"whygrad {autograd.__version__} in {PACKAGE}" in text
    assert f"core: {'compiled' if autograd.compiled else 'pure'}" in text and "numpy" in text


def test_the_switch_takes_the_pure_files_without_a_word():
    code = "import autograd; print(autograd.compiled, autograd.value.__file__)"
    said, warned = python("-W", "error", "-c", code, **PURE)
    assert said.decode().split() == ["False", str(PACKAGE / "value.py")] and not warned


def broken(how):
    """Harm done to a copy of a whole build, and what the warning says of it."""
    suffix = importlib.machinery.EXTENSION_SUFFIXES[0]

    def cut(name):
        return lambda folder: os.truncate(folder / name, 4096)

    def older(folder):
        (folder / "autograd" / "sweep.py").write_bytes(b"# changed\n" + sweep)

    def foreign(folder):
        note = folder / "autograd" / core.NOTE
        note.write_text(note.read_text().replace(suffix, ".cpython-39-vax.so", 1))

    sweep = (PACKAGE / "sweep.py").read_bytes()
    return {
        "an extension is cut off": (cut(f"autograd/value{suffix}"), f"value{suffix}: not as when"),
        "their code is cut off": (cut(core.SHARED + suffix), f"{core.SHARED}{suffix}: not as"),
        "their code is missing": (lambda folder: (folder / (core.SHARED + suffix)).unlink(), ""),
        "a file was changed since": (older, "sweep.py: not as when it was built"),
        "another Python's": (foreign, "it was built for .cpython-39-vax.so"),
        "not finished": (lambda folder: (folder / "autograd" / core.NOTE).unlink(), "not finished"),
    }[how]


@compiled_only
@pytest.mark.parametrize(
    "how",
    [
        "an extension is cut off",
        "their code is cut off",
        "their code is missing",
        "a file was changed since",
        "another Python's",
        "not finished",
    ],
)
def test_a_build_that_is_not_whole_is_not_loaded_and_one_warning_says_why(how, tmp_path):
    harm, why = broken(how)
    for name in ("autograd", "nn", "viz"):
        shutil.copytree(REPO / name, tmp_path / name)
    for shared in REPO.glob(core.SHARED + ".*"):
        shutil.copy(shared, tmp_path)
    code = "import autograd; print(autograd.compiled, autograd.value.__file__)"
    said, warned = python("-c", code, path=tmp_path, **COMPILED)
    assert said.split()[0] == b"True" and not warned, "as it was, it is whole"
    harm(tmp_path)
    said, warned = python("-c", code, path=tmp_path, **COMPILED)
    assert said.decode().split() == ["False", str(tmp_path / "autograd" / "value.py")]
    assert warned.count("RuntimeWarning") == 1 and why in warned
    assert "Install whygrad again" in warned
    said, warned = python("-c", code, path=tmp_path, **PURE)
    assert said.split()[0] == b"False" and not warned
