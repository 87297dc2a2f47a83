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

from orgkit.model.plan import digest_of
from orgkit.signing.approvals import parse, sign
from orgkit.signing.keys import PublicKey
from orgkit.signing.local import LocalSigner, new_pair
from tests.bootstrap.project import EXAMPLE, Project, Stage, new_project, sentences
from tests.bootstrap.terminal import Terminal
from tests.bootstrap.test_approvals import untag
from tests.kill_after import killed_after

TRUST = {
    "Effect": "Allow",
    "Principal": {"AWS": "999999999999"},
    "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
    "Condition": {"StringLike": {"sts:SourceIdentity": "*"}},
}
Settings = dict[str, str]
OPERATOR = "arn:aws:iam::999999999999:user/orgkit-operator"  # who applies
USER = "arn:aws:iam::999999999999:user/ada"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
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
    operators = f'[approval.operators]\njane = "{OPERATOR}"\nbob = "{APPROVERS}/bob"\n'
    text = EXAMPLE.read_text().replace("#four_eyes = false", "four_eyes = true")
    text = text.replace("[approval.operators]\n", operators)
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
    return stage.planned("units")


@pytest.fixture
def as_ada(stage: Stage) -> Callable[..., Settings]:
    """Somebody else in the management account: a session of a role, named after a person."""

    def settings(session: str = "ada") -> Settings:
        iam, name = stage.client("iam"), "approvers"
        if name not in [role["RoleName"] for role in iam.list_roles()["Roles"]]:
            document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
            iam.attach_role_policy(RoleName=name, PolicyArn=ADMINISTRATOR)
        arn = f"arn:aws:iam::999999999999:role/{name}"
        return session_of(stage, arn, session)

    return settings


