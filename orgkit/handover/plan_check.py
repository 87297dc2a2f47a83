"""Terraform's own plan for the files of a hand-over, made in a copy of the folder."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory
from typing import Any

from orgkit.handover.addresses import resource_of
from orgkit.handover.configuration import Configuration
from orgkit.handover.providers import LOG_ARCHIVE_ALIAS
from orgkit.handover.tools import Tool
from orgkit.phases.terraform.hcl import Block, attributes
from orgkit.phases.terraform.writer import write

# Seconds: `init` downloads a provider of some hundred megabytes, and the plan of 300 accounts takes minutes.
INIT_SECONDS, PLAN_SECONDS = 900, 3600
NOT_COPIED = (".terraform", ".git")
# At another endpoint than AWS's, buckets have no host names of their own. boto3 knows that by itself.
OVERRIDE = "orgkit_endpoint_override.tf"
_PATH_STYLE = write([Block("provider", ("aws",), attributes(alias=LOG_ARCHIVE_ALIAS, s3_use_path_style=True))])
HARMLESS_ACTIONS = ("no-op", "read", "forget")
MAX_MESSAGE_LENGTH = 600  # characters of a message of Terraform


@dataclass(frozen=True)
class PlanCheck:
    """What Terraform would do with the files.

    Attributes:
        tool: Terraform or OpenTofu.
        folder: The folder of the files.
        expected: How many resources orgkit has handed over.
        counts: How many resources the plan imports, adds, changes, destroys and leaves unchanged, by these words.
        problems: What the plan must not do, a line each; also why it could not be made.
        unchecked: Why there is no plan; "" where there is one.
    """

    tool: Tool
    folder: Path
    expected: int
    counts: Mapping[str, int] | None = None
    problems: tuple[str, ...] = ()
    unchecked: str = ""

    @property
    def command(self) -> str:
        """The command by which a person checks the same."""
        command = f"{self.tool.command} -chdir={quote(str(self.folder))}"
        return f"{command} init && {command} plan"

    @property
    def sentence(self) -> str:
        """The outcome in one sentence."""
        if self.unchecked:
            return f"not checked by {self.tool.title}: {self.unchecked}"
        counts = self.counts or {}
        planned = ", ".join(f"{counts.get(word, 0)} to {word}" for word in ("import", "add", "change", "destroy"))
        return f"{self.tool.title}'s plan: {planned}; {counts.get('keep', 0)} unchanged"


def check_plan(folder: Path, configuration: Configuration, endpoint: str | None) -> PlanCheck:
    """Let Terraform plan what lies in a folder; nothing is written there, and no state is changed or locked.

    Args:
        folder: The folder of the hand-over, with what a person added.
        configuration: What orgkit has written there.
        endpoint: Where AWS is called; None for AWS itself.
    """
    tool, expected = configuration.tool, configuration.imports
    program = shutil.which(tool.command)
    if program is None:
        return PlanCheck(tool, folder, expected, unchecked=f"{tool.title} is not installed here")
    with TemporaryDirectory(prefix="orgkit-plan-") as name:
        copy = Path(name) / "configuration"
        shutil.copytree(folder, copy, symlinks=True, ignore=shutil.ignore_patterns(*NOT_COPIED))
        if endpoint and configuration.has_log_archive:
            (copy / OVERRIDE).write_text(_PATH_STYLE, encoding="utf-8")
        process = _Program(program, copy, _settings(copy, endpoint))
        failure = process.run(INIT_SECONDS, "init", "-input=false", "-no-color")
        if failure:
            return PlanCheck(tool, folder, expected, unchecked=f"`{tool.command} init` failed: {failure}")
        failure = process.run(PLAN_SECONDS, "plan", "-input=false", "-no-color", "-lock=false", "-out=orgkit.plan")
        if failure:
            return PlanCheck(tool, folder, expected, problems=(f"there is no plan: {failure}",))
        process.run(PLAN_SECONDS, "show", "-json", "-no-color", "orgkit.plan")
        planned = json.loads(process.output)
    changes = planned.get("resource_changes", [])
    return PlanCheck(tool, folder, expected, count_changes(changes), tuple(find_problems(changes, configuration)))


def _settings(copy: Path, endpoint: str | None) -> dict[str, str]:
    """The caller's environment: Terraform has the same credentials, and calls AWS where orgkit does."""
    own = {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", "TF_DATA_DIR": str(copy / ".terraform")}
    return {**os.environ, **own, **({"AWS_ENDPOINT_URL": endpoint} if endpoint else {})}


@dataclass
class _Program:
    """Terraform in a folder, as a group of processes: the plugins that it starts end with it."""

    path: str
    folder: Path
    environment: Mapping[str, str]
    output: str = ""  # of the last command

    def run(self, seconds: float, *arguments: str) -> str:
        """Run a command; return why it failed, or "" where it did not."""
        with subprocess.Popen(  # noqa: S603  the person's own Terraform, and fixed words
            [self.path, *arguments], cwd=self.folder, env=self.environment, text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        ) as process:  # fmt: skip
            try:
                self.output, errors = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                _end_group(process)
                return f"it has not ended after {seconds / 60:.0f} minutes"
            except BaseException:  # a person interrupts the cell
                _end_group(process)
                raise
        return _message(errors or self.output) or f"exit code {process.returncode}" if process.returncode else ""


def _end_group(process: "subprocess.Popen[str]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _message(text: str) -> str:
    """Return the first error of Terraform in one line: its title and its first paragraph, without the frame."""
    lines = [line.strip("╷│╵ \t") for line in text.splitlines()]
    start = next((number for number, line in enumerate(lines) if line.startswith("Error")), 0)
    paragraphs = "\n".join(lines[start:]).strip().split("\n\n")
    return " ".join(" ".join(paragraphs[:2]).split())[:MAX_MESSAGE_LENGTH]


def count_changes(changes: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many resources a plan imports, adds, changes, destroys and keeps; a replacement counts twice."""
    actions = [tuple(item["change"]["actions"]) for item in changes]
    return {
        "import": sum("importing" in item["change"] for item in changes),
        "add": sum("create" in names for names in actions),
        "change": sum("update" in names for names in actions),
        "destroy": sum("delete" in names for names in actions),
        "keep": sum(item["change"]["actions"] == ["no-op"] and "importing" not in item["change"] for item in changes),
    }


def find_problems(changes: Sequence[Mapping[str, Any]], configuration: Configuration) -> Iterator[str]:
    """Yield what a plan must not do: destroy anything, and change what was handed over.

    What a person wrote in addition may be created and changed.
    """
    own = {resource_of(address) for address in configuration.addresses.values()}
    for item in changes:
        address, actions = str(item["address"]), tuple(map(str, item["change"]["actions"]))
        if "delete" in actions:
            yield f"it would {'replace' if 'create' in actions else 'destroy'} {address}"
        elif resource_of(address) in own and not set(actions) <= set(HARMLESS_ACTIONS):
            yield f"it would {'/'.join(actions)} {address}{_attributes(item['change'])}"


def _attributes(change: Mapping[str, Any]) -> str:
    """Return the names of the attributes that differ, in parentheses."""
    old, new = change.get("before") or {}, change.get("after") or {}
    names = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    return f" ({', '.join(names)})" if old and names else ""
