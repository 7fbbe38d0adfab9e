"""The two cores: one behaviour from one source, no build that is not whole, nodes freed whole."""

import gc
import inspect
import os
import pickle
import pydoc
import shutil
import subprocess
import sys
import textwrap
import traceback
import warnings
import weakref
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

import autograd
from autograd import Value, loader

REPO = Path(__file__).resolve().parents[2]
PACKAGE = Path(autograd.__file__).parent
PURE, COMPILED = {loader.SWITCH: "1"}, {loader.SWITCH: ""}
WHICH = "import autograd; print(autograd.core_kind, autograd.value.__file__)"
compiled_only = pytest.mark.skipif(autograd.core_kind == "pure", reason="no compiled core here")


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
        sys.stdout.buffer.write(pickle.dumps([autograd.core_kind, x, y]))
    """
    read = """if True:
        import pickle, sys, autograd
        was, x, y = pickle.load(sys.stdin.buffer)
        assert was != autograd.core_kind and y.inputs[0].inputs[0] is x and x.has_grad
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
    assert f"core: {autograd.core_kind}" in text and "numpy" in text


def test_the_switch_takes_the_pure_files_without_a_word():
    said, warned = python("-W", "error", "-c", WHICH, **PURE)
    assert said.decode().split() == ["pure", str(PACKAGE / "value.py")] and not warned


def first_only(folder):
    """A build that was cut short."""
    for path in loader.extensions(folder / "autograd")[2:]:
        os.remove(path)


def shared_of_another_machine(folder):
    Path(loader.extensions(folder / "autograd")[0]).write_bytes(b"what this one cannot load" * 99)


def shared_missing(folder):
    os.remove(loader.extensions(folder / "autograd")[0])


def all_of_another_python(folder):
    for path in loader.extensions(folder / "autograd"):
        os.rename(path, path.replace(EXTENSION_SUFFIXES[0], ".cpython-39-vax.so"))


@compiled_only
@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (first_only, "is missing"),
        (shared_missing, f"{loader.SHARED}{EXTENSION_SUFFIXES[0]} is missing"),
        (shared_of_another_machine, loader.SHARED),  # in the words of the system's loader
        (all_of_another_python, ""),
    ],
)
def test_a_build_is_loaded_whole_or_not_at_all_and_one_warning_says_why(harm, why, tmp_path):
    for name in ("autograd", "nn", "viz"):
        shutil.copytree(REPO / name, tmp_path / name)
    for shared in REPO.glob(loader.SHARED + ".*"):
        shutil.copy(shared, tmp_path)
    said, warned = python("-c", WHICH, path=tmp_path, **COMPILED)
    assert said.split()[0] == b"compiled" and not warned, "as it was, it is whole"
    harm(tmp_path)
    said, warned = python("-c", WHICH, path=tmp_path, **COMPILED)
    assert said.decode().split() == ["pure", str(tmp_path / "autograd" / "value.py")]
    assert warned.count("RuntimeWarning") == bool(why) and why in warned
    assert ("Install whygrad again" in warned) == bool(why)
    said, warned = python("-c", WHICH, path=tmp_path, **PURE)
    assert said.split()[0] == b"pure" and not warned


# ------------------------------------------------------------------ how nodes are freed
@compiled_only
def test_a_node_is_not_the_collectors_and_takes_at_most_96_bytes():
    """88, sixteen less than with the collector's header, in blocks of sixteen."""
    y = Value(1.0) * 2.0
    y.backward()
    assert not gc.is_tracked(y) and sys.getsizeof(y) <= 96


def test_a_subclass_with_attributes_of_its_own_is_freed_when_its_cycle_is_found():
    """Its own attributes are looked at, in either core; what they hold by way of nodes is not."""
    x = Tagged(2.0, "t")
    gone = weakref.ref(x)
    x.tag = [x]
    del x
    gc.collect()
    assert gone() is None


