"""Environments next to .venv that some tests need: `make test` makes them first, pytest alone when it needs one."""

import fcntl
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]


def make_environment(name: str) -> Path:
    """Return the bin/ folder of `name`, and have it made if it is not there."""
    if not (CHECKOUT / name / "ready").exists():
        with (Path(tempfile.gettempdir()) / f"orgkit{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # another process that runs tests may be at it
            subprocess.run(["make", f"PYTHON={sys.executable}", f"{name}/ready"], cwd=CHECKOUT, check=True)
    return CHECKOUT / name / "bin"
