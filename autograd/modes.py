"""What a recording looks at besides its operands: no_grad, scope, errstate, detect_anomaly.

Each holds for its own thread and async task. The operators of value.py look at ``active`` alone:
an empty list says that no mode is on anywhere. Reads decorate.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, Final, TypeVar

from .decorate import decorated

_Function = TypeVar("_Function", bound=Callable[..., Any])


class About:
    """What few nodes have: a label, a scope, a flag, the file and line that recorded it.

    Shared within a scope; never changed.
    """

    __slots__ = ("label", "line", "requires_grad", "scope")

    def __init__(
        self, label: str = "", requires_grad: bool = True, scope: str = "",
        line: tuple[str, int] | None = None,
    ) -> None:  # fmt: skip
        self.label = label
        self.requires_grad = requires_grad
        self.scope = scope
        self.line = line


NOTHING_NOTED: Final = About()  # what most nodes have
CONSTANT: Final = About(requires_grad=False)  # what a transformation's variables have after it
active: Final[list[None]] = []  # one entry for each mode on anywhere; append and pop are atomic
SLOW: Final = About()  # in place of what is noted: the operators' own quick ways will not do
LINES: Final = 1  # of looks: each node notes its line
RAISES: Final = 2  # and what is not finite raises


class State:
    """The modes in force: never changed; a ``with`` block puts another in its place."""

    __slots__ = ("about", "errors", "looks", "outer", "quick", "reads", "recording", "scope")

    def __init__(
        self, outer: State | None, recording: bool, scope: str, errors: str,
        reads: list[Any] | None, looks: int = 0,
    ) -> None:  # fmt: skip
        self.outer = outer  # the state outside of the block
        self.recording = recording
        self.scope = scope
        self.errors = errors
        # What a function that is being recorded has read the plain number of; None: there is none.
        self.reads = reads
        self.about = About(scope=scope) if scope else None  # for the nodes recorded here
        self.looks = looks
        self.quick = self.about
        if looks or not recording:
            self.quick = SLOW
            active.append(None)

    def __del__(self) -> None:
        # A task that was made inside the block may have outlived it, and the interpreter this file.
        if self.quick is SLOW and active is not None:
            active.pop()


_PLAIN: Final = State(None, True, "", "warn", None)
_state: ContextVar[State] = ContextVar("whygrad", default=_PLAIN)
current = _state.get  # the modes of this thread and task


class _Mode:
    """A ``with`` block that changes the modes and restores them, or a decorator.

    A generator that yields inside a block leaves the mode to whoever called it, until it goes on:
    decorate it, and the mode is in force only while it runs.
    """

    def _inside(self, outer: State) -> State:
        raise NotImplementedError

    def __enter__(self) -> None:
        _state.set(self._inside(_state.get()))
        active.append(None)

    def __exit__(self, *exception: object) -> None:
        active.pop()
        _state.set(current().outer or _PLAIN)

    def __call__(self, function: _Function) -> _Function:
        """``function``, inside this mode while it runs: for use as a decorator.

        Of a generator or a coroutine too: what waits is outside until it goes on.
        """
        return decorated(function, self)  # type: ignore[no-any-return]

    def held(self) -> Callable[[Callable[[Any], Any], Any], Any]:
        """For one call: runs a step of its body in this mode and the blocks that are open in it."""
        base: State | None = None  # what the body's own blocks are inside of
        inner: State | None = None  # where the body waits, if inside a block of its own

        def step(go_on: Callable[[Any], Any], given: Any) -> Any:
            nonlocal base, inner
            outer = current()
            if inner is None:
                base = inner = self._inside(outer)
            _state.set(inner)
            active.append(None)
            try:
                return go_on(given)
            finally:
                left = current()
                inner = None if left is base else left
                _state.set(outer)
                active.pop()

        return step


class no_grad(_Mode):
    """Inside, results are plain leaves that record nothing.

    >>> from autograd import Value, no_grad
    >>> with no_grad():
    ...     y = Value(2.0) * 3.0
    >>> y.requires_grad, y.inputs
    (False, ())
    """

    def _inside(self, outer: State) -> State:
        return State(outer, False, outer.scope, outer.errors, outer.reads, outer.looks)


class recording(_Mode):
    """Inside, ops record even under ``no_grad``, unknown values too: for transformations.

    Args:
        reads: gets the Values whose plain numbers are read.
    """

    def __init__(self, reads: list[Any] | None = None) -> None:
        self._reads = [] if reads is None else reads

    def _inside(self, outer: State) -> State:
        return State(outer, True, outer.scope, outer.errors, self._reads, outer.looks)


class quiet(_Mode):
    """Inside, partials form: recorded, and never a warning, whatever the number."""

    def _inside(self, outer: State) -> State:
        reads = [] if outer.reads is None else outer.reads
        return State(outer, True, "", "ignore", reads, LINES if outer.looks else 0)


class scope(_Mode):
    """Inside, nodes are recorded under ``name``; nested names join with ``/``.

    >>> from autograd import Value, scope
    >>> with scope("layer 2"):
    ...     with scope("neuron 1"):
    ...         y = Value(2.0) * 3.0
    >>> y.scope
    'layer 2/neuron 1'
    """

    def __init__(self, name: str | Any) -> None:
        if not isinstance(name, str) or not name:
            raise TypeError(f"scope: a name is a non-empty str, got {name!r}; use scope('layer 1')")
        self._name = name
        self._latest: State | None = None  # entered again from one state, it is not built again

    def _inside(self, outer: State) -> State:
        latest = self._latest
        if latest is None or latest.outer is not outer:
            path = f"{outer.scope}/{self._name}" if outer.scope else self._name
            latest = State(outer, outer.recording, path, outer.errors, outer.reads, outer.looks)
            # What the others hold must not live longer.
            if latest.quick is not SLOW and latest.reads is None:
                self._latest = latest
        return latest

    def __reduce__(self) -> tuple[type[scope], tuple[str]]:
        return scope, (self._name,)


def each_in(
    scopes: Sequence[scope], functions: Sequence[Callable[..., Any]], *args: Any
) -> list[Any]:
    """What each function gives, called in its own scope; for less than ``with`` blocks cost."""
    outer = current()
    results = []
    active.append(None)
    try:
        for inside, function in zip(scopes, functions, strict=True):
            _state.set(inside._inside(outer))
            results.append(function(*args))
    finally:
        _state.set(outer)
        active.pop()
    return results


class errstate(_Mode):
    """Inside, a number outside an op's domain will ``"raise"``, ``"warn"`` or pass (``"ignore"``).

    >>> import autograd
    >>> with autograd.errstate("ignore"):
    ...     autograd.log(0.0)
    -inf
    """

    def __init__(self, errors: str | Any) -> None:
        if errors not in ("raise", "warn", "ignore"):
            raise ValueError(f'errstate: use "raise", "warn" or "ignore", got {errors!r}')
        self._errors = errors

    def _inside(self, outer: State) -> State:
        return State(outer, outer.recording, outer.scope, self._errors, outer.reads, outer.looks)


class detect_anomaly(_Mode):
    """Inside, the first nan or inf raises AnomalyError, and each op's result notes its line.

    A pass raises before any gradient has changed, and names the op that sends what is not finite.
    An inf that was given is none; one made outside is told when a nan or a pass meets it. What a
    ``where`` would hide raises too: ops look at their own result alone. Slower than without: for
    looking, not for training.

    >>> import autograd
    >>> with detect_anomaly():
    ...     autograd.Value(1e300) * 1e300  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    autograd.errors.AnomalyError: multiply: a finite result is required, got inf at ...
    """

    def _inside(self, outer: State) -> State:
        return State(outer, outer.recording, outer.scope, outer.errors, outer.reads, RAISES)


def detects() -> bool:
    """Whether a nan or inf raises here."""
    return current().looks == RAISES
