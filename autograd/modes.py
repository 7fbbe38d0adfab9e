"""What a recording looks at besides its operands: no_grad, scope, errstate, in one place.

Each holds for its own thread and async task. The operators of value.py look at ``active`` alone:
an empty list says that no mode is on anywhere.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Final


class About:
    """What few nodes have: a label, a scope, a flag. Shared within a scope; never changed."""

    __slots__ = ("label", "requires_grad", "scope")

    def __init__(self, label: str = "", requires_grad: bool = True, scope: str = "") -> None:
        self.label = label
        self.requires_grad = requires_grad
        self.scope = scope


class State:
    """The modes in force: immutable, one for each nesting of ``with`` blocks."""

    __slots__ = ("about", "errors", "recording", "scope")

    def __init__(self, recording: bool = True, scope: str = "", errors: str = "warn") -> None:
        self.recording = recording
        self.scope = scope
        self.errors = errors
        self.about = About(scope=scope) if scope else None  # for the nodes recorded here


_PLAIN: Final = State()
_state: ContextVar[State] = ContextVar("whygrad", default=_PLAIN)
active: Final[list[None]] = []  # one entry for each mode on anywhere; append and pop are atomic


def current() -> State:
    """The modes of this thread and task."""
    return _state.get()


class _Mode:
    """A ``with`` block that changes the modes and restores them."""

    __slots__ = ("_tokens",)

    def __init__(self) -> None:
        self._tokens: list[Token[State]] = []

    def _changed(self, state: State) -> State:
        return state

    def __enter__(self) -> None:
        self._tokens.append(_state.set(self._changed(_state.get())))
        active.append(None)

    def __exit__(self, *exception: object) -> None:
        active.pop()
        _state.reset(self._tokens.pop())


class no_grad(_Mode):
    """Inside, results are plain leaves that record nothing.

    >>> from autograd import Value, no_grad
    >>> with no_grad():
    ...     y = Value(2.0) * 3.0
    >>> y.requires_grad, y.inputs
    (False, ())
    """

    __slots__ = ()

    def _changed(self, state: State) -> State:
        return State(False, state.scope, state.errors)


class recording(_Mode):
    """Inside, ops record even under ``no_grad`` and do not complain: for transformations."""

    __slots__ = ()

    def _changed(self, state: State) -> State:
        return State(True, state.scope, state.errors)


class quiet(_Mode):
    """Inside, partials form: recorded, and never a warning, whatever the number."""

    __slots__ = ()

    def _changed(self, state: State) -> State:
        return State(True, "", "ignore")


class scope(_Mode):
    """Inside, nodes are recorded under ``name``; nested names join with ``/``.

    >>> from autograd import Value, scope
    >>> with scope("layer 2"):
    ...     with scope("neuron 1"):
    ...         y = Value(2.0) * 3.0
    >>> y.scope
    'layer 2/neuron 1'
    """

    __slots__ = ("_before", "_inside", "_name")

    def __init__(self, name: str) -> None:
        super().__init__()
        if not isinstance(name, str) or not name:
            raise TypeError(f"scope: a name is a non-empty str, got {name!r}; use scope('layer 1')")
        self._name = name
        self._before: State | None = (
            None  # a scope entered again from the same state is not rebuilt
        )
        self._inside: State = _PLAIN

    def _changed(self, state: State) -> State:
        if state is not self._before:
            path = f"{state.scope}/{self._name}" if state.scope else self._name
            self._before, self._inside = state, State(state.recording, path, state.errors)
        return self._inside


class errstate(_Mode):
    """Inside, a number outside an op's domain will ``"raise"``, ``"warn"`` or pass (``"ignore"``).

    >>> import autograd
    >>> with autograd.errstate("ignore"):
    ...     autograd.log(0.0)
    -inf
    """

    __slots__ = ("_errors",)

    def __init__(self, errors: str) -> None:
        super().__init__()
        if errors not in ("raise", "warn", "ignore"):
            raise ValueError(f'errstate: use "raise", "warn" or "ignore", got {errors!r}')
        self._errors = errors

    def _changed(self, state: State) -> State:
        return State(state.recording, state.scope, self._errors)
