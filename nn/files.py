"""Models and optimizers in files: numbers and a description, nothing that runs.

A file is a zip of three arrays that ``numpy.load`` reads: ``description``, JSON in bytes;
``numbers``, all that there are, one after the other; ``checksum``, SHA-256 of both. Read by
module.py, which saves, and by ``nn.load``.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import math
import operator
import os
import random
import reprlib
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import Op, ops
from autograd.writing import write_whole

from .layers import MLP, Dropout, Embedding, Layer, LayerNorm, Linear, Neuron, Sequential
from .module import Module, matched, numbers_of, trees_of
from .optimizers import Optimizer

FORMAT, VERSION = "whygrad model", 1
MEMBERS = {"description": "|u1", "numbers": "<f8", "checksum": "|u1"}
HEADER = 128  # bytes: what NumPy writes before so short a description of an array


# How each module of ours is made again.
ARGUMENTS: dict[Any, Callable[[Any], dict[str, Any]]] = {
    Neuron: lambda m: {"nin": m.nin, "activation": m.activation or "linear", "init": "zeros"},
    Layer: lambda m: {
        "nin": m.nin, "nout": len(m.neurons), "activation": m.activation or "linear",
        "init": "zeros",
    },
    MLP: lambda m: {
        "nin": m.nin, "nouts": [len(layer.neurons) for layer in m.layers], "init": "zeros",
        "activation": m.activation or "linear", "output": m.layers[-1].activation or "linear",
    },
    LayerNorm: lambda m: {"n": m.nin, "eps": m.eps},
    Embedding: lambda m: {"count": len(m.weight), "size": len(m.weight[0]), "seed": 0},
    Dropout: lambda m: {"p": m.p},
    Sequential: lambda m: {"layers": m.layers},
}  # fmt: skip
ARGUMENTS[Linear] = ARGUMENTS[Layer]


def _count(
    nin: Any = -1, nout: Any = 1, nouts: Any = (), n: Any = 0, count: Any = 0, size: Any = 0,
    **_: Any,
) -> int:  # fmt: skip
    """How many parameters a module with these arguments has; none where a size is below 0."""
    sizes = [operator.index(x) for x in (nouts or [nout])]  # a forged text times a number is long
    pairs = itertools.pairwise([max(operator.index(nin), -1), *[max(x, 0) for x in sizes]])
    table = operator.index(count) * operator.index(size)
    return sum((a + 1) * b for a, b in pairs) + max(2 * operator.index(n), 0) + max(table, 0)


def _flat(tree: Any) -> list[Any]:
    return list(getattr(tree, "flat", [tree]))


def _dropouts(model: Module) -> list[Dropout]:
    return [part for part in model.modules() if isinstance(part, Dropout)]


# ------------------------------------------------------------------ writing
def described(model: Module) -> tuple[Any, int]:
    """The model in JSON's terms, and how many parameters ``load`` makes again from them.

    A class or a function of the user's own is "$own" in it, with those parts that are of nn; then
    nothing is made again: -1.
    """
    counts: dict[int, int] = {}  # of the parameters of each module of ours that is in it
    whole = True

    def own(x: Any) -> dict[str, Any]:
        nonlocal whole
        whole = False
        if not isinstance(x, Module) or id(x) in counts:
            return {"$own": type(x).__name__}
        counts[id(x)] = 0  # it comes once
        parts = [p for p in x.modules() if type(p) in ARGUMENTS and id(p) not in counts]
        within = {id(p) for part in parts for p in part.modules() if p is not part}
        return {"$own": type(x).__name__, "parts": [p for p in parts if id(p) not in within]}

    def plain(x: Any) -> Any:
        if isinstance(x, Op) and ops.TABLE.get(x.name) is x.base:
            return {"$op": x.name, **x.parameters}
        if type(x) not in ARGUMENTS or id(x) in counts:  # one that comes twice stays one
            return own(x)
        try:
            arguments = ARGUMENTS[type(x)](x)
        except TypeError:  # neurons of several activations
            return own(x)
        counts[id(x)] = _count(**arguments)
        return {"$module": type(x).__name__, **arguments}

    built = json.loads(json.dumps(model, default=plain))
    return built, sum(counts.values()) if whole else -1


def write(model: Module, path: str | os.PathLike[str], optimizer: Any = None) -> None:
    """What ``Module.save`` does."""
    held: list[float] = []

    def plain(x: Any) -> Any:
        if isinstance(x, np.generic):
            return x.item()
        if isinstance(x, np.ndarray) and x.dtype.kind in "fiub":
            held.extend(x.ravel().tolist())
            return {"$array": [len(held) - x.size, *x.shape]}
        raise TypeError(f"save: numbers, texts, lists and arrays are required, got {x!r}")

    if optimizer is not None:
        _suited(optimizer, model, "save: ")
    built, count = described(model)
    trees = trees_of(model)
    state = {name: numbers_of(tree) for name, tree in trees.items()}
    frozen = {
        name: [int(not v.requires_grad) for v in _flat(tree)] for name, tree in trees.items()
    }
    data = {
        "format": FORMAT, "version": VERSION, "class": type(model).__name__, "model": built,
        "whole": count == sum(array.size for array in state.values()), "state": state,
        "frozen": {name: marks for name, marks in frozen.items() if any(marks)},
        "dropouts": [part.generator and part.generator.getstate() for part in _dropouts(model)],
        "optimizer": None if optimizer is None else optimizer.state_dict(),
    }  # fmt: skip
    text = np.frombuffer(json.dumps(data, default=plain).encode(), np.uint8)
    numbers = np.array(held, "<f8")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, array in zip(MEMBERS, (text, numbers, _checksum(text, numbers)), strict=True):
            entry = zipfile.ZipInfo(f"{name}.npy")  # of no time: the same model, the same file
            file.writestr(entry, _npy(array))
    write_whole(path, content.getvalue())


def _suited(optimizer: Any, model: Module, who: str) -> None:
    """Refuse what is no optimizer of the model's."""
    required = f"{who}an optimizer of this model's parameters is required"
    remedy = "use nn.Adam(model.parameters())"
    if isinstance(optimizer, Optimizer) and not optimizer.moves(model.parameters()):
        raise ValueError(f"{required}, got one of others; {remedy}")
    if isinstance(optimizer, type) or not hasattr(optimizer, "state_dict"):
        raise TypeError(f"{required}, got {optimizer!r}; {remedy}")


