"""An organization of any size on a delayed sandbox, bootstrapped by orgkit, and its parameters file."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3

from benchmarks.delayed_sandbox import DelayedSandbox, start
from orgkit.engine.apply import apply
from orgkit.engine.connect import connect
from orgkit.engine.observe import observe
from orgkit.model.matching import IdIndex
from orgkit.parameters import load
from orgkit.phases.registry import plan
from orgkit.rehearsal.setup import environment, seed_of
from orgkit.sandbox.lifecycle import Sandbox
from orgkit.sandbox.seed import Seed
from tests.bootstrap.project import keys_of_role

MOST_ACCOUNTS = 11_000
TEAMS = 6
UNITS = 3 + TEAMS  # organizational units: Infrastructure, Security, Production, and those of the teams
HEAD = """[organization]
management_account_id = "999999999999"
email = "aws-management@example.com"
name = "example"

[organization.tags]
Project = "example"

[units.Infrastructure]
[units.Security]
"""
TAIL = """
[trail]
log_archive_account = "log-archive"
kms_key = true
object_lock = { mode = "GOVERNANCE", days = 90 }
"""


def parameters(accounts: int) -> str:
    """A parameters file with so many member accounts; all but the log archive account are in units of teams."""
    units = [f'[units."Production/Team {team}"]' for team in range(TEAMS)]
    lines = ["[accounts.log-archive]", 'email = "aws-log-archive@example.com"', 'unit = "Security"']
    for number in range(1, accounts):
        lines += [f"[accounts.a{number:05}]", f'email = "aws-{number:05}@example.com"']
        lines += [f'unit = "Production/Team {number % TEAMS}"']
    return HEAD + "\n".join([*units, "", *lines]) + "\n" + TAIL


class LargeOrganization:
    """The sandbox, the file, and how many accounts there are."""

    def __init__(self, folder: Path, start: Callable[[Seed, Path], DelayedSandbox] = start) -> None:
        self.file = folder / "parameters" / "large.toml"
        self.file.parent.mkdir(parents=True)
        self.file.write_text(parameters(1), encoding="utf-8")
        seed = seed_of(load(self.file))
        at_once = {"latency_seconds": 0, "role_seconds": 0, "finalizing_seconds": 0, "services_seconds": 0}
        at_once |= {"policy_type_seconds": 0, "empty_pages": 0}
        paid: dict[str, Any] = {"account_quota": MOST_ACCOUNTS, "plan": "PAID", "credits_usd": "0"}
        quick = replace(seed, regions=("us-east-1",), **at_once, **paid)
        self.delayed: DelayedSandbox = start(quick, folder / "sandbox")
        self._apply("organization")
        self._apply("units")
        self.delayed.add_accounts(self.file)
        self._apply("trail")

    @property
    def sandbox(self) -> Sandbox:
        return self.delayed.sandbox

    def grow(self, accounts: int) -> None:
        """Have so many member accounts, in the file and in AWS."""
        self.file.write_text(parameters(accounts), encoding="utf-8")
        self.delayed.add_accounts(self.file)

    def client(self, service: str, account: str = "", role: str = "OrganizationAccountAccessRole") -> Any:
        """Plain boto3, in the management account or through a role elsewhere."""
        with self._as_operator():
            keys = keys_of_role(self.client("sts"), account, role) if account else {}
            return boto3.Session().client(service, endpoint_url=self.sandbox.endpoint_url, **keys)

    @contextmanager
    def _as_operator(self) -> Iterator[None]:
        with environment(self.sandbox.environment()):
            yield

    def _apply(self, phase: str) -> None:
        desired = load(self.file)
        with self._as_operator():
            aws = connect(desired)
            observed = observe(aws, desired, phase)
            outcomes = apply(aws, plan(phase, observed, desired), IdIndex(observed, desired), _no_answer_is_lost)
        if outcomes.failed:
            raise SystemExit(f"{phase}: {outcomes.failed}")


def _no_answer_is_lost() -> Any:
    raise AssertionError("AWS was looked at again")
