"""Module: what has parameters and is called. Read by layers.py and by whoever writes one."""

from __future__ import annotations

import difflib
import functools
import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Set, ValuesView
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from autograd import Value, no_grad

if TYPE_CHECKING:  # NumPy is loaded where arrays are asked for
    import numpy as np

_Own = TypeVar("_Own", bound="Module")

_PLAIN = frozenset({float, int, bool, complex, str, bytes, type(None)})


def nearest(name: str, known: Iterable[str]) -> str:
    """A remedy for a name that is not known: the nearest that is, or all of them."""
    names = list(known)
    name = "learning_rate" if name == "lr" else str(name)  # PyTorch's name for it
    close = difflib.get_close_matches(name, names, 1)
    return f"did you mean {close[0]!r}?" if close else f"use one of {', '.join(names)}"


class Module:
    """Something with parameters: the Values among its attributes, and those of the modules in them.

    Subclass it, keep Values, modules, or lists, tuples, dicts, NumPy's object arrays, dataclasses
    and objects with ``__slots__`` of them as attributes, and write ``forward`` or ``__call__``.

    Attributes:
        training: whether Dropout drops; ``train()`` and ``eval()`` set it.
    """

    training = True  # for those too that never call __init__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What ``forward`` gives."""
        return self.forward(*args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """To be written in a subclass, if it has no ``__call__`` of its own."""
        raise TypeError(
            f"{type(self).__name__}: a model that is called needs forward(self, x), got none; "
            "write it, or __call__"
        )

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Each parameter with its name: its label, or its attribute's path (``head.w.0``).

        The path too where two labels are the same, as in two layers made apart from each other.

        Raises:
            TypeError: a Value that records is kept where it cannot be found: in a set, or in an
                object of another kind.
        """
        found = list(_each(_search(self)))
        labels = Counter(value.label for _, value in found)
        for path, value in found:
            yield (value.label if value.label and labels[value.label] == 1 else path), value

    def parameters(self) -> list[Value]:
        """The parameters, in the order in which they were made."""
        return [value for _, value in _each(_search(self))]

    def modules(self) -> list[Module]:
        """The module and those in it, each once."""
        seen: dict[int, Any] = {}
        _search(self, seen)
        return [part for part in seen.values() if isinstance(part, Module)]

    def zero_grad(self) -> None:
        """Forget every parameter's gradient."""
        for parameter in self.parameters():
            parameter.zero_grad()

    def train(self: _Own, mode: bool = True) -> _Own:
        """The module, from now on in training with all its parts; not so with ``mode=False``."""
        for part in self.modules():
            object.__setattr__(part, "training", bool(mode))  # of a frozen dataclass too
        return self

    def eval(self: _Own) -> _Own:
        """The module, from now on not in training, nor its parts: Dropout lets all pass."""
        return self.train(False)

    def predict(self, X: Any) -> np.ndarray[Any, Any]:
        """The outputs for each sample of ``X``, as numbers: shape (n,) where one is one Value.

        Without a graph, and as after ``eval()``; then each part trains again that did.

        Args:
            X: a list, array or DataFrame of samples, each whatever the model takes.
        """
        from autograd.arrays import entries

        X = X.to_numpy() if hasattr(X, "to_numpy") else X
        samples = list(X) if hasattr(X, "__iter__") else []
        if not samples:
            raise ValueError(f"predict: samples are required, one at least, got {X!r}; give [x]")
        modes = [(part, part.training) for part in self.modules()]
        self.eval()
        try:
            with no_grad():
                return _array(*entries([self(x) for x in samples], "predict"))
        finally:
            for part, mode in modes:
                object.__setattr__(part, "training", mode)

    def state_dict(self) -> dict[str, np.ndarray[Any, Any]]:
        """The parameters' numbers, by the attribute's path: of a list of Values one array.

        One tied to two places is there once, under the first; float64, shape () for one Value.

        >>> from nn import Layer
        >>> {path: array.shape for path, array in Layer(3, 1).state_dict().items()}
        {'neurons.0.w': (3,), 'neurons.0.b': ()}
        """
        return {path: numbers_of(tree) for path, tree in trees_of(self).items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Write the numbers that ``state_dict`` gave, arrays or nested lists: all of them, or none.

        Raises:
            ValueError: a path is missing or not known, or an array has another shape.
            TypeError: something else than real numbers.
        """
        written(self.matched(state))

    def save(self, path: str | os.PathLike[str], optimizer: Any = None) -> None:
        """Write weights, a description, and the optimizer's state, for ``nn.load``.

        The file is written wholly or not at all: what was there stays until all is on the disk.
        Random numbers of Dropout's own go with it, so that training goes on as if never stopped.

        Raises:
            OSError: it cannot be written.
        """
        from .files import write  # which reads this file

        write(self, path, optimizer)

    def matched(self, state: Mapping[str, Any]) -> list[tuple[list[Value], list[float]]]:
        """Parameters and their numbers in ``state``; raises as ``load_state_dict``."""
        if not isinstance(state, Mapping):
            raise TypeError(
                "load_state_dict: a mapping of paths to arrays is required, got "
                f"{type(state).__name__}; use model.state_dict()"
            )
        from autograd.arrays import entries

        own = trees_of(self)
        missing, unknown = [list(x) for x in (own.keys() - state.keys(), state.keys() - own.keys())]
        if missing or unknown:
            parts = [("missing", missing), ("not known", unknown)]
            told = "; ".join(f"{what}: {', '.join(map(str, x[:3]))}" for what, x in parts if x)
            remedy = nearest(unknown[0], missing or own) if unknown else "give all of them"
            raise ValueError(
                f"load_state_dict: the paths of this {type(self).__name__} are required, got "
                f"{len(missing)} missing and {len(unknown)} not known: {told}; {remedy}"
            )
        pairs = []
        for path, tree in own.items():
            numbers, shape = entries(state[path], f"load_state_dict: {path}")
            if shape != _shape(tree):
                raise ValueError(
                    f"load_state_dict: {path} must have the shape {_shape(tree)}, got {shape}; "
                    "make the model as the one was whose state this is"
                )
            pairs.append((_flat(tree), [*map(float, numbers)]))  # which refuses Values
        return pairs


def written(pairs: Iterable[tuple[list[Value], list[float]]]) -> None:
    """What ``matched`` gives, put into the parameters."""
    for values, numbers in pairs:
        for value, number in zip(values, numbers, strict=True):
            value.data = number


def trees_of(module: Module, seen: dict[int, Any] | None = None) -> dict[str, Any]:
    """The parameters by path: a Value, or all of even lists of Values in one.

    Args:
        seen: gets all that was looked into, by id.
    """
    found = _search(module, seen)
    trees = dict(found)
    if len(trees) < len(found):
        twice = Counter(path for path, _ in found).most_common(1)[0][0]
        raise ValueError(f"state: a path for each parameter is required, got two at {twice}")
    return trees


def numbers_of(tree: Any) -> np.ndarray[Any, Any]:
    """The numbers of a Value, or of even lists of Values."""
    return _array(_flat(tree), _shape(tree))


def _array(flat: Iterable[Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    import numpy as np

    numbers = [x.data if isinstance(x, Value) else x for x in flat]
    return np.array(numbers, dtype=np.float64).reshape(shape)


def _flat(tree: Any) -> list[Value]:
    flat = tree if isinstance(tree, list) else [tree]
    while isinstance(flat[0], list):
        flat = [part for parts in flat for part in parts]
    return flat


def _shape(tree: Any) -> tuple[int, ...]:
    return (len(tree), *_shape(tree[0])) if isinstance(tree, list) else ()


def _search(module: Module, seen: dict[int, Any] | None = None) -> list[tuple[str, Any]]:
    """The leaves in ``module``, each once, those of a list in one: one tied to two places is one.

    Args:
        seen: gets all that was looked into, by id.
    """
    found: list[tuple[str, Any]] = []
    seen = {} if seen is None else seen
    closed: list[tuple[str, Any]] = []
    _values(module, "", seen, found, closed)
    for path, holder in closed:
        hidden: list[tuple[str, Any]] = []
        for key, part in _inside(holder)[0]:
            _values(part, f"{path}.{key}", seen, hidden, [])
        for name, value in _each(hidden):
            if value.requires_grad:
                raise TypeError(
                    f"{type(module).__name__}: parameters must be in modules, lists, tuples, "
                    "dicts, object arrays, dataclasses or slots, got "
                    f"{value.label or name} in {path}, a {type(holder).__name__}; "
                    "use a list or an nn.Module"
                )
    return found


def _each(found: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Value]]:
    for path, held in found:
        if isinstance(held, list):
            yield from _each((f"{path}.{i}", part) for i, part in enumerate(held))
        else:
            yield path, held


def _values(holder: Any, path: str, seen: Any, found: list[Any], closed: list[Any]) -> None:
    """Add the leaves in ``holder`` to ``found``, and to ``closed`` what is not searched."""
    if type(holder) in _PLAIN or id(holder) in seen:  # a module may know the one it is part of
        return
    seen[id(holder)] = holder  # kept, so that no other object gets its id
    if isinstance(holder, Value):
        if holder.op is None:  # an op's result is no parameter
            found.append((path, holder))
        return
    tree = _even(holder.tolist() if _of_objects(holder) else holder)
    if tree is not None:  # most are in one
        flat = _flat(tree)
        new = {id(value): value for value in flat if value.op is None}
        if len(new) == len(flat) and seen.keys().isdisjoint(new):
            seen.update(new)
            found.append((path, tree))
            return
    inside, searched = _inside(holder)
    if not searched:
        closed.append((path, holder))
        return
    for key, part in inside:
        _values(part, f"{path}.{key}" if path else str(key), seen, found, closed)


def _even(holder: Any, axes: int = 32) -> list[Any] | None:
    """``holder`` as lists, if it is lists of Values, of one shape, of ``axes`` levels at most."""
    if not isinstance(holder, (list, tuple)) or not holder or not axes:  # it may hold itself
        return None
    if set(map(type, holder)) == {Value}:
        return list(holder)
    parts = []
    for part in holder:
        parts.append(_even(part, axes - 1))
        if parts[-1] is None or _shape(parts[-1]) != _shape(parts[0]):
            return None
    return parts


def _of_objects(holder: Any) -> bool:
    return getattr(getattr(holder, "dtype", None), "hasobject", 0) is True  # NumPy's


def _inside(holder: Any) -> tuple[Iterable[tuple[Any, Any]], bool]:
    """What ``holder`` holds, by key or attribute, and whether parameters may be among it.

    Not in a set, which has no order, nor in an object that does not say what it has: an optimizer
    or a logger may hold another model's.
    """
    if isinstance(holder, (list, tuple, deque)):
        return enumerate(holder), True
    if isinstance(holder, (dict, MappingProxyType)):
        return holder.items(), True
    if isinstance(holder, (Set, ValuesView)):
        return enumerate(holder), False
    if _of_objects(holder):
        inside = holder.tolist()
        return enumerate(inside if isinstance(inside, list) else [inside]), True
    kind: Any = type(holder)
    slots = _slots(kind)
    if slots is None:
        return (), True
    attributes = {name: getattr(holder, name) for name in slots if hasattr(holder, name)}
    attributes.update(getattr(holder, "__dict__", ()))
    declared = slots or isinstance(holder, Module) or hasattr(holder, "__dataclass_fields__")
    return attributes.items(), bool(declared)


@functools.lru_cache(256)
def _slots(kind: Any) -> tuple[str, ...] | None:
    """The names in ``__slots__``, a base's before; None for what is never looked into."""
    if issubclass(kind, (type, ModuleType)) or kind.__module__.partition(".")[0] == "autograd":
        return None
    found = []
    for base in reversed(kind.__mro__):
        names = vars(base).get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            private = name.startswith("__")  # Python renames what is private to a class
            found.append(f"_{base.__name__.lstrip('_')}{name}" if private else name)
    return tuple(found)
