"""What an approval covers and what it does not, by the command line; each refusal leaves AWS as it was."""

import json
import re
import secrets
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orgkit.model.plan import digest_of
from tests.bootstrap.project import Project, Stage
from tests.kill_after import killed_after

HOUR = 3600.0  # seconds


class TestAnApproval:
    def test_of_no_plan_at_all_is_refused(self, stage: Stage) -> None:
        stage.begin("organization")
        for digest in ("0" * 64, "0" * 12):
            assert "orgkit plan" in stage.project.phase("02", digest, code=4)["do"]
        assert stage.changes() == []

    def test_of_a_mistyped_or_truncated_digest_names_the_plan_and_leaves_no_record(self, stage: Stage) -> None:
        stage.begin("organization")
        digest = stage.planned("units")
        for typed in (digest[:12], digest[:-1], digest.upper(), digest[1:] + digest[0], f"{digest}0"):
            rejection = stage.project.phase("02", typed, code=4)
            assert "a digest" in rejection["why"] or "no plan with the digest" in rejection["why"]
            assert f"the plan of 02 is {digest}" in rejection["do"]
            assert "sha256" not in rejection["why"] + rejection["do"]
        assert records(stage) == []
        assert stage.project.phase("02", digest)["outcome"] == "done"

    def test_of_another_phase_is_refused(self, stage: Stage) -> None:
        stage.begin("organization", "units")
        accounts = stage.planned("accounts")
        untag(stage, "Production")
        units = stage.planned("units")
        stage.sandbox.forget_calls()
        assert "phase accounts" in " ".join(stage.project.phase("02", accounts, code=4)["reasons"])
        assert "phase units" in " ".join(stage.project.phase("03", units, code=4)["reasons"])
        assert stage.changes() == []

    def test_does_not_cover_what_has_changed_since(self, stage: Stage) -> None:
        stage.begin("organization", "units")
        untag(stage, "Production")
        digest = stage.planned("units")
        untag(stage, "Security")
        stage.sandbox.forget_calls()
        rejection = stage.project.phase("02", digest, code=4)
        assert "tag organizational unit Security" in " ".join(rejection["reasons"])
        assert stage.changes() == []

    def test_does_not_cover_taking_an_account_out_of_a_unit_that_somebody_else_has_put_it_into(
        self, stage: Stage
    ) -> None:
        stage.begin("organization", "units", "accounts")
        root = move(stage, "website-prod", to="")
        digest = stage.planned("accounts")
        unit = move(stage, "website-prod", to="Quarantine")
        stage.sandbox.forget_calls()
        rejection = " ".join(stage.project.phase("03", digest, code=4)["reasons"])
        assert (
            f"move account website-prod to Production: approved where AWS has {root}, and it has {unit} now"
            in rejection
        )
        assert stage.changes() == []

    def test_does_not_cover_what_is_left_when_no_run_under_it_did_the_rest(self, stage: Stage) -> None:
        stage.begin("organization", "units")
        for unit in ("Production", "Security"):
            untag(stage, unit)
        planned = stage.project.plan("02")
        stage.client("organizations").tag_resource(
            ResourceId=unit_id(stage, "Security"),
            Tags=[{"Key": key, "Value": value} for key, value in planned["steps"][-1]["tags"]],
        )
        stage.sandbox.forget_calls()
        refusal = stage.project.phase("02", planned["digest"], code=4)
        assert "1 of the 2 steps" in refusal["reasons"][1]
        assert refusal["next_command"] == "orgkit plan FILE units"
        assert stage.changes() == []
        assert stage.project.phase("02", named_in(refusal))["ended"] == {"done": 1}

    def test_does_not_cover_doing_again_what_somebody_undid_and_the_next_planning_does(self, stage: Stage) -> None:
        """Drift, repair, drift, repair: the plan has the same bytes each time, and each planning its own digest."""
        stage.begin("organization", "units")
        digests = []
        for _ in range(2):
            untag(stage, "Production")
            planned = stage.project.plan("02")
            digests.append((planned["plan_sha256"], planned["digest"]))
            assert stage.project.phase("02", planned["digest"])["ended"] == {"done": 1}
        assert (len({plan for plan, _ in digests}), len({digest for _, digest in digests})) == (1, 2)
        untag(stage, "Production")
        refusal = stage.project.phase("02", digests[1][1], code=4)
        assert "undone since" in refusal["reasons"][1]
        assert stage.project.phase("02", named_in(refusal))["ended"] == {"done": 1}
        stage.sandbox.sleep(40 * 24 * 3600)
        untag(stage, "Production")
        for _, digest in digests:
            stage.project.phase("02", digest, code=4)
        assert stage.project.phase("02", stage.planned("units"))["ended"] == {"done": 1}

    def test_ends_and_is_extended_neither_by_its_own_refusal_nor_by_planning_again(self, stage: Stage) -> None:
        stage.begin("organization")
        digest = stage.planned("units")
        stage.sandbox.sleep(23 * 3600)
        later = stage.planned("units")
        assert later != digest
        stage.sandbox.sleep(2 * 3600)
        for _ in range(2):
            assert "24 hours" in " ".join(stage.project.phase("02", digest, code=4)["reasons"])
        assert stage.changes() == []
        approval = stage.project.phase("02", later)["approval"]
        ends = datetime.fromisoformat(approval["expires_at"]) - datetime.fromisoformat(approval["at"])
        assert timedelta(hours=21) < ends < timedelta(hours=22, minutes=5)

    def test_can_be_of_a_plan_that_was_handed_over(self, stage: Stage, tmp_path: Path) -> None:
        stage.begin("organization")
        requests = stage.project.phase("02", code=3)
        for name in ("plan.json", "review.json"):
            (tmp_path / name).write_bytes((Path(requests["record"]) / name).read_bytes())
        stage.begin("organization")  # another outputs folder, which never saw the plan
        digest = requests["digest"]
        stage.project.phase("02", digest, code=4)
        stage.project.phase("02", requests["plan_sha256"], code=4, more=("--plan-file", tmp_path / "plan.json"))
        stage.project.phase("02", "0" * 64, code=4, more=("--plan-file", tmp_path / "plan.json"))
        assert stage.changes() == []
        done = stage.project.phase("02", digest, more=("--plan-file", tmp_path / "plan.json"))
        assert done["outcome"] == "done"


