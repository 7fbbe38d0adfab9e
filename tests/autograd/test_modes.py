"""no_grad, scope, errstate: what they change, for whom, and that all is as before afterwards."""

import asyncio
import contextlib
import functools
import gc
import inspect
import threading
import warnings

import pytest

import autograd
from autograd import Value, errstate, modes, no_grad, scope


def state():
    """What a recording would look at now, seen through what it does."""
    y = Value(2.0) * 3.0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            autograd.log(0.0)
        raised = False
    except autograd.DomainError:
        raised = True
    return y.requires_grad, y.scope, raised


PLAIN = (True, "", False)


@pytest.fixture(autouse=True)
def all_is_as_before():
    assert state() == PLAIN
    yield
    assert state() == PLAIN


# ------------------------------------------------------------------ no_grad
def test_inside_no_grad_every_op_gives_a_plain_leaf():
    x = Value(2.0, "x")
    with no_grad():
        for y in (
            x + 1,
            1 - x,
            x * x,
            x / 2,
            2**x,
            -x,
            abs(x),
            x.tanh(),
            autograd.dot([x], [x]),
            autograd.where(x > 0, x, x),
        ):
            assert type(y) is Value and not y.requires_grad and y.inputs == () and y.op is None
        leaf = Value(1.0)
        assert leaf.requires_grad, "a leaf that is made says what it says"
    assert (x * leaf).inputs == (x, leaf)


def test_a_pass_works_inside_no_grad_on_a_graph_from_outside():
    x = Value(3.0)
    y = x * x
    with no_grad():
        y.backward()
        assert len(list(autograd.backward_steps(y))) == 1
        assert autograd.gradients(y, [x])[0].data == 6.0
    assert x.grad == 6.0


# ------------------------------------------------------------------ scope
def test_scopes_nest_and_leaves_stay_outside():
    with scope("layer 1"):
        x = Value(1.0)
        y = x * 2.0
        with scope("neuron 3"):
            z = y + x
            w = autograd.dot([x], [x]) - autograd.tanh(x)
    assert (x.scope, y.scope, z.scope, w.scope, (x * 1.0).scope) == (
        "",
        "layer 1",
        "layer 1/neuron 3",
        "layer 1/neuron 3",
        "",
    )
    y.label = "y"
    assert (y.label, y.scope) == ("y", "layer 1")


def test_a_scope_object_may_be_used_again_nested_in_itself_and_elsewhere():
    block = scope("block")
    for _ in range(2):
        with block:
            assert (Value(1.0) * 1.0).scope == "block"
            with block:
                assert (Value(1.0) * 1.0).scope == "block/block"
            with no_grad():
                assert state() == (False, "", False)
                with block:
                    assert not (Value(1.0) * 1.0).requires_grad
        with scope("other"), block:
            assert (Value(1.0) * 1.0).scope == "other/block"


@pytest.mark.parametrize("bad", ["", None, 3])
def test_a_scope_has_a_name(bad):
    with pytest.raises(
        TypeError, match=r"scope: a name is a non-empty str.*use scope\('layer 1'\)"
    ):
        scope(bad)


# ------------------------------------------------------------------ errstate
def test_errstate_nests_and_the_innermost_counts():
    with errstate("raise"):
        with errstate("ignore"), warnings.catch_warnings():
            warnings.simplefilter("error")
            autograd.log(0.0)
            with errstate("raise"), pytest.raises(autograd.DomainError):
                autograd.log(0.0)
        with errstate("warn"), pytest.warns(RuntimeWarning):
            autograd.log(0.0)
        with pytest.raises(autograd.DomainError):
            autograd.log(0.0)


def test_the_operators_look_at_no_mode_once_all_are_left():
    """A count that stays up only costs time; a traceback that holds a mode's state may keep it."""
    gc.collect()
    before = len(modes.active)
    with no_grad(), scope("a"), errstate("raise"), scope("b"):
        assert len(modes.active) > before
    autograd.grad(lambda x: x * x)(1.0)
    assert len(modes.active) == before


@pytest.mark.parametrize("bad", ["silent", "", None, True])
def test_errstate_takes_three_words(bad):
    with pytest.raises(ValueError, match='errstate: use "raise", "warn" or "ignore", got'):
        errstate(bad)


