"""What an op is: a callable record, and the arithmetics that its rules run on.

A record holds everything that is known of an op; nothing outside it compares its name. A rule is a
lambda ``(m, *operands, y)`` over an arithmetic ``m``: the same one runs on floats, Values, arrays,
LLVM vectors and JavaScript text. Read by every other file.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

from .numbers import real

Rule = Callable[..., Any]


def NOTHING(m: Any, *operands_y: Any) -> float:
    """The partial of a slot through which nothing ever passes: a condition, a comparison."""
    return 0.0


class Interval(NamedTuple):
    """The reals that an operand may be, ``low`` to ``high``, with points that deserve a test.

    An open end is a bound that itself is outside: ``log`` at 0.
    """

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    hard: tuple[float, ...] = ()

    def __contains__(self, x: object) -> bool:
        return (
            isinstance(x, float)
            and (self.low < x if self.open_low else self.low <= x)
            and (x < self.high if self.open_high else x <= self.high)
        )

    def __str__(self) -> str:
        low = [f"{'>' if self.open_low else '>='} {self.low:g}"] if self.low > -math.inf else []
        high = [f"{'<' if self.open_high else '<='} {self.high:g}"] if self.high < math.inf else []
        return " and ".join(low + high) or "any real"

    def probes(self) -> tuple[float, ...]:
        """Points to test at: small and large of both signs, and the hard ones."""
        usual = (-30.0, -2.5, -1.0, -0.3, -1e-3, 0.0, 1e-3, 0.3, 0.7, 1.0, 2.5, 30.0)
        return tuple(dict.fromkeys(x for x in (*usual, *self.hard) if x in self))


REALS = Interval()
_TAKE_PARAMETERS = ("case", "fast", "formula", "gather", "kink", "partials", "scales")


@dataclass(eq=False, slots=True)
class Op:
    """A record: call it on floats and get a float, on Values and get a Value.

    Attributes:
        name: NumPy's name where it has one.
        slots: the number of operands; None: any number (the call takes sequences).
        domain: an Interval a slot.
        formula: ``(m, *operands)`` over other ops; None for a primitive.
        symbol, form, precedence: how it is written; precedence is that of its outermost operator:
            1 sum, 2 product, 3 sign, 4 power, 5 call.
        parameters: numbers that are no operands, as leaky_relu's ``slope``: its rules take them as
            keywords, ``fixed`` and a call set them. A whole number stays one.
        letters: what its texts call the operands: x, or a, b, or c, a, b.
        commutes: whether its two sides can be exchanged.
        words: a short text of each slot's partial, over the names ``{a}``, ``{b}``, ``{x}`` …
        says: the sentence a person reads, or one a case; ``case(m, *operands, y)`` picks its index.
            Without ``case`` one a slot; before these may stand one for when every slot gets a part.
        selects: whether it chooses among its operands: where its partial is exactly 0, what was
            not chosen gets nothing, whatever the upstream.
        kink: ``(m, *operands)``, not 0 where there is no one slope; ``convention`` says which we
            take.
        fast: ``(value, partial, ...)`` over floats; they may raise where Python's functions do.
        scales: of the value and of each slot's partial, None or ``(m, *operands)``: what its error
            is measured by where it crosses zero by cancellation: 4 eps of it. (Of an n-ary partial:
            ``(m, xs, slot)``.)
        lines: what a primitive made at run time brings, by arithmetic.
        gather: the operands from a call's arguments, checked.
        means: the formula in mathematics, where the rule's own text would not say it.
        source: where the formula is from, unless it speaks for itself.
    """

    recorder: ClassVar[Callable[[Op, Sequence[Any]], Any]]  # value.py's: it knows what a Value is
    sweeper: ClassVar[Callable[[Op], tuple[Rule, ...]]]  # sweep.py's: a formula's partials

    name: str
    _: KW_ONLY
    domain: Any  # or one Interval for all
    slots: int | None
    partials: tuple[Rule, ...] | None
    formula: Rule | None
    symbol: str = ""
    form: str = ""
    precedence: int = 5
    commutes: bool = False
    parameters: Mapping[str, float] = field(default_factory=dict)
    letters: str = ""
    words: tuple[str, ...] = ()
    says: Any = "{op}'s slope at {=x} is {p}."
    case: Rule | None = None
    selects: bool = False
    kink: Rule | None = None
    convention: str = ""
    fast: tuple[Callable[..., Any], ...] = ()
    scales: tuple[Rule | None, ...] = ()
    lines: Mapping[str, Any] = field(default_factory=dict)
    gather: Callable[..., tuple[Any, ...]] | None = None
    remedy: str = ""
    means: str = ""
    source: str = ""
    base: Op = None  # type: ignore[assignment]  # fixed() makes others of it
    _rules: tuple[Rule, ...] | None = field(default=None, init=False)
    # Over floats, made by ieee.py at the first pass; None where nothing passes.
    slopes: tuple[Callable[..., float] | None, ...] = field(default=(), init=False)
    direct: Callable[..., Any] | None = field(default=None, init=False)  # value.py's quick way

    def __post_init__(self) -> None:
        name, slots, partials = self.name, self.slots, self.partials
        count = 1 if slots is None else slots
        domain = (self.domain,) * count if isinstance(self.domain, Interval) else self.domain
        if not name.isidentifier() or len(domain) != count:
            raise ValueError(
                f"op {name!r}: a name is an identifier, with one domain a slot ({count})"
            )
        if partials is not None and len(partials) != count:
            raise ValueError(f"{name}: one partial a slot is needed ({count}), got {len(partials)}")
        if partials is None and self.formula is None:
            raise ValueError(f"{name}: a primitive needs its partials, a derived op its formula")
        if partials is None and slots is None:
            raise ValueError(f"{name}: an op of any number of operands needs its one partial rule")
        letters = self.letters or {1: "x", 2: "ab", 3: "cab"}.get(slots or 0, "")
        made = {rule: self._bound(getattr(self, rule)) for rule in _TAKE_PARAMETERS}
        made.update(
            base=self.base or self, domain=domain, letters=letters, symbol=self.symbol or name,
            form=self.form or f"{name}({_arguments(letters)})",
            words=self.words or ("slope",) * count,
            says=(self.says,) if isinstance(self.says, str) else self.says,
        )  # fmt: skip
        for attribute, value in made.items():
            object.__setattr__(self, attribute, value)

    def _bound(self, rule: Any) -> Any:
        """A rule, a tuple of them, or a template, that has been given the parameters."""
        if isinstance(rule, tuple):
            return tuple([self._bound(one) for one in rule])
        if isinstance(rule, str):
            for name, number in self.parameters.items():
                rule = rule.replace(f"{{{name}}}", f"({number!r})")
            return rule
        free = not self.parameters or rule is None or rule is NOTHING
        return rule if free else partial(rule, **self.parameters)

    def __call__(self, *operands: Any, **parameters: float) -> Any:
        """This op of the operands: a float if all are numbers, else a Value that records it."""
        if parameters:
            return self.fixed(**parameters)(*operands)
        direct = self.direct
        if direct is not None:
            return direct(*operands)
        gather = self.gather
        return Op.recorder(self, operands if gather is None else gather(*operands))

    def fixed(self, **parameters: float) -> Op:
        """This record with other parameters; those not named keep their numbers.

        >>> from autograd import leaky_relu
        >>> leaky_relu.fixed(slope=0.5)(-3.0) == leaky_relu(-3.0, slope=0.5) == -1.5
        True
        """
        numbers = dict(self.parameters)
        for name, number in parameters.items():
            if name not in numbers:
                known = "only the parameter " + ", ".join(numbers) if numbers else "no parameter"
                raise TypeError(f"{self.name}: {known} is known, got {name}; leave it out")
            numbers[name] = _parameter(number, f"{self.name}: {name}", type(numbers[name]))
        base = self.base
        return base if numbers == base.parameters else _fixed(base, (*numbers.items(),))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules ``(m, *operands, y)`` of d output / d operand, one a slot: given, or swept.

        For any number of operands it is one, ``(m, operands, y)``, which gives every partial.
        """
        if self._rules is None:
            self._rules = self.partials or Op.sweeper(self)
        return self._rules

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in ("_rules", "direct", "slopes") and hasattr(self, name):
            raise AttributeError(f"{self.name}: a record is frozen; make another by derived(...)")
        object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"<op {self.name}{self._parameters_text()}>"

    def _parameters_text(self) -> str:
        """``, slope=0.2``: what differs from the original's."""
        known = self.base.parameters
        return "".join(f", {k}={x:g}" for k, x in self.parameters.items() if x != known[k])

    def __reduce__(self) -> tuple[Any, ...]:
        if _built_in.get(self.name) is not self.base:
            raise TypeError(
                f"{self.name}: an op made at run time cannot be pickled or copied with a graph; "
                "build the graph again where it is needed"
            )
        return built_in, (self.name, *([dict(self.parameters)] if self is not self.base else []))

    def __copy__(self, *memo: Any) -> Op:
        return self

    __deepcopy__ = __copy__


