import hashlib
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from orgkit.dataclass import dataclass
from orgkit.errors import ApprovalMismatch
from orgkit.journal.events import Journal
from orgkit.model.approval import ApprovedPlan
from orgkit.model.plan import ABSENT, Plan, Step, Target
from orgkit.phases.organizational_units.steps import CreateUnit
from orgkit.phases.registry import PHASES, phase_of
from orgkit.records import outputs
from orgkit.records.files import RUN_FOLDER
from orgkit.records.plan_store import adopt_plan
from tests.plans.loader import reviewed

ACCOUNT = "123456789012"
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class MakeUnit(Step):
    kind: ClassVar = "make-unit"
    starts_from: str = ABSENT
    name: str

    @property
    def subject(self) -> str:
        return self.name

    @property
    def sentence(self) -> str:
        return f"create the organizational unit {self.name}"


def plan_of(*names: str, organization: str | None = "o-abc") -> Plan:
    target = Target(account=ACCOUNT, organization=organization, partition="aws", kind="emulator")
    return reviewed(Plan("units", target, tuple(MakeUnit(name=name) for name in names)), NOON)


def keep(base: Path, plan: Plan, at: datetime = NOON) -> Path:
    folder = outputs.keep_plan(base, ACCOUNT, reviewed(plan, at))
    assert folder is not None
    return folder


def run_with(base: Path, *events: dict[str, object], plan: Plan | None = None, at: datetime = NOON) -> Path:
    folder = outputs.new_run_folder(base, ACCOUNT, "units", at)
    journal = Journal(folder / "events.jsonl")
    for event in events:
        journal.write(**event)  # type: ignore[arg-type]
    if plan:
        outputs.write_plan(folder, plan)
    return folder


class TestTheProject:
    def test_is_the_nearest_folder_upwards_that_has_outputs_or_runbooks(self, tmp_path):
        file = tmp_path / "acme" / "parameters" / "deep" / "acme.toml"
        file.parent.mkdir(parents=True)
        (tmp_path / "acme" / "runbooks").mkdir()
        assert outputs.project_of(file) == tmp_path / "acme"

    def test_of_a_file_from_elsewhere_is_the_one_in_which_we_stand(self, tmp_path, monkeypatch):
        (tmp_path / "project" / "outputs").mkdir(parents=True)
        (tmp_path / "project" / "below").mkdir()
        monkeypatch.chdir(tmp_path / "project" / "below")
        (tmp_path / "elsewhere").mkdir()
        assert outputs.project_of(tmp_path / "elsewhere" / "acme.toml") == tmp_path / "project"

    @pytest.mark.parametrize(("file", "project"), [("x/acme.toml", "x"), ("x/parameters/acme.toml", "x")])
    def test_of_a_lone_file_is_its_own_folder(self, tmp_path, monkeypatch, file, project):
        (tmp_path / file).parent.mkdir(parents=True)
        monkeypatch.chdir(tmp_path / "x")
        assert outputs.project_of(tmp_path / file) == tmp_path / project

    def test_has_the_records_of_the_sandbox_apart_from_those_of_aws(self, tmp_path):
        assert outputs.base_folder(tmp_path, "aws", {}) == tmp_path / "outputs"
        assert outputs.base_folder(tmp_path, "emulator", {}) == tmp_path / "outputs" / "sandbox"

    def test_may_have_its_outputs_elsewhere(self, tmp_path):
        assert outputs.base_folder(tmp_path, "aws", {"ORGKIT_OUTPUTS": "/srv/records"}) == Path("/srv/records")


class TestARunFolder:
    @pytest.mark.parametrize("phase", PHASES)
    def test_is_named_by_time_phase_and_chance(self, tmp_path, phase):
        folder = outputs.new_run_folder(tmp_path, ACCOUNT, phase, NOON)
        parts = RUN_FOLDER.fullmatch(folder.name)
        assert parts is not None
        assert (parts["at"], parts["label"]) == ("20260701T120000Z", phase.run_label)
        assert folder.parent == tmp_path / ACCOUNT

    def test_is_its_owner_s_alone(self, tmp_path):
        folder = outputs.new_run_folder(tmp_path, ACCOUNT, phase_of("units"))
        assert folder.stat().st_mode & 0o777 == 0o700
        file = outputs.write_approval(folder, {"how": "button"})
        assert file.stat().st_mode & 0o777 == 0o600
        stored = keep(tmp_path / "new", plan_of("Security"))
        assert {place.stat().st_mode & 0o777 for place in (stored, stored.parent, stored.parent.parent)} == {0o700}

    def test_is_never_one_that_is_there(self, tmp_path, monkeypatch):
        monkeypatch.setattr("secrets.token_hex", lambda n: "0" * 2 * n)
        outputs.new_run_folder(tmp_path, ACCOUNT, "units", NOON)
        with pytest.raises(FileExistsError):
            outputs.new_run_folder(tmp_path, ACCOUNT, "units", NOON)


