"""What a run was made with: Python, packages, the lock, the checkout. Looked at once in a process."""

import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from orgkit.record.files import sha256_of

PACKAGES = (
    "orgkit", "boto3", "botocore", "ipykernel", "ipywidgets", "jupyterlab", "moto", "nbclient", "nbconvert", "nbformat",
    "pandas", "papermill", "pydantic",
)  # fmt: skip
LOCK = "requirements.lock"


@cache
def surroundings(project: Path) -> dict[str, Any]:
    """Versions, the hash of the lock and the commit of the project's checkout, as far as there are any."""
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "lock_sha256": _lock(project),
        "git": _git(project),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _lock(project: Path) -> str:
    """The lock of the project, else that of the checkout that this code runs from."""
    places = (project / LOCK, Path(__file__).parents[2] / LOCK)
    return next((sha256_of(place) for place in places if place.is_file()), "")


def _git(project: Path) -> dict[str, Any] | None:
    """Commit and whether anything differs from it; None outside a checkout, or without git."""
    commit = _ask_git(project, "rev-parse", "--verify", "--quiet", "HEAD")
    changes = _ask_git(project, "status", "--porcelain", "--untracked-files=normal")
    return None if commit is None or changes is None else {"commit": commit, "dirty": bool(changes)}


def _ask_git(project: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603  fixed words, and a folder that git takes as it is
            ["git", "-C", str(project), *arguments],  # noqa: S607  git is where the person has it
            capture_output=True, text=True, timeout=10, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
