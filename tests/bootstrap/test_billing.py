"""10-billing on the sandbox: proposed, approved, applied, and nothing left; asked of AWS by plain boto3."""

from collections.abc import Iterator

import pytest

from orgkit.phases.permissions import policy_for
from orgkit.phases.registry import phase_of
from tests.bootstrap.project import PHASES_THAT_CHANGE, Stage, new_project

SECTION = '[billing]\nalerts = ["ada@example.com"]\n'


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    project = new_project(tmp_path_factory.mktemp("billing") / "project")
    project.file.write_text(project.file.read_text(encoding="utf-8").replace("[billing]\n", SECTION), encoding="utf-8")
    stage = Stage(project)
    with stage.sandbox:
        stage.begin(*PHASES_THAT_CHANGE)
        yield stage


def test_nothing_is_made_before_somebody_approves_and_then_exactly_that(stage):
    plans = stage.project.json("plan", stage.project.file, code=3)["plans"]
    assert [(plan["phase"], bool(plan["steps"])) for plan in plans][-2:] == [("05-trail", False), ("10-billing", True)]
    states = {phase["phase"]: phase for phase in stage.project.json("status", stage.project.file, code=3)["phases"]}
    assert states["10-billing"]["state"] == "ready"
    plan = stage.project.plan("10")
    stage.project.phase("10", code=3)
    assert stage.changes() == []
    done = stage.project.phase("10", plan["digest"])
    assert done["outcome"] == "done"
    budgets = stage.client("budgets").describe_budgets(AccountId=stage.desired.organization.management_account_id)
    made = {budget["BudgetName"]: budget["BudgetLimit"]["Amount"] for budget in budgets["Budgets"]}
    assert made["orgkit-organization"] == "66"  # the high scenario of the example is 65.56
    assert {"orgkit-account-website-prod", "orgkit-management"} <= set(made)
    prod = next(each for each in budgets["Budgets"] if each["BudgetName"] == "orgkit-account-website-prod")
    assert len(prod["CostFilters"]["LinkedAccount"][0]) == 12
    counted = {name for name, value in prod["CostTypes"].items() if name.startswith("Include") and value}
    assert counted <= {"IncludeDiscount"}, "taxes and support are not in the estimate either"
    costs = stage.client("ce", region_name="us-east-1")
    (monitor,) = costs.get_anomaly_monitors()["AnomalyMonitors"]
    (alert,) = costs.get_anomaly_subscriptions()["AnomalySubscriptions"]
    assert alert["MonitorArnList"] == [monitor["MonitorArn"]]
    assert alert["ThresholdExpression"]["Dimensions"]["Values"] == ["7"]
    active = costs.list_cost_allocation_tags(Status="Active")["CostAllocationTags"]
    assert [tag["TagKey"] for tag in active if tag["Status"] == "Active"] == ["orgkit:key"]
    assert stage.project.json("plan", stage.project.file, "10")["plans"][0]["steps"] == []


def test_its_policy_allows_every_call_and_no_more_than_the_steps_need(stage):
    allowed = {action for each in policy_for([phase_of("10")])["Statement"] for action in each["Action"]}
    assert {"budgets:ModifyBudget", "ce:CreateAnomalyMonitor", "ce:UpdateCostAllocationTagsStatus"} <= allowed
    assert not [action for action in allowed if "Delete" in action or "UpdateBilling" in action]


def test_how_discounts_are_shared_is_shown(stage):
    output = " ".join(stage.project.orgkit("plan", stage.project.file, "10").stdout.split())
    assert "Reserved Instance and Savings Plans discounts are shared among the accounts" in output
