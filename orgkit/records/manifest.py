"""manifest.json: what a run was, what it was made with, and the sha256 of every file of its record."""

import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from orgkit._version import __version__
from orgkit.journal.events import read_events
from orgkit.records.files import label_of, read_json, sha256_of
from orgkit.records.redact import Redactor
from orgkit.records.result import RunResult

MANIFEST = "manifest.json"
SCHEMA = 2

PACKAGES = (
    "orgkit", "boto3", "botocore", "ipykernel", "ipywidgets", "jupyterlab", "moto", "nbclient", "nbconvert", "nbformat",
    "pandas", "papermill", "pydantic",
)  # fmt: skip
LOCK = "requirements.lock"
# CI system → (the variable that identifies it, and which of its variables are kept).
SYSTEMS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "GitHub Actions": (
        "GITHUB_ACTIONS",
        {
            "repository": "GITHUB_REPOSITORY", "run": "GITHUB_RUN_ID", "attempt": "GITHUB_RUN_ATTEMPT",
            "workflow": "GITHUB_WORKFLOW_REF", "event": "GITHUB_EVENT_NAME", "actor": "GITHUB_ACTOR",
            "triggering_actor": "GITHUB_TRIGGERING_ACTOR", "ref": "GITHUB_REF", "commit": "GITHUB_SHA",
        },
    ),
    "GitLab CI": (
        "GITLAB_CI",
        {
            "repository": "CI_PROJECT_PATH", "run": "CI_PIPELINE_URL", "job": "CI_JOB_URL",
            "actor": "GITLAB_USER_LOGIN", "event": "CI_PIPELINE_SOURCE",
            "ref": "CI_COMMIT_REF_NAME", "commit": "CI_COMMIT_SHA",
        },
    ),
    "Jenkins": ("JENKINS_URL", {"run": "BUILD_URL", "actor": "BUILD_USER_ID", "commit": "GIT_COMMIT"}),
    "CI": ("CI", {}),
}  # fmt: skip


def manifest(
    run_folder: Path,
    result: RunResult,
    *,
    project: Path,
    source_sha256: str,
    redactor: Redactor,
    roll_back: str = "",
) -> dict[str, Any]:
    """The manifest of a run folder as it lies; nothing may be written into the folder after it.

    Everything in it but names and hashes of files is redacted. The caller of the run and the text of the notebook's
    head are recorded only here.
    """
    content = redactor.value(_manifest_content(run_folder, result, project, source_sha256, roll_back))
    return {
        **content,
        "redacted": {kind: count for kind, count in redactor.counts.items() if count},
        "files": {name: _facts(run_folder / name) for name in files_of(run_folder)},
    }


def _manifest_content(
    run_folder: Path, result: RunResult, project: Path, source_sha256: str, roll_back: str
) -> dict[str, Any]:
    """Everything but the files and what was redacted, secrets and all."""
    events = list(read_events(run_folder / "events.jsonl"))
    first_event = events[0] if events else {}
    applied = [str(event.get("plan_sha256", "")) for event in events if event.get("event") == "apply"]
    verified: Mapping[str, Any] = next((event for event in reversed(events) if event.get("event") == "verified"), {})
    plan, approval = run_folder / "plan.json", run_folder / "approval.json"
    return {
        "schema": SCHEMA,
        "run": run_folder.name,
        "account": run_folder.parent.name,
        "phase": label_of(run_folder),
        "sealed_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "outcome": result.outcome,
        "exit_code": result.exit_code,
        "reasons": list(result.reasons),
        "mode": {"target": result.identity.get("target", ""), "guided": bool(first_event.get("guided"))},
        "trigger": trigger(),
        "target": read_json(plan).get("target"),
        "identity": dict(result.identity),
        "approval": dict(result.approval),
        "mutations": dict(result.mutations),
        "request_ids": list(result.request_ids),
        "verification": {name: verified[name] for name in ("passed", "left", "waiting") if name in verified},
        "roll_back": roll_back,
        "source_notebook_sha256": source_sha256,
        "parameters_sha256": first_event.get("parameters_sha256", ""),
        "plan_sha256": sha256_of(plan) if plan.exists() else "",
        "applied_plan_sha256": applied[-1] if applied else "",
        "approval_sha256": sha256_of(approval) if approval.exists() else "",
        "orgkit": __version__,
        **describe_environment(project),
    }


def files_of(run_folder: Path) -> list[str]:
    """Every file of a record but its manifest, by its name in the folder."""
    paths = (
        path for path in run_folder.rglob("*") if path.is_file() and path.relative_to(run_folder) != Path(MANIFEST)
    )
    return sorted(str(path.relative_to(run_folder)) for path in paths)


def _facts(path: Path) -> dict[str, Any]:
    path.chmod(0o600)
    return {"sha256": sha256_of(path), "bytes": path.stat().st_size}


@cache
def describe_environment(project: Path) -> dict[str, Any]:
    """Versions, the hash of the lock and the commit of the project's checkout, as far as there are any."""
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": {name: installed for name in PACKAGES if (installed := _version(name))},
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


def trigger(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The first system that says it is there; what a variable says is a claim of that system, and no more."""
    for system, (sign, names) in SYSTEMS.items():
        if environment.get(sign) not in (None, "", "false"):
            facts = {name: environment[variable] for name, variable in names.items() if environment.get(variable)}
            return {"by": system, **facts}
    return {"by": "somebody at a machine"}
