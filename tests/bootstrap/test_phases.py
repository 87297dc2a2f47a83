"""Each phase by the command line, every command in a process of its own: planned, approved, applied, refused."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from orgkit.model.plan import digest_of
from tests.bootstrap.project import PHASES_THAT_CHANGE, Stage, before, sentences


@pytest.mark.parametrize("phase", PHASES_THAT_CHANGE)
def test_a_phase_waits_for_its_approval_then_is_done_then_has_nothing_to_change(stage: Stage, phase: str) -> None:
    stage.begin(*before(phase))
    planned = stage.project.plan(phase)
    digest = planned["digest"]
    assert sentences(planned)

    requests = stage.project.phase(phase, code=3)
    assert (requests["outcome"], requests["plan_sha256"]) == ("awaiting approval", planned["plan_sha256"])
    assert requests["digest"] in " ".join(requests["reasons"])
    record = Path(requests["record"])
    assert digest_of(*((record / name).read_bytes() for name in ("plan.json", "review.json"))) == requests["digest"]
    assert not (Path(requests["record"]) / "approval.json").exists()
    assert stage.changes() == []

    done = stage.project.phase(phase, digest, more=("--approver", "Jane Doe", "--ticket", "OPS-1"))
    assert (done["outcome"], done["steps"], done["digest"]) == ("done", len(planned["steps"]), digest)
    assert done["ended"] == {"done": done["steps"]}
    assert (done["approval"]["asserted_by"], done["approval"]["ticket"]) == ("Jane Doe", "OPS-1")
    journalled = [json.loads(line) for line in (Path(done["record"]) / "events.jsonl").read_text().splitlines()]
    seen = {call["request_id"]: call for call in stage.sandbox.calls() if call["mutating"]}
    committed = [event for event in journalled if event["event"] == "answer" and event["result"] == "committed"]
    assert {event["request_id"] for event in committed} == {key for key, call in seen.items() if not call["error"]}

    stage.sandbox.forget_calls()
    assert stage.project.phase(phase, digest)["outcome"] == "nothing to change"
    assert stage.project.plan(phase, code=0)["steps"] == []
    assert stage.changes() == []


@pytest.mark.parametrize("at_creation", [False, True])
def test_the_bootstrap_ends_the_same_whether_or_not_aws_enables_service_control_policies_at_creation(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, at_creation: bool
) -> None:
    monkeypatch.setattr(stage, "seed", replace(stage.seed, policies_at_creation=at_creation))
    stage.begin()
    digest = stage.project.plan("organization")["digest"]
    done = stage.project.phase("organization", digest, more=("--approver", "Jane Doe"))
    found = {"found done": 1} if at_creation else {}  # that switch is on when its step begins
    assert (done["outcome"], done["ended"]) == ("done", {"done": done["steps"] - len(found)} | found)
    assert stage.changes().count("organizations:EnablePolicyType") == 2 - len(found)
    for phase in PHASES_THAT_CHANGE[1:]:
        assert stage.apply(phase).steps
    (root,) = stage.client("organizations").list_roots()["Roots"]
    assert {(kind["Type"], kind["Status"]) for kind in root["PolicyTypes"]} == {
        ("RESOURCE_CONTROL_POLICY", "ENABLED"),
        ("SERVICE_CONTROL_POLICY", "ENABLED"),
    }
    assert all(plan["steps"] == [] for plan in stage.project.json("plan", stage.project.file)["plans"])


def test_what_only_reads_changes_nothing_and_needs_no_approval(stage: Stage) -> None:
    stage.begin()
    assert stage.project.phase("00")["outcome"] == "done"
    result = stage.project.phase("06")
    assert result["outcome"] == "done"
    scenarios = ("low", "expected", "high")
    parts = {f"{part}_{name}" for part in ("made", "later") for name in scenarios}
    assert set(result["estimate"]) == {*scenarios, *parts, "prices_of"}
    for name in scenarios:
        made, later = (Decimal(result["estimate"][f"{part}_{name}"]) for part in ("made", "later"))
        assert made + later == Decimal(result["estimate"][name])
    assert stage.changes() == []


class TestOutOfOrder:
    def test_units_before_the_organization_are_a_preview_and_refused(self, stage: Stage) -> None:
        stage.begin()
        preview = stage.project.plan("02")
        assert sentences(preview)
        assert preview["digest"] == ""
        rejection = stage.project.phase("02", code=1)
        assert "01-organization" in " ".join(rejection["reasons"])
        assert stage.changes() == []

    def test_accounts_before_their_units_are_refused(self, stage: Stage) -> None:
        stage.begin("organization")
        digest = stage.project.plan("03")["digest"]
        rejection = stage.project.phase("03", digest, code=1)
        assert "02-units" in " ".join(rejection["reasons"])
        assert stage.changes() == []

    def test_the_trail_needs_the_log_archive_account_and_no_import(self, stage: Stage) -> None:
        stage.begin("organization", "units")
        rejection = stage.project.phase("05", code=1)
        assert "03-accounts" in " ".join(rejection["reasons"])
        stage.apply("accounts")
        planned = stage.project.plan("05")
        assert stage.project.phase("05", planned["digest"])["outcome"] == "done"


def test_a_file_that_needs_mending_is_told_before_any_call(stage: Stage) -> None:
    stage.begin()
    broken = stage.project.file.with_name("broken.toml")
    broken.write_text(stage.project.file.read_text().replace('unit = "Production"', 'unit = "Productoin"'))
    for command in (("run", broken, "02"), ("plan", broken), ("check", broken), ("estimate", broken)):
        done = stage.project.orgkit(*command, code=2)
        assert "accounts.website-prod.unit" in done.stderr
        assert "Production" in done.stderr
    assert stage.sandbox.calls() == []


def test_all_plans_at_once_are_read_with_one_look_and_all_empty_in_the_end(stage: Stage) -> None:
    stage.begin()
    first = stage.project.json("plan", stage.project.file, code=3)["plans"]
    assert [bool(made["digest"]) for made in first] == [True, False, False, False, False]
    stage.begin(*PHASES_THAT_CHANGE)
    last = stage.project.json("plan", stage.project.file)["plans"]
    assert [made["steps"] for made in last] == [[]] * 5
    assert len([call for call in stage.sandbox.calls() if call["operation"] == "ListRoots"]) == 1