def session_of(stage: Stage, arn: str, session: str, **more: str) -> Settings:
    """The credentials of a session of a role, as settings of a process."""
    sts = stage.client("sts")
    values = sts.assume_role(RoleArn=arn, RoleSessionName=session, SourceIdentity=session, **more)["Credentials"]
    stage.sandbox.forget_calls()
    return {
        "AWS_ACCESS_KEY_ID": values["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": values["SecretAccessKey"],
        "AWS_SESSION_TOKEN": values["SessionToken"],
    }


@pytest.fixture
def approved(stage: Stage, digest: str, keys: Path, as_ada: Callable[..., Settings]) -> Path:
    return approve(stage, digest, keys / "ada", **as_ada())


def approve(stage: Stage, plan: str | Path, key: Path | str, *more: str, code: int = 0, **settings: str) -> Any:
    values = Path(plan) if "/" in str(plan) else plan
    content = values.read_bytes() if isinstance(values, Path) else b""
    review = values.with_name("review.json") if isinstance(values, Path) else Path()
    digest = digest_of(content, review.read_bytes()) if content else str(plan)
    words = ("approve", plan, stage.project.file, "--ticket", "OPS-7", "--key", key, "--digest", digest)
    output = stage.project.json(*words, *more, code=code, **settings)
    return Path(output["approval"]) if code == 0 else output


def apply(stage: Stage, approval: Path, *more: str, code: int = 4, **settings: str) -> dict[str, Any]:
    return stage.project.within(settings).phase("02", code=code, more=("--approval", approval, *more))


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
        values = json.loads((record / "approval.json").read_text())
        assert (values["how"], values["approver"], values["asserted_by"]) == ("second person", "ada", "ada")
        assert values["authenticated_as"] == "arn:aws:sts::999999999999:assumed-role/approvers/ada"
        assert (values["ticket"], values["digest"]) == ("OPS-7", digest)
        assert done["identity"]["arn"] == "arn:aws:iam::999999999999:user/orgkit-operator"
        stored = (record / "signed-approval.json").read_bytes()
        assert stored == approved.read_bytes()
        assert values["signed_sha256"] == hashlib.sha256(stored).hexdigest()
        stage.project.orgkit("records", "verify", record.name)
        manifest = json.loads((record / "manifest.json").read_text())
        assert manifest["approval"] == done["approval"] == values
        assert manifest["files"]["signed-approval.json"]["sha256"] == values["signed_sha256"]

    def test_orgkit_apply_names_the_approver_s_command_and_goes_on_once_somebody_has_signed(
        self, stage: Stage, digest: str, keys: Path, as_ada: Callable[..., Settings]
    ) -> None:
        file = stage.project.file
        with Terminal(stage.project, "apply", file, "units") as asking:
            text = asking.end(3)
        assert f"  orgkit approve {digest} {file} --ticket TICKET --key KEY\n" in text
        assert "Approver" not in text
        assert stage.changes() == []
        approve(stage, digest, keys / "ada", **as_ada())
        with Terminal(stage.project, "apply", file, "units") as applying:
            assert applying.expect("digest ([0-9a-f]{64})")[1] == digest
            applying.expect("approved by ada")
            applying.expect(r"\(yes or no\): ")
            applying.type("yes")
            assert "02-units: done" in applying.end(0)

    def test_a_killed_run_goes_on_under_the_signed_approval_of_its_record(self, stage: Stage, approved: Path) -> None:
        killed = apply(stage, approved, code=7, **killed_after("CreateUnit"))
        stored = Path(killed["record"]) / "signed-approval.json"
        assert killed["next_command"] == "orgkit run FILE units --approval APPROVAL"
        approved.unlink()
        done = apply(stage, stored, code=0)
        assert (done["ended"], done["approval"]["approver"]) == ({"done": 2}, "ada")
        assert (Path(done["record"]) / "signed-approval.json").read_bytes() == stored.read_bytes()

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
        ended = stage.project.phase("02", digest, code=3)
        reasons = " ".join(ended["reasons"])
        assert "asks for four eyes" in reasons
        assert f"orgkit approve {digest} FILE" in reasons
        assert (ended["outcome"], ended["next_command"]) == ("awaiting approval", "")
        assert "asks for four eyes" in " ".join(stage.project.phase("02", code=3)["reasons"])
        assert stage.changes() == []

    def test_nobody_approves_under_an_identity_that_the_file_does_not_give_them(
        self, stage: Stage, digest: str, keys: Path
    ) -> None:
        output = approve(stage, digest, keys / "ada", code=4)
        assert f"{OPERATOR} is not an identity of ada" in output["why"]
        assert not list((stage.project.folder / "outputs" / f"{stage.begun}").rglob("approval-*.json"))

    def test_one_person_with_a_key_of_their_own_is_never_two_whatever_they_sign(
        self, stage: Stage, approved: Path, keys: Path, tmp_path: Path
    ) -> None:
        """ada is the operator here, and signs in any name that the file, as it was reviewed, does not give them."""
        before, own = stage.project.file.read_text(), LocalSigner(keys / "ada")
        values, file = parse(approved.read_bytes(), ""), tmp_path / "approval.json"
        try:
            stage.project.file.write_text(before.replace(f'jane = "{OPERATOR}"', "").replace(USER, OPERATOR))
            for claimed, why in (
                (f"{APPROVERS}/bob", "is not an identity of ada"),
                (USER, "is not an identity of ada"),
                (f"{APPROVERS}/ada", "by the parameters file is ada, who approved it"),
                (OPERATOR, "by the parameters file is ada, who approved it"),
            ):
                file.write_bytes(sign(replace(values, authenticated_as=claimed), own).content)
                refused(stage, file, why)
        finally:
            stage.project.file.write_text(before)

    def test_no_other_door_is_open_to_them_either(self, stage: Stage, approved: Path, keys: Path) -> None:
        """papermill's parameter, the file in the environment, and both together."""
        forged = approved.with_name("forged.json")
        values = parse(approved.read_bytes(), "")
        forged.write_bytes(
            sign(replace(values, authenticated_as=f"{APPROVERS}/bob"), LocalSigner(keys / "ada")).content
        )
        # A progress bar has a thread, and a process with threads starts its kernel instead of forking it.
        words = ("runbooks/02-units.ipynb", "out.ipynb", "--no-progress-bar", "-p", "parameters_file")
        for more, settings in (
            (("-r", "approved_plan", values.digest), {}),
            ((), {"ORGKIT_APPROVAL": str(forged)}),
            (("-r", "approved_plan", values.digest), {"ORGKIT_APPROVAL": str(forged)}),
        ):
            stage.sandbox.forget_calls()
            done = stage.project.fork("papermill", *words, stage.project.file, *more, **settings)
            assert done.returncode != 0
            assert ("is not an identity of ada" if settings else "asks for four eyes") in " ".join(done.stderr.split())
            assert stage.changes() == []

    def test_a_session_applies_only_if_the_file_names_it_and_nobody_may_choose_its_name(
        self, stage: Stage, as_ada: Callable[..., Settings], approved: Path
    ) -> None:
        words = ("run", stage.project.file, "02", "--approval", approved)
        for session, why in (
            ("Ada", "by the parameters file is ada"),
            ("somebody", "is not an identity of an operator"),
        ):
            assert why in " ".join(stage.project.orgkit(*words, code=4, **as_ada(session)).stdout.split())
        bob, iam = as_ada("bob"), stage.client("iam")
        free = json.dumps({"Version": "2012-10-17", "Statement": [TRUST | {"Condition": {}}]})
        iam.update_assume_role_policy(RoleName="approvers", PolicyDocument=free)
        stage.sandbox.forget_calls()
        refusal = " ".join(stage.project.orgkit(*words, code=4, **bob).stdout.split())
        assert "can choose the session's name" in refusal
        assert stage.changes() == []
        iam.update_assume_role_policy(
            RoleName="approvers", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
        )
        done = stage.project.json(*words, **bob)
        assert done["identity"]["arn"].endswith("assumed-role/approvers/bob")
        assert done["approval"]["authenticated_as"].endswith("assumed-role/approvers/ada")

    def test_one_iam_user_who_approves_takes_a_role_and_applies_is_not_two_people(
        self, stage: Stage, digest: str, keys: Path, as_ada: Callable[..., Settings]
    ) -> None:
        """Neither where the file says nothing of the role, nor where it names the role as another person."""
        as_ada()  # makes the role of the file's other people
        actions = ["sts:AssumeRole", "sts:SetSourceIdentity"]
        statement = {"Effect": "Allow", "Principal": {"AWS": OPERATOR}, "Action": actions}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        stage.client("iam").create_role(RoleName="Admin", AssumeRolePolicyDocument=document)
        stage.client("iam").attach_role_policy(RoleName="Admin", PolicyArn=ADMINISTRATOR)
        admin = session_of(stage, "arn:aws:iam::999999999999:role/Admin", "anything")
        before = stage.project.file.read_text()
        for jane, why in (
            (USER, "is not an identity of an operator"),
            ("arn:aws:sts::999999999999:assumed-role/Admin", "one person could approve and apply"),
            ("arn:aws:sts::999999999999:assumed-role/Admin/anything", "can choose the session's name"),
        ):
            try:
                text = before.replace(USER, OPERATOR).replace(f'jane = "{OPERATOR}"', f'jane = "{jane}"')
                stage.project.file.write_text(text)
                code = 4 if "Admin" in jane else 0
                output = approve(stage, digest, keys / "ada", code=code)
                if code:
                    assert why in output["why"]
                else:
                    assert why in " ".join(apply(stage, output, **admin)["reasons"])
            finally:
                stage.project.file.write_text(before)
        assert stage.taken() == []

    def test_an_altered_or_foreign_or_unreadable_approval_is_refused_and_nothing_is_changed(
        self, stage: Stage, approved: Path, keys: Path, tmp_path: Path
    ) -> None:
        """Of each kind one; every field is altered in tests/runbook/test_second.py."""
        values, file = parse(approved.read_bytes(), ""), tmp_path / "approval.json"
        for content, why in (
            (replace(values, ticket="OPS-8").content, "the signature is not ada's for this content"),
            (sign(values, LocalSigner(keys / "mallory")).content, "the signature is not ada's for this content"),
            (replace(values, approver="mallory").content, "mallory is not an approver"),
            (approved.read_bytes() + b" ", "is not a signed approval"),
        ):
            file.write_bytes(content)
            refused(stage, file, why)
        refused(stage, tmp_path / "nowhere.json", "cannot be read")

    def test_nobody_approves_with_a_key_that_the_file_does_not_name_or_in_anothers_name(
        self, stage: Stage, digest: str, keys: Path, as_ada: Callable[..., Settings]
    ) -> None:
        ada = as_ada()
        output = approve(stage, digest, keys / "mallory", code=1, **ada)
        assert "is the key of no approver" in output["why"]
        assert PublicKey.load(keys / "mallory.pub").line in output["do"]
        assert (
            "the key is ada's, not bob's" in approve(stage, digest, keys / "ada", "--as", "bob", code=1, **ada)["why"]
        )

    def test_an_approval_of_another_plan_is_refused(self, stage: Stage, approved: Path, digest: str) -> None:
        stage.sandbox.forget_calls()
        assert "no plan with the digest" in apply(stage, approved, "--approved-plan", "0" * 64)["why"]
        output = apply(stage, approved, "--approved-plan", stage.project.plan("02")["digest"])
        assert "it approves plan" in " ".join(output["reasons"])
        stage.apply("units")
        untag(stage, "Production")
        refused(stage, approved, "it would also")

    def test_an_approval_ends_and_is_not_renewed_by_planning_again(self, stage: Stage, approved: Path) -> None:
        stage.sandbox.sleep(25 * 3600)
        refused(stage, approved, "could be approved for 24 hours")
        stage.planned("units")  # another digest: the approval of the old plan is not extended by it
        refused(stage, approved, "could be approved for 24 hours")

    def test_a_signature_with_dates_of_its_own_holds_no_longer(
        self, stage: Stage, approved: Path, keys: Path, tmp_path: Path
    ) -> None:
        values, file = parse(approved.read_bytes(), ""), tmp_path / "approval.json"
        stage.sandbox.sleep(25 * 3600)
        stage.project.plan("02")
        now = datetime.fromisoformat(stage.sandbox.now())
        for times in (
            {"expires_at": (now + timedelta(hours=1)).isoformat()},
            {"at": (now + timedelta(minutes=9)).isoformat(), "expires_at": (now + timedelta(hours=9)).isoformat()},
        ):
            file.write_bytes(sign(replace(values, **times), LocalSigner(keys / "ada")).content)
            refused(stage, file, "could be approved for 24 hours")

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
            assert "is not a valid plan" in approve(stage, plan, keys / "ada", code=4, **as_ada())["why"]
        for old, new in (("create organizational unit Production", "tag Production"), ('"Production"', '"Elsewhere"')):
            plan.write_text(text.replace(old, new))
            why = approve(stage, plan, keys / "ada", code=4, **as_ada())["why"]
            assert "does not say what it would do" in why

    def test_the_approver_is_shown_the_steps_and_types_the_digest_or_gives_it(
        self, stage: Stage, digest: str, keys: Path, as_ada: Callable[..., Settings]
    ) -> None:
        words = ("approve", digest, stage.project.file, "--ticket", "OPS-7", "--key", keys / "ada")
        output = stage.project.orgkit(*words, code=3, **as_ada())
        assert f"pass --digest {digest}" in " ".join(output.stderr.split())
        for sentence in sentences(stage.project.plan("02")):
            assert sentence in output.stdout
        assert f"digest {digest}" in output.stdout
        stage.project.orgkit(*words, "--digest", digest[:12], code=4, **as_ada())
        assert not list((stage.project.folder / "outputs" / f"{stage.begun}").rglob("approval-*.json"))

    def test_a_kms_key_signs_an_approval_too(self, stage: Stage, digest: str, as_ada: Callable[..., Settings]) -> None:
        kms = stage.client("kms", region_name="us-east-1")
        arn = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
        output = stage.project.orgkit("keys", "show", arn).stdout
        line = output[output.index("NAME.key") :].replace("#NAME", "NAME").replace("NAME", "kim").strip()
        line = line.replace("arn:aws:iam::ACCOUNT:user/kim", f"{APPROVERS}/kim")
        before = stage.project.file.read_text()
        try:
            stage.project.file.write_text(before.replace("[approval.approvers]\n", f"[approval.approvers]\n{line}\n"))
            approval = approve(stage, digest, arn, **as_ada("kim"))
            done = apply(stage, approval, code=0)
            assert (done["approval"]["approver"], done["approval"]["how"]) == ("kim", "second person")
        finally:
            stage.project.file.write_text(before)
