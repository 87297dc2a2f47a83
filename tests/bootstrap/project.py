"""A project folder outside the checkout, its own home folder, and the commands run in it as a person runs them."""

import atexit
import json
import os
import subprocess
import sys
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from orgkit.aws.session import Connection
from orgkit.engine.apply import apply
from orgkit.engine.approve import plan as plan_with_digest
from orgkit.engine.connect import connect
from orgkit.engine.observe import observe
from orgkit.model.desired import ApprovalSpec, Desired
from orgkit.model.matching import IdIndex
from orgkit.model.plan import Plan
from orgkit.parameters import load
from orgkit.phases.registry import plan as plan_phase
from orgkit.records import outputs
from orgkit.rehearsal.bootstrap import environment, seed_of
from orgkit.sandbox.lifecycle import Sandbox
from orgkit.sandbox.seed import Seed
from tests import cached_libraries, kill_after
from tests.bootstrap import sandbox_copies
from tests.bootstrap.fork_server import ForkServer

CHECKOUT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
EXAMPLE = CHECKOUT / "parameters" / "example.toml"
NESTED = CHECKOUT / "tests" / "bootstrap" / "elsewhere.toml"
PHASES_THAT_CHANGE = ("organization", "units", "accounts", "imports", "trail")
MODELS = botocore.session.Session().get_component("data_loader")  # of AWS's services, read once for all clients
cached_libraries.cache_botocore()
# Plain boto3 in tests reads first pages only, so that none of them is empty. Each region that is enabled is asked for a
# landing zone.
USUAL: dict[str, Any] = {"empty_pages": 0, "regions": ("us-east-1", "eu-central-1")}
PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 10})
SECONDS = 300  # until a command that has not ended is killed
Done = subprocess.CompletedProcess[str]


def fork_server(folder: Path = BIN) -> ForkServer:
    """One for each process that runs tests, and for each environment, which is known by its bin/ folder."""
    return _fork_server(folder)


@cache  # by the folder alone: a default that is left out would be another key than the same folder
def _fork_server(folder: Path) -> ForkServer:
    server = ForkServer(folder / "python")
    atexit.register(server.stop)
    return server


