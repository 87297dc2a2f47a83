"""The `run:` lines of a workflow, run with bash as GitHub's runner would run them, on a folder that is its machine."""

import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bootstrap.project import BIN, Project
from tests.ci.workflows import jobs, parsed

SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")  # `shell: bash` of GitHub's runner
# What is there already where the tests run: the environment has orgkit, and the sandbox hands out credentials.
READY = "python -m pip install --require-hashes"
REPOSITORY, BRANCH = "acme/org-runbooks", "main"
GH = """#!/bin/sh
# `gh api [--method GET] PATH [--jq FILTER]` on the files of {answers}.
[ "$1" = api ] && shift
[ "$1" = --method ] && shift 2
file="{answers}/${{1%%\\?*}}"
if [ "$2" = --jq ] && [ -f "$file.json" ]; then exec jq -r "$3" "$file.json"; fi
for answer in "$file" "$file.json"; do if [ -f "$answer" ]; then exec cat "$answer"; fi; done
echo "gh: Not Found (HTTP 404)" >&2
exit 1
"""


class GitHub:
    """What GitHub answers about the runs of one repository: a file for each path of its API, and `gh` to read it."""

    def __init__(self, folder: Path) -> None:
        self.answers, self.bin = folder / "answers", folder / "bin"
        self.bin.mkdir(parents=True)
        (self.bin / "gh").write_text(GH.format(answers=self.answers))
        (self.bin / "gh").chmod(0o755)
        self.runs: list[dict[str, Any]] = []  # the newest first
        self.merged: set[str] = set()

    def answer(self, path: str, value: Any) -> Path:
        """What a GET of this path below the repository returns; bytes as they are."""
        is_bytes = isinstance(value, bytes)
        name = f"repos/{REPOSITORY}/{path}".rstrip("/")
        file = self.answers / (name if is_bytes else f"{name}.json")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(value if is_bytes else json.dumps(value).encode())
        return file

    def checked_out(self, commit: str, *, merged: bool) -> None:
        """A commit that a machine has; from it GitHub compares those of earlier runs."""
        self.merged |= {commit} if merged else set()
        self.answer("", {"default_branch": BRANCH})
        self.answer(f"compare/{commit}...{BRANCH}", {"status": "identical" if merged else "diverged", "files": []})
        for other in {run["head_sha"] for run in self.runs}:
            status = "ahead" if other in self.merged else "diverged"
            self.answer(f"compare/{other}...{commit}", {"status": status})

    def ran(self, run: dict[str, Any]) -> None:
        """A run that has ended."""
        self.runs.insert(0, run)
        self.answer(f"actions/runs/{run['id']}", run)
        listed = [run for run in self.runs if run["path"].endswith("orgkit-apply.yml")]
        self.answer("actions/workflows/orgkit-apply.yml/runs", {"workflow_runs": listed})

    def uploaded(self, run_id: str, name: str, folder: Path) -> None:
        """The artifact of a run, as a zip archive."""
        number = 10 * int(run_id)
        file = self.answer(f"actions/artifacts/{number}/zip", b"")
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                if not any(part.startswith(".") for part in path.relative_to(folder).parts):
                    archive.write(path, path.relative_to(folder))
        artifact = {"id": number, "name": name, "expired": False}
        self.answer(f"actions/runs/{run_id}/artifacts", {"artifacts": [artifact]})


