"""Runs programs on a class that may do anything: in another process, ended where it must be.

Read by grading.py. Where there is fork the process has the class as it is, be it from a notebook;
elsewhere it imports a file. A program that does not come back is answered for, and another process
goes on with the next one.
"""

from __future__ import annotations

import contextlib
import functools
import math
import multiprocessing as mp
import os
import runpy
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from typing import Any

from .names import one_line

HAS_FORK = "fork" in mp.get_all_start_methods()
_SECONDS = 30.0  # for all programs, so that all is over in a minute
_SHARE = 6.0  # the first, with the imports, has a sixth; so has each of what those before it left
_LEAST = 0.25  # seconds for the last ones: 5,000 ops take 0.05, a new process as much
_MEMORY = 2 << 30  # bytes that a class may take, of which imports may reserve much
_LONGEST = 200  # characters of an error
_REFUSED = AssertionError, AttributeError, NotImplementedError, TypeError
_OWN = {"backward", "tanh", "exp", "relu", "zero_grad"}  # they take no operand to refuse

Answer = tuple[str, Any]  # "got" and numbers; "wrong" or "missing" and why


class Examiner:
    """Asks the class that ``load`` gives, in a process of its own, until it is closed."""

    def __init__(self, load: Callable[[], type]) -> None:
        self._load = load
        self._over = time.monotonic() + _SECONDS
        self._begin()

    def ask(self, program: str) -> Any:
        """The Answer to ``program``; none in time is wrong, and so is a process that ends."""
        limit = max(_LEAST, (self._over - time.monotonic()) / _SHARE)
        if not self._process.is_alive():
            self._begin()
        try:
            self._line.send(program)
            if self._line.poll(limit):
                return self._line.recv()
            why = f"no answer in {limit:.2g} s"
        except (EOFError, OSError):
            self._process.join(_LEAST)
            why = f"the process ended, exit code {self._process.exitcode}"  # below 0: a signal
        self.close()
        return "wrong", why

    def _begin(self) -> None:
        context: Any = mp.get_context("fork" if HAS_FORK else "spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_attend, args=(self._load, theirs))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of threads, from Python 3.12 on; and the class's
            process.start()
        theirs.close()
        self._process, self._line = process, ours

    def close(self) -> None:
        with contextlib.suppress(AttributeError, OSError):  # no groups; none is left
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.join()
        self._line.close()


# ---------------------------------------------------------------- in the other process
def _attend(load: Callable[[], type], line: Any) -> None:
    """Answer programs for ever."""
    with contextlib.suppress(AttributeError):  # not on Windows
        os.setsid()  # what the class starts is ended with it, and nothing else
        signal.alarm(int(2.0 * _SECONDS))  # if the process that asks is killed
    # What the class prints is not shown, and there is nothing to read; a notebook's are no files.
    sys.stdin = open(os.devnull)
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")
    for standard in range(3):
        os.dup2(sys.stdout.fileno(), standard)
    with contextlib.suppress(OSError, ValueError), open("/proc/self/statm") as file:  # on Linux
        import resource

        bound = int(file.read().split()[5]) * resource.getpagesize() + _MEMORY
        resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))
    while True:
        line.send(answer(load, line.recv()))


@functools.cache
def in_file(path: str, name: str) -> Any:
    """The class of that name in a file, which runs once, as if imported."""
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    space = runpy.run_path(path, run_name=os.path.basename(path))
    if name not in space:
        raise NameError(f"{path} defines no {name}")
    return space[name]


def answer(load: Callable[[], type], program: str) -> Answer:
    """What ``program`` sets ``got`` to where ``Value`` is the class, or why it does not."""
    try:
        return "got", result(load(), program)
    except (Exception, SystemExit) as error:
        called = {frame.f_code.co_name for frame, _ in traceback.walk_tb(error.__traceback__)}
        missing = isinstance(error, NotImplementedError if called & _OWN else _REFUSED)
        told = f"{type(error).__name__}: {error}".removesuffix(": ")
        return "missing" if missing else "wrong", one_line(told)[:_LONGEST]


def result(cls: type, program: str) -> Any:
    """What ``program`` sets ``got`` to where ``Value`` is ``cls``: numbers, or texts of others."""
    space: dict[str, Any] = {"Value": cls}
    exec(program, space)
    got = space["got"]
    return list(map(_plain, got)) if isinstance(got, list) else _plain(got)


def _plain(x: Any) -> float | str:
    """A float that JSON has, of an array's one element too; else a text."""
    with contextlib.suppress(Exception):
        number = float(x.item() if hasattr(x, "item") else x)
        if math.isfinite(number):
            return number
    return one_line(repr(x))[:_LONGEST]