@dataclass(frozen=True)
class Project:
    """Where the commands of a test run: nothing of the caller's environment is known there but PATH."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    bin: Path = BIN  # of the environment whose `orgkit` is run
    installed: bool = False  # run the installed script; otherwise a fork of a process that has imported orgkit

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
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=SECONDS,
        )  # fmt: skip

    def orgkit(self, *arguments: object, code: int = 0, cwd: Path | None = None, **settings: str) -> Done:
        """Run the command in a process of its own; its exit code has to be `code`, and it never shows a traceback."""
        values = {**self.environment, **settings}
        read_at_start = {name: value for name, value in values.items() if name.startswith("PYTHON")}
        if self.installed or read_at_start not in ({}, {"PYTHONPATH": str(kill_after.FOLDER)}):
            done = self.run(self.bin / "orgkit", *arguments, cwd=cwd, **settings)
        else:
            done = self.fork("orgkit", *arguments, cwd=cwd, **settings)
        output = f"orgkit {' '.join(map(str, arguments))}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stdout + done.stderr, output
        assert done.returncode == code, f"exit code {done.returncode}, not {code}: {output}"
        return done

    def fork(self, program: str, *arguments: object, cwd: Path | None = None, **settings: str) -> Done:
        """As `run` does, in a fork of a process that has imported the program."""
        words, values = [str(each) for each in arguments], {**self.environment, **settings}
        return fork_server(self.bin).run(words, cwd or self.folder, values, SECONDS, program)

    def json(self, *arguments: object, code: int = 0, **settings: str) -> Any:
        return json.loads(self.orgkit(*arguments, "--json", code=code, **settings).stdout)

    def plan(self, phase: str, code: int = 3) -> dict[str, Any]:
        (made,) = self.json("plan", self.file, phase, code=code)["plans"]
        return dict(made)

    def phase(self, phase: str, digest: str = "", *, code: int = 0, more: Iterable[object] = ()) -> dict[str, Any]:
        """Run `orgkit run`, and return its JSON output."""
        approved = ("--approved-plan", digest) if digest else ()
        return dict(self.json("run", self.file, phase, *approved, *more, code=code))


def new_project(folder: Path, parameters: Path = EXAMPLE) -> Project:
    """What `orgkit init` writes, with the parameters file next to the example."""
    Project(folder.parent).orgkit("init", folder)
    (folder / "home").mkdir()
    project = Project(folder)
    project.file.write_bytes(parameters.read_bytes())
    return project


def _as_aws_sees(desired: Desired) -> Desired:
    """Without what makes no difference to what phases apply: who approves, and how the file is written."""
    return replace(desired, approval=ApprovalSpec(), sha256="")


@cache
def _of_the_example() -> tuple[Seed, Desired]:
    """The seed and what is applied to it, in most files of tests."""
    desired = load(EXAMPLE)
    return replace(seed_of(desired), **USUAL), _as_aws_sees(desired)


class Stage:
    """A sandbox for a project, begun again for each test: a copy takes milliseconds, a start half a second."""

    def __init__(self, project: Project, *, real_time: bool = False, **circumstances: Any) -> None:
        self.desired: Desired = load(project.file)
        self.seed = replace(seed_of(self.desired), **{**USUAL, **circumstances})
        self.copied = (self.seed, self.desired)  # what the copies are made for
        box = project.folder / "outputs" / "box"
        if not real_time and (self.seed, _as_aws_sees(self.desired)) == _of_the_example():
            self.copies = sandbox_copies.lend(self.seed)
        else:
            self.copies = sandbox_copies.start(self.seed, box, real_time=real_time)
            weakref.finalize(self, self.copies.clean)
        self.sandbox: Sandbox = self.copies.restore(())
        self.project = project.within({**self.sandbox.environment(), "ORGKIT_OUTPUTS": str(box)})
        self.begun = 0
        self._clients: list[Any] = []

    def begin(self, *phases: str) -> None:
        """A fresh AWS with these phases done, and a fresh folder for records: ids repeat, and digests with them.

        The phases are applied once. Each test has a copy of the outcome, unless it has another seed or another file.
        """
        self.begun += 1
        self._close_clients()
        self.project = self.project.within({"ORGKIT_OUTPUTS": str(self.project.folder / "outputs" / f"{self.begun}")})
        if self.copied != (self.seed, self.desired):
            self.copies.restore(())
            self.sandbox.reset(self.seed)
            for phase in phases:
                assert self.apply(phase).steps
            self.sandbox.forget_calls()
            return
        done = next(phases[:n] for n in range(len(phases), -1, -1) if phases[:n] in self.copies.kept)
        self.copies.restore(done)
        for number, phase in enumerate(phases[len(done) :], start=len(done) + 1):
            assert self.apply(phase).steps
            self.copies.keep(phases[:number])
        self.sandbox.forget_calls()

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        with environment(self.sandbox.environment()):
            aws = connect(self.desired)
            try:
                yield aws
            finally:
                aws.release()

    def plan(self, phase: str) -> Plan:
        """The phase planned in this process."""
        with self.connected() as aws:
            return plan_with_digest(phase, observe(aws, self.desired, phase), self.desired)

    def planned(self, phase: str) -> str:
        """The digest of a plan of the phase, made in this process and kept where `orgkit plan` keeps its plans."""
        plan, account = self.plan(phase), self.desired.organization.management_account_id
        outputs.keep_plan(Path(self.project.settings["ORGKIT_OUTPUTS"]), account, plan)
        return plan.digest

    def apply(self, phase: str, check: Callable[[Plan], None] = lambda _: None) -> Plan:
        """The phase planned, checked and applied in this process, as only a test may; the plan that was applied."""
        with self.connected() as aws:
            observed = observe(aws, self.desired, phase)
            plan = plan_phase(phase, observed, self.desired)
            assert not plan.needs
            check(plan)
            outcomes = apply(aws, plan, IdIndex(observed, self.desired), _no_answer_is_lost)
        assert not outcomes.failed, outcomes.failed
        return plan

    def client(self, service: str, account: str = "", role: str = "OrganizationAccountAccessRole", **more: Any) -> Any:
        """Plain boto3, as somebody who does not know orgkit: in the management account, or through a role elsewhere.

        The sandbox throttles a test that asks faster than AWS allows, as AWS does: its clients are patient.
        """
        with environment(self.sandbox.environment()):
            keys = keys_of_role(self.client("sts"), account, role) if account else {}
            session = botocore.session.Session()  # not the default session: it keeps the first sandbox's keys
            session.register_component("data_loader", MODELS)
            values = {"endpoint_url": self.sandbox.endpoint_url, "config": PATIENT, **keys, **more}
            self._clients.append(boto3.Session(botocore_session=session).client(service, **values))
            return self._clients[-1]

    def _close_clients(self) -> None:
        """Their connections would stay open until the garbage is collected: select() takes no file beyond 1,023."""
        for client in self._clients:
            client.close()  # it opens another connection when it is used again
        self._clients.clear()

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
            # The log has no names of buckets; making an own bucket again is an AWS error, and does no harm.
            if call["operation"].startswith(("Create", "Invite")) and _was_done(call) and call["service"] != "s3"
        )
        return [call for call, times in made.items() if times > 1]


def keys_of_role(sts: Any, account: str, role: str) -> dict[str, str]:
    """What a client of boto3 needs to call as a role of another account."""
    arn = f"arn:aws:iam::{account}:role/{role}"
    credentials = sts.assume_role(RoleArn=arn, RoleSessionName="another-client")["Credentials"]
    return {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials["SessionToken"],
    }


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
