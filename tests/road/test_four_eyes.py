"""Four eyes, by the command line: nothing but a signed approval of somebody else is applied, and it is recorded."""

import hashlib
import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orgkit.signing.approvals import parse, sign
from orgkit.signing.keys import PublicKey
from orgkit.signing.local import LocalSigner, new_pair
from tests.road.project import BIN, EXAMPLE, Project, Stage, new_project, sentences
from tests.road.test_approvals import untag

TRUST = {"Effect": "Allow", "Principal": {"AWS": "999999999999"}, "Action": "sts:AssumeRole"}
Settings = dict[str, str]
OPERATOR = "arn:aws:iam::999999999999:user/orgkit-operator"  # who applies
USER = "arn:aws:iam::999999999999:user/ada"
APPROVERS = "arn:aws:sts::999999999999:assumed-role/approvers"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ada", "bob", "mallory"):
        new_pair(folder / name)
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, keys: Path) -> Project:
    """A file that asks for four eyes, with an approver's key in one line and one's as a path."""
    project = new_project(tmp_path_factory.mktemp("four-eyes") / "project")
    (project.folder / "parameters" / "bob.pub").write_bytes((keys / "bob.pub").read_bytes())
    line = f'ada = {{ key = "{PublicKey.load(keys / "ada.pub").line}", arn = ["{APPROVERS}/ada", "{USER}"] }}\n'
    line += f'[approval.approvers.bob]\nkey = "bob.pub"\narn = "{APPROVERS}/bob"\n'
    text = EXAMPLE.read_text().replace("#four_eyes = false", "four_eyes = true")
    project.file.write_text(text.replace("[approval.approvers]\n", f"[approval.approvers]\n{line}"))
    return project


@pytest.fixture(scope="module")
def stage(project: Project) -> Iterator[Stage]:
    stage = Stage(project)
    with stage.sandbox:
        yield stage


@pytest.fixture
def digest(stage: Stage) -> str:
    stage.begin("organization")
    return str(stage.project.plan("02")["plan_sha256"])


@pytest.fixture
def as_ada(stage: Stage) -> Callable[..., Settings]:
    """Somebody else in the management account: a session of a role, named after a person."""

    def settings(session: str = "ada") -> Settings:
        iam, name = stage.client("iam"), "approvers"
        if name not in [role["RoleName"] for role in iam.list_roles()["Roles"]]:
            document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
        arn = f"arn:aws:iam::999999999999:role/{name}"
        given = stage.client("sts").assume_role(RoleArn=arn, RoleSessionName=session)["Credentials"]
        stage.sandbox.forget_calls()
        return {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }

    return settings


@pytest.fixture
def approved(stage: Stage, digest: str, keys: Path, as_ada: Callable[..., Settings]) -> Path:
    return approve(stage, digest, keys / "ada", **as_ada())


def approve(stage: Stage, plan: str | Path, key: Path | str, *more: str, code: int = 0, **settings: str) -> Any:
    given = Path(plan) if "/" in str(plan) else plan
    content = given.read_bytes() if isinstance(given, Path) else b""
    digest = hashlib.sha256(content).hexdigest() if content else str(plan)
    words = ("approve", plan, stage.project.file, "--ticket", "OPS-7", "--key", key, "--digest", digest)
    told = stage.project.json(*words, *more, code=code, **settings)
    return Path(told["approval"]) if code == 0 else told


def apply(stage: Stage, approval: Path, *more: str, code: int = 4) -> dict[str, Any]:
    return stage.project.phase("02", code=code, more=("--approval", approval, *more))


def refused(stage: Stage, approval: Path, why: str, code: int = 4) -> None:
    stage.sandbox.forget_calls()
    assert why in " ".join(apply(stage, approval, code=code)["reasons"])
    assert stage.changes() == []


