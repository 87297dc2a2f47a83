"""Everything that `make test` runs, in the order in which a fault is cheapest to mend."""

import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
PYTEST = (sys.executable, "-m", "pytest")
SPEED = "tests/road/test_speed.py"
STAGES = (
    ("style", [BIN / "ruff", "check", "--quiet", "."]),
    ("format", [BIN / "ruff", "format", "--quiet", "--check", "."]),
    ("types", [BIN / "mypy", "--no-error-summary"]),
    ("structure", [BIN / "lint-imports"]),
    ("behaviour", [*PYTEST, "-n", "2", "--dist", "loadfile", "--durations", "10", "--ignore", SPEED]),
    ("faults", [sys.executable, "-W", "ignore", "-m", "tests.faults"]),
    ("speed", [*PYTEST, SPEED]),  # alone: it measures
)


def main() -> int:
    """Run each stage; all of them, so that one look shows everything that is wrong."""
    failed = []
    for name, command in STAGES:
        print(f"\n== {name}: {' '.join(Path(str(part)).name for part in command)}", flush=True)
        started = time.monotonic()
        if subprocess.run([str(part) for part in command], cwd=HERE, env=_environment(), check=False).returncode:
            failed.append(name)
        print(f"== {name}: {'FAILED' if name in failed else 'ok'} in {time.monotonic() - started:.0f} s", flush=True)
    print(f"\n{'All is well.' if not failed else 'Failed: ' + ', '.join(failed)}")
    return 1 if failed else 0


def _environment() -> dict[str, str]:
    """Nothing of a person's AWS settings, and no bytecode beside the sources."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ORGKIT_"))}


if __name__ == "__main__":
    sys.exit(main())