def _checksum(text: Any, numbers: Any) -> Any:
    return np.frombuffer(hashlib.sha256(text.tobytes() + numbers.tobytes()).digest(), np.uint8)


def _npy(array: Any) -> bytes:
    """The array as NumPy's file has it, in the one form that is read back."""
    text = f"{{'descr': {array.dtype.str!r}, 'fortran_order': False, 'shape': ({len(array)},), }}"
    start = b"\x93NUMPY\x01\x00" + (HEADER - 10).to_bytes(2, "little")
    return start + text.encode().ljust(HEADER - 11) + b"\n" + array.tobytes()  # type: ignore[no-any-return]


# ------------------------------------------------------------------ reading
def load(path: str | os.PathLike[str], into: Any = None, optimizer: Any = None) -> Any:
    """The model that ``model.save`` wrote; or ``into``, with its numbers.

    A new model's labels are those that its class gives. What was frozen is frozen then.

    Args:
        into: a model made with the same arguments: required where a class or a function of your
            own is in it, of which this is not known.
        optimizer: of the parameters of ``into``: gets the state of the one that was saved.
    Raises:
        ValueError: the file is damaged, altered, newer or not ours, or does not fit. Nothing has
            changed then, and nothing in it was run.
        OSError: there is no such file.
    """
    name = os.fspath(path)
    with open(name, "rb") as file:
        raw = file.read()
    try:
        data = _read(raw, into is None)
    except Exception as error:  # zipfile's own are many, and a forged file's can be any
        raise ValueError(
            f"load: {name}: a whole file that model.save wrote is required, got one that is cut, "
            f"altered, foreign or newer ({error}); save it again"
        ) from error
    try:
        return _filled(data, into, optimizer)
    except Exception as error:  # the model's, the optimizer's
        raise ValueError(f"load: {name}: {error}") from error