@dataclass
class Machine:
    """A fresh checkout with nothing in outputs/, and the contexts that GitHub would give its steps."""

    project: Project
    contexts: dict[str, str]  # an expression as it stands in the file, and its value
    artifacts: Path  # what outlives the machine
    github: GitHub
    programs: Path = BIN  # the folder of the `orgkit` that its steps run
    merged: bool = True  # whether its commit is one of the default branch
    commit: str = ""
    log: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)  # the steps of the last workflow that were not skipped

    def run(self, workflow: str) -> int:
        """Run a workflow's one job; the exit code of the first step that failed, else 0."""
        content = parsed(self.project.folder / ".github" / "workflows" / workflow)
        (job,) = jobs(content)
        failed = 0
        self.ran = []
        for step in job["steps"]:
            if not failed or self._even_so(step.get("if", "")):
                self.ran.append(step.get("id", step["name"]))
                code = self._step(step, job.get("env", {}))
                failed = failed or code
        title = self._value(content.get("run-name", content["name"]))
        self.github.ran(self._facts(workflow, title, "failure" if failed else "success"))
        return failed

    def _facts(self, workflow: str, title: str, conclusion: str) -> dict[str, Any]:
        repository = {"full_name": REPOSITORY}
        return {
            "id": int(self._run_id), "path": f".github/workflows/{workflow}", "event": "workflow_dispatch",
            "head_sha": self.commit, "head_branch": BRANCH if self.merged else "branch", "display_title": title,
            "conclusion": conclusion, "repository": repository, "head_repository": repository,
        }  # fmt: skip

    def _check_out(self) -> int:
        """Whatever is in the folder is what was pushed."""
        git = ("git", "-c", "user.name=ann", "-c", "user.email=ann@example.com", "-C", self.project.folder)
        for command in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", self._run_id)):
            subprocess.run([*git, *command], env=self.project.environment, check=True)
        head = [*git, "rev-parse", "HEAD"]
        self.commit = subprocess.run(head, capture_output=True, text=True, check=True).stdout.strip()
        self.github.checked_out(self.commit, merged=self.merged)
        return 0

    def _even_so(self, condition: str) -> bool:
        """Whether a step runs after another has failed; a condition that is not known here is a mistake of the test."""
        known = {"": False, "always()": True, "always() && steps.apply.outcome != 'skipped'": "apply" in self.ran}
        return known[condition]

    def _step(self, step: Mapping[str, Any], env: Mapping[str, str]) -> int:
        if "run" in step:
            return 0 if step["run"].startswith(READY) else self._script(step["run"], {**env, **step.get("env", {})})
        action = step["uses"].partition("@")[0]
        if action == "actions/checkout":
            return self._check_out()
        if action == "actions/upload-artifact":
            return self._upload(step["with"])
        return self._download(step["with"]) if action == "actions/download-artifact" else 0

    def _script(self, script: str, env: Mapping[str, str]) -> int:
        files = {name: self.project.folder / "home" / name for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
        for file in files.values():
            file.write_text("")
        settings = {name: self._value(value) for name, value in env.items()}
        settings |= {name: str(file) for name, file in files.items()}
        path = os.pathsep.join(map(str, (self.programs, BIN, self.github.bin, os.environ["PATH"])))
        settings |= {"PATH": path, "GITHUB_SERVER_URL": "https://github.example"}
        settings |= {"GITHUB_ACTOR": "ann", "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_RUN_ID": self._run_id}
        settings |= {"GITHUB_SHA": self.commit, "GITHUB_REF_NAME": BRANCH if self.merged else "branch"}
        settings |= {"RUNNER_TEMP": self.contexts["${{ runner.temp }}"]}
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

    def _upload(self, values: Mapping[str, Any]) -> int:
        source = self.project.folder / values["path"]
        if source.is_dir() and any(source.iterdir()):
            name = self._value(values["name"])
            shutil.copytree(source, self.artifacts / self._run_id / name)
            self.github.uploaded(self._run_id, name, source)
        return 0

    def _download(self, values: Mapping[str, Any]) -> int:
        source = self.artifacts / self._value(values["run-id"]) / values["name"]
        if not source.is_dir():
            return 1
        shutil.copytree(source, self.project.folder / self._value(values["path"]), symlinks=True)
        return 0


def _outputs(text: str) -> dict[str, str]:
    found = re.findall(r"^(\w+)<<(\S+)\n(.*?)\n\2$", text, re.MULTILINE | re.DOTALL)
    return {name: value for name, _, value in found}