_built_in: dict[str, Op] = {}  # ops.py's table: an op made at run time lives beside it


def table(*records: Op) -> Mapping[str, Op]:
    """The built-in table, name to record, frozen."""
    _built_in.update({record.name: record for record in records})
    assert len(_built_in) == len(records), "two records share a name"
    return MappingProxyType(_built_in)


def is_built_in(record: Op) -> bool:
    """Whether it is the table's own record, not one made at run time or by ``fixed``."""
    return _built_in.get(record.name) is record


def built_in(name: str, parameters: Mapping[str, float] | None = None) -> Op:
    """The built-in record of that name: how a pickle finds it again."""
    return _built_in[name].fixed(**parameters or {})


@functools.lru_cache(maxsize=256)
def _fixed(base: Op, parameters: tuple[tuple[str, float], ...]) -> Op:
    """``base`` with other parameters."""
    record = replace(base, parameters=dict(parameters), base=base)
    form = f"{base.name}({_arguments(base.letters)}{record._parameters_text()})"
    object.__setattr__(record, "form", form)
    return record


def _arguments(letters: str) -> str:
    return ", ".join(f"{{{letter}}}" for letter in letters or "*")


def _parameter(number: Any, name: str, kind: type) -> float:
    """A parameter's number, checked; ``kind`` is int for a whole one."""
    x = real(number, name)
    if kind is float and math.isfinite(x):
        return x
    if kind is float:
        raise ValueError(
            f"{name} must be a finite number, got {number!r}; use another op for a limit"
        )
    if x < 0.0 or not x.is_integer():
        raise ValueError(f"{name} must be a whole number >= 0, got {number!r}; use an int")
    return int(x)


