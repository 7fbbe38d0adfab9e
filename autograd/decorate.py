"""A mode as a decorator: of a function, a method, a generator, a coroutine, an async generator.

What waits at a ``yield`` or an ``await`` is outside of the mode until it goes on. Not compiled, as
``inspect`` and frameworks ask of a function whether it is one of these. Reads nothing; read by
modes.py.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any


def decorated(function: Any, mode: Any) -> Any:
    """``function``, each call of it inside ``mode``; ``mode.held()`` runs the turns of one call."""
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(decorated(function.__func__, mode))
    if isinstance(function, type) or not callable(function):
        name = type(mode).__name__
        raise TypeError(
            f"{name}: a function is required, got {function!r}; decorate its functions, or write "
            f"`with {name}(...):` in them"
        )
    kinds = function, type(function).__call__  # of an object that is called
    inside: Callable[..., Any]

    if any(map(inspect.isgeneratorfunction, kinds)):

        def inside(*args: Any, **others: Any) -> Generator[Any, Any, Any]:
            return (yield from _steps(function(*args, **others), mode.held()))

    elif any(map(inspect.iscoroutinefunction, kinds)):

        async def inside(*args: Any, **others: Any) -> Any:
            return await _steps(function(*args, **others).__await__(), mode.held())

    elif any(map(inspect.isasyncgenfunction, kinds)):

        async def inside(*args: Any, **others: Any) -> AsyncGenerator[Any, Any]:
            body, held = function(*args, **others), mode.held()
            step, given = body.asend, None
            while True:
                try:
                    made = await _steps(step(given).__await__(), held)
                except StopAsyncIteration:
                    return
                finally:
                    given = None
                try:
                    step, given = body.asend, (yield made)
                except BaseException as error:  # GeneratorExit too, at aclose()
                    step, given = body.athrow, error

    else:

        def inside(*args: Any, **others: Any) -> Any:
            with mode:
                return function(*args, **others)

    return functools.wraps(function)(inside)


@types.coroutine
def _steps(body: Any, held: Any) -> Generator[Any, Any, Any]:
    """What ``body`` yields and returns, in its mode while it runs and in the caller's between."""
    step, given = body.send, None
    while True:
        try:
            made = held(step, given)
        except StopIteration as end:
            return end.value
        finally:
            given = None  # an error that was thrown in would hold this frame, and it the error
        try:
            step, given = body.send, (yield made)
        except BaseException as error:  # GeneratorExit too, at close()
            step, given = body.throw, error
