"""Names: one for each node, different from the others, as INSIGHT.md has them; and formulas."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import Graph, Value, ops
from autograd.names import LONGEST_FORMULA, LONGEST_LABEL, clean, formula, names
from autograd.op import REALS, derived
from autograd.ops import TABLE


def name_of(y):
    """The name that y has inside a graph, where it is no root."""
    graph = Graph(y + 1.0)
    return str(names(graph)[graph.nodes.index(y)])


def formula_of(y):
    graph = Graph(y)
    return formula(graph, len(graph) - 1, names(graph))


@pytest.fixture
def leaves():
    return [Value(float(i + 2), "abcxw"[i]) for i in range(5)]


# ------------------------------------------------------------------ which name
def test_the_example_of_the_design_page():
    w, x, b, t = (Value(1.0, n) for n in "wxbt")
    L = (w * x + b - t) ** 2 + 0.1 * (w * w)
    graph = Graph(L)
    assert list(map(str, names(graph))) == [
        "w", "x", "w×x", "b", "w×x+b", "t", "w×x+b-t", "(w×x+b-t)²", "w×w", "0.1×(w×w)", "y",
    ]  # fmt: skip
    assert formula_of(L) == "(w×x+b-t)² + 0.1×(w×w)"
    L.label = "L"
    assert str(names(Graph(L))[-1]) == "L"


def test_a_formula_of_20_characters_is_a_name_and_one_of_21_is_not():
    a, b = Value(1.0, "a" * 9), Value(1.0, "b" * 10)
    assert (
        name_of(a * b) == "a" * 9 + "×" + "b" * 10 and len(name_of(a * b)) == LONGEST_FORMULA == 20
    )
    longer = Value(1.0, "b" * 11)
    assert name_of(a * longer) == "multiply 1"


def test_a_long_formula_gives_the_ops_name_and_its_forward_number():
    x = Value(0.5, "x")
    y = x
    for _ in range(12):
        y = autograd.tanh(y)
    assert [str(n) for n in names(Graph(y))][-2:] == ["tanh 11", "y"]
    assert str(names(Graph(y))[3]) == "tanh(tanh(tanh(x)))"


def test_a_numbered_op_is_not_used_inside_a_formula():
    x = Value(1.0, "a name of some length")
    y = autograd.exp(x)
    z = y * 2.0
    graph = Graph(z + 1.0)
    assert [str(n) for n in names(graph)] == [
        "a name of some length",
        "exp 1",
        "multiply 2",
        "y",
    ]
    assert formula(graph, 2, names(graph)) == "exp 1 × 2", (
        "its own formula says what it stands over"
    )


def in_scope(path):
    """The names of tanh(x), of two multiples of it and of their sum, all made in this scope."""
    x = Value(0.5, "a name of some length")
    with autograd.scope(path):
        y = autograd.tanh(x)
        y = y * 2.0 + y * 3.0
    return [str(name) for name in names(Graph(y * 1.0))[1:-1]]


def test_a_node_in_a_scope_is_named_by_it_and_its_like_are_counted():
    assert in_scope("layer 1/neuron 2") == [
        "layer 1/neuron 2: tanh",
        "layer 1/neuron 2: multiply",
        "layer 1/neuron 2: multiply #2",
        "layer 1/neuron 2: add",
    ]


def test_a_second_op_of_a_scope_is_used_in_no_formula_either():
    w, found = Value(1.0, "w"), []
    for _ in range(2):
        with autograd.scope("a"):
            found.append(autograd.tanh(w * 1.2345678 + 0.1234567))
    graph = Graph(found[0] * w + found[1] * w)
    texts = [str(name) for name in names(graph)]
    assert "a: tanh #2" in texts and not [x for x in texts if "#2×" in x or "tanh×" in x]


def test_a_label_and_a_short_formula_are_names_before_the_scope_is():
    w, x = Value(1.0, "w"), Value(1.0, "x")
    with autograd.scope("layer 1"):
        y = w * x
        z = autograd.tanh(y * 1234567.0 - 7654321.0)
        z.label = "z"
    assert [str(name) for name in names(Graph(z * 1.0))] == [
        "w", "x", "w×x", "w×x×1.2346e6", "layer 1: subtract", "z", "y",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("a network/layer 1/neuron 16", "…/layer 1/neuron 16"),
        ("s" * 10_000, "s" * 23 + "…"), ("a/" + "s" * 24, "a/" + "s" * 21 + "…"),
        ("a/" * 5000 + "b", "…/" + "a/" * 10 + "b"), ("two\nlines\x1b[31m", "two lines [31m"),
    ],
)  # fmt: skip
def test_a_scope_is_shown_as_one_short_line_and_a_long_path_by_its_end(path, shown):
    assert in_scope(path)[0] == f"{shown}: tanh"


def test_an_error_names_a_node_by_its_scope_too():
    x = Value(0.5, "a name of some length")
    with autograd.scope("layer 1"):
        y = autograd.tanh(x)
        short, far = autograd.exp(x + 1.0), y
        for _ in range(60):
            far = autograd.tanh(far)
    for node, name in ((y, "layer 1: tanh"), (far, "layer 1: tanh"), (short, "layer 1: exp")):
        with pytest.raises(AttributeError, match=f"got {name}, the result of"):
            node.data = 1.0


def test_a_scope_without_a_visible_character_is_none():
    assert in_scope("\n") == ["tanh 1", "multiply 2", "multiply 3", "add 4"]


def test_unnamed_leaves_are_numbered_and_avoid_labels():
    a, b, c = Value(1.0), Value(2.0, "v1"), Value(3.0)
    assert [str(n) for n in names(Graph(a * b * c))] == ["v2", "v1", "v2×v1", "v3", "y"]


def test_a_second_of_a_label_is_numbered():
    first, second, third = (Value(1.0, "w") for _ in range(3))
    assert [str(n) for n in names(Graph(first * second * third))] == [
        "w",
        "w #2",
        "w×w #2",
        "w #3",
        "y",
    ]


def test_names_stay_apart_even_from_labels_that_look_like_ours():
    tricky = ["w", "w #2", "w", "w", "y", "result", "tanh 1", "v1", "w×w", "y #2"]
    graph = Graph(autograd.sum([*[Value(1.0, n) for n in tricky], Value(1.0)]), Value(2.0) * 1.0)
    found = [str(n) for n in names(graph)]
    assert len(set(found)) == len(found) and found[:2] == ["w", "w #2"]


def test_several_unnamed_roots_are_numbered():
    x = Value(1.0, "x")
    graph = Graph(x * x, x + x)
    assert [str(names(graph)[r]) for r in graph.roots] == ["y", "y #2"]


def test_an_unnamed_root_is_y_and_result_where_a_label_is_y():
    y = Value(1.0, "y")
    assert [str(n) for n in names(Graph(autograd.tanh(y)))] == ["y", "result"]
    assert [str(n) for n in names(Graph(y * Value(1.0, "result")))][-1] == "result #2"


@given(
    st.lists(
        st.sampled_from(
            ["w", "w #2", "w #3", "y", "y #2", "result", "v1"]
            + ["w×w", "", "multiply 2", "\n", "x" * 30]
        ),
        min_size=1,
        max_size=9,
    )
)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_every_name_differs_from_the_others(labels):
    leaves = [Value(1.0, label) for label in labels]
    y = leaves[0]
    for leaf in leaves:
        y = y * leaf
        y.label = labels[len(y.label) % len(labels)]
    found = [str(n) for n in names(Graph(y, leaves[0] * leaves[-1]))]
    assert len(set(found)) == len(found) and all(found)


# ------------------------------------------------------------------ labels
def test_a_long_label_is_cut_to_24_characters():
    label = "a label of some more than 24 characters"
    assert clean(label) == "a label of some more th…" and len(clean(label)) == LONGEST_LABEL == 24
    assert clean("a" * 24) == "a" * 24 and clean("a" * 10_000) == "a" * 23 + "…"


@pytest.mark.parametrize(("label", "shown"), [
    ("two\nlines", "two lines"), ("tab\there", "tab here"), ("\x00\x1b[31m", "[31m"),
    ("a‮b", "a b"),
    ("  spaced  out ", "spaced out"), ("</script>", "</script>"), ('"]; rm', '"]; rm'),
    ("重み é 🙂", "重み é 🙂"),
])  # fmt: skip
def test_a_label_is_shown_as_one_line_of_text(label, shown):
    assert clean(label) == shown
    assert str(names(Graph(Value(1.0, label)))[0]) == shown


def test_a_label_without_a_visible_character_is_none():
    assert str(names(Graph(Value(1.0, "\n\t")))[0]) == "v1"


# ------------------------------------------------------------------ formulas read one way only
@pytest.mark.parametrize(("build", "text"), [
    (lambda a, b, c: (a + b) + c, "a+b+c"), (lambda a, b, c: a + (b + c), "a+(b+c)"),
    (lambda a, b, c: (a - b) - c, "a-b-c"), (lambda a, b, c: a - (b - c), "a-(b-c)"),
    (lambda a, b, c: a - (b + c), "a-(b+c)"), (lambda a, b, c: (a + b) - c, "a+b-c"),
    (lambda a, b, c: (a + b) * c, "(a+b)×c"), (lambda a, b, c: a + b * c, "a+b×c"),
    (lambda a, b, c: a * b * c, "a×b×c"), (lambda a, b, c: a * (b * c), "a×(b×c)"),
    (lambda a, b, c: a / (b * c), "a/(b×c)"), (lambda a, b, c: a / b / c, "a/b/c"),
    (lambda a, b, c: a / (b / c), "a/(b/c)"), (lambda a, b, c: (a * b) / c, "a×b/c"),
    (lambda a, b, c: -(a + b), "-(a+b)"), (lambda a, b, c: -(a * b), "-(a×b)"),
    (lambda a, b, c: autograd.negative(-a), "-(-a)"),
    (lambda a, b, c: -a * b, "-a×b"), (lambda a, b, c: a * -b, "a×-b"),
    (lambda a, b, c: (-a) ** 2, "(-a)²"),
    (lambda a, b, c: -(a**2), "-a²"), (lambda a, b, c: a**2 * b, "a²×b"),
    (lambda a, b, c: (a * b) ** 2, "(a×b)²"),
    (lambda a, b, c: (a**2) ** 3, "(a²)³"), (lambda a, b, c: autograd.square(a**b), "(a^b)²"),
    (lambda a, b, c: autograd.square(a) ** 3, "(a²)³"), (lambda a, b, c: a ** (b**c), "a^(b^c)"),
    (lambda a, b, c: (a**b) ** c, "(a^b)^c"), (lambda a, b, c: a ** (b + c), "a^(b+c)"),
    (lambda a, b, c: a**-b, "a^(-b)"),
    (lambda a, b, c: a**-1, "a⁻¹"), (lambda a, b, c: a**10, "a¹⁰"), (lambda a, b, c: a**0, "a⁰"),
    (lambda a, b, c: a**0.5, "a^0.5"),
    (lambda a, b, c: a**-0.5, "a^(-0.5)"), (lambda a, b, c: a**1e20, "a^1e20"),
    (lambda a, b, c: a**123456, "a^123460"),
    (lambda a, b, c: 2**a, "2^a"), (lambda a, b, c: (-2) ** a, "(-2)^a"),
    (lambda a, b, c: 2 - a, "2-a"),
    (lambda a, b, c: autograd.tanh(a + b), "tanh(a+b)"), (lambda a, b, c: abs(a - b), "|a-b|"),
    (lambda a, b, c: autograd.sqrt(a) * 2, "sqrt(a)×2"),
    (lambda a, b, c: autograd.maximum(a, b + c), "max(a,b+c)"),
    (lambda a, b, c: autograd.dot([a, b], [c, 2]), "dot(a,b,c,2)"),
    (lambda a, b, c: autograd.sum([a, -b]), "sum(a,-b)"),
    (lambda a, b, c: autograd.where(a, b, -c), "where(a,b,-c)"),
    (lambda a, b, c: autograd.greater(a, b + c), "a>b+c"),
    (lambda a, b, c: autograd.greater(a, b) * c, "(a>b)×c"),
    (lambda a, b, c: autograd.equal(autograd.greater(a, b), c), "(a>b)==c"),
    (lambda a, b, c: a * 1e-7, "a×1e-7"),
    (lambda a, b, c: a * 0.123456789, "a×0.12346"),
])  # fmt: skip
def test_parentheses_stand_where_precedence_asks_for_them(build, text, leaves):
    with autograd.errstate("ignore"):
        y = build(*leaves[:3])
    assert name_of(y) == text
    assert formula_of(y).replace(" ", "") == text


def reads_as(text, environment):
    """A formula read by Python's own precedences."""
    plain = text.replace("×", "*").replace("^", "**").replace("·", "*")
    raised = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    plain = re.sub("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda m: "**" + m[0].translate(raised), plain)
    plain = re.sub(r"\|([^|]*)\|", r"abs(\1)", plain)
    return eval(plain, {"__builtins__": {"abs": abs, "max": max, "min": min}}, environment)


@given(st.data())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_a_formula_read_with_pythons_precedences_is_the_nodes_number(data):
    """Random trees of the ops that have operators: the text, evaluated, is what was computed."""
    environment = {"a": 1.25, "b": 0.75, "c": 2.5}
    leaves = [Value(v, n) for n, v in environment.items()]
    pool = list(leaves)
    operators = [
        "add",
        "subtract",
        "multiply",
        "divide",
        "negative",
        "power",
        "square",
        "maximum",
        "minimum",
    ]
    with autograd.errstate("ignore"):
        for _ in range(data.draw(st.integers(1, 4))):
            record = TABLE[data.draw(st.sampled_from(operators))]
            xs = [data.draw(st.sampled_from([*pool, 2.0, 3.0, 0.5])) for _ in range(record.slots)]
            if any(isinstance(x, Value) for x in xs):
                pool.append(ops.Op.recorder(record, xs))
    y = pool[-1]
    if not y.inputs or y.data != y.data or abs(y.data) > 1e100:
        return
    graph = Graph(y + 1.0)
    name = names(graph)[graph.nodes.index(y)]
    if not name.formula:
        return
    try:
        got = reads_as(str(name), environment)
    except (ZeroDivisionError, OverflowError):
        return
    assert isinstance(got, complex) or got == pytest.approx(y.data, rel=1e-12), str(name)


@pytest.mark.parametrize("record", TABLE.values(), ids=TABLE)
def test_every_op_has_a_formula_over_labels_and_numbers(record):
    count = record.slots or 4
    at = 0.5 if 0.5 in record.domain[0] else 2.5
    xs = [Value(at, f"x{i}") for i in range(count)]
    text = formula_of(ops.Op.recorder(record, xs))
    assert all(x.label in text for x in xs) and "{" not in text
    if count > 1:
        assert "0.5" in formula_of(ops.Op.recorder(record, [*xs[:-1], 0.5]))


def test_braces_in_a_label_are_only_text():
    x = Value(1.0, "{a}{*}")
    assert formula_of(x * Value(2.0, "{b}")) == "{a}{*} × {b}"
    assert formula_of(autograd.sum([x, x])) == "sum({a}{*}, {a}{*})"


def test_an_op_of_four_operands_lists_them():
    four = derived("four", domain=REALS, formula=lambda m, a, b, c, d: a * b + c * d)
    assert formula_of(four(*[Value(1.0, n) for n in "pqrs"])) == "four(p, q, r, s)"


@pytest.mark.parametrize(("build", "words"), [
    (lambda a, b: a * b + 1.0, r"a×b\+1:"), (lambda a, b: a - b, "a-b:"),
    (lambda a, b: Value(-1.0), "an unnamed leaf:"),
    (lambda a, b: Value(-5.0) + Value(1.0, "w"), r"v1\+w:"),
    (lambda a, b: autograd.sum([a] * 30), "sum:"),
    (lambda a, b: deep(a), r"subtract-1:"),
])  # fmt: skip
def test_errors_name_nodes_as_drawings_do(build, words):
    a, b = Value(-2.0, "a"), Value(3.0, "b")
    with pytest.warns(RuntimeWarning, match=f"from {words}"):
        autograd.log(build(a, b))


def deep(y):
    for _ in range(3000):
        y = y - 1.0
    return y
