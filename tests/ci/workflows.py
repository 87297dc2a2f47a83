"""The workflow files of this project and those that `orgkit init --ci github` writes, parsed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
OWN = ROOT / ".github" / "workflows" / "tests.yml"
RELEASE = OWN.with_name("release.yml")
WRITTEN = sorted((ROOT / "orgkit" / "ci" / "github").glob("*.yml"))
Workflow = dict[str, Any]


def parsed(file: Path) -> Workflow:
    """YAML 1.1 takes the key `on` for true."""
    workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {("on" if key is True else key): value for key, value in workflow.items()}


def jobs(workflow: Workflow) -> list[dict[str, Any]]:
    return list(workflow["jobs"].values())


def steps(workflow: Workflow) -> Iterator[dict[str, Any]]:
    return (step for job in jobs(workflow) for step in job["steps"])
