"""One reading of AWS by several threads: the calls that it makes, and the same plan and errors as one after the other.

A fault depends on the operation, the account and the number of the call, and not on the order in which threads run.
`python -m tests.engine.test_threaded_reads 200` tries 200 seeds.
"""

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

import pytest

from orgkit.aws.executor import Executor, SerialExecutor, ThreadedExecutor
from orgkit.aws.identity import Caller
from orgkit.aws.rejections import Rejected
from orgkit.aws.waiting import report_nothing
from orgkit.engine.observe import observe
from orgkit.errors import OrgkitError
from orgkit.model.desired import ACCESS_ROLE, READ_ROLE, AccountSpec, Desired
from orgkit.phases.member_access.roles import ADMINISTRATOR, READ_POLICY, read_policy, trust
from orgkit.phases.registry import plan
from tests.plans.loader import AS_ASKED, MANAGEMENT, ORGANIZATION, desired_of

ROOT, SEEDS = "r-root", 60
CODES = ("AccessDenied", "NoSuchEntity", "ThrottlingException", "NoAnswer", "ExpiredTokenException", "InternalFailure")


@dataclass
class Emulated:
    """The calls that a reading of the tree and of its members makes, answered from a parameters file."""

    desired: Desired
    executor: Executor
    seed: int = 0  # 0: without faults
    account: str = MANAGEMENT
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    with_paths: bool = True
    kind, partition, progress = "aws", "aws", staticmethod(report_nothing)

    def caller(self) -> Caller:
        return Caller(MANAGEMENT, f"arn:aws:sts::{MANAGEMENT}:assumed-role/operator/jane", "ASIAEXAMPLE")

    def read(self, service: str, operation: str, **parameters: Any) -> Any:
        self._count(service, operation, str(parameters.get("RoleName", "")))
        answers: Mapping[str, Callable[[], Any]] = {
            "DescribeOrganization": lambda: {
                "Organization": {"Id": ORGANIZATION, "MasterAccountId": MANAGEMENT, "FeatureSet": "ALL"}
            },
            "ListOrganizationsFeatures": lambda: {"EnabledFeatures": AS_ASKED["root_features"]},
            "GetRolePolicy": lambda: {"PolicyDocument": read_policy(self._reads)},
            "GetRole": lambda: {"Role": {"AssumeRolePolicyDocument": trust(MANAGEMENT)}},
        }
        return answers[operation]()

    def pages(self, service: str, operation: str, member: str, **parameters: Any) -> Iterator[Any]:
        items = self._items(operation, parameters)
        size = {"ListAccounts": 20, "ListAccountsForParent": 20, "GetResources": 100}.get(operation, 1000)
        for start in range(0, max(len(items), 1), size):
            self._count(service, operation, str(parameters.get("ParentId", parameters.get("ResourceId", ""))))
            yield from items[start : start + size]

    def assume(self, account: str, role: str) -> "Emulated":
        assert role == READ_ROLE
        self._count("sts", "AssumeRole", account)
        return replace(self, account=account)

    def release(self) -> None:
        """There are no clients."""

    def _count(self, service: str, operation: str, subject: str) -> None:
        """Take down the call; Rejected where the seed has a fault for it."""
        key = f"{operation} {subject}".strip(), self.account
        with self.lock:
            self.calls[key] += 1
            count = self.calls[key]
        chance, pause = random.Random(f"{self.seed} {key} {count}"), random.Random(f"{key} {self.seed}")
        if self.seed and self.executor.threads > 1:
            time.sleep(0.002 * pause.random())  # the order in which threads come to an end differs from seed to seed
        if self.seed and chance.random() < 0.03:
            code = chance.choice(CODES)
            raise Rejected(f"{service}:{operation}", code, "", f"fault in account {self.account}", "")

    @property
    def _reads(self) -> Any:
        key = self.desired.accounts[int(self.account) - 1].key
        return self.desired.reads_in(key)

    def _items(self, operation: str, parameters: Mapping[str, Any]) -> list[Any]:
        if operation == "ListRoots":
            types = [{"Type": kind, "Status": status} for kind, status in AS_ASKED["policy_types"].items()]
            return [{"Id": ROOT, "PolicyTypes": types}]
        if operation == "ListAWSServiceAccessForOrganization":
            return [{"ServicePrincipal": principal} for principal in AS_ASKED["trusted_access"]]
        if operation == "ListOrganizationalUnitsForParent":
            units = enumerate(self.desired.units) if parameters["ParentId"] == ROOT else ()
            return [{"Id": _unit_id(number), "Name": unit.name} for number, unit in units]
        if operation == "GetAccountAuthorizationDetails":
            return [self._role(ACCESS_ROLE, managed=[ADMINISTRATOR]), self._role(READ_ROLE, policy=True)]
        if operation == "GetResources":
            return [{"ResourceARN": f"x/{item}", "Tags": _as_aws(tags)} for item, tags in self._tags().items()]
        if operation == "ListTagsForResource":
            return _as_aws(self._tags()[parameters["ResourceId"]])
        if operation == "ListAccountsForParent":
            return [item for item in self._accounts() if item["Parent"] == parameters["ParentId"]]
        return self._accounts()

    def _accounts(self) -> list[Any]:
        numbers = {unit.path: _unit_id(number) for number, unit in enumerate(self.desired.units)}
        accounts = [(MANAGEMENT, "acme", "aws@acme.example", ROOT)]
        accounts += [
            (_id(number), spec.name, spec.email, numbers[spec.unit])
            for number, spec in enumerate(self.desired.accounts)
        ]
        items = []
        for account, name, email, parent in accounts:
            above = "" if parent == ROOT else f"{parent}/"
            item = {"Id": account, "Name": name, "Email": email, "State": "ACTIVE", "Parent": parent}
            paths = {"Paths": [f"{ORGANIZATION}/{ROOT}/{above}{account}/"]} if self.with_paths else {}
            items.append({**item, **paths, "JoinedMethod": "CREATED"})
        return items

    def _tags(self) -> dict[str, Any]:
        tags = {_unit_id(number): unit.tags for number, unit in enumerate(self.desired.units)}
        return tags | {_id(number): spec.tags for number, spec in enumerate(self.desired.accounts)} | {MANAGEMENT: ()}

    def _role(self, name: str, managed: Any = (), *, policy: bool = False) -> Any:
        inline = [{"PolicyName": READ_POLICY, "PolicyDocument": read_policy(self._reads)}] if policy else []
        return {
            "RoleName": name, "AssumeRolePolicyDocument": trust(MANAGEMENT), "RolePolicyList": inline,
            "AttachedManagedPolicies": [{"PolicyArn": arn} for arn in managed],
        }  # fmt: skip


