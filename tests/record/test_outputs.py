import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orgkit.approval import ApprovedPlan
from orgkit.errors import ApprovalMismatch
from orgkit.journal import Journal
from orgkit.phases import PHASES, phase_of
from orgkit.plan import Plan, Step, Target
from orgkit.record import outputs
from orgkit.record.files import RUN_FOLDER
from orgkit.record.kept import adopt_plan

ACCOUNT = "123456789012"
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class MakeUnit(Step):
    name: str

    @property
    def sentence(self) -> str:
        return f"create the organizational unit {self.name}"


def plan_of(*names: str, organization: str | None = "o-abc") -> Plan:
    target = Target(account=ACCOUNT, organization=organization, partition="aws", kind="emulator")
    return Plan("units", target, tuple(MakeUnit(name=name) for name in names))


def keep(base: Path, plan: Plan, at: datetime = NOON) -> Path:
    folder = outputs.keep_plan(base, ACCOUNT, plan, plan.review(at.isoformat()))
    assert folder is not None
    return folder


def run_with(base: Path, *events: dict[str, object], plan: Plan | None = None, at: datetime = NOON) -> Path:
    folder = outputs.new_run_folder(base, ACCOUNT, "units", at)
    journal = Journal(folder / "events.jsonl")
    for event in events:
        journal.write(**event)  # type: ignore[arg-type]
    if plan:
        outputs.write_plan(folder, plan, plan.review(at.isoformat()))
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
        assert (parts["at"], parts["label"]) == ("20260701T120000Z", phase.label)
        assert folder.parent == tmp_path / ACCOUNT

    def test_is_its_owner_s_alone(self, tmp_path):
        folder = outputs.new_run_folder(tmp_path, ACCOUNT, phase_of("units"))
        assert folder.stat().st_mode & 0o777 == 0o700
        file = outputs.write_approval(folder, {"how": "button"})
        assert file.stat().st_mode & 0o777 == 0o600
        kept = keep(tmp_path / "new", plan_of("Security"))
        assert {place.stat().st_mode & 0o777 for place in (kept, kept.parent, kept.parent.parent)} == {0o700}

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
        assert outputs.find_plan(tmp_path, ACCOUNT, plan.digest) == ApprovedPlan.of(plan, NOON)

    def test_has_the_digest_of_its_bytes(self, tmp_path):
        plan = plan_of("Sécurité", "Ops")
        content = (keep(tmp_path, plan) / "plan.json").read_bytes()
        assert hashlib.sha256(content).hexdigest() == plan.digest

    def test_counts_from_the_time_at_which_it_was_planned_last(self, tmp_path):
        plan = plan_of("Security")
        for hours in (0, 30, 2):
            keep(tmp_path, plan, NOON + timedelta(hours=hours))
        found = outputs.find_plan(tmp_path, ACCOUNT, plan.digest)
        assert found is not None
        assert found.planned_at == NOON + timedelta(hours=30)

    def test_of_another_account_is_not_found(self, tmp_path):
        plan = plan_of("Security")
        keep(tmp_path, plan)
        assert outputs.find_plan(tmp_path, "999999999999", plan.digest) is None

    @pytest.mark.parametrize("given", ["", "abc", plan_of("Security").digest[:12], plan_of("Security").digest.upper()])
    def test_is_not_found_by_a_part_of_its_digest(self, tmp_path, given):
        keep(tmp_path, plan_of("Security"))
        with pytest.raises(ApprovalMismatch, match="whole plan_sha256"):
            outputs.find_plan(tmp_path, ACCOUNT, given)

    def test_that_was_altered_is_refused_and_named(self, tmp_path):
        plan = plan_of("Security")
        file = keep(tmp_path, plan) / "plan.json"
        file.write_bytes(file.read_bytes().replace(b"Security", b"Insecure"))
        with pytest.raises(ApprovalMismatch, match=r"plan\.json was altered"):
            outputs.find_plan(tmp_path, ACCOUNT, plan.digest)

    def test_that_was_altered_does_not_hide_a_good_copy(self, tmp_path):
        plan = plan_of("Security")
        (keep(tmp_path, plan, NOON + timedelta(hours=1)) / "plan.json").write_text("{}")
        keep(tmp_path, plan)
        assert outputs.find_plan(tmp_path, ACCOUNT, plan.digest) == ApprovedPlan.of(plan, NOON)

    @pytest.mark.parametrize("review", ["", "[]", "{}", '{"planned_at": "soon"}', '{"planned_at": null}'])
    def test_of_which_nobody_knows_when_it_was_planned_is_not_found(self, tmp_path, review):
        plan = plan_of("Security")
        (keep(tmp_path, plan) / "review.json").write_text(review)
        assert outputs.find_plan(tmp_path, ACCOUNT, plan.digest) is None

    @pytest.mark.parametrize("plan", [plan_of(), plan_of("Security", organization=None)])
    def test_is_something_that_can_be_approved(self, tmp_path, plan):
        assert outputs.keep_plan(tmp_path, ACCOUNT, plan, plan.review(NOON.isoformat())) is None

    def test_may_be_handed_over(self, tmp_path):
        plan = plan_of("Security")
        elsewhere = keep(tmp_path / "ci", plan)
        digest = adopt_plan(tmp_path / "here", ACCOUNT, elsewhere / "plan.json")
        assert digest == plan.digest
        assert outputs.find_plan(tmp_path / "here", ACCOUNT, digest) == ApprovedPlan.of(plan, NOON)

    def test_is_not_taken_over_without_the_time_of_planning(self, tmp_path):
        elsewhere = keep(tmp_path / "ci", plan_of("Security"))
        (elsewhere / "review.json").unlink()
        with pytest.raises(ApprovalMismatch, match=r"together"):
            adopt_plan(tmp_path / "here", ACCOUNT, elsewhere / "plan.json")


