"""sdist and wheels, built and tried in clean environments: with a C compiler and without one.

python tests/packages.py    `make test-packages`; some minutes, and pip must find numpy and mypy
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
TRY = """
import pickle, autograd, nn, viz
from autograd import Value
assert autograd.core_kind == "{kind}", autograd.value.__file__
assert autograd.value.__file__.endswith(".py") is ("{kind}" == "pure")
x = Value(0.2, "x")
y = (x * 3.0 + 1.0).tanh()
y.backward()
assert x.grad == 3.0 * (1.0 - y.data * y.data)
assert pickle.loads(pickle.dumps(y)).data == y.data
assert "<svg" in viz.graph(y).svg
print(nn.MLP(2, [2, 1], seed=1)([1.0, 2.0]))
"""


def run(*command, cwd, **env):
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**{k: v for k, v in os.environ.items() if k != "PYTHONPATH"}, **env},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def tried(package, folder, compiled, switched=False, **env):
    """Install it, from its own folder alone, and use it."""
    run(sys.executable, "-m", "venv", folder, cwd=folder.parent)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    run(python, "-m", "pip", "install", "--quiet", package, cwd=folder, **env)
    at_import = {"WHYGRAD_PURE": "1"} if switched else {}
    kind = "compiled" if compiled and not switched else "pure"
    code = TRY.format(kind=kind)
    run(python, "-W", "error", "-c", code, cwd=folder, **at_import)
    said = run(python, "-m", "autograd", cwd=folder, **at_import)
    assert f"core: {kind}" in said, said
    assert "layout engines: " in said and said.rstrip().endswith("our own"), said
    return python


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        builder = folder / "builder"
        run(sys.executable, "-m", "venv", builder, cwd=folder)
        python = builder / ("Scripts" if os.name == "nt" else "bin") / "python"
        run(python, "-m", "pip", "install", "--quiet", "build", cwd=folder)
        run(python, "-m", "build", "--outdir", folder / "dist", REPO, cwd=folder)
        (sdist,) = (folder / "dist").glob("*.tar.gz")
        (wheel,) = (folder / "dist").glob("*.whl")  # built from the sdist
        with tarfile.open(sdist) as archive:
            assert not [x for x in archive.getnames() if x.endswith((".so", ".pyd"))]
        print("the wheel, compiled", flush=True)
        tried(wheel, folder / "wheel", True)
        print("the same, WHYGRAD_PURE=1 at import", flush=True)
        tried(wheel, folder / "switched", True, switched=True)
        print("the sdist", flush=True)
        tried(sdist, folder / "sdist", True)
        print("the sdist, WHYGRAD_PURE=1 when it is installed", flush=True)
        tried(sdist, folder / "pure", False, WHYGRAD_PURE="1")
        print("the sdist, no compiler", flush=True)
        tried(sdist, folder / "none", False, CC="no-such-compiler")
        print("the sdist, a compiler that fails", flush=True)
        tried(sdist, folder / "fails", False, CC="false")
    print("done")


if __name__ == "__main__":
    main()
