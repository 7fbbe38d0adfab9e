"""``python -m viz`` and ``whygrad``: what they print, write, open and refuse."""

import math
import os
import re
import subprocess
import sys
import webbrowser
from pathlib import Path
from xml.etree import ElementTree

import pytest

import autograd
from viz.__main__ import main

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture
def ask(capsys):
    """What the command prints, of these arguments, and on which exit code."""

    def asked(*arguments):
        code = main(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return asked


def test_it_prints_value_gradients_and_their_formulas(ask):
    code, out, err = ask("tanh(w*x+b)", "w=0.5", "x=2", "b=-0.25")
    value, *table = out.splitlines()[:6]
    assert (code, err) == (0, "") and value == "y = tanh(w×x+b) = 0.63515"  # tanh(0.75)
    slope = 1 - math.tanh(0.75) ** 2
    rows = {line.split()[0]: line.split()[1:3] for line in table if line}
    assert rows["w"] == ["0.5", f"{2 * slope:.5g}"] and rows["x"] == ["2", f"{slope / 2:.5g}"]
    assert rows["leaf"] == ["value", "gradient"] and rows["b"] == ["-0.25", f"{slope:.5g}"]
    assert "Raise w by 0.01 (to 0.51) and y rises by about" in out
    formulas = {line[:5]: line[8:] for line in out.splitlines()[-3:]}
    assert list(formulas) == ["dy/dw", "dy/dx", "dy/db"]
    by_hand = formulas["dy/db"].replace("·", "*").replace("²", "**2")
    at = {"tanh": math.tanh, "w": 0.5, "x": 2.0, "b": -0.25}
    assert eval(by_hand, {"__builtins__": {}}, at) == pytest.approx(slope, rel=1e-14)


def test_without_a_name_it_prints_the_value_alone(ask):
    assert ask("2**10 / 4") == (0, "y = 256\n", "")


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (("-x*2", "x=3"), "-6"), (("x*y", "x=-1e-3", "y=4"), "-0.004"), (("--x*2", "x=3"), "6"),
        (("-1e-3*h", "h=2"), "-0.002"), (("  -x", "x=3"), "-3"), (("-h", "x=3"), None),
    ],
)  # fmt: skip
def test_a_minus_is_no_option(ask, arguments, value):
    if value is None:  # but -h is
        with pytest.raises(SystemExit) as caught:
            ask(*arguments)
        assert caught.value.code == 0
    else:
        code, out, _ = ask(*arguments)
        assert code == 0 and out.splitlines()[0].endswith(f" = {value}")


def test_of_many_names_as_many_formulas_as_the_table_lists(ask):
    names = [f"x{k}" for k in range(45)]
    code, out, _ = ask("*".join(names), *(f"{name}=1.5" for name in names))
    assert code == 0 and "… 5 more" in out and out.count("\ndy/dx") == 40


def test_a_formula_that_nobody_can_read_is_left_out(ask):
    code, out, err = ask("tanh(" * 100 + "x" + ")" * 100, "x=1")
    assert (code, err) == (0, "") and "dy/dx" not in out and "Raise x by 0.01" in out


def test_step_prints_the_walk_and_explain_the_explanation(ask):
    code, out, _ = ask("a*a", "a=3", "--step")
    assert code == 0 and "\na: – → 3 → 6, 2 of 2 in: final" in out.replace("  a", "a")
    assert out.count("Raise a by 0.01") == 1 and "Step 2 of 2" in out
    code, out, _ = ask("a*a", "--explain", "a", "a=3")  # options may stand anywhere
    assert code == 0 and "(really 0.0601)" in out  # 3.01² - 9


def test_it_writes_a_drawing_and_a_page_with_their_gradients(ask, tmp_path):
    svg, page = tmp_path / "a", tmp_path / "b"  # whatever they are called
    assert ask("a*a", "a=3", "--svg", f"{svg}", f"--html={page}")[0] == 0
    assert "6" in list(ElementTree.parse(svg).getroot().itertext())
    assert "Content-Security-Policy" in page.read_text(encoding="utf-8")


def test_open_shows_the_page(ask, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", f"{tmp_path}")
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda uri: bool(opened.append(uri)))
    code, out, _ = ask("a*a", "a=3", "--open")
    (path,) = tmp_path.iterdir()
    assert code == 0 and opened == [path.as_uri()] and path.suffix == ".html"
    assert out.splitlines()[-1] == f"no browser was found; open {path}"
    assert "Content-Security-Policy" in path.read_text(encoding="utf-8")


def test_alone_it_walks_the_example(ask):
    code, out, _ = ask()
    assert code == 0 and "w×w goes now: the 1 place that uses it has sent its part." in out
    assert "Step 14 of 14" in out and "L = 1.225. A" in out