class TestAPlanInARun:
    def test_is_found_when_the_run_awaited_its_approval(self, tmp_path):
        plan = plan_of("Security")
        run_with(tmp_path, {"event": "stop", "kind": "AwaitingApproval", "exit_code": 3}, plan=plan)
        assert outputs.find_plan(tmp_path, ACCOUNT, plan.digest) == ApprovedPlan.of(plan, NOON)

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
        run_with(tmp_path, event, plan=plan, at=NOON + timedelta(days=3))
        assert outputs.find_plan(tmp_path, ACCOUNT, plan.digest) == ApprovedPlan.of(plan, NOON)

    def test_is_found_in_the_run_that_asks(self, tmp_path):
        plan = plan_of("Security")
        folder = run_with(tmp_path, {"event": "plan"}, plan=plan)
        assert outputs.find_plan(tmp_path, ACCOUNT, plan.digest) is None
        assert outputs.find_plan(tmp_path, ACCOUNT, plan.digest, folder) == ApprovedPlan.of(plan, NOON)

    def test_stays_the_approved_one_when_a_run_goes_on_with_the_rest(self, tmp_path):
        whole, rest = plan_of("Security", "Ops"), plan_of("Ops")
        folder = outputs.new_run_folder(tmp_path, ACCOUNT, "units")
        outputs.write_plan(folder, rest, rest.review(NOON.isoformat()), ApprovedPlan.of(whole, NOON))
        assert (folder / "plan.json").read_bytes() == whole.canonical
        assert (folder / "remainder.json").read_bytes() == rest.canonical
        review = json.loads((folder / "review.json").read_text())
        assert (review["plan_sha256"], review["remainder_sha256"]) == (whole.digest, rest.digest)

    def test_has_no_remainder_when_all_of_it_is_to_do(self, tmp_path):
        plan = plan_of("Security")
        folder = outputs.new_run_folder(tmp_path, ACCOUNT, "units")
        outputs.write_plan(folder, plan, plan.review(NOON.isoformat()), ApprovedPlan.of(plan, NOON))
        assert sorted(file.name for file in folder.iterdir()) == ["plan.json", "review.json"]

    def test_is_not_rewritten_by_an_orgkit_that_writes_plans_otherwise(self, tmp_path):
        whole = ApprovedPlan("0" * 64, json.loads(plan_of("Security").canonical), NOON)
        with pytest.raises(ApprovalMismatch, match="another version"):
            outputs.write_plan(tmp_path, plan_of("Ops"), {}, whole)


def test_what_is_committed_is_what_any_run_has_done_under_the_approved_plan(tmp_path):
    def steps(digest: str, **results: str) -> list[dict[str, object]]:
        ended = [{"event": "step", "sentence": name, "result": result} for name, result in results.items()]
        return [{"event": "apply", "plan_sha256": digest}, *ended]

    run_with(tmp_path, *steps("a", one="done", two="failed", three="left"))
    run_with(tmp_path, *steps("a", two="found done"), *steps("b", four="done"))
    run_with(tmp_path, {"event": "step", "sentence": "five", "result": "done"})
    assert outputs.committed(tmp_path, ACCOUNT, "a") == {"one", "two"}
    assert outputs.committed(tmp_path, ACCOUNT, "b") == {"four"}
    assert outputs.committed(tmp_path, "999999999999", "a") == set()