class TestAKeptPlan:
    def test_is_found_by_its_digest(self, tmp_path):
        plan = plan_of("Security")
        folder = keep(tmp_path, plan)
        assert folder.name == f"20260701T120000Z-units-{plan.digest[:12]}"
        assert outputs.find_plan(tmp_path, ACCOUNT, plan.digest) == ApprovedPlan.from_plan(plan)

    def test_has_the_digest_of_its_bytes(self, tmp_path):
        plan = plan_of("Sécurité", "Ops")
        content = (keep(tmp_path, plan) / "plan.json").read_bytes()
        assert hashlib.sha256(content).hexdigest() == plan.sha256

    def test_has_another_digest_each_time_it_is_planned_and_keeps_its_own_time(self, tmp_path):
        plannings = [reviewed(plan_of("Security"), NOON + timedelta(hours=hours), f"{hours}") for hours in (0, 30, 2)]
        for planning in plannings:
            outputs.keep_plan(tmp_path, ACCOUNT, planning)
        assert len({planning.sha256 for planning in plannings}) == 1
        found = [outputs.find_plan(tmp_path, ACCOUNT, planning.digest) for planning in plannings]
        assert [plan and plan.planned_at for plan in found] == [NOON + timedelta(hours=hours) for hours in (0, 30, 2)]

    def test_of_another_account_is_not_found(self, tmp_path):
        plan = plan_of("Security")
        keep(tmp_path, plan)
        assert outputs.find_plan(tmp_path, "999999999999", plan.digest) is None

    @pytest.mark.parametrize("values", ["", "abc", plan_of("Security").digest[:12], plan_of("Security").digest.upper()])
    def test_is_not_found_by_a_part_of_its_digest_and_the_newest_is_named(self, tmp_path, values):
        keep(tmp_path, plan_of("Ops"), NOON - timedelta(hours=1))
        keep(tmp_path, plan_of("Security"))
        with pytest.raises(ApprovalMismatch, match="is not a digest") as mismatch:
            outputs.check_digest(tmp_path, ACCOUNT, phase_of("units"), values)
        assert f"the plan of 02 is {plan_of('Security').digest}" in mismatch.value.remedy

    @pytest.mark.parametrize("place", [0, 11, 12, 63])
    def test_is_not_found_by_a_digest_with_another_character_and_the_newest_is_named(self, tmp_path, place):
        digest = plan_of("Security").digest
        keep(tmp_path, plan_of("Security"))
        typed = digest[:place] + ("1" if digest[place] == "0" else "0") + digest[place + 1 :]
        with pytest.raises(ApprovalMismatch, match="no plan with the digest") as mismatch:
            outputs.check_digest(tmp_path, ACCOUNT, phase_of("units"), typed)
        assert f"the plan of 02 is {digest}" in mismatch.value.remedy

    @pytest.mark.parametrize("done", [("Security", "Ops"), ("Security",)])
    def test_that_was_applied_whole_is_not_named_to_who_mistypes_a_digest(self, tmp_path, done):
        plan = plan_of("Security", "Ops")
        keep(tmp_path, plan)
        steps = [{"id": f"make-unit:{name}", "sentence": name} for name in ("Security", "Ops")]
        ended = [{"event": "step", "step": f"make-unit:{name}", "result": "done"} for name in done]
        run_with(tmp_path, {"event": "apply", "digest": plan.digest, "steps": steps}, *ended)
        with pytest.raises(ApprovalMismatch) as mismatch:
            outputs.check_digest(tmp_path, ACCOUNT, phase_of("units"), "0" * 64)
        assert (plan.digest in mismatch.value.remedy) == (len(done) == 1)
        assert len(done) == 1 or "plan again" in mismatch.value.remedy

    def test_is_not_approved_by_the_hash_of_its_plan_json_alone(self, tmp_path):
        keep(tmp_path, plan_of("Security"))
        with pytest.raises(ApprovalMismatch, match="says nothing of when it was planned"):
            outputs.find_plan(tmp_path, ACCOUNT, plan_of("Security").sha256)

    @pytest.mark.parametrize("name", ["planned_at", "planning", "why"])
    def test_does_not_become_younger_or_another_by_an_edit_of_its_review(self, tmp_path, name):
        plan = plan_of("Security")
        file = keep(tmp_path, plan) / "review.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {name: "2026-07-02T12:00:00+00:00"}))
        with pytest.raises(ApprovalMismatch, match="was altered"):
            outputs.find_plan(tmp_path, ACCOUNT, plan.digest)

    def test_that_was_altered_is_refused_and_named(self, tmp_path):
        plan = plan_of("Security")
        file = keep(tmp_path, plan) / "plan.json"
        file.write_bytes(file.read_bytes().replace(b"Security", b"Insecure"))
        with pytest.raises(ApprovalMismatch, match="was altered"):
            outputs.find_plan(tmp_path, ACCOUNT, plan.digest)

    def test_that_was_altered_does_not_hide_a_good_copy(self, tmp_path):
        plan = plan_of("Security")
        shutil.copytree(keep(tmp_path, plan), tmp_path / ACCOUNT / "plans" / f"a-{plan.digest[:12]}")
        (tmp_path / ACCOUNT / "plans" / f"a-{plan.digest[:12]}" / "plan.json").write_text("{}")
        assert outputs.find_plan(tmp_path, ACCOUNT, plan.digest) == ApprovedPlan.from_plan(plan)

    @pytest.mark.parametrize("review", ["", "[]", "{}", '{"planned_at": "soon"}', '{"planned_at": null}'])
    def test_of_which_nobody_knows_when_it_was_planned_is_not_found(self, tmp_path, review):
        plan = plan_of("Security")
        (keep(tmp_path, plan) / "review.json").write_text(review)
        with pytest.raises(ApprovalMismatch, match="was altered"):
            outputs.find_plan(tmp_path, ACCOUNT, plan.digest)

    @pytest.mark.parametrize("plan", [plan_of(), plan_of("Security", organization=None)])
    def test_is_something_that_can_be_approved(self, tmp_path, plan):
        assert outputs.keep_plan(tmp_path, ACCOUNT, plan) is None

    def test_may_be_handed_over(self, tmp_path):
        target = plan_of().target
        plan = reviewed(Plan("units", target, (CreateUnit(path=("Security",), tags=()),)), NOON)
        elsewhere = keep(tmp_path / "ci", plan)
        digest = adopt_plan(tmp_path / "here", ACCOUNT, elsewhere / "plan.json")
        assert digest == plan.digest
        assert outputs.find_plan(tmp_path / "here", ACCOUNT, digest) == ApprovedPlan.from_plan(plan)

    def test_is_not_taken_over_without_the_time_of_planning(self, tmp_path):
        elsewhere = keep(tmp_path / "ci", plan_of("Security"))
        (elsewhere / "review.json").unlink()
        with pytest.raises(ApprovalMismatch, match=r"together"):
            adopt_plan(tmp_path / "here", ACCOUNT, elsewhere / "plan.json")


