"""Organizations that are handed over, on a sandbox, and Terraform in the folder of the hand-over."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.bootstrap.project import PHASES_THAT_CHANGE, Stage, new_project
from tests.sandbox.terraform_plan import Terraform, find_differences

LARGER = Path(__file__).parent / "larger.toml"
PHASES = (*PHASES_THAT_CHANGE, "billing", "policies")
EXAMPLE_CHANGES = (
    ("[trail]", '[trail]\nkms_key = true\nobject_lock = { mode = "GOVERNANCE", days = 90 }'),
    ("#alerts = []", 'alerts = ["money@example.com"]'),
    (
        "#deny_leaving.file",
        (
            'deny_leaving = { file = "policies/deny-leaving.json", type = "SERVICE_CONTROL_POLICY", '
            'attach = ["Production"] }\n#deny_leaving.file'
        ),
    ),
)
# The sandbox has no host name for each bucket.
OVERRIDE = """provider "aws" {
  alias             = "log_archive"
  s3_use_path_style = true
}
"""
MEMBERS = "\n[handover]\nmembers = true\n"
NO_TERRAFORM = (
    "NO TERRAFORM: the hand-over was NOT planned by Terraform. Install terraform with hashicorp/aws 5, by a registry "
    "or TF_CLI_ARGS_init=-plugin-dir=FOLDER, to run this."
)


@dataclass(frozen=True)
class HandedOver:
    """An organization that orgkit has made, and the folder of its hand-over."""

    stage: Stage
    folder: Path

    @property
    def terraform(self) -> Terraform:
        return Terraform(self.folder, self.stage)

    def hand_over(self, *options: object, code: int = 0, tool: str = "terraform") -> dict[str, Any]:
        """Run the command; its answer."""
        file = self.stage.project.file
        done = self.stage.project.orgkit("handover", tool, self.folder, "--file", file, "--json", *options, code=code)
        if code:
            return {"error": done.stdout + done.stderr}
        if "log_archive" in (self.folder / "providers.tf").read_text(encoding="utf-8"):
            (self.folder / "sandbox_override.tf").write_text(OVERRIDE, encoding="utf-8")
        return dict(json.loads(done.stdout))

    def import_all(self) -> list[tuple[str, str]]:
        """Import what was handed over; the addresses and import ids of the plan, which must change nothing."""
        self.terraform.run("init", "-input=false", "-no-color")
        planned = self.terraform.plan()
        assert find_differences(planned) == []
        self.terraform.run("apply", "-input=false", "-no-color", "plan")
        return imports_of(planned)

    def copy(self, folder: Path) -> "HandedOver":
        """The same organization and state, in a folder of its own."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return replace(self, folder=folder)


def example_project(folder: Path) -> Any:
    """The example file, with a key, Object Lock, alerts and a policy."""
    project = new_project(folder)
    text = project.file.read_text(encoding="utf-8")
    for old, new in EXAMPLE_CHANGES:
        assert old in text, old
        text = text.replace(old, new, 1)
    project.file.write_text(text, encoding="utf-8")
    return project


@contextmanager
def handed_over(folder: Path, *, larger: bool = False, more: str = "", **circumstances: Any) -> Iterator[HandedOver]:
    """An organization with every phase done; nothing is handed over yet."""
    project = new_project(folder / "project", LARGER) if larger else example_project(folder / "project")
    project.file.write_text(project.file.read_text(encoding="utf-8") + more, encoding="utf-8")
    stage = Stage(project, **{"empty_pages": 7, **circumstances})
    with stage.sandbox:
        stage.begin(*PHASES)
        yield HandedOver(stage, folder / "terraform")


def no_settings_of_the_person() -> None:
    """Leave nothing of the caller's environment but Terraform's own settings."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "ORGKIT_"))]:
        del os.environ[name]


def imports_of(planned: dict[str, Any]) -> list[tuple[str, str]]:
    """Address and import id of each resource that a plan imports."""
    changes = planned.get("resource_changes", [])
    return [(item["address"], item["change"]["importing"]["id"]) for item in changes if "importing" in item["change"]]