def move(stage: Stage, name: str, to: str) -> str:
    """Into a new unit of this name, or into the root; its id."""
    organizations = stage.client("organizations")
    account = next(str(a["Id"]) for a in organizations.list_accounts()["Accounts"] if a["Name"] == name)
    (parent,), (root,) = organizations.list_parents(ChildId=account)["Parents"], organizations.list_roots()["Roots"]
    unit = organizations.create_organizational_unit(ParentId=root["Id"], Name=to)["OrganizationalUnit"] if to else root
    organizations.move_account(AccountId=account, SourceParentId=parent["Id"], DestinationParentId=unit["Id"])
    return str(unit["Id"])


class TestAFreshMachine:
    """It has the plan that was handed over, and nothing in its outputs folder but what a test puts there."""

    @pytest.fixture
    def handed(self, tmp_path: Path) -> Callable[..., tuple[str, tuple[object, ...]]]:
        """Plan a phase and hand its two files over; the digest, and the options that name them."""

        def plan(stage: Stage, phase: str) -> tuple[str, tuple[object, ...]]:
            digest = stage.project.plan(phase)["digest"]
            (folder,) = Path(stage.project.settings["ORGKIT_OUTPUTS"]).glob(f"*/plans/*-{digest[:12]}")
            shutil.copytree(folder, tmp_path / digest)
            return digest, ("--plan-file", tmp_path / digest / "plan.json")

        return plan

    @pytest.fixture
    def fresh(self, tmp_path: Path) -> Callable[..., Project]:
        def machine(stage: Stage, *earlier: dict[str, Any]) -> Project:
            """With the records of earlier runs, as the apply workflow puts them there."""
            base = tmp_path / f"machine-{secrets.token_hex(4)}"
            for run in earlier:
                record = Path(run["record"])
                shutil.copytree(record, base / record.parent.name / record.name)
            return stage.project.within({"ORGKIT_OUTPUTS": str(base)})

        return machine

    def test_applies_a_whole_plan_and_refuses_the_remainder_of_one(self, stage: Stage, handed: Any, fresh: Any) -> None:
        stage.begin("organization")
        digest, files = handed(stage, "02")
        killed = fresh(stage).within(killed_after("CreateUnit")).phase("02", digest, code=7, more=files)
        stage.sandbox.forget_calls()
        refusal = fresh(stage).phase("02", digest, code=4, more=files)
        assert "no record here says that a run under this approval did them" in refusal["reasons"][1]
        assert (refusal["next_command"], stage.changes()) == ("orgkit plan FILE units", [])
        done = fresh(stage, killed).phase("02", digest, more=files)
        record = Path(done["record"])
        assert done["ended"] == {"done": 2}
        assert len(json.loads((record / "remainder.json").read_text())["steps"]) == 2
        assert digest_of(*((record / name).read_bytes() for name in ("plan.json", "review.json"))) == digest
        assert done["digest"] == done["approval"]["digest"] == digest

    def test_with_the_record_of_a_run_refuses_to_do_again_what_was_undone(
        self, stage: Stage, handed: Any, fresh: Any
    ) -> None:
        stage.begin("organization", "units")
        for unit in ("Production", "Security"):
            untag(stage, unit)
        digest, files = handed(stage, "02")
        done = fresh(stage).phase("02", digest, more=files)
        untag(stage, "Production")
        assert "no record here" in fresh(stage).phase("02", digest, code=4, more=files)["reasons"][1]
        assert "undone since" in fresh(stage, done).phase("02", digest, code=4, more=files)["reasons"][1]

    def test_goes_on_with_03_after_an_hour_of_finalizing_and_after_a_kill_and_is_never_stuck(
        self, stage: Stage, handed: Any, fresh: Any
    ) -> None:
        """As in CI: each run on a machine of its own, with the records of the earlier runs of its planning."""
        stage.sandbox.reset(replace(stage.seed, finalizing_seconds=3 * 3600))
        try:
            for phase in ("organization", "units"):
                assert stage.apply(phase).steps
            digest, files = handed(stage, "03")
            runs = [fresh(stage).phase("03", digest, code=9, more=files)]
            stage.sandbox.sleep(2 * 3600)
            machine = fresh(stage, *runs).within(killed_after("CreateAccount"))
            runs.append(machine.phase("03", digest, code=7, more=files))
            assert fresh(stage, *runs).phase("03", digest, more=files)["outcome"] == "done"
            assert stage.plan("accounts").empty
            assert stage.doubles() == []
        finally:
            stage.begin()

    def test_that_lost_the_records_of_a_killed_03_plans_again_and_is_not_stuck_either(
        self, stage: Stage, handed: Any, fresh: Any
    ) -> None:
        stage.begin("organization", "units")
        digest, files = handed(stage, "03")
        fresh(stage).within(killed_after("CreateAccount")).phase("03", digest, code=7, more=files)
        assert fresh(stage).phase("03", digest, code=4, more=files)["next_command"] == "orgkit plan FILE accounts"
        stage.sandbox.sleep(HOUR)  # AWS has created by then what it was creating when the run was killed
        digest, files = handed(stage, "03")
        assert fresh(stage).phase("03", digest, more=files)["outcome"] == "done"
        assert stage.doubles() == []


def named_in(refusal: dict[str, Any]) -> str:
    """The digest of the plan as it is now, which a refusal has kept."""
    return re.findall(r"[0-9a-f]{64}", refusal["reasons"][2])[0]


def records(stage: Stage) -> list[Path]:
    return [path.parent for path in Path(stage.project.settings["ORGKIT_OUTPUTS"]).glob("*/*/manifest.json")]


def unit_id(stage: Stage, name: str) -> str:
    organizations = stage.client("organizations")
    root = organizations.list_roots()["Roots"][0]["Id"]
    units = organizations.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"]
    return next(str(unit["Id"]) for unit in units if unit["Name"] == name)


def untag(stage: Stage, unit: str) -> None:
    stage.client("organizations").untag_resource(ResourceId=unit_id(stage, unit), TagKeys=["ManagedBy"])