# ------------------------------------------------------------------ all together, restored
def test_modes_combine_in_any_order():
    with no_grad(), scope("a"), errstate("raise"):
        assert state() == (False, "", True)
    with errstate("raise"), scope("a"):
        assert state() == (True, "a", True)
        with no_grad():
            assert state() == (False, "", True)
        with scope("b"):
            assert state() == (True, "a/b", True)


@pytest.mark.parametrize("mode", [no_grad, lambda: scope("s"), lambda: errstate("raise")])
def test_a_mode_is_restored_after_an_exception_and_may_be_entered_again(mode):
    entered = mode()
    for _ in range(2):
        with contextlib.suppress(KeyboardInterrupt), entered:
            assert state() != PLAIN
            with contextlib.suppress(ValueError), mode():
                raise ValueError
            assert state() != PLAIN
            raise KeyboardInterrupt
        assert state() == PLAIN


def test_an_exception_goes_through():
    with pytest.raises(ZeroDivisionError), no_grad():
        1 / 0  # noqa: B018


def test_a_generator_that_was_left_inside_a_mode_restores_it_when_closed():
    def inside():
        with no_grad():
            yield state()

    generator = inside()
    assert next(generator)[0] is False
    generator.close()
    assert state() == PLAIN


def test_transformations_that_raise_restore_the_modes():
    def broken(x):
        raise ValueError

    for transform in (lambda: autograd.grad(broken)(1.0),
                      lambda: autograd.jvp(broken, (1.0,), (1.0,)),
                      lambda: autograd.hessian(broken)(1.0),
                      lambda: autograd.gradcheck(broken, [1.0])):  # fmt: skip
        with pytest.raises(ValueError):
            transform()
        assert state() == PLAIN


# ------------------------------------------------------------------ threads and tasks
def test_modes_hold_for_their_own_thread_only():
    """Eight threads, each in a mode of its own, all inside at once; and one that is in none."""
    barrier, seen = threading.Barrier(9), {}

    def work(i):
        with contextlib.ExitStack() as stack:
            if i < 8:
                for on, mode in (
                    (i & 1, no_grad),
                    (i & 2, lambda: scope(f"s{i}")),
                    (i & 4, lambda: errstate("raise")),
                ):
                    if on:
                        stack.enter_context(mode())
            barrier.wait()
            autograd.ops.exp(0.0)
            # warnings' own state is shared by threads: only look at what raises
            y = Value(1.0) * 2.0
            try:
                with errstate("ignore") if not i & 4 or i == 8 else contextlib.nullcontext():
                    autograd.log(0.0)
                raised = False
            except autograd.DomainError:
                raised = True
            seen[i] = (y.requires_grad, y.scope, raised)
            barrier.wait()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(8):
        scoped = f"s{i}" if i & 2 and not i & 1 else ""
        assert seen[i] == (not i & 1, scoped, bool(i & 4)), i
    assert seen[8] == PLAIN


def test_one_mode_object_may_be_shared_by_threads():
    shared, barrier, scopes = scope("shared"), threading.Barrier(4), []

    def work(i):
        for _ in range(50):
            with scope(f"t{i}"):
                barrier.wait()
                with shared:
                    y = Value(1.0) * 2.0
                scopes.append(y.scope == f"t{i}/shared")

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert scopes == [True] * 200


def test_a_new_thread_starts_plain_though_its_parent_is_not():
    seen = []
    with no_grad(), errstate("ignore"):
        thread = threading.Thread(target=lambda: seen.append((Value(1.0) * 2.0).requires_grad))
        thread.start()
        thread.join()
    assert seen == [True]


def test_modes_hold_for_their_own_task_only():
    async def inside(mode, first, then):
        with mode:
            first.set()
            await then.wait()
            return state()

    async def main():
        one, two = asyncio.Event(), asyncio.Event()
        seen = await asyncio.gather(
            inside(no_grad(), one, two), inside(errstate("raise"), two, one), outside(one, two)
        )
        assert state() == PLAIN
        return seen

    async def outside(one, two):
        await one.wait()
        await two.wait()
        return state()

    assert asyncio.run(main()) == [(False, "", False), (True, "", True), PLAIN]


