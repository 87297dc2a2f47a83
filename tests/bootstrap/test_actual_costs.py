"""07-actual-costs and `orgkit costs`, on three months of bills: credits, pages, a silent account, one over its range.

The bills are given as a person gives them, and the record is read as a stranger reads it.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from orgkit.costs.bills.month import last
from orgkit.phases.permissions import policy_for
from orgkit.phases.registry import phase_of
from tests.bootstrap.project import PHASES_THAT_CHANGE, Stage, new_project

CONFIG, EC2 = "AWS Config", "Amazon Elastic Compute Cloud - Compute"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(new_project(tmp_path_factory.mktemp("bills") / "project"))
    with stage.sandbox:
        stage.begin(*PHASES_THAT_CHANGE)
        yield stage


@pytest.fixture(scope="module")
def months(stage: Stage) -> list[str]:
    return [str(month) for month in last(3, datetime.fromisoformat(stage.sandbox.now()))]


@pytest.fixture(scope="module")
def billed(stage: Stage, months: list[str]) -> Stage:
    """dns is silent; website-prod used more than its range in the newest month, and has credits there."""
    rows = [(month, "management", "AWS Cost Explorer", "Usage", "0.30") for month in months]
    amounts = zip(months, ("6", "6.25", "61.5"), strict=True)
    rows += [(month, "website-prod", CONFIG, "Usage", amount) for month, amount in amounts]
    rows += [(months[-1], "website-prod", CONFIG, "Credit", "-20"), (months[-1], "website-prod", EC2, "Usage", "12.5")]
    rows += [(months[-1], "management", "Tax", "Tax", "3.21")]
    header = "month,account,service,record_type,amount"
    file = stage.project.folder / "bills.csv"
    file.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n", encoding="utf-8")
    (stage.project.folder / "outputs" / "sandbox").mkdir(exist_ok=True)
    (stage.project.folder / "outputs" / "sandbox" / "box").symlink_to(stage.sandbox.folder)
    stage.project.orgkit("sandbox", "seed-bills", file, "--page-size", "2")
    return stage


def test_before_there_is_a_bill_the_run_ends_as_not_ready_and_says_so(stage):
    done = stage.project.json("run", stage.project.file, "07", code=9)
    assert "no data yet" in json.dumps(done)
    output = stage.project.orgkit("costs", stage.project.file, code=9).stdout
    assert "AWS has no data yet, which does not mean no costs" in " ".join(output.split())


def test_the_record_tells_every_account_and_explains_the_one_over_its_range(billed, months):
    done = billed.project.json("run", billed.project.file, "07")
    (page,) = Path(billed.project.environment["ORGKIT_OUTPUTS"]).rglob(f"*{done['run'][-8:]}/*.html")
    shown = page.read_text(encoding="utf-8")
    text = " ".join(re.sub(r"<[^>]+>", " ", shown).split())
    for month, used in zip(months, ("6.30", "6.55", "74.30"), strict=True):
        assert f"{month}: USD {used} used" in text
    assert "-20.00 of credits, 57.51 billed" in text
    assert "AWS Config in website-prod: 61.50 USD, 50.50 above the high of 11.00" in text
    assert "about 20,400 " in text
    assert f"{EC2} in website-prod: 12.50 USD, which nothing in the estimate counts" in text
    assert "3.21 USD of taxes, purchases, discounts or refunds" in text
    assert re.search(r"dns 1\.33 2\.80 23\.40 0\.00 0\.00", text), "a silent account shows 0"
    assert shown.count("data:image/svg+xml") >= 3


def test_reading_costs_what_it_says_and_nothing_the_second_time(billed, months):
    billed.sandbox.forget_calls()
    named = [part for month in months for part in ("--month", month)]
    facts = billed.project.json("costs", billed.project.file, *named, "--fresh", "--at-most", "0.20")
    requests = [call for call in billed.sandbox.calls() if call["service"] == "ce"]
    assert facts["paid"].startswith(f"{len(requests)} request(s) to Cost Explorer, {len(requests) / 100:.2f} USD")
    assert len(requests) == 9, "two for each month, the credits of the newest, and two second pages"
    assert sum("NextPageToken" in call["parameters"] for call in requests) == 2
    again = billed.project.json("costs", billed.project.file, *named)
    assert again["paid"].startswith("0 request(s) to Cost Explorer, 0.00 USD")
    assert again["months"] == facts["months"]


def test_more_than_was_allowed_is_not_spent(billed, months):
    output = billed.project.orgkit("costs", billed.project.file, "--fresh", "--at-most", "0.01", code=1).stderr
    assert "--at-most" in output


def test_the_rows_are_written_for_a_spreadsheet(billed, months):
    billed.project.orgkit("costs", billed.project.file, "--save", "costs.csv")
    lines = (billed.project.folder / "costs.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("BillingPeriodStart,SubAccountId,SubAccountName,ServiceName,low,expected,high,gross")
    assert any(f",website-prod,{CONFIG}," in line and ",61.5,-20,0,41.5," in line for line in lines)


def test_a_terminal_of_80_columns_holds_it(billed):
    output = billed.project.orgkit("costs", billed.project.file).stdout
    assert max(map(len, output.splitlines())) <= 80


def test_its_policy_allows_what_it_calls_and_no_change(billed):
    billed.sandbox.forget_calls()
    billed.project.json("run", billed.project.file, "07", "-p", "at_most=0.30")
    called = {f"{call['service']}:{call['operation']}" for call in billed.sandbox.calls()}
    actions = {action for each in policy_for([phase_of("07")])["Statement"] for action in each["Action"]}
    free = {"sts:GetCallerIdentity"}  # needs no permission
    assert {call.replace("tagging:", "tag:") for call in called} - free <= actions
    assert billed.changes() == []


def test_a_runbook_is_not_given_a_parameter_that_it_does_not_have(billed):
    output = billed.project.orgkit("run", billed.project.file, "06", "-p", "months=2026-10", code=2).stderr
    assert "has no parameter 'months'" in output
