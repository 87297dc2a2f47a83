"""The sandbox that runs in the project of the working folder."""

from pathlib import Path

from orgkit.records.outputs import project_of
from orgkit.sandbox.lifecycle import Sandbox, find


def running_sandbox() -> Sandbox | None:
    """The newest one that answers, of the project of the working folder."""
    base = sandboxes_folder()
    folders = sorted((f for f in base.glob("*") if f.is_dir()), reverse=True) if base.is_dir() else []
    return next((running for folder in folders if (running := find(folder)) is not None), None)


def sandboxes_folder() -> Path:
    """Where the sandboxes of the project have their folders."""
    return current_project() / "outputs" / "sandbox"


def current_project() -> Path:
    """The project of the working folder."""
    return project_of(Path.cwd() / "parameters" / "any.toml")
