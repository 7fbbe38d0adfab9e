"""Module: what has parameters and is called. Read by layers.py and by whoever writes one."""

from __future__ import annotations

import difflib
import functools
import itertools
import os
import textwrap
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Set, ValuesView
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from autograd import Value

if TYPE_CHECKING:  # NumPy is loaded where arrays are asked for
    import numpy as np

_Own = TypeVar("_Own", bound="Module")

_PLAIN = frozenset({float, int, bool, complex, str, bytes, type(None)})
_ALSO = {  # what PyTorch and Keras call it, or how that begins, as ``folded`` gives it
    "lr": "learning_rate", "xavier": "glorot", "kaiming": "he",
    "bcewithlogits": "binary_cross_entropy_with_logits", "bce": "binary_cross_entropy",
    "smoothl1": "huber", "l1": "mae", "kldiv": "kl_divergence", "nll": "cross_entropy",
    "dense": "Linear",
}  # fmt: skip


def folded(name: Any) -> str:
    """A name without what spellings differ in: CrossEntropy is cross_entropy."""
    return str(name).replace("_", "").lower()


def nearest(name: str, known: Iterable[str]) -> str:
    """A remedy for a name that is not known: the nearest that is, or the first of them."""
    names = {folded(own): own for own in known}
    word = folded(name)
    also = next((folded(ours) for theirs, ours in _ALSO.items() if word.startswith(theirs)), word)
    close = difflib.get_close_matches(also if also in names else word, names, 1)
    # a model's are thousands
    some = textwrap.shorten(", ".join(names.values()), 400, placeholder=" …")
    return f"did you mean {names[close[0]]!r}?" if close else f"use one of {some}"


class Module:
    """Something with parameters: the Values among its attributes, and those of the modules in them.

    Subclass it, keep Values, modules, or lists, tuples, dicts, NumPy's object arrays, dataclasses
    and objects with ``__slots__`` of them as attributes, and write ``forward`` or ``__call__``.

    Attributes:
        training: whether Dropout drops; ``train()`` and ``eval()`` set it.
    """

    training = True  # for those too that never call __init__

    if not TYPE_CHECKING:  # for which every name would be one of its own

        def __getattr__(self, name: str) -> Any:  # of what is not there
            remedies = {"fit": "nn.fit(model, X, y)", "summary": "print(model)"}
            if name in remedies:
                kind = type(self).__name__
                raise AttributeError(f"{kind}: {name} is no method of it; use {remedies[name]}")
            return object.__getattribute__(self, name)  # Python's own error, of a property's too

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
        found, _ = _search(self)
        labels = Counter(value.label for _, flat, _ in found for value in flat)
        for path, value in _each(found):
            yield (value.label if value.label and labels[value.label] == 1 else path), value

    def parameters(self) -> list[Value]:
        """The parameters, in the order in which they were made."""
        found, _ = _search(self)
        return [value for _, flat, _ in found for value in flat]

    def modules(self) -> list[Module]:
        """The module and those in it, each once."""
        _, seen = _search(self)
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

        No graph is kept. It is as after ``eval()``; then each part trains again that did. In
        several threads at once, call ``eval()`` first.

        Args:
            X: a list, array or DataFrame of samples, each whatever the model takes.
        """
        from autograd.arrays import known

        X = X.to_numpy() if hasattr(X, "to_numpy") else X
        empty = getattr(X, "shape", None) == () or not hasattr(X, "__iter__")
        samples = [] if empty else list(X)
        if not samples:
            raise ValueError(f"predict: samples are required, one at least, got {X!r}; give [x]")
        modes = [(part, part.training) for part in self.modules() if part.training]
        if modes:
            self.eval()
        try:  # recorded, a sample at a time: that takes half the time of no_grad()
            outputs = [known(self(x), "predict") for x in samples]
        finally:
            for part, mode in modes:
                object.__setattr__(part, "training", mode)
        return known(outputs, "predict")

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
        for tree, numbers in matched(self, state):
            tree.data = numbers

    def save(self, path: str | os.PathLike[str], optimizer: Any = None) -> None:
        """Write weights, a description, and the optimizer's state, for ``nn.load``.

        The file is written wholly or not at all: what was there stays until all is on the disk.
        Random numbers of Dropout's own go with it, so that training goes on as if never stopped.

        Raises:
            OSError: it cannot be written.
        """
        from .files import write  # which reads this file

        write(self, path, optimizer)


def trees_of(module: Module) -> dict[str, Any]:
    """The parameters by path: a Value, or an Array of all in a list or an array of Values."""
    from autograd.arrays import wrapped

    found, _ = _search(module)
    trees = {path: wrapped(flat, shape)[()] for path, flat, shape in found}
    if len(trees) < len(found):
        twice = Counter(path for path, _, _ in found).most_common(1)[0][0]
        raise ValueError(f"state: a path for each parameter is required, got two at {twice}")
    return trees


def numbers_of(tree: Any) -> np.ndarray[Any, Any]:
    """The numbers of a Value or of an Array, in a new float64 array."""
    import numpy as np

    return np.asarray(tree.data, dtype=np.float64)


def matched(module: Module, state: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """The module's trees, each with its numbers in ``state``; raises as ``load_state_dict``."""
    import numpy as np

    from autograd.arrays import entries

    own, given = trees_of(module), state if isinstance(state, Mapping) else {}
    missing = [path for path in own if path not in given]
    unknown = [path for path in given if path not in own]
    if missing or unknown:
        remedy = nearest(unknown[0], missing or own) if unknown else "use model.state_dict()"
        raise ValueError(
            f"load_state_dict: the paths of this {type(module).__name__} are required, got "
            f"{len(missing)} missing {missing[:3]}, {len(unknown)} not known {unknown[:3]}; "
            f"{remedy}"
        )
    pairs = []
    for path, tree in own.items():
        numbers, shape = entries(given[path], f"load_state_dict: {path}")
        if shape != np.shape(tree):
            raise ValueError(
                f"load_state_dict: {path} must have the shape {np.shape(tree)}, got {shape}; "
                "make the model as the one was whose state this is"
            )
        plain = [float(number) for number in numbers]  # which refuses Values
        pairs.append((tree, np.reshape(plain, shape)[()]))
    return pairs