def test_a_task_inherits_the_modes_it_was_made_in_and_keeps_them():
    async def child(go):
        await go.wait()
        return state()

    async def main():
        go = asyncio.Event()
        with no_grad(), scope("s"):
            task = asyncio.create_task(child(go))
            await asyncio.sleep(0)
        assert state() == PLAIN
        go.set()
        return await task

    assert asyncio.run(main()) == (False, "", False)


def test_a_mode_decorates_a_function():
    @autograd.no_grad()
    def value(x):
        """Doubles."""
        return x * 2.0

    assert not value(Value(1.0)).requires_grad and value.__doc__ == "Doubles."
    assert (Value(1.0) * 2.0).requires_grad


# ------------------------------------------------------------------ decorators of what waits
EVERY_MODE = pytest.mark.parametrize(
    ("mode", "inside"),
    [
        (no_grad, (False, "", False)),
        (lambda: scope("s"), (True, "s", False)),
        (lambda: errstate("raise"), (True, "", True)),
    ],
    ids=["no_grad", "scope", "errstate"],
)


@EVERY_MODE
def test_a_decorated_generator_is_inside_while_it_runs_and_its_caller_between(mode, inside):
    @mode()
    def numbers(stop):
        """Counts."""
        got = []
        while len(got) < stop:
            got.append((state(), (yield len(got))))
        return got

    assert numbers.__doc__ == "Counts." and numbers.__name__ == "numbers"
    assert inspect.isgeneratorfunction(numbers)
    it = numbers(3)
    assert state() == PLAIN and next(it) == 0
    assert state() == PLAIN and it.send("a") == 1
    with scope("caller"):  # another mode of the caller's, entered between two steps
        seen = it.send("b")
        assert seen == 2 and state() == (True, "caller", False)
    assert state() == PLAIN
    with pytest.raises(StopIteration) as end:
        it.send("c")
    assert [given for _, given in end.value.value] == ["a", "b", "c"]
    assert next(found for found, _ in end.value.value) == inside
    assert state() == PLAIN

    def outer():
        return (yield from numbers(1))

    assert list(outer()) == [0]


@EVERY_MODE
def test_a_decorated_generator_is_closed_and_thrown_into_inside_its_mode(mode, inside):
    seen = []

    @mode()
    def waits():
        try:
            while True:
                try:
                    yield state()
                except KeyError as error:
                    seen.append((error.args, state()))
        finally:
            seen.append(state())

    it = waits()
    assert next(it) == inside and state() == PLAIN
    assert it.throw(KeyError("k")) == inside and seen == [(("k",), inside)]
    it.close()
    assert seen[1:] == [inside] and state() == PLAIN
    it = waits()
    next(it)
    with pytest.raises(ZeroDivisionError):
        it.throw(ZeroDivisionError())
    assert seen[2:] == [inside] and state() == PLAIN
    with pytest.raises(StopIteration):
        next(it)
    it = waits()
    next(it)
    del it
    gc.collect()
    assert seen[3:] == [inside] and state() == PLAIN


def test_a_block_around_a_yield_in_a_decorated_generator_stays_the_generators():
    @no_grad()
    def numbers():
        with scope("a"):
            yield state()
            with errstate("raise"):
                yield state()
            yield state()
        yield state()

    it = numbers()
    for inside in [(False, "", False), (False, "", True), (False, "", False), (False, "", False)]:
        assert next(it) == inside and state() == PLAIN
    assert list(it) == []
    left = numbers()
    next(left)
    with scope("elsewhere"):
        left.close()
        assert state() == (True, "elsewhere", False)


def test_two_decorated_generators_in_turn_and_one_in_itself_keep_apart():
    @scope("even")
    def even():
        for _ in range(3):
            yield (Value(1.0) * 2.0).scope

    @no_grad()
    def odd():
        for _ in range(3):
            yield (Value(1.0) * 2.0).requires_grad

    assert list(zip(even(), odd(), strict=True)) == [("even", False)] * 3

    @scope("f")
    def nested(depth):
        yield (Value(1.0) * 2.0).scope
        if depth:
            yield from nested(depth - 1)

    assert list(nested(2)) == ["f", "f/f", "f/f/f"]