def primitive(
    name: str,
    *,
    domain: Interval | tuple[Interval, ...],
    partials: tuple[Rule, ...],
    floats: Callable[..., float] | None = None,
    numpy: Callable[..., Any] | None = None,
    llvm: Callable[..., Any] | None = None,
    javascript: str | None = None,
    **record: Any,
) -> Op:
    """An op that every arithmetic supplies; made at run time, it brings its line an arithmetic.

    Args:
        name: an identifier.
        domain: an Interval, or one a slot.
        partials: a rule ``(m, *operands, y)`` a slot; for any number of operands one rule
            ``(m, operands, y)``, which gives a partial an operand.
        floats: the value, of floats; it may raise where Python's own function does.
        numpy: the value, of float64 arrays.
        llvm: ``(m, *operands)``, from the LLVM arithmetic's primitives.
        javascript: an expression, with ``{0}``, ``{1}`` for the operands, ``{k}`` for a parameter.
        record: what else Op holds.
    """
    given = {"floats": floats, "numpy": numpy, "llvm": llvm, "javascript": javascript}
    lines = {kind: line for kind, line in given.items() if line is not None}
    record.setdefault("slots", len(partials))
    if floats is not None:  # `fast` takes any number of operands in one sequence
        one = floats if record["slots"] is not None else lambda at, **k: floats(*at, **k)
        record.setdefault("fast", (one,))
    return Op(name, domain=domain, partials=partials, formula=None, lines=lines, **record)