class TestWithFourEyes:
    def test_a_signed_approval_of_somebody_else_is_applied_and_recorded(
        self, stage: Stage, digest: str, approved: Path
    ) -> None:
        assert approved.name == f"approval-{digest[:12]}.json"
        assert approved.parent.joinpath("plan.json").exists()
        done = apply(stage, approved, code=0)
        record = Path(done["record"])
        given = json.loads((record / "approval.json").read_text())
        assert (given["how"], given["approver"], given["asserted_by"]) == ("second person", "ada", "ada")
        assert given["authenticated_as"] == "arn:aws:sts::999999999999:assumed-role/approvers/ada"
        assert (given["ticket"], given["plan_sha256"]) == ("OPS-7", digest)
        assert done["identity"]["arn"] == "arn:aws:iam::999999999999:user/orgkit-operator"
        kept = (record / "signed-approval.json").read_bytes()
        assert kept == approved.read_bytes()
        assert given["signed_sha256"] == hashlib.sha256(kept).hexdigest()
        stage.project.orgkit("records", "verify", record.name)
        manifest = json.loads((record / "manifest.json").read_text())
        assert manifest["approval"] == done["approval"] == given
        assert manifest["files"]["signed-approval.json"]["sha256"] == given["signed_sha256"]

    def test_a_killed_run_goes_on_under_the_signed_approval_of_its_record(self, stage: Stage, approved: Path) -> None:
        killed = apply(stage, approved, "--stop-after", "CreateUnit", code=7)
        kept = Path(killed["record"]) / "signed-approval.json"
        assert killed["next_command"] == "orgkit run units FILE --approval APPROVAL"
        approved.unlink()
        done = apply(stage, kept, code=0)
        assert (done["ended"], done["approval"]["approver"]) == ({"done": 2}, "ada")
        assert (Path(done["record"]) / "signed-approval.json").read_bytes() == kept.read_bytes()

    def test_the_file_is_rehearsed_as_if_one_person_were_enough_and_that_is_told(self, project: Project) -> None:
        before = project.file.read_bytes()
        done = project.json("rehearse", project.file)
        assert done["approved_alone"] is True
        assert {phase["outcome"] for phase in done["phases"]} == {"done"}
        assert project.file.read_bytes() == before

    def test_a_stranger_checks_the_signature_with_jq_and_openssl(
        self, approved: Path, keys: Path, tmp_path: Path
    ) -> None:
        script = """set -e
jq -S 'del(.signature)' "$1" > message
jq -r .signature "$1" | base64 -d > signature
openssl pkeyutl -verify -pubin -inkey "$2" -rawin -in message -sigfile signature"""
        for key, code in (("ada.pub", 0), ("bob.pub", 1)):
            done = subprocess.run(
                ["bash", "-c", script, "check", approved, keys / key], cwd=tmp_path, capture_output=True, check=False
            )
            assert done.returncode == code, done.stderr

    def test_no_other_way_of_approving_is_open(self, stage: Stage, digest: str) -> None:
        stage.sandbox.forget_calls()
        reasons = " ".join(stage.project.phase("02", digest, code=4)["reasons"])
        assert "asks for four eyes" in reasons
        assert "orgkit approve DIGEST FILE" in reasons
        assert "asks for four eyes" in " ".join(stage.project.phase("02", code=3)["reasons"])
        assert stage.changes() == []

    def test_nobody_approves_under_an_identity_that_the_file_does_not_give_them(
        self, stage: Stage, digest: str, keys: Path
    ) -> None:
        told = approve(stage, digest, keys / "ada", code=4)
        assert f"{OPERATOR} is no identity of ada" in told["why"]
        assert not list((stage.project.folder / "outputs" / f"{stage.begun}").rglob("approval-*.json"))

    def test_one_person_with_a_key_of_their_own_is_never_two_whatever_they_sign(
        self, stage: Stage, approved: Path, keys: Path, tmp_path: Path
    ) -> None:
        """ada is the operator here, and signs in any name that the file, as it was reviewed, does not give them."""
        before, own = stage.project.file.read_text(), LocalSigner(keys / "ada")
        given, file = parse(approved.read_bytes(), ""), tmp_path / "approval.json"
        try:
            stage.project.file.write_text(before.replace(USER, OPERATOR))
            for claimed, why in (
                (f"{APPROVERS}/bob", "is no identity of ada"),
                (USER, "is no identity of ada"),
                (f"{APPROVERS}/ada", "no other than ada, who approved it"),
                (OPERATOR, "no other than ada, who approved it"),
            ):
                file.write_bytes(sign(replace(given, authenticated_as=claimed), own).content)
                refused(stage, file, why)
        finally:
            stage.project.file.write_text(before)

    def test_no_other_door_is_open_to_them_either(self, stage: Stage, approved: Path, keys: Path) -> None:
        """papermill's parameter, the file in the environment, and both together."""
        forged = approved.with_name("forged.json")
        given = parse(approved.read_bytes(), "")
        forged.write_bytes(sign(replace(given, authenticated_as=f"{APPROVERS}/bob"), LocalSigner(keys / "ada")).content)
        words = ("runbooks/02-units.ipynb", "out.ipynb", "-p", "parameters_file", stage.project.file)
        for more, settings in (
            (("-r", "approved_plan", given.plan_sha256), {}),
            ((), {"ORGKIT_APPROVAL": str(forged)}),
            (("-r", "approved_plan", given.plan_sha256), {"ORGKIT_APPROVAL": str(forged)}),
        ):
            stage.sandbox.forget_calls()
            done = stage.project.run(BIN / "papermill", *words, *more, **settings)
            assert done.returncode != 0
            assert ("is no identity of ada" if settings else "asks for four eyes") in " ".join(done.stderr.split())
            assert stage.changes() == []

    def test_two_sessions_of_one_role_are_one_person_unless_the_file_names_both(
        self, stage: Stage, as_ada: Callable[..., Settings], approved: Path
    ) -> None:
        words = ("run", "02", stage.project.file, "--approval", approved)
        stage.project.orgkit(*words, code=4, **as_ada("Ada"))
        stage.project.orgkit(*words, code=4, **as_ada("somebody"))
        done = stage.project.json(*words, **as_ada("bob"))
        assert done["identity"]["arn"].endswith("assumed-role/approvers/bob")
        assert done["approval"]["authenticated_as"].endswith("assumed-role/approvers/ada")

    def test_an_altered_or_foreign_or_unreadable_approval_is_refused_and_nothing_is_changed(
        self, stage: Stage, approved: Path, keys: Path, tmp_path: Path
    ) -> None:
        """Of each kind one; every field is altered in tests/runbook/test_second.py."""
        given, file = parse(approved.read_bytes(), ""), tmp_path / "approval.json"
        for content, why in (
            (replace(given, ticket="OPS-8").content, "the signature is not ada's under these words"),
            (sign(given, LocalSigner(keys / "mallory")).content, "the signature is not ada's under these words"),
            (replace(given, approver="mallory").content, "mallory is no approver"),
            (approved.read_bytes() + b" ", "is no signed approval"),
        ):
            file.write_bytes(content)
            refused(stage, file, why)
        refused(stage, tmp_path / "nowhere.json", "cannot be read")

    def test_nobody_approves_with_a_key_that_the_file_does_not_name_or_in_anothers_name(
        self, stage: Stage, digest: str, keys: Path, as_ada: Callable[..., Settings]
    ) -> None:
        ada = as_ada()
        told = approve(stage, digest, keys / "mallory", code=1, **ada)
        assert "is the key of no approver" in told["why"]
        assert PublicKey.load(keys / "mallory.pub").line in told["do"]
        assert (
            "the key is ada's, not bob's" in approve(stage, digest, keys / "ada", "--as", "bob", code=1, **ada)["why"]
        )

    def test_an_approval_of_another_plan_is_refused(self, stage: Stage, approved: Path, digest: str) -> None:
        stage.sandbox.forget_calls()
        told = apply(stage, approved, "--approved-plan", "0" * 64)
        assert "it approves plan" in " ".join(told["reasons"])
        stage.apply("units")
        untag(stage, "Production")
        refused(stage, approved, "it would also")

    def test_an_approval_ends_and_is_not_renewed_by_planning_again(self, stage: Stage, approved: Path) -> None:
        stage.sandbox.sleep(25 * 3600)
        refused(stage, approved, "could be approved for 24 hours")
        stage.project.plan("02")  # the same digest afresh: the approval of the old plan is not renewed by it
        refused(stage, approved, "it holds from")

    def test_a_signature_with_dates_of_its_own_holds_no_longer(
        self, stage: Stage, approved: Path, keys: Path, tmp_path: Path
    ) -> None:
        given, file = parse(approved.read_bytes(), ""), tmp_path / "approval.json"
        stage.sandbox.sleep(25 * 3600)
        stage.project.plan("02")
        now = datetime.fromisoformat(stage.sandbox.now())
        for times in (
            {"expires_at": (now + timedelta(hours=1)).isoformat()},
            {"at": (now + timedelta(minutes=9)).isoformat(), "expires_at": (now + timedelta(hours=9)).isoformat()},
        ):
            file.write_bytes(sign(replace(given, **times), LocalSigner(keys / "ada")).content)
            refused(stage, file, "for 24 hours at most")

    def test_nobody_overwrites_the_approval_of_another(
        self, stage: Stage, digest: str, approved: Path, keys: Path, as_ada: Callable[..., Settings]
    ) -> None:
        before = approved.read_bytes()
        assert "somebody else's approval" in approve(stage, digest, keys / "bob", code=1, **as_ada("bob"))["why"]
        assert approved.read_bytes() == before
        stage.sandbox.sleep(60)
        assert approve(stage, digest, keys / "ada", **as_ada()).read_bytes() != before

    def test_a_plan_that_was_handed_over_is_approved_where_it_lies_and_a_record_stays_as_it_is(
        self, stage: Stage, digest: str, keys: Path, tmp_path: Path, as_ada: Callable[..., Settings]
    ) -> None:
        record = Path(stage.project.phase("02", code=3)["record"])
        before = sorted(record.iterdir())
        assert approve(stage, record / "plan.json", keys / "ada", **as_ada()).parent.parent.name == "plans"
        assert sorted(record.iterdir()) == before
        for name in ("plan.json", "review.json"):
            (tmp_path / name).write_bytes((record / name).read_bytes())
        own = approve(stage, tmp_path / "plan.json", keys / "bob", **as_ada("bob"))
        assert own.parent == tmp_path
        assert apply(stage, own, code=0)["approval"]["approver"] == "bob"

    def test_an_altered_plan_cannot_be_approved(
        self, stage: Stage, digest: str, keys: Path, tmp_path: Path, as_ada: Callable[..., Settings]
    ) -> None:
        record = Path(stage.project.phase("02", code=3)["record"])
        (tmp_path / "review.json").write_bytes((record / "review.json").read_bytes())
        plan = tmp_path / "plan.json"
        text = (record / "plan.json").read_text()
        for content in (text + " ", text.replace('"sentence"', '"sentence": "", "sentence"', 1), "{}", "[1]"):
            plan.write_text(content)
            assert "is no plan" in approve(stage, plan, keys / "ada", code=4, **as_ada())["why"]
        plan.write_text(text.replace("create organizational unit Production", "create organizational unit Elsewhere"))
        other = approve(stage, plan, keys / "ada", **as_ada())
        stage.sandbox.forget_calls()
        apply(stage, other, "--plan-file", str(plan))
        assert stage.changes() == []

    def test_the_approver_is_shown_the_steps_and_types_the_digest_or_gives_it(
        self, stage: Stage, digest: str, keys: Path, as_ada: Callable[..., Settings]
    ) -> None:
        words = ("approve", digest, stage.project.file, "--ticket", "OPS-7", "--key", keys / "ada")
        told = stage.project.orgkit(*words, code=3, **as_ada())
        assert f"pass --digest {digest}" in " ".join(told.stderr.split())
        for sentence in sentences(stage.project.plan("02")):
            assert sentence in told.stdout
        assert f"digest {digest}" in told.stdout
        stage.project.orgkit(*words, "--digest", digest[:12], code=4, **as_ada())
        assert not list((stage.project.folder / "outputs" / f"{stage.begun}").rglob("approval-*.json"))

    def test_a_kms_key_signs_an_approval_too(self, stage: Stage, digest: str, as_ada: Callable[..., Settings]) -> None:
        kms = stage.client("kms", region_name="us-east-1")
        arn = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
        told = stage.project.orgkit("keys", "show", arn).stdout
        line = told[told.index("NAME.key") :].replace("#NAME", "NAME").replace("NAME", "kim").strip()
        line = line.replace("arn:aws:iam::ACCOUNT:user/kim", f"{APPROVERS}/kim")
        before = stage.project.file.read_text()
        try:
            stage.project.file.write_text(before.replace("[approval.approvers]\n", f"[approval.approvers]\n{line}\n"))
            approval = approve(stage, digest, arn, **as_ada("kim"))
            done = apply(stage, approval, code=0)
            assert (done["approval"]["approver"], done["approval"]["how"]) == ("kim", "second person")
        finally:
            stage.project.file.write_text(before)