class TestAPlanInARun:
    def test_is_found_when_the_run_awaited_its_approval(self, tmp_path):
        plan = plan_of("Security")
        run_with(tmp_path, {"event": "stop", "kind": "AwaitingApproval", "exit_code": 3}, plan=plan)
        assert outputs.find_plan(tmp_path, ACCOUNT, plan.digest) == ApprovedPlan.from_plan(plan)

    def test_is_found_when_a_button_approved_it(self, tmp_path):
        plan = plan_of("Security")
        run_with(tmp_path, {"event": "approval", "how": "button"}, {"event": "apply"}, plan=plan)
        assert outputs.find_plan(tmp_path, ACCOUNT, plan.digest) is not None

    @pytest.mark.parametrize(
        "event",
        [{"event": "approval", "how": "parameter"}, {"event": "stop", "exit_code": 4}, {"event": "plan"}],
    )
    def test_does_not_renew_the_approval_with_which_the_run_came(self, tmp_path, event):
        plan = plan_of("Security")
        keep(tmp_path, plan)
        run_with(tmp_path, event, plan=reviewed(plan, NOON + timedelta(days=3), "1"), at=NOON + timedelta(days=3))
        assert outputs.find_plan(tmp_path, ACCOUNT, plan.digest) == ApprovedPlan.from_plan(plan)

    def test_is_found_in_the_run_that_asks(self, tmp_path):
        plan = plan_of("Security")
        folder = run_with(tmp_path / "elsewhere", {"event": "plan"}, plan=plan)
        assert outputs.find_plan(tmp_path, ACCOUNT, plan.digest) is None
        assert outputs.find_plan(tmp_path, ACCOUNT, plan.digest, folder) == ApprovedPlan.from_plan(plan)

    def test_stays_the_approved_one_when_a_run_goes_on_with_the_rest(self, tmp_path):
        whole, rest = plan_of("Security", "Ops"), plan_of("Ops")
        folder = outputs.new_run_folder(tmp_path, ACCOUNT, "units")
        outputs.write_plan(folder, rest, ApprovedPlan.from_plan(whole))
        assert (folder / "plan.json").read_bytes() == whole.canonical
        assert (folder / "remainder.json").read_bytes() == rest.canonical
        assert (folder / "review.json").read_bytes() == whole.review_json
        assert (folder / "remainder-review.json").read_bytes() == rest.review_json

    def test_has_no_remainder_when_all_of_it_is_to_do(self, tmp_path):
        plan = plan_of("Security")
        folder = outputs.new_run_folder(tmp_path, ACCOUNT, "units")
        outputs.write_plan(folder, plan, ApprovedPlan.from_plan(plan))
        assert sorted(file.name for file in folder.iterdir()) == ["plan.json", "review.json"]

    def test_is_not_rewritten_by_an_orgkit_that_writes_plans_otherwise(self, tmp_path):
        whole = ApprovedPlan("0" * 64, json.loads(plan_of("Security").canonical), NOON)
        with pytest.raises(ApprovalMismatch, match="another version"):
            outputs.write_plan(tmp_path, plan_of("Ops"), whole)