def derived(
    name: str,
    *,
    domain: Interval | tuple[Interval, ...],
    formula: Rule,
    partials: tuple[Rule, ...] | None = None,
    **record: Any,
) -> Op:
    """An op given by a formula over others: recorded and drawn as one node, expanded by back ends.

    Its partials come from sweeping the formula, unless given for accuracy.
    """
    if not callable(formula):
        raise TypeError(f"{name}: formula must be a function (m, x), got {formula!r}")
    record.setdefault("slots", formula.__code__.co_argcount - 1)  # the operands after m
    return Op(name, domain=domain, partials=partials, formula=formula, **record)


class Arithmetic:
    """The ``m`` of a rule: the ops over one kind of number. The primitives' lines give the rest."""

    kind: ClassVar[str]
    lines: Mapping[str, Callable[..., Any]] = MappingProxyType({})

    def run(self, record: Op, *operands: Any) -> Any:
        """``record`` of the operands: by this arithmetic's own line, else by the op's formula."""
        line = self.line(record)
        if line is not None:
            return line(*operands)
        if record.formula is None:
            raise NotImplementedError(
                f"{record.name}: this primitive has no line for {self.kind}; "
                f"make it with primitive(..., {self.kind}=...)"
            )
        return record.formula(self, *operands)

    def partials(
        self, record: Op, at: Sequence[Any], y: Any, wanted: Sequence[bool] | None = None
    ) -> Sequence[Any]:
        """d output / d operand of every slot; None where nothing ever passes, or none is wanted."""
        with suppress(ValueError, ArithmeticError):
            found = self._partials(record, at, y, wanted)
            if not any(isinstance(p, complex) for p in found):
                return found
        import numpy as np  # Python's operators on plain numbers refuse: IEEE's number

        with np.errstate(all="ignore"):
            wide = [np.float64(x) if type(x) is float else x for x in at]
            found = self._partials(record, wide, y, wanted)
            return [float(p) if isinstance(p, float) else p for p in found]

    def _partials(
        self, record: Op, at: Sequence[Any], y: Any, wanted: Sequence[bool] | None
    ) -> list[Any]:
        if record.slots is None:
            return [*record.rules[0](self, at, y)]
        return [
            None if rule is NOTHING or (wanted and not wanted[slot]) else rule(self, *at, y)
            for slot, rule in enumerate(record.rules)
        ]

    def line(self, record: Op) -> Callable[..., Any] | None:
        """This arithmetic's own way of ``record``; an op made at run time brings it along."""
        if is_built_in(record):
            return self.lines.get(record.name)
        return record._bound(record.lines.get(self.kind))  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        record = _built_in.get(name)
        if record is None:
            raise AttributeError(
                f"rule: no op {name!r} in the table; use {self.kind}.run(record, x)"
            )

        def call(*operands: Any) -> Any:
            gathered = operands if record.gather is None else record.gather(*operands)
            return self.run(record, *gathered)

        self.__dict__[name] = call  # looked up once
        return call


def _both_ways(name: str) -> tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]:
    """An operator's two methods: with its own operand on the left, and on the right."""
    return lambda a, b: getattr(a.m, name)(a, b), lambda b, a: getattr(b.m, name)(a, b)


class Symbolic:
    """Operators for an operand that is text or code: each asks its arithmetic ``m`` for the op."""

    __slots__ = ()
    m: Any
    __add__, __radd__ = _both_ways("add")
    __sub__, __rsub__ = _both_ways("subtract")
    __mul__, __rmul__ = _both_ways("multiply")
    __truediv__, __rtruediv__ = _both_ways("divide")
    __mod__, __rmod__ = _both_ways("remainder")
    __pow__, __rpow__ = _both_ways("power")

    def __neg__(self) -> Any:
        return self.m.negative(self)
