"""One reading of AWS by several threads: the calls that it makes, how many at once, and the same plan."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

import pytest

from orgkit.aws.executor import Executor, SerialExecutor, ThreadedExecutor
from orgkit.aws.identity import Caller
from orgkit.aws.session import report_no_read
from orgkit.aws.waiting import report_nothing
from orgkit.engine import observe as engine
from orgkit.engine.observe import observe
from orgkit.model.desired import ACCESS_ROLE, READ_ROLE, AccountSpec, Desired, ImportSpec
from orgkit.model.observed import Observed
from orgkit.phases.member_access.member_roles_aws import GuessedMembers, members_to_read
from orgkit.phases.member_access.roles import ADMINISTRATOR, READ_POLICY, read_policy, trust
from orgkit.phases.registry import phases_for, plan
from tests.conftest import Tell
from tests.plans.loader import AS_ASKED, MANAGEMENT, ORGANIZATION, desired_of

ROOT = "r-root"


class Traffic:
    """How many calls are under way at the same time, at most."""

    def __init__(self) -> None:
        self.peak = self._under_way = 0
        self.lock = threading.Lock()

    @contextmanager
    def call(self) -> Iterator[None]:
        with self.lock:
            self._under_way += 1
            self.peak = max(self.peak, self._under_way)
        yield
        with self.lock:
            self._under_way -= 1


@dataclass
class Emulated:
    """The calls that a reading of the tree and of its members makes, answered from a parameters file."""

    desired: Desired
    executor: Executor
    account: str = MANAGEMENT
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    traffic: "Traffic" = field(default_factory=lambda: Traffic())
    with_paths: bool = True
    kind, partition, progress = "aws", "aws", staticmethod(report_nothing)
    report_read = staticmethod(report_no_read)

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

    def _count(self, service: str, operation: str, subject: str) -> None:
        with self.traffic.call():
            with self.traffic.lock:
                self.calls[f"{operation} {subject}".strip(), self.account] += 1
            if self.executor.threads > 1:
                time.sleep(0.001)  # others begin meanwhile

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


def planned(aws: Emulated) -> bytes:
    """The plan as it is digested."""
    observed = observe(aws, aws.desired, "accounts", findings=False)  # type: ignore[arg-type]
    return plan("accounts", observed, aws.desired).canonical


@pytest.mark.parametrize("count", [60, 500, 1000])
@pytest.mark.parametrize("executor", [SerialExecutor(), ThreadedExecutor()], ids=lambda each: str(each.threads))
def test_two_calls_read_an_account_and_one_call_lists_twenty(count: int, executor: Executor, report: Tell) -> None:
    desired = asking_for(count)
    aws = Emulated(desired, executor)
    assert b'"steps": []' in planned(aws)
    units = len(desired.units)
    tree = 4 + (1 + units) + ceil((count + 1) / 20) + ceil((count + 1 + units) / 100)
    report(f"{count} accounts: {aws.calls.total()} calls, at most {aws.traffic.peak} at once")
    assert aws.calls.total() == tree + 2 * count
    by_operation = Counter(operation.split()[0] for operation, _ in aws.calls.elements())
    assert by_operation["AssumeRole"] == by_operation["GetAccountAuthorizationDetails"] == count
    assert min(2, executor.threads) <= aws.traffic.peak <= executor.threads


def test_where_no_paths_are_reported_threads_ask_each_parent() -> None:
    desired = asking_for(60)
    plans = [
        planned(Emulated(desired, executor, with_paths=False)) for executor in (SerialExecutor(), ThreadedExecutor())
    ]
    assert plans[0] == plans[1] == planned(Emulated(desired, SerialExecutor()))


def test_an_account_that_several_phases_look_into_is_entered_once() -> None:
    desired = asking_for(3)
    specs = [spec for phase in phases_for(desired) for spec in phase.accounts(desired)]
    assert len(specs) > len(set(specs))
    tree = observe(Emulated(desired, SerialExecutor()), desired, "units", findings=False)  # type: ignore[arg-type]
    pairs = members_to_read(tree, specs)
    assert [spec.key for spec, _ in pairs] == [spec.key for spec in desired.accounts]


@pytest.mark.parametrize("profile", [None, "dns"], ids=["without a profile", "with a profile"])
def test_what_may_ask_a_person_is_read_by_the_main_thread(profile: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[bool] = []

    def read_phases(_aws: object, _desired: object, tree: Observed, *_: object) -> Observed:
        threads.append(threading.current_thread() is threading.main_thread())
        return tree

    monkeypatch.setattr(engine, "_read_phases", read_phases)
    names = ("dns", "1" * 12, "dns", "dns@acme.example")
    invited = ImportSpec(*names, ("Security",), ACCESS_ROLE, profile, leaves_other_organization=False, tags=())
    desired = replace(asking_for(3), imports=(invited,))
    planned(Emulated(desired, ThreadedExecutor()))
    assert threads == [True]


class SlowLists(Emulated):
    """The second page of accounts comes only when members of the first one are being read."""

    def pages(self, service: str, operation: str, member: str, **parameters: Any) -> Iterator[Any]:
        for number, item in enumerate(super().pages(service, operation, member, **parameters)):
            if operation == "ListAccounts" and number == 20 and self.executor.threads > 1:
                deadline = time.monotonic() + 20
                while not self._entered():
                    assert time.monotonic() < deadline, "no member was read"
                    time.sleep(0.001)
            yield item

    def _entered(self) -> bool:
        return any(operation.startswith("AssumeRole") for operation, _ in tuple(self.calls))


def test_member_accounts_are_read_while_the_others_are_still_listed() -> None:
    desired = asking_for(60)
    aws = SlowLists(desired, ThreadedExecutor())
    serial = Emulated(desired, SerialExecutor())
    assert planned(aws) == planned(serial)
    assert aws.calls == serial.calls


def test_only_accounts_that_seem_to_be_those_of_the_file_are_entered_ahead() -> None:
    desired = asking_for(3)
    by_email, by_id = desired.accounts[1], replace(desired.accounts[2], id="3" * 12)
    guess = GuessedMembers([*desired.accounts[:2], by_id], MANAGEMENT)
    found = {"Id": "2" * 12, "Email": by_email.email.upper(), "State": "ACTIVE"}
    assert guess.pair_of(found) == (by_email, "2" * 12)
    assert guess.pair_of(found | {"State": "SUSPENDED"}) is None
    assert guess.pair_of(found | {"Id": MANAGEMENT}) is None
    assert guess.pair_of(found | {"Email": "somebody@acme.example"}) is None
    assert guess.pair_of(found | {"Email": by_id.email}) is None  # its id is another
    assert guess.pair_of(found | {"Id": "3" * 12, "Email": "somebody@acme.example"}) == (by_id, "3" * 12)
    twice = [by_email, replace(by_email, key="other")]
    assert GuessedMembers(twice, MANAGEMENT).pair_of(found) is None
