"""The house: what is shipped, which way imports go, and that documents do what they say.

Conventions for the documents: ```python blocks of one file run in order in one namespace, in an
empty folder; a ```text block that follows one is its exact output; blocks with >>> are doctests in
the same namespace. A ```sh block that a ```text block follows is run too; the others, which set up
and test, by .ci/run.
"""

import ast
import configparser
import contextlib
import doctest
import fnmatch
import importlib.metadata
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[1]
PACKAGES = ("autograd", "nn", "viz")
DOCUMENTS = [REPO / "README.md", REPO / "CONTRIBUTING.md", *sorted((REPO / "docs").glob("*.md"))]
EXAMPLES = sorted((REPO / "examples").glob("*.py"))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def setup_cfg() -> configparser.ConfigParser:
    config = configparser.ConfigParser()
    config.read(REPO / "setup.cfg", encoding="utf-8")
    return config


def python(code: str, *flags: str) -> str:
    """Output of a fresh interpreter that imports this checkout."""
    command = [sys.executable, *flags, "-c", code]
    env = {**os.environ, "PYTHONPATH": str(REPO)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---------------------------------------------------------------- imports
@pytest.mark.parametrize("package", PACKAGES)
def test_imports_go_one_way(package):
    """nn and viz import autograd; autograd imports neither, and neither the other."""
    allowed = {"autograd"} | {package}
    for source in sorted((REPO / package).rglob("*.py")):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            ours = {name.split(".")[0] for name in names} & set(PACKAGES)
            assert ours <= allowed, (
                f"{source.relative_to(REPO)}:{node.lineno} imports {ours - allowed}"
            )


# From the ground up: a file of autograd imports from those before it alone, inside functions too.
FLOORS = """
    errors numbers writing native loader decorate modes
    op ieee special ops
    value unknown functions arrays graph lines runs repeats names cards sweep
    compiler.rewrite compiler.numpy_backend edges anomaly tree
    sparsity derivatives reference check examiner grading
    compiler.llvm_math compiler.llvm_vectors compiler.llvm_backend compiler.program compiler
""".split()


def imported_by(path, module):
    """The modules of its own package that the file imports."""
    package = module.split(".")[:-1] if path.name != "__init__.py" else module.split(".")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            if node.module:
                yield ".".join([*base, *node.module.split(".")])
            else:
                yield from (".".join([*base, alias.name]) for alias in node.names)


def test_a_file_imports_from_floors_below_its_own():
    """No circle of imports: who reads from the ground up meets nothing unknown."""
    files = {}
    for path in sorted((REPO / "autograd").rglob("*.py")):
        names = path.relative_to(REPO / "autograd").with_suffix("").parts
        module = ".".join(names if names[-1] != "__init__" else names[:-1])
        if module not in ("", "__main__"):
            files[module] = path
    assert sorted(FLOORS) == sorted(files)
    for module, path in files.items():
        below = set(FLOORS[: FLOORS.index(module)])
        assert set(imported_by(path, module)) <= below, module


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_has_its_place_in_the_rooms_of_the_code(package):
    rooms = (REPO / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rooms = rooms[rooms.index("## The rooms of the code") : rooms.index("## What may be written")]
    for path in sorted((REPO / package).rglob("*")):
        if path.suffix in (".py", ".js", ".css", ".html") and not path.name.startswith("__"):
            assert f"`{path.name}`" in rooms, path


def test_importing_loads_nothing_heavy():
    """What only a drawing, a progress bar or a compiled program needs is imported by them alone."""
    heavy = ("graphviz", "tqdm", "llvmlite", "scipy", "matplotlib", "sklearn", "IPython")
    loaded = python(
        f"import sys, autograd, nn, viz; print([m for m in {heavy} if m in sys.modules])"
    )
    assert loaded.strip() == "[]"


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_bears_the_name_of_a_public_function(package):
    """``autograd.compile`` beside a package ``autograd/compile/`` breaks on the second call."""
    modules = {p.stem for p in (REPO / package).glob("*.py")} | {
        p.parent.name for p in (REPO / package).glob("*/*.py")
    }
    public = python(
        f"import {package}; print(*[n for n, v in vars({package}).items() if callable(v)])"
    ).split()
    assert not modules & set(public)


# ---------------------------------------------------------------- what is shipped
def test_every_package_and_data_file_is_shipped():
    """A folder or data file that setup.cfg does not name would be missing in the wheel."""
    config = setup_cfg()
    packages = config["options"]["packages"].split()
    data = {
        name: patterns.replace(",", " ").split()
        for name, patterns in config["options.package_data"].items()
    }
    for package in PACKAGES:
        assert (REPO / package / "py.typed").exists() and "py.typed" in data[package]
        for path in sorted((REPO / package).rglob("*")):
            if path.is_dir() or path.suffix in (".pyc", ".so", ".pyd"):
                continue
            folder = ".".join(path.relative_to(REPO).parts[:-1])
            if path.suffix == ".py":
                assert folder in packages, f"setup.cfg names no package for {path}"
            else:
                assert any(fnmatch.fnmatch(path.name, pattern) for pattern in data[folder]), (
                    f"not shipped: {path}"
                )


def test_the_version_is_the_same_everywhere():
    version = setup_cfg()["metadata"]["version"]
    assert f"## {version}" in (REPO / "CHANGELOG.md").read_text(encoding="utf-8")
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        assert importlib.metadata.version("whygrad") == version


def test_the_make_targets_that_the_documents_name_exist():
    makefile = (REPO / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        shell = "".join(source for language, source in FENCE.findall(text) if language == "sh")
        named = re.findall(r"`make ([a-z-]+)", text)
        named += re.findall(r"^make ([a-z-]+)", shell, re.MULTILINE)
        assert set(named) <= targets, document.name


def test_a_table_of_figures_is_the_same_wherever_it_stands():
    """``--write`` writes both at once; a figure that was changed by hand shows here."""
    pages = [REPO / "benchmarks" / "README.md", REPO / "docs" / "speed.md"]
    first, second = (
        dict(re.findall(r"<!-- (\w+) -->\n(.*?)<!-- end", page.read_text(encoding="utf-8"), re.S))
        for page in pages
    )
    assert set(second) == {"eager"} and second["eager"] == first["eager"]


def test_every_link_of_a_document_leads_to_a_file():
    for document in [*DOCUMENTS, REPO / "benchmarks" / "README.md"]:
        text = FENCE.sub("", document.read_text(encoding="utf-8"))
        found = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) + re.findall(
            r'(?:src|srcset|href)="([^"#]+)"', text
        )
        for target in found:
            if "://" not in target and not target.startswith("mailto:"):
                assert (document.parent / target).exists(), f"{document.name}: {target}"


# ---------------------------------------------------------------- documents and examples
def run_block(source: str, namespace: dict[str, object], name: str, line: int) -> str:
    """What a block prints; a doctest checks itself and gives nothing back."""
    if source.lstrip().startswith(">>>"):
        test = doctest.DocTestParser().get_doctest(source, namespace, name, name, line)
        failures = io.StringIO()
        doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=failures.write, clear_globs=False)
        assert not failures.getvalue(), failures.getvalue()
        namespace.update(test.globs)
        return ""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        # The empty lines make a traceback name the document's own line.
        exec(compile("\n" * line + source, name, "exec"), namespace)
    return printed.getvalue()


def run_shell(source: str) -> str:
    """What a block prints where ``python`` is this interpreter and this checkout comes first."""
    command = re.sub(r"^(\.venv/bin/)?python ", f"{sys.executable} ", source, flags=re.MULTILINE)
    env = {**os.environ, "PYTHONPATH": str(REPO), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        command, shell=True, env=env, capture_output=True, encoding="utf-8", timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_blocks_of_a_document_run_and_print_what_it_shows(document, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(REPO)
    text = document.read_text(encoding="utf-8")
    namespace: dict[str, object] = {"__name__": "__main__"}
    printed, end = None, 0
    fences = [*FENCE.finditer(text)]
    for fence, after in zip(fences, [*fences[1:], None]):
        language, source = fence.groups()
        between = text[end : fence.start()].strip()
        end = fence.end()
        if language == "text" and printed is not None and (between == "" or between.endswith(":")):
            assert printed.rstrip() == source.rstrip()
        printed = None
        if language in ("python", "pycon"):
            line = text.count("\n", 0, fence.start()) + 1
            printed = run_block(source, namespace, str(document), line)
        elif language == "sh" and after and after[1] == "text":
            printed = run_shell(source)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_runs_from_anywhere_without_a_warning(example, tmp_path):
    command = [sys.executable, "-W", "error", str(example)]
    env = {**os.environ, "PYTHONPATH": str(REPO)}
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip(), "an example shows something"
