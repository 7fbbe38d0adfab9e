"""All benchmarks, one after another, each writing its table into README.md: `make bench`.

python benchmarks/run.py             all of them, about a quarter of an hour
python benchmarks/run.py eager page  some
"""

import subprocess
import sys

from common import HERE

SCRIPTS = (
    "compat", "eager", "doors", "arrays", "against_jax", "train", "compiled", "ops", "fold",
    "drawing", "page", "ask", "demo",
)  # fmt: skip


def main() -> None:
    failed = []
    for name in sys.argv[1:] or SCRIPTS:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, str(HERE / f"{name}.py"), "--write"]).returncode:
            failed.append(name)
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