def _unit_id(number: int) -> str:
    return f"ou-root-{number:08}"


def _id(number: int) -> str:
    return f"{number + 1:012}"


def _as_aws(tags: Any) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags]


def asking_for(count: int) -> Desired:
    """A parameters file with so many member accounts in one unit."""
    desired = desired_of()
    (archive,) = desired.accounts
    others = tuple(
        AccountSpec(
            f"key-{number}", f"Account {number}", f"aws-{number}@acme.example", archive.unit, ACCESS_ROLE,
            iam_access_to_billing=False, tags=(("orgkit:key", f"key-{number}"),),
        )
        for number in range(1, count)
    )  # fmt: skip
    return replace(desired, accounts=(archive, *others))


def outcome(aws: Emulated) -> bytes | str:
    """The plan as it is digested, or the error that a person reads."""
    try:
        observed = observe(aws, aws.desired, "accounts", findings=False)  # type: ignore[arg-type]
        return plan("accounts", observed, aws.desired).canonical
    except OrgkitError as error:
        return f"{type(error).__name__} {error}"


def differing_seeds(seeds: Iterator[int] | range, desired: Desired) -> list[int]:
    """The seeds of which one reading ends otherwise with threads than without."""
    pairs = ((seed, Emulated(desired, SerialExecutor(), seed)) for seed in seeds)
    return [seed for seed, aws in pairs if outcome(aws) != outcome(Emulated(desired, ThreadedExecutor(), seed))]


@pytest.mark.parametrize("count", [60, 500, 1000])
@pytest.mark.parametrize("executor", [SerialExecutor(), ThreadedExecutor()], ids=lambda each: str(each.threads))
def test_two_calls_read_an_account_and_one_call_lists_twenty(count: int, executor: Executor) -> None:
    desired = asking_for(count)
    aws = Emulated(desired, executor)
    assert b'"steps": []' in outcome(aws)  # type: ignore[operator]
    units = len(desired.units)
    tree = 4 + (1 + units) + ceil((count + 1) / 20) + ceil((count + 1 + units) / 100)
    assert aws.calls.total() == tree + 2 * count
    by_operation = Counter(operation.split()[0] for operation, _ in aws.calls.elements())
    assert by_operation["AssumeRole"] == by_operation["GetAccountAuthorizationDetails"] == count


def test_with_faults_threads_plan_and_fail_as_one_read_after_the_other() -> None:
    desired = asking_for(20)
    assert differing_seeds(range(1, SEEDS + 1), desired) == []
    outcomes = {outcome(Emulated(desired, SerialExecutor(), seed)) for seed in range(1, SEEDS + 1)}
    assert len(outcomes) > SEEDS // 4, "the faults made no difference"
    assert any(isinstance(each, bytes) for each in outcomes)
    assert any(isinstance(each, str) for each in outcomes)


def test_where_no_paths_are_reported_threads_ask_each_parent() -> None:
    desired = asking_for(60)
    plans = [
        outcome(Emulated(desired, executor, with_paths=False)) for executor in (SerialExecutor(), ThreadedExecutor())
    ]
    assert plans[0] == plans[1] == outcome(Emulated(desired, SerialExecutor()))


if __name__ == "__main__":
    started = time.process_time()
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    wrong = differing_seeds(range(1, total + 1), asking_for(60))
    print(f"{total} seeds, {len(wrong)} bad {wrong}, {time.process_time() - started:.1f} s of CPU")
    sys.exit(bool(wrong))
