"""Reading an organization takes the calls that AWS's page sizes ask for, and not one more: counted by the server."""

from collections import Counter
from collections.abc import Callable, Iterator
from math import ceil
from typing import Any

import pytest

from orgkit.aws.session import Connection
from orgkit.engine.observe import observe
from orgkit.model.desired import format_path
from orgkit.model.observed import Observed
from tests.bootstrap.project import Project, Stage
from tests.conftest import Tell

AT_ONCE, REFILLED = 3, 30  # CreateAccount's burst, and the virtual seconds after which it is there again
CHAIN = "Production/A/B/C/D"  # its last unit is at depth 5: AWS allows none below it, so that none is asked for
UNITS = ("Production", "Infrastructure", "Security", *(CHAIN[: 12 + 2 * n] for n in range(4)), "Lab", "Pilot", "Attic")
PAGE, TAGGED_PAGE = 20, 100
Calls = Counter[str]


@pytest.fixture(scope="module")
def crowd(project: Project) -> Iterator[Stage]:
    """A sandbox that is in nobody's way: accounts are there at once, as many as are wanted."""
    at_once: dict[str, Any] = {
        "throttling": False,
        "empty_pages": 0,
        "creation_seconds": (1, 1),
        "finalizing_seconds": 0,
    }
    stage = Stage(project, account_quota=1100, **at_once)
    with stage.sandbox:
        yield stage


def fewest(accounts: int) -> Calls:
    """The formula of aws.md, for the accounts that were created, the management account and the units above."""
    above = ["", *(unit for unit in UNITS if unit.count("/") < 4)]
    return Counter(
        {
            "GetCallerIdentity": 1,
            "DescribeOrganization": 1,
            "ListRoots": 1,
            "ListAWSServiceAccessForOrganization": 1,
            "ListOrganizationsFeatures": 1,
            "ListAccounts": ceil((accounts + 1) / PAGE),
            "ListOrganizationalUnitsForParent": len(above),
            "GetResources": ceil((accounts + len(UNITS)) / TAGGED_PAGE),  # the management account has no tags
        }
    )


def without_paths(accounts: int) -> Calls:
    """Where AWS reports no paths: in addition one list of accounts for each unit, and one for each page of the root."""
    placed = len(UNITS) + ceil((accounts + 1 - len(UNITS)) / PAGE)
    return fewest(accounts) + Counter({"ListAccountsForParent": placed})


def populate(stage: Stage, accounts: int) -> None:
    """The units, then the accounts; the first of them are in a unit each, the others in the root."""
    stage.begin("organization", "units")
    aws = stage.client("organizations")
    units = {"": aws.list_roots()["Roots"][0]["Id"]}
    for item in aws.list_organizational_units_for_parent(ParentId=units[""])["OrganizationalUnits"]:
        units[item["Name"]] = item["Id"]
    for path in UNITS[len(units) - 1 :]:
        units[path] = make_unit(aws, units, path)
    for number in range(accounts):
        if number % AT_ONCE == 0:
            stage.sandbox.sleep(REFILLED)
        aws.create_account(AccountName=f"a{number}", Email=f"a{number}@example.com", Tags=tags(f"a{number}"))
    stage.sandbox.sleep(REFILLED)
    place(aws, units)


def make_unit(aws: Any, units: dict[str, str], path: str) -> str:
    parent, _, name = path.rpartition("/")
    made = aws.create_organizational_unit(ParentId=units[parent], Name=name, Tags=tags(name))
    return str(made["OrganizationalUnit"]["Id"])


def place(aws: Any, units: dict[str, str]) -> None:
    born = {item["Name"]: item["Id"] for page in aws.get_paginator("list_accounts").paginate()
            for item in page["Accounts"]}  # fmt: skip
    for number, path in enumerate(UNITS):
        ends = {"SourceParentId": units[""], "DestinationParentId": units[path]}
        aws.move_account(AccountId=born[f"a{number}"], **ends)


def tags(name: str) -> list[dict[str, str]]:
    """Three of them, as an account of orgkit has: a page of tags must not be cut by their number."""
    return [{"Key": key, "Value": name} for key in ("Name", "Owner", "orgkit:key")]


def read(stage: Stage, prepare: Callable[[Connection], None] = lambda _: None) -> tuple[Observed, Calls]:
    """Connected and read as a phase does it, and what the server's own log says that it took."""
    stage.sandbox.forget_calls()
    with stage.connected() as aws:
        prepare(aws)
        observed = observe(aws, stage.desired, "units")
    calls = stage.sandbox.calls()
    assert not [call for call in calls if call["error"]]
    return observed, Counter(call["operation"] for call in calls)


def table(accounts: int, formula: Calls, counted: Calls) -> str:
    rows = [f"{operation:<38}{formula[operation]:>9}{counted[operation]:>9}" for operation in formula | counted]
    head = f"{accounts} accounts, {len(UNITS)} units".ljust(38) + "  formula  counted"
    return "\n".join(["", head, *rows, f"{'calls':<38}{formula.total():>9}{counted.total():>9}"])


def check_read(observed: Observed, accounts: int) -> None:
    """Few calls are no merit when something is missing."""
    assert sorted(format_path(unit.path) for unit in observed.units) == sorted(UNITS)
    assert len(observed.accounts) == accounts + 1
    where = {account.name: (format_path(account.unit), account.tag.get("Owner")) for account in observed.accounts}
    assert [where[f"a{number}"] for number in range(len(UNITS))] == [(p, f"a{n}") for n, p in enumerate(UNITS)]
    assert where[f"a{accounts - 1}"] == ("", f"a{accounts - 1}")


@pytest.mark.parametrize(("accounts", "at_most"), [(60, 29), (1000, 80)])
def test_an_organization_is_read_in_the_fewest_calls_that_aws_allows(
    crowd: Stage, accounts: int, at_most: int, report: Tell
) -> None:
    populate(crowd, accounts)
    observed, counted = read(crowd)
    report(table(accounts, fewest(accounts), counted))
    check_read(observed, accounts)
    assert counted == fewest(accounts)
    assert counted.total() <= at_most


def test_where_no_paths_are_told_each_unit_is_asked_for_its_accounts_and_no_account_for_its_unit(
    crowd: Stage, report: Tell
) -> None:
    populate(crowd, 60)
    observed, counted = read(crowd, forget_paths)
    report(table(60, without_paths(60), counted))
    check_read(observed, 60)
    assert counted == without_paths(60)


def forget_paths(aws: Connection) -> None:
    """As before 2026-03-31, when AWS did not report them."""
    whole = aws.pages

    def without(*requests: Any, **parameters: Any) -> Iterator[dict[str, Any]]:
        for item in whole(*requests, **parameters):
            yield {name: value for name, value in item.items() if name != "Paths"}

    aws.pages = without  # type: ignore[method-assign]
