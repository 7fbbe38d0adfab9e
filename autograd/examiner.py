"""Runs programs on a class that may do anything: in another process, ended where it must be.

Read by grading.py. Where there is fork the process has the class as it is, be it from a notebook;
elsewhere it imports a file. A program that does not come back is answered for, and another process
goes on with the next one.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import math
import multiprocessing as mp
import os
import signal
import sys
import time
import traceback
import types
import warnings
from collections.abc import Callable
from typing import Any

from .names import one_line

HAS_FORK = "fork" in mp.get_all_start_methods()
_LOADING = 10.0  # seconds for the imports of the class's file, and for one node
_PROGRAMS = 24.0  # seconds for all of them, so that all is over in a minute
_SHARE = 6.0  # the first may take a sixth of that; so may each of what those before it have left
_LEAST = 0.25  # seconds for the last ones: 5,000 ops take 0.05, a new process as much
_MEMORY = 1 << 30  # bytes that a class may take: the programs need little
_LONGEST = 200  # characters of an error
_REFUSED = AssertionError, AttributeError, NotImplementedError, TypeError
_OWN = {"backward", "tanh", "exp", "relu", "zero_grad"}  # they take no operand to refuse

Answer = tuple[str, Any]  # "got" and numbers; "wrong" or "missing" and why


class Examiner:
    """Asks the class that ``load`` gives, in a process of its own or, if ``here``, in this one.

    Raises:
        TypeError: there is no class, or no node is made of it.
    """

    def __init__(self, load: Callable[[], type], here: bool = False) -> None:
        self._load, self._here = load, here
        try:
            if unfit := _unfit(load) if here else self._begin(_LOADING):
                raise TypeError(f"grade: {unfit}")
        except BaseException:  # Ctrl-C too
            self.end()
            raise
        self._over = time.monotonic() + _PROGRAMS

    def ask(self, program: str) -> Answer:
        """What ``program`` sets ``got`` to, or why it does not."""
        if self._here:
            with contextlib.redirect_stdout(io.StringIO()):
                return answer(self._load(), program)
        limit = max(_LEAST, (self._over - time.monotonic()) / _SHARE)
        why = "" if self._process.is_alive() else self._begin(limit)
        if not why:
            with contextlib.suppress(OSError):  # it has ended meanwhile: to be heard below
                self._line.send(program)
            told = self._hear(limit)
            why = told if isinstance(told, str) else ""
        return ("wrong", why) if why else told

    def end(self) -> None:
        if not self._here:
            with contextlib.suppress(AttributeError, OSError):  # no groups; none is left
                os.killpg(self._process.ident or 0, signal.SIGKILL)
            self._process.kill()
            self._process.join()
            self._line.close()

    def _begin(self, limit: float) -> Any:
        """Start a process; what it says of the class: why it is unfit, or nothing."""
        context: Any = mp.get_context("fork" if HAS_FORK else "spawn")
        self._line, theirs = context.Pipe()
        self._process: mp.Process = context.Process(target=_attend, args=(self._load, theirs))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of threads, from Python 3.12 on
            self._process.start()
        theirs.close()
        return self._hear(limit)

    def _hear(self, limit: float) -> Any:
        """The answer; if there is none, why, and no process."""
        try:
            if self._line.poll(limit):
                return self._line.recv()
            why = f"no answer in {limit:.2g} s"
        except (EOFError, OSError):
            self._process.join(_LEAST)
            code = self._process.exitcode or 0
            why = f"the process ended, {f'exit code {code}' if code >= 0 else f'signal {-code}'}"
        self.end()
        return why


# ---------------------------------------------------------------- in the other process
def _attend(load: Callable[[], type], line: Any) -> None:
    """Say why the class is unfit, or nothing; then answer programs for ever."""
    if hasattr(os, "setsid"):  # what the class starts is ended with it, and nothing else
        os.setsid()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(int(4.0 * _PROGRAMS))  # if the process that asks is killed
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):  # what the class prints is not shown, and there is nothing to read
        os.dup2(nothing, standard)
    sys.stdin, sys.stdout = open(os.devnull), open(os.devnull, "w", errors="replace")
    sys.stderr = sys.stdout
    warnings.simplefilter("ignore")
    faulthandler.disable()  # it may have a stream of its own
    with contextlib.suppress(ImportError, OSError, ValueError):  # where it is not known or bounded
        _bound_memory()
    line.send(_unfit(load))
    while True:
        line.send(answer(load(), line.recv()))


def _bound_memory() -> None:
    import resource  # not on Windows

    with open("/proc/self/statm") as file:
        held = int(file.read().split()[0]) * resource.getpagesize()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (held + _MEMORY, hard))


def in_file(path: str, name: str) -> type:
    """The class of that name in a file, which runs once, as if imported."""
    file = os.path.basename(path)  # no import finds a module of such a name
    if file not in sys.modules:
        sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
        sys.argv[:] = [path]
        sys.modules[file] = types.ModuleType(file)  # dataclasses look there
        with open(path, "rb") as source:
            exec(compile(source.read(), file, "exec"), vars(sys.modules[file]))
    found: type = getattr(sys.modules[file], name)
    return found


def _unfit(load: Callable[[], type]) -> str:
    """Why nothing can be asked of the class; empty if it can."""
    try:
        node = load()(2.0)
        lacking = [name for name in ("data", "grad", "backward") if not hasattr(node, name)]
    except BaseException as error:
        return f"a class of which Value(2.0) makes a node is required, got {_told(error)}"
    return f"a node with data, grad and backward is required, got none of {lacking}" * bool(lacking)


def answer(cls: type, program: str) -> Answer:
    """What ``program`` sets ``got`` to where ``Value`` is ``cls``, or why it does not."""
    space: dict[str, Any] = {"Value": cls}
    try:
        exec(program, space)
        got = space["got"]
        return "got", list(map(_plain, got)) if isinstance(got, list) else _plain(got)
    except BaseException as error:
        called = {frame.f_code.co_name for frame, _ in traceback.walk_tb(error.__traceback__)}
        missing = isinstance(error, NotImplementedError if called & _OWN else _REFUSED)
        return "missing" if missing else "wrong", _told(error)


def _told(error: BaseException) -> str:
    return one_line(f"{type(error).__name__}: {error}".removesuffix(": "))[:_LONGEST]


def _plain(x: Any) -> float | str:
    """A float that JSON has; else a text."""
    x = float(x) if hasattr(x, "__float__") else x
    return x if isinstance(x, float) and math.isfinite(x) else one_line(repr(x))[:_LONGEST]