WRONG = [
    (("x*2",), r"column 1: x has no number; add x=0\.5"),
    (("x*2", "x=abc"), r"x: a number is required, got abc; write x=0\.5"),
    (("x*2", "x="), r"x: a number is required, got none"),
    (("x*2", "x"), r"x: a number is required, got none; write x=0\.5"),
    (("x*2", "1x=2"), r"name=number is required, as in x=0\.5, got '1x=2'"),
    (("x=1", "x*2"), r"after the expression, name=number is required, .* got 'x\*2'"),
    (("x*2", "lambda=1"), r"lambda: a name is required, got a word of Python's; take lambda_"),
    (("x*2", "x=1", "x=2"), r"x: one number is required, got a second"),
    (("x*2", "x=1", "z=2"), r"z has a number, but is not in the expression"),
    (("x*2", "x=1", "--explain", "z"), r"--explain: a name that has a number is required, got z"),
    (("--explain", "x*2", "x=1"), r"--explain: a name .* is required, got x\*2"),
    (("x*2", "x=1", "--svg", "nowhere/there.svg"), r"No such file .*nowhere/there.svg"),
    (("x\x1b[31m\x07", "x=1"), r"column 2: '\\x1b' cannot be shown"),
    (("x*2", "x=\x1b[31m"), r"x: a number is required, got \[31m; "),
    (("x*2", "\x07=1"), r"name=number is required"),
    (("(" * 10_000, "x=1"), r"column 1001: "),
    (("x" * 900, "x=1"), r"column 1: x{23}… has no number"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG, ids=[f"{x[1][:20]}" for x in WRONG])
def test_what_is_wrong_is_one_line_on_stderr(ask, arguments, said):
    code, _, err = ask(*arguments)
    assert code == 2 and re.match(rf"whygrad: .*{said}", err) and err.count("\n") == 1
    assert len(err) < 2000 and err[:-1].isprintable()


def test_an_unknown_option_is_refused_as_briefly(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["x", "x=1", "--explode=" + "\x07" * 5000])
    err = capsys.readouterr().err
    assert caught.value.code == 2 and "--explode" in err and len(err) < 2000
    assert err[:-1].isprintable()


def test_a_warning_is_one_line_without_our_source(ask):
    code, out, err = ask("log(x)", "x=-1")
    assert code == 0 and out.startswith("y = log(x) = nan") and err.count("\n") == 1
    assert err.startswith("whygrad: log: operand must be > 0, got -1.0 from x: the result is nan; ")


def shell(*arguments, cwd=REPO, **env):
    """What a shell gets from ``python -m viz``."""
    return subprocess.run(
        [sys.executable, "-m", "viz", *arguments], cwd=cwd, capture_output=True, timeout=120,
        stdin=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": f"{REPO}", **env},
    )  # fmt: skip


def test_a_shell_gets_the_exit_code_and_what_its_encoding_has():
    done = shell("w*w", "w=3", "--step", PYTHONIOENCODING="cp1252")
    assert done.returncode == 0 and b"= 3 * 3 = 9" in done.stdout.replace(b"\xd7", b"*")
    assert shell("w*w").returncode == 2
    done = shell("ж*ж", "ж=3", PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and done.stdout.decode("ascii").endswith(("\n", "\r\n"))


@pytest.mark.skipif(sys.platform == "win32", reason="another error tells of a closed pipe there")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_has_enough_is_no_error(tmp_path, unbuffered):
    """As of ``| head -1``; the files are written all the same."""
    page = tmp_path / "page.html"
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "viz", "w*w", "w=3", f"--html={page}"], cwd=REPO, stdout=closed,
            stderr=subprocess.PIPE, timeout=120,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"") and page.exists()


def test_the_doctor_says_what_is_here_and_what_is_in_the_way(tmp_path):
    (tmp_path / "nn.py").touch()
    said = shell("--doctor", cwd=tmp_path).stdout.decode()
    assert f"whygrad {autograd.__version__}" in said and f"core: {autograd.core_kind}" in said
    assert f" in {REPO / 'autograd'}" in said and sys.executable in said
    assert f"in the way: {tmp_path.resolve() / 'nn.py'}, which hides our nn" in said
    behind = tmp_path / "behind" / "viz"
    behind.mkdir(parents=True)
    (behind / "__init__.py").touch()
    path = os.pathsep.join([f"{REPO}", f"{behind.parent}"])
    said = shell("--doctor", PYTHONPATH=path).stdout.decode()
    assert f"in the way: {behind.resolve() / '__init__.py'}, hidden by our viz" in said
    assert "in the way: nothing" in shell("--doctor").stdout.decode()


def test_another_autograd_is_named(tmp_path):
    (tmp_path / "autograd.py").touch()
    done = shell("a*a", "a=3", cwd=tmp_path)
    said = f"whygrad's autograd is required, got {tmp_path.resolve() / 'autograd.py'}; rename that"
    assert done.returncode == 1 and said in done.stderr.decode()


def test_the_doctor_knows_another_distribution(tmp_path):
    """HIPS autograd, as pip would list it."""
    about = tmp_path / "autograd-1.7.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: autograd\nVersion: 1.7\n")
    (about / "top_level.txt").write_text("autograd\n")
    said = shell("--doctor", PYTHONPATH=os.pathsep.join([f"{REPO}", f"{tmp_path}"])).stdout.decode()
    assert "in the way: autograd brings a package autograd too" in said