def test_one_decorated_generator_may_go_on_in_another_thread():
    @no_grad()
    def numbers():
        while True:
            yield state()

    it, seen = numbers(), [PLAIN]
    next(it)

    def work():
        seen.append(next(it))
        seen.append(state())
        it.close()
        seen.append(state())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [PLAIN, (False, "", False), PLAIN, PLAIN]


@EVERY_MODE
def test_a_decorated_coroutine_is_inside_across_awaits_and_other_tasks_are_not(mode, inside):
    @mode()
    async def works(turns):
        seen = []
        for _ in range(turns):
            seen.append(state())
            await asyncio.sleep(0)
        return seen

    async def others(turns):
        seen = []
        for _ in range(turns):
            seen.append(state())
            await asyncio.sleep(0)
        return seen

    async def main():
        one, two, other = await asyncio.gather(works(4), works(3), others(5))
        assert one == [inside] * 4 and two == [inside] * 3 and other == [PLAIN] * 5
        assert await works(1) == [inside] and state() == PLAIN

    assert inspect.iscoroutinefunction(works)
    asyncio.run(main())
    by_hand = works(1)  # a loop of one's own
    by_hand.send(None)
    assert state() == PLAIN
    by_hand.close()
    assert state() == PLAIN


def test_a_decorated_coroutine_is_cancelled_inside_its_mode():
    seen = []

    @no_grad()
    async def waits():
        try:
            await asyncio.sleep(10)
        finally:
            seen.append(state()[0])

    async def main():
        task = asyncio.create_task(waits())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert seen == [False]


@EVERY_MODE
def test_a_decorated_async_generator_is_inside_while_it_runs(mode, inside):
    closed = []

    @mode()
    async def numbers():
        try:
            got = None
            for i in range(3):
                await asyncio.sleep(0)
                try:
                    got = yield i, state(), got
                except KeyError:
                    got = "thrown"
        finally:
            closed.append(state())

    async def main():
        seen = []
        async for i, found, _ in numbers():
            seen.append((i, found, state()))
            await asyncio.sleep(0)
        assert seen == [(i, inside, PLAIN) for i in range(3)] and closed == [inside]
        it = numbers()
        assert await it.__anext__() == (0, inside, None)
        assert await it.asend("a") == (1, inside, "a") and state() == PLAIN
        assert await it.athrow(KeyError()) == (2, inside, "thrown")
        await it.aclose()
        assert closed == [inside] * 2 and state() == PLAIN
        it = numbers()
        await it.__anext__()
        with pytest.raises(ZeroDivisionError):
            await it.athrow(ZeroDivisionError())
        assert closed == [inside] * 3 and state() == PLAIN

    assert inspect.isasyncgenfunction(numbers)
    asyncio.run(main())


def test_methods_of_every_kind_partials_and_callable_objects_are_decorated():
    class Model:
        @no_grad()
        def method(self, x):
            return x * 2.0

        @no_grad()
        @staticmethod
        def static(x):
            return x * 2.0

        @no_grad()
        @classmethod
        def of_class(cls, x):
            return cls, x * 2.0

        @property
        @no_grad()
        def steps(self):
            yield Value(1.0) * 2.0

        def __call__(self, x):
            yield x * 2.0

    model, x = Model(), Value(1.0)
    kind, y = model.of_class(x)
    called = no_grad()(model)
    results = [model.method(x), model.static(x), Model.static(x), y, *model.steps, *called(x)]
    results += no_grad()(functools.partial(Model.__call__, model, x))()
    results += [no_grad()(autograd.tanh)(x)]
    assert kind is Model and not any(result.requires_grad for result in results)
    assert (x * 2.0).requires_grad


@pytest.mark.parametrize("what", [int, type("Model", (), {}), property(abs), None, 3])
def test_what_is_no_function_is_not_decorated(what):
    with pytest.raises(TypeError, match=r"no_grad: a function is required, got .*; decorate its"):
        no_grad()(what)


def test_modes_are_counted_out_again_after_decorators():
    gc.collect()
    before = len(modes.active)

    @errstate("ignore")
    def numbers():
        with no_grad():
            yield 1
            yield 2

    assert list(numbers()) == [1, 2]
    it = numbers()
    next(it)
    it.close()
    del it
    gc.collect()
    assert len(modes.active) == before
