"""The `run:` lines of a workflow, run with bash as GitHub's runner would run them, on a folder that is its machine."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ci.workflows import jobs, parsed
from tests.road.project import BIN, Project

SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")  # `shell: bash` of GitHub's runner
# What is there already where the tests run: the environment has orgkit, and the sandbox hands out credentials.
READY = "python -m pip install --require-hashes"


@dataclass
class Machine:
    """A fresh checkout with nothing in outputs/, and what GitHub would have told its steps."""

    project: Project
    contexts: Mapping[str, str]  # an expression as it stands in the file, and its value
    artifacts: Path  # what outlives the machine
    log: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)  # the steps of the last workflow that were not skipped

    def run(self, workflow: str) -> int:
        """Run a workflow's one job; the exit code of the first step that failed, else 0."""
        (job,) = jobs(parsed(self.project.folder / ".github" / "workflows" / workflow))
        failed = 0
        self.ran = []
        for step in job["steps"]:
            if not failed or self._even_so(step.get("if", "")):
                self.ran.append(step.get("id", step["name"]))
                code = self._step(step, job.get("env", {}))
                failed = failed or code
        return failed

    def _even_so(self, condition: str) -> bool:
        """Whether a step runs after another has failed; a condition that is not known here is a mistake of the test."""
        known = {"": False, "always()": True, "always() && steps.apply.outcome != 'skipped'": "apply" in self.ran}
        return known[condition]

    def _step(self, step: Mapping[str, Any], env: Mapping[str, str]) -> int:
        if "run" in step:
            return 0 if step["run"].startswith(READY) else self._script(step["run"], {**env, **step.get("env", {})})
        action = step["uses"].partition("@")[0]
        if action == "actions/upload-artifact":
            return self._upload(step["with"])
        return self._download(step["with"]) if action == "actions/download-artifact" else 0

    def _script(self, script: str, env: Mapping[str, str]) -> int:
        files = {name: self.project.folder / "home" / name for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
        for file in files.values():
            file.write_text("")
        settings = {name: self._value(value) for name, value in env.items()}
        settings |= {name: str(file) for name, file in files.items()}
        settings |= {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "GITHUB_SERVER_URL": "https://github.example"}
        settings |= {"GITHUB_ACTOR": "ann", "GITHUB_REPOSITORY": "acme/org-runbooks", "GITHUB_RUN_ID": self._run_id}
        done = subprocess.run(
            [*SHELL, script], cwd=self.project.folder, env=self.project.environment | settings,
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300, check=False,
        )  # fmt: skip
        self.log += done.stdout + done.stderr
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        self.outputs |= _outputs(files["GITHUB_OUTPUT"].read_text(encoding="utf-8"))
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return done.returncode

    @property
    def _run_id(self) -> str:
        return self.contexts["${{ github.run_id }}"]

    def _value(self, value: object) -> str:
        """The value of an expression; one that the table does not have is a mistake of the test or of the file."""
        return re.sub(r"\$\{\{.*?\}\}", lambda found: self.contexts[found[0]], str(value))

    def _upload(self, given: Mapping[str, Any]) -> int:
        source = self.project.folder / given["path"]
        if source.is_dir() and any(source.iterdir()):
            shutil.copytree(source, self.artifacts / self._run_id / self._value(given["name"]))
        return 0

    def _download(self, given: Mapping[str, Any]) -> int:
        source = self.artifacts / self._value(given["run-id"]) / given["name"]
        if not source.is_dir():
            return 1
        shutil.copytree(source, self.project.folder / given["path"])
        return 0


def _outputs(text: str) -> dict[str, str]:
    found = re.findall(r"^(\w+)<<(\S+)\n(.*?)\n\2$", text, re.MULTILINE | re.DOTALL)
    return {name: value for name, _, value in found}