# ------------------------------------------------------------------ where parameters are
_Found = list[tuple[str, list[Value], tuple[int, ...]]]  # path, Values in C order, their shape


def _search(module: Module) -> tuple[_Found, dict[int, Any]]:
    """The leaves in ``module``, each once, those of a list together; and what was seen, by id."""
    found: _Found = []
    seen: dict[int, Any] = {}
    closed: list[tuple[str, Any]] = []
    _values(module, "", seen, found, closed)
    for path, holder in closed:
        hidden: _Found = []
        for key, part in _inside(holder)[0]:
            _values(part, f"{path}.{key}", seen, hidden, [])
        for name, value in _each(hidden):
            if value.requires_grad:
                raise TypeError(
                    f"{type(module).__name__}: parameters must be in modules, lists, tuples, "
                    "dicts, object arrays, dataclasses or slots, got "
                    f"{value.label or name} in {path}, of class {type(holder).__name__}; "
                    "use a list or an nn.Module"
                )
    return found, seen


def _each(found: _Found) -> Iterator[tuple[str, Value]]:
    for path, flat, shape in found:
        for at, value in zip(itertools.product(*map(range, shape)), flat, strict=True):
            yield ".".join([path, *map(str, at)]), value


def _values(holder: Any, path: str, seen: Any, found: _Found, closed: list[Any]) -> None:
    """Add the leaves in ``holder`` to ``found``, and to ``closed`` what is not searched."""
    if type(holder) in _PLAIN or id(holder) in seen:  # a module may know the one it is part of
        return
    flat, shape = _leaves(holder)
    new = {id(value): value for value in flat if value.op is None}  # else it is a result
    if flat and len(new) == len(flat) and seen.keys().isdisjoint(new):
        seen.update(new)
        found.append((path, flat, shape))
        return
    if isinstance(holder, Value):
        return
    seen[id(holder)] = holder  # kept, so that no other object gets its id
    inside, searched = _inside(holder)
    if not searched:
        closed.append((path, holder))
        return
    for key, part in inside:
        _values(part, f"{path}.{key}" if path else str(key), seen, found, closed)


def _leaves(holder: Any) -> tuple[list[Value], tuple[int, ...]]:
    """The Values that ``holder`` is, or is a list or an array of, and their shape; of else none."""
    if isinstance(holder, Value):
        return [holder], ()
    flat: list[Any] = []
    shape: tuple[int, ...] = ()
    if _of_objects(holder):
        flat, shape = holder.ravel().tolist(), holder.shape
    elif isinstance(holder, (list, tuple)):
        flat, shape = list(holder), (len(holder),)
    return (flat, shape) if set(map(type, flat)) == {Value} else ([], ())


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
