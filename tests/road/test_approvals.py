"""What an approval covers and what it does not, by the command line; each refusal leaves AWS as it was."""

import hashlib
import json
from pathlib import Path

from tests.road.project import Stage


class TestAnApproval:
    def test_of_no_plan_at_all_is_refused(self, stage: Stage) -> None:
        stage.begin("organization")
        for digest in ("0" * 64, "0" * 12):
            refused = stage.project.phase("02", digest, code=4)
            assert refused["outcome"] == "plan changed"
        assert stage.changes() == []

    def test_of_another_phase_is_refused(self, stage: Stage) -> None:
        stage.begin("organization", "units")
        accounts = stage.project.plan("03")["plan_sha256"]
        untag(stage, "Production")
        units = stage.project.plan("02")["plan_sha256"]
        stage.sandbox.forget_calls()
        assert "phase accounts" in " ".join(stage.project.phase("02", accounts, code=4)["reasons"])
        assert "phase units" in " ".join(stage.project.phase("03", units, code=4)["reasons"])
        assert stage.changes() == []

    def test_does_not_cover_what_has_changed_since(self, stage: Stage) -> None:
        stage.begin("organization", "units")
        untag(stage, "Production")
        digest = stage.project.plan("02")["plan_sha256"]
        untag(stage, "Security")
        stage.sandbox.forget_calls()
        refused = stage.project.phase("02", digest, code=4)
        assert "tag organizational unit Security" in " ".join(refused["reasons"])
        assert stage.changes() == []

    def test_covers_what_is_left_when_somebody_has_done_a_part(self, stage: Stage) -> None:
        stage.begin("organization", "units")
        for unit in ("Production", "Security"):
            untag(stage, unit)
        planned = stage.project.plan("02")
        stage.client("organizations").tag_resource(
            ResourceId=unit_id(stage, "Security"),
            Tags=[{"Key": key, "Value": value} for key, value in planned["steps"][-1]["tags"]],
        )
        done = stage.project.phase("02", planned["plan_sha256"])
        assert done["ended"] == {"done": 1}
        record = Path(done["record"])
        assert hashlib.sha256((record / "plan.json").read_bytes()).hexdigest() == planned["plan_sha256"]
        assert len(json.loads((record / "remainder.json").read_text())["steps"]) == 1

    def test_does_not_cover_doing_again_what_somebody_undid(self, stage: Stage) -> None:
        stage.begin("organization", "units")
        untag(stage, "Production")
        digest = stage.project.plan("02")["plan_sha256"]
        stage.project.phase("02", digest)
        untag(stage, "Production")
        assert "undone since" in " ".join(stage.project.phase("02", digest, code=4)["reasons"])

    def test_ends_and_is_not_renewed_by_its_own_refusal(self, stage: Stage) -> None:
        stage.begin("organization")
        digest = stage.project.plan("02")["plan_sha256"]
        stage.sandbox.sleep(25 * 3600)
        for _ in range(2):
            assert "24 hours" in " ".join(stage.project.phase("02", digest, code=4)["reasons"])
        assert stage.changes() == []
        assert stage.project.plan("02")["plan_sha256"] == digest  # read again: the same plan, approved afresh
        assert stage.project.phase("02", digest)["outcome"] == "done"

    def test_can_be_of_a_plan_that_was_handed_over(self, stage: Stage, tmp_path: Path) -> None:
        stage.begin("organization")
        asked = stage.project.phase("02", code=3)
        for name in ("plan.json", "review.json"):
            (tmp_path / name).write_bytes((Path(asked["record"]) / name).read_bytes())
        stage.begin("organization")  # another outputs folder, which never saw the plan
        digest = asked["plan_sha256"]
        stage.project.phase("02", digest, code=4)
        stage.project.phase("02", "0" * 64, code=4, more=("--plan-file", tmp_path / "plan.json"))
        assert stage.changes() == []
        done = stage.project.phase("02", digest, more=("--plan-file", tmp_path / "plan.json"))
        assert done["outcome"] == "done"


def unit_id(stage: Stage, name: str) -> str:
    organizations = stage.client("organizations")
    root = organizations.list_roots()["Roots"][0]["Id"]
    units = organizations.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"]
    return next(str(unit["Id"]) for unit in units if unit["Name"] == name)


def untag(stage: Stage, unit: str) -> None:
    stage.client("organizations").untag_resource(ResourceId=unit_id(stage, unit), TagKeys=["ManagedBy"])
