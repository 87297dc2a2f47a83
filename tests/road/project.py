"""A project folder outside the checkout, its own home folder, and the commands run in it as a person runs them."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3

from orgkit.apply import apply
from orgkit.aws.session import Connection
from orgkit.connecting import connect
from orgkit.model.desired import Desired
from orgkit.model.directory import Directory
from orgkit.parameters import load
from orgkit.plan import Plan
from orgkit.planning import plan_phase
from orgkit.read import read_organization
from orgkit.rehearsal import environment, seed_of
from orgkit.sandbox.lifecycle import Sandbox, start

CHECKOUT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
AWSCLI = CHECKOUT / ".venv-awscli" / "bin"
EXAMPLE = CHECKOUT / "parameters" / "example.toml"
NESTED = CHECKOUT / "tests" / "road" / "elsewhere.toml"
PHASES_THAT_CHANGE = ("organization", "units", "accounts", "imports", "trail")
Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Project:
    """Where the commands of a test run: nothing of the caller's environment is known there but PATH."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        """The parameters file that the sandbox was made for."""
        return self.folder / "parameters" / "acme.toml"

    @property
    def environment(self) -> dict[str, str]:
        home = {"HOME": str(self.folder / "home"), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        return {**home, **self.settings}

    def within(self, settings: Mapping[str, str]) -> "Project":
        return replace(self, settings={**self.settings, **settings})

    def run(self, *command: object, cwd: Path | None = None, **settings: str) -> Done:
        return subprocess.run(
            [str(part) for part in command],
            cwd=cwd or self.folder, env={**self.environment, **settings}, check=False,
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300,
        )  # fmt: skip

    def orgkit(self, *arguments: object, code: int = 0, cwd: Path | None = None, **settings: str) -> Done:
        """Run the command in a process of its own; its exit code has to be `code`, and it never shows a traceback."""
        done = self.run(BIN / "orgkit", *arguments, cwd=cwd, **settings)
        told = f"orgkit {' '.join(map(str, arguments))}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stdout + done.stderr, told
        assert done.returncode == code, f"exit code {done.returncode}, not {code}: {told}"
        return done

    def json(self, *arguments: object, code: int = 0, **settings: str) -> Any:
        return json.loads(self.orgkit(*arguments, "--json", code=code, **settings).stdout)

    def plan(self, phase: str, code: int = 3) -> dict[str, Any]:
        (made,) = self.json("plan", self.file, phase, code=code)["plans"]
        return dict(made)

    def phase(self, phase: str, digest: str = "", *, code: int = 0, more: Iterable[object] = ()) -> dict[str, Any]:
        """`orgkit run`, with what it tells as JSON."""
        approved = ("--approved-plan", digest) if digest else ()
        return dict(self.json("run", phase, self.file, *approved, *more, code=code))


def new_project(folder: Path, parameters: Path = EXAMPLE) -> Project:
    """What `orgkit init` writes, with the parameters file beside the example."""
    Project(folder.parent).orgkit("init", folder)
    (folder / "home").mkdir()
    project = Project(folder)
    project.file.write_bytes(parameters.read_bytes())
    return project


class Stage:
    """A sandbox for a project, begun again for each test: a reset takes milliseconds, a start half a second."""

    def __init__(self, project: Project, *, real_time: bool = False, **circumstances: Any) -> None:
        self.desired: Desired = load(project.file)
        # Plain boto3 beside us reads first pages only, so that none of them is empty here.
        self.seed = replace(seed_of(self.desired), **{"empty_pages": 0, **circumstances})
        self.sandbox: Sandbox = start(self.seed, project.folder / "outputs" / "box", real_time=real_time)
        self.project = project.within(self.sandbox.environment())
        self.begun = 0

    def begin(self, *phases: str) -> None:
        """A fresh AWS with these phases done, and a fresh folder for records: ids repeat, and digests with them."""
        self.begun += 1
        self.sandbox.reset(self.seed)
        self.project = self.project.within({"ORGKIT_OUTPUTS": str(self.project.folder / "outputs" / f"{self.begun}")})
        for phase in phases:
            assert self.apply(phase).steps
        self.sandbox.forget_calls()

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        with environment(self.sandbox.environment()):
            yield connect(self.desired)

    def plan(self, phase: str) -> Plan:
        """The phase planned in this process."""
        with self.connected() as aws:
            return plan_phase(phase, read_organization(aws, self.desired, phase), self.desired)

    def apply(self, phase: str) -> Plan:
        """The phase planned and applied in this process, as only a test may; the plan that was applied."""
        with self.connected() as aws:
            observed = read_organization(aws, self.desired, phase)
            plan = plan_phase(phase, observed, self.desired)
            assert not plan.needs
            outcomes = apply(aws, plan, Directory(observed, self.desired), _no_answer_is_lost)
        assert not outcomes.failed, outcomes.failed
        return plan

    def client(self, service: str, account: str = "", role: str = "OrganizationAccountAccessRole", **more: Any) -> Any:
        """Plain boto3, as somebody who does not know orgkit: in the management account, or through a role elsewhere."""
        with environment(self.sandbox.environment()):
            keys: dict[str, str] = {}
            if account:
                arn = f"arn:aws:iam::{account}:role/{role}"
                told = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="behind")["Credentials"]
                keys = {
                    "aws_access_key_id": told["AccessKeyId"],
                    "aws_secret_access_key": told["SecretAccessKey"],
                    "aws_session_token": told["SessionToken"],
                }
            return boto3.Session().client(
                service,  # not the default session: it keeps the first sandbox's keys
                endpoint_url=self.sandbox.endpoint_url,
                **keys,
                **more,
            )

    def changes(self) -> list[str]:
        """The calls since the log was emptied that AWS would have taken for a change."""
        return [f"{call['service']}:{call['operation']}" for call in self.sandbox.calls() if call["mutating"]]

    def taken(self) -> list[str]:
        """Those of them that AWS did not refuse: one that came too soon is sent again."""
        taken = [call for call in self.sandbox.calls() if call["mutating"] and _was_done(call)]
        return [f"{call['service']}:{call['operation']}" for call in taken]

    def doubles(self) -> list[str]:
        """What was made twice in the same place, as far as the call log knows."""
        made = Counter(
            json.dumps([call[name] for name in ("account", "region", "service", "operation", "parameters")])
            for call in self.sandbox.calls()
            # The log has no names of buckets; whoever makes one's own again is told so by AWS, and harms nothing.
            if call["operation"].startswith(("Create", "Invite")) and _was_done(call) and call["service"] != "s3"
        )
        return [call for call, times in made.items() if times > 1]


def _was_done(call: Mapping[str, Any]) -> bool:
    """0 is the status of a call whose connection broke before AWS had read it."""
    return bool(200 <= call["status"] < 300)


def _no_answer_is_lost() -> Any:
    raise AssertionError("AWS was looked at again")


def sentences(planned: Mapping[str, Any]) -> list[str]:
    return [step["sentence"] for step in planned["steps"]]


def before(phase: str) -> tuple[str, ...]:
    """The phases that change something and come before this one."""
    return PHASES_THAT_CHANGE[: PHASES_THAT_CHANGE.index(phase)]