def test_what_is_committed_is_what_any_run_has_done_under_the_approved_plan(tmp_path):
    def steps(digest: str, **results: str) -> list[dict[str, object]]:
        ended = [
            {"event": "step", "step": name, "sentence": "make it", "result": result} for name, result in results.items()
        ]
        return [{"event": "apply", "digest": digest}, *ended]

    run_with(tmp_path, *steps("a", one="done", two="failed", three="left"))
    run_with(tmp_path, *steps("a", two="found done"), *steps("b", four="done"))
    run_with(tmp_path, {"event": "step", "step": "five", "result": "done"})
    assert outputs.committed_steps(tmp_path, ACCOUNT, "a") == {"one", "two"}
    assert outputs.committed_steps(tmp_path, ACCOUNT, "b") == {"four"}
    assert outputs.committed_steps(tmp_path, "999999999999", "a") is None
    assert outputs.committed_steps(tmp_path, ACCOUNT, "c") is None


def test_what_a_run_did_after_a_moment_does_not_count_as_committed_by_then(tmp_path):
    """A kernel whose runner was killed goes on while the next run reads AWS: that run has not seen what it did."""
    apply = {"event": "apply", "digest": "a", "at": "2026-11-30T20:00:40.132+00:00"}
    steps = [
        {"event": "step", "step": name, "result": "done", "at": f"2026-11-30T20:00:{at}+00:00"}
        for name, at in (("one", "40.700"), ("two", "41.028"))
    ]
    run_with(tmp_path, apply, *steps)
    assert outputs.committed_steps(tmp_path, ACCOUNT, "a", until="2026-11-30T20:00:40.746+00:00") == {"one"}
    assert outputs.committed_steps(tmp_path, ACCOUNT, "a") == {"one", "two"}


def test_what_a_killed_run_could_not_write_down_is_committed_when_a_later_run_no_longer_has_it(tmp_path):
    """Its answer was lost with the machine: the next run finds the step done, and nobody may undo and repeat it."""
    ids = [{"id": "one"}, {"id": "two"}]
    run_with(tmp_path, {"event": "apply", "digest": "a", "steps": ids}, at=NOON)
    assert outputs.committed_steps(tmp_path, ACCOUNT, "a") == set()
    run_with(tmp_path, {"event": "apply", "digest": "a", "steps": ids[1:]}, at=NOON + timedelta(minutes=1))
    assert outputs.committed_steps(tmp_path, ACCOUNT, "a") == {"one"}


def test_a_change_in_doubt_that_a_later_run_adopted_is_committed(tmp_path):
    intent = {"event": "intent", "intent": "i", "step": "one"}
    run_with(tmp_path, {"event": "apply", "digest": "a", "steps": [{"id": "one"}]}, intent, at=NOON)
    run_with(tmp_path, {"event": "settled", "intent": "i", "result": "adopted"}, at=NOON + timedelta(minutes=1))
    assert outputs.committed_steps(tmp_path, ACCOUNT, "a") == {"one"}
