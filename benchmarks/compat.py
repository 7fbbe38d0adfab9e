"""micrograd's code with only its imports changed: its own tests, and its demo's training losses.

    python benchmarks/compat.py             in micrograd's environment, with PyTorch and sklearn
    python benchmarks/compat.py --steps 20  fewer of the demo's 100 training steps

The tests are those of micrograd's source distribution; they compare with PyTorch. The demo is its
notebook's: moons, both seeds 1337, MLP(2, [16, 16, 1]), hinge loss, a learning rate that falls.
"""

import argparse
import json
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path

from common import ENVIRONMENTS, PEERS, REPO, Row, close_enough, python_of, report

THEIRS = "from micrograd.engine import Value"
OURS = "from autograd import Value"
HEAD: Row = ("what", "bar", "result", "")

DEMO = """
import json, random
import numpy as np
from sklearn.datasets import make_moons
{imports}

np.random.seed(1337)
random.seed(1337)
X, y = make_moons(n_samples=100, noise=0.1)
y = y * 2 - 1
model = MLP(2, [16, 16, 1])

def loss():
    inputs = [list(map(Value, row)) for row in X]
    scores = list(map(model, inputs))
    losses = [(1 + -yi * score).relu() for yi, score in zip(y, scores)]
    data_loss = sum(losses) * (1.0 / len(losses))
    reg_loss = 1e-4 * sum((p * p for p in model.parameters()))
    accuracy = [(yi > 0) == (score.data > 0) for yi, score in zip(y, scores)]
    return data_loss + reg_loss, sum(accuracy) / len(accuracy)

seen = []
for k in range({steps}):
    total, accuracy = loss()
    model.zero_grad()
    total.backward()
    rate = 1.0 - 0.9 * k / 100
    for p in model.parameters():
        p.data -= rate * p.grad
    seen.append(float(total.data))
print(json.dumps(dict(losses=seen, accuracy=float(accuracy), model=str(model))))
"""


def run(*command: str, ours: bool) -> "subprocess.CompletedProcess[str]":
    """A command in micrograd's environment; with ``ours`` it also sees this checkout."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    if ours:
        env["PYTHONPATH"] = str(REPO)
    return subprocess.run(command, env=env, capture_output=True, text=True)


def source_tests() -> str:
    """test_engine.py of micrograd's source distribution."""
    folder = ENVIRONMENTS / "micrograd" / "sdist"
    pip = [python_of("micrograd"), "-m", "pip", "download", "--quiet", "--no-deps"]
    if not list(folder.glob("*.tar.gz")):
        command = [*pip, "--no-binary", ":all:", "--dest", str(folder), PEERS["micrograd"][0]]
        subprocess.run(command, check=True)
    with tarfile.open(next(iter(folder.glob("*.tar.gz")))) as archive:
        name = next(n for n in archive.getnames() if n.endswith("test/test_engine.py"))
        member = archive.extractfile(name)
        assert member is not None
        return member.read().decode()


def own_tests() -> Row:
    source = source_tests()
    assert source.count(THEIRS) == 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test_engine.py"
        path.write_text(source.replace(THEIRS, OURS))
        pytest = [python_of("micrograd"), "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path)]
        done = run(*pytest, ours=True)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    closing = done.stdout.strip().splitlines()[-1]
    return "micrograd's own tests, only the import changed", "pass", closing, ""


def demo(steps: int) -> Row:
    both = {
        "micrograd": f"{THEIRS}\nfrom micrograd.nn import Neuron, Layer, MLP",
        "ours": f"{OURS}\nfrom nn import Neuron, Layer, MLP",
    }
    seen = {}
    for name, imports in both.items():
        code = DEMO.format(imports=imports, steps=steps)
        done = run(python_of("micrograd"), "-c", code, ours=name == "ours")
        if done.returncode:
            raise SystemExit(done.stderr)
        seen[name] = json.loads(done.stdout)
    ours, theirs = seen["ours"], seen["micrograd"]
    close_enough(ours["losses"], theirs["losses"], 1e-9, "the demo's losses")
    apart = max(abs(a - b) / b for a, b in zip(ours["losses"], theirs["losses"]))
    result = f"loss {ours['losses'][0]:.4f} → {ours['losses'][-1]:.5f}, apart by ≤ {apart:.1g}"
    what = f"its demo's {steps} training steps, only the imports changed: losses"
    return what, "1e-9 of its own", result, ""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--steps", type=int, default=100)
    arguments.add_argument("--write", action="store_true", help="put the table into README.md")
    chosen = arguments.parse_args()
    report("compat", [own_tests(), demo(chosen.steps)], HEAD, chosen.write)


if __name__ == "__main__":
    main()