def freed(program, **env):
    """Run it in a process of its own, which a false free would end, or the debug allocator."""
    said, _ = python("-c", BEFORE + textwrap.dedent(program) + "\nprint('alive')", **env)
    assert said.split() == [b"alive"]


BEFORE = """
import gc, sys, threading, time
import autograd
from autograd import Value

def chain(n, grow=lambda y: y * 1.5 + 1e-9):
    y = Value(1.0)
    for _ in range(n):
        y = grow(y)
    return y

def in_threads(work, kilobytes, count=8):
    threading.stack_size(kilobytes * 1024)
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    threading.stack_size(0)
"""
SMALL = 64 if autograd.core_kind == "compiled" else 512  # KiB; Python's own trashcan takes more


def test_nodes_in_nested_containers_of_any_depth_are_freed():
    """Python's trashcan acts 50 deep."""
    freed(
        """
        for wrap in (lambda x: [x], lambda x: (x,), lambda x: {1: x}, lambda x: {"a": [x]}):
            for depth in range(40, 110):
                x = Value(1.0) * 2.0
                x = [x]
                for _ in range(depth):
                    x = wrap(x)
                del x
        cell = None
        for i in range(1000):
            cell = (cell, Value(float(i)) * 1.0)
        del cell
        """,
        PYTHONMALLOC="debug",
    )


def test_deep_and_wide_graphs_are_freed_in_threads_of_a_small_stack():
    freed(
        f"""
        def work():
            chain(20_000)
            chain(5_000, lambda y: autograd.dot([y, y], [y, 1.0]) * 1e-3)
            chain(5_000, lambda y: y.tanh())
            wide = [Value(1.0)]
            for _ in range(5_000):
                wide.append(wide[-1] + wide[len(wide) // 2])

        in_threads(work, {SMALL})
        """,
        PYTHONMALLOC="debug",
    )


def test_a_chain_through_attributes_of_a_subclass_is_freed():
    freed(
        f"""
        class Holder(Value):
            held = None

        def work():
            x = Holder(1.0)
            for _ in range(5_000):
                y = x * 2.0
                x = Holder(1.0)
                x.held = [y]

        in_threads(work, {SMALL}, 2)
        """,
        PYTHONMALLOC="debug",
    )


def test_a_subclass_is_told_once_that_it_goes_and_may_come_back():
    freed(
        """
        gone, kept = [], []

        class Told(Value):
            def __del__(self):
                gone.append(self.data)

        class Slotted(Told):
            __slots__ = ()

        class Back(Value):
            def __del__(self):
                kept.append(self)

        y = chain(200) * Told(3.0) + Slotted(4.0)
        del y
        assert sorted(gone) == [3.0, 4.0], gone
        y = Back(5.0) * 2.0
        del y
        y = kept[0] * 3.0
        y.backward()
        assert (kept[0].data, kept[0].grad) == (5.0, 3.0)
        """,
        PYTHONMALLOC="debug",
    )


def test_a_free_may_be_interrupted_by_others_and_keeps_an_exception_that_is_under_way():
    """What a node's last breath runs builds and frees nodes, and other threads have their turns."""
    freed(
        """
        class Busy(Value):
            def __del__(self):
                chain(200)
                time.sleep(1e-4)
                try:
                    raise ValueError
                except ValueError:
                    pass

        def work():
            y = Value(1.0)
            for _ in range(100):
                y = y * Busy(1.0) + chain(100)

        in_threads(work, 512, 4)

        def interrupted():
            y = chain(100) * Busy(2.0)
            raise KeyError(y.data > 0)

        try:
            interrupted()
        except KeyError as error:
            assert error.args == (True,)
        """,
        PYTHONMALLOC="debug",
    )


def test_a_generators_and_the_interpreters_end_free_deep_chains():
    freed(
        """
        def pause():
            y = chain(100_000)
            yield
            yield y

        paused = pause()
        next(paused)
        del paused
        at_exit = chain(100_000)
        in_a_cycle = [chain(1000)]
        in_a_cycle.append(in_a_cycle)
        del in_a_cycle
        gc.collect()
        """
    )