def _read(raw: bytes, build: bool) -> dict[str, Any]:
    """What was written, if it is whole, with its arrays, ops and modules made again."""
    left = 0

    def restored(data: dict[str, Any]) -> Any:
        nonlocal left
        if "$array" in data:
            offset, *shape = data["$array"]
            return numbers[offset : offset + math.prod(shape)].reshape(shape).copy()
        if not build:
            return data
        if "$op" in data:
            return ops.TABLE[data.pop("$op")].fixed(**data)
        if "$module" not in data:
            return data
        name = data.pop("$module")
        kind = next(kind for kind in ARGUMENTS if kind.__name__ == name)
        left -= _count(**data)
        if left < 0:  # before anything is made of them
            raise ValueError("it claims more parameters than it has numbers")
        return Sequential(*data["layers"]) if kind is Sequential else kind(**data)

    with zipfile.ZipFile(io.BytesIO(raw)) as file:
        description = _member(file, "description")
        data: dict[str, Any] = json.loads(description.tobytes())
        if data["format"] != FORMAT or data["version"] < 1:
            raise ValueError("its format is another")
        if data["version"] > VERSION:
            raise ValueError(f"version {data['version']} was made by a newer whygrad, upgrade it")
        build = build and data["whole"] is True
        numbers, checksum = _member(file, "numbers"), _member(file, "checksum")
    if not np.array_equal(checksum, _checksum(description, numbers)):
        raise ValueError("its checksum is another")
    left = len(numbers)
    return json.loads(description.tobytes(), object_hook=restored)  # type: ignore[no-any-return]


def _member(file: zipfile.ZipFile, name: str) -> Any:
    """One of the arrays; only what ``_npy`` writes is taken, whatever its header claims."""
    if file.getinfo(f"{name}.npy").compress_type != zipfile.ZIP_STORED:
        raise ValueError("it is compressed")  # a small file might fill the memory
    member = file.read(f"{name}.npy")
    array = np.frombuffer(member, MEMBERS[name], offset=HEADER)
    if member != _npy(array):
        raise ValueError(f"{name} is another kind of array")
    return array


def _filled(data: dict[str, Any], into: Any, optimizer: Any) -> Any:
    """The model with its numbers; all is looked at before the first is written."""
    model = data["model"] if into is None and optimizer is None else into
    if not isinstance(model, Module):
        raise TypeError(
            f"a model to fill, of class {data['class']}, is required, as more than layers of nn is "
            f"in it, or as an optimizer is to be, got {into!r}; use nn.load(path, into=model)"
        )
    pairs = matched(model, data["state"])
    apart = None if into is None else _apart(data["model"], described(into)[0], "")
    if apart is not None:
        raise ValueError(
            "the model to fill must be made as the one that was saved, with {} {}, got {}; "
            "make it so, or give it the state_dict() of one made so".format(*apart)
        )
    generators = [*map(_generator, data["dropouts"])]
    trees = trees_of(model) if data["frozen"] else {}
    marked = [(_flat(trees[path]), marks) for path, marks in data["frozen"].items()]
    frozen = [v for flat, marks in marked for v, mark in zip(flat, marks, strict=True) if mark]
    if optimizer is not None:
        _suited(optimizer, model, "")
        if data["optimizer"] is None:
            raise ValueError("no optimizer is in it; use model.save(path, optimizer=...)")
        optimizer.load_state_dict(data["optimizer"])
    for dropout, generator in zip(_dropouts(model) if generators else (), generators):
        dropout.generator = generator
    for tree, numbers in pairs:
        tree.data = numbers
    for value in frozen:
        value.requires_grad = False
    return model


def _apart(saved: Any, given: Any, where: str) -> tuple[str, str, str] | None:
    """Where two descriptions first differ, and in what; not in what is the user's own."""
    both: Any = ()  # pairs of what is in them, each with its key
    if type(saved) is type(given) is dict and "parts" in {**saved, **given}:
        inside = saved.get("parts", ()), given.get("parts", ())
        alike = len(inside[0]) == len(inside[1])
        both = ((f"part {i}", pair) for i, pair in enumerate(zip(*inside)) if alike)
    elif type(saved) is type(given) is dict and saved.keys() == given.keys():
        both = ((key, (saved[key], given[key])) for key in saved if key != "$own")
    elif type(saved) is type(given) is list and len(saved) == len(given):
        both = enumerate(zip(saved, given))
    elif saved != given:
        names = [reprlib.repr(_named(x)) for x in (saved, given)]
        for name in (".$op", ".$module"):
            where = where.removesuffix(name)
        return where.strip(".") or "model", names[0], names[1]
    found = (_apart(one, other, f"{where}.{key}") for key, (one, other) in both)
    return next(filter(None, found), None)


def _named(part: Any) -> Any:
    """What a description says first: the name of a class or of an op; of a list those of all."""
    if isinstance(part, list):
        return [_named(inside) for inside in part]
    return next(iter(part.values()), part) if isinstance(part, dict) else part


def _generator(state: Any) -> random.Random | None:
    """Random numbers that go on where others were; None, as Python's own are meant."""
    if state is None:
        return None
    generator, (version, drawn, gauss) = random.Random(), state
    generator.setstate((version, tuple(drawn), gauss))
    return generator
