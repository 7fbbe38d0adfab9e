"""Schedules: learning rates as functions of the step."""

import copy
import math
import pickle

import pytest

import nn
from nn import schedules

from .pytorch import agrees, cases

EVERY = [
    lambda: schedules.cosine(0.4, 10, end=0.1), lambda: schedules.warmup_cosine(0.4, 4, 12),
    lambda: schedules.step(0.4, 4), lambda: schedules.exponential(0.4, 0.9),
    lambda: schedules.one_cycle(0.4, 20),
]  # fmt: skip


@pytest.mark.parametrize("case", cases("schedules"))
def test_every_schedule_is_pytorchs_at_every_step(case):
    rate = getattr(schedules, case["name"])(*case["arguments"])
    agrees([rate(k) for k in range(len(case["rates"]))], case["rates"])


@pytest.mark.parametrize(("rate", "last", "want"), [
    (schedules.cosine(0.4, 10), 10, 0.0), (schedules.cosine(0.4, 10, end=0.1), 10, 0.1),
    (schedules.warmup_cosine(0.4, 4, 12, end=0.3), 12, 0.3),
    (schedules.one_cycle(0.5, 20), 19, 0.5 / 25 / 1e4),
])  # fmt: skip
def test_what_has_an_end_stays_there(rate, last, want):
    assert [rate(k) for k in (last, last + 1, 10**9)] == [pytest.approx(want, rel=1e-15)] * 3


def test_a_warmup_of_one_step_or_none_is_a_cosine():
    for warmup in (0, 1):
        rate, cosine = schedules.warmup_cosine(0.4, warmup, 8 + warmup), schedules.cosine(0.4, 8)
        agrees([rate(k + warmup) for k in range(9)], [cosine(k) for k in range(9)])
        assert rate(0) == 0.4


@pytest.mark.parametrize("make", EVERY)
@pytest.mark.parametrize("way", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_schedule_may_be_copied_and_pickled(make, way):
    assert [way(make())(k) for k in range(15)] == [make()(k) for k in range(15)]


@pytest.mark.parametrize(("call", "words"), [
    (lambda s: s.cosine(-0.1, 10), "learning_rate must be a finite number > 0, got -0.1"),
    (lambda s: s.cosine(math.nan, 10), "learning_rate must be a finite number > 0, got nan"),
    (lambda s: s.cosine("fast", 10), "learning_rate: one real number is required, got 'fast'"),
    (lambda s: s.cosine(0.1, 0), "steps must be a whole number >= 1, got 0"),
    (lambda s: s.cosine(0.1, 1.5), "steps must be a whole number >= 1, got 1.5"),
    (lambda s: s.cosine(0.1, True), "steps must be a whole number >= 1, got True"),
    (lambda s: s.cosine(0.1, 10, end=-0.1), "end must be a finite number >= 0, got -0.1"),
    (lambda s: s.warmup_cosine(0.1, -1, 10), "warmup must be a whole number >= 0, got -1"),
    (lambda s: s.warmup_cosine(0.1, 10, 10), "steps must be a whole number >= 11, got 10"),
    (lambda s: s.step(0.1, 0), "every must be a whole number >= 1, got 0"),
    (lambda s: s.step(0.1, 3, factor=0.0), "factor must be a finite number > 0, got 0.0"),
    (lambda s: s.exponential(0.1, math.inf), "factor must be a finite number > 0, got inf"),
    (lambda s: s.one_cycle(0.1, "ten"), "steps must be a whole number >= 1, got 'ten'"),
    (lambda s: s.one_cycle(math.inf, 10), "learning_rate must be a finite number > 0, got inf"),
])  # fmt: skip
def test_what_makes_no_schedule_is_refused_by_name(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call(nn.schedules)
