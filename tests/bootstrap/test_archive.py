"""`orgkit records archive` on a sandbox after phase 05; the bucket is looked into with plain boto3 only."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nbformat
import pytest
from botocore.exceptions import ClientError

from orgkit.aws.rejections import OutcomeUnknown
from orgkit.aws.session import Connection
from orgkit.errors import NotArchived
from orgkit.journal.events import Journal
from orgkit.model.plan import Plan, Target
from orgkit.records import outputs
from orgkit.records.archive import upload_aws
from orgkit.records.archive.model import Archive, ArchiveResult
from orgkit.records.chain import entries_of
from orgkit.records.seal import seal
from orgkit.records.seal_options import Sealing
from orgkit.records.verify.verify import verify_all
from orgkit.signing.keys import Signer
from orgkit.signing.local import LocalSigner, new_pair
from tests.bootstrap.project import EXAMPLE, PHASES_THAT_CHANGE, Project, Stage, new_project
from tests.plans.loader import reviewed

ACCOUNT = "999999999999"
BUCKET = f"orgkit-records-{ACCOUNT}"
LOCK = "object_lock = {"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("archive")
    file = folder / "locked.toml"
    file.write_text(EXAMPLE.read_text(encoding="utf-8").replace(f"#{LOCK}", LOCK), encoding="utf-8")
    stage = Stage(new_project(folder / "project", file))
    with stage.sandbox:
        stage.begin(*PHASES_THAT_CHANGE)
        yield stage


PLAN = reviewed(Plan("units", Target(ACCOUNT, "o-exampleorgid", "aws", "emulator")), "2026-11-23T12:00:00+00:00")
APPROVED = {"digest": PLAN.digest, "plan_sha256": PLAN.sha256}
APPLIED: tuple[dict[str, Any], ...] = (
    {"event": "apply", **APPROVED, "steps": [{"id": "one", "sentence": "make one"}, {"id": "two"}]},
    {"event": "intent", "intent": "i", "step": "two", "call": "a:B", "key": ""},
    {"event": "step", "step": "one", "sentence": "make one", "result": "done"},
)


@dataclass(frozen=True)
class Machine:
    """An outputs folder of its own, and the one archive."""

    stage: Stage
    base: Path
    to: Archive
    signer: Signer | None = None

    @property
    def place(self) -> Path:
        return self.base / ACCOUNT

    def sealed(self, *events: dict[str, Any], at: datetime | None = None) -> str:
        folder = outputs.new_run_folder(self.base, ACCOUNT, "units", at)
        for event in (*events, {"event": "end"}):
            Journal(folder / "events.jsonl").write(**event)
        if events and events[0]["event"] == "apply":
            outputs.write_plan(folder, PLAN)
            outputs.write_approval(folder, APPROVED)
        nbformat.write(nbformat.v4.new_notebook(), folder / "02-units.ipynb")
        seal(folder, sealing=Sealing(self.signer))
        return folder.name

    def archive(self, *, check: bool = False) -> ArchiveResult:
        with self.stage.connected() as aws:
            found = upload_aws.archive(aws, self.stage.desired, self.place, self.to, self.signer, check=check)
        assert found is not None
        return found

    def faults(self) -> list[str]:
        key = self.signer.public if self.signer else None
        return [fault.sentence for fault in verify_all(self.place, key=key).faults]


@pytest.fixture
def machines(stage: Stage, tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], Machine]:
    to = Archive(BUCKET, f"of/{request.node.name.replace('[', '-').replace(']', '')[:60]}", ACCOUNT)
    return lambda name: Machine(stage, tmp_path / name, to)


@pytest.fixture
def bucket(stage: Stage) -> Any:
    """Plain boto3, as the log archive account's administrator."""
    organizations = stage.client("organizations")
    (account,) = [a["Id"] for a in organizations.list_accounts()["Accounts"] if a["Name"] == "log-archive"]
    return stage.client("s3", account)


def objects(bucket: Any, to: Archive) -> dict[str, bytes]:
    pages = bucket.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=to.key(""))
    keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
    return {key.removeprefix(f"{to.key()}/"): bucket.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}


def written(stage: Stage) -> int:
    return stage.taken().count("s3:PutObject")


def test_what_is_archived_is_what_the_manifests_say_and_it_is_locked(stage, bucket, tmp_path):
    project = stage.project.within({"ORGKIT_OUTPUTS": str(tmp_path / "outputs")})
    runs = [project.phase("06")["run"] for _ in range(2)]
    output = project.json("records", "archive", project.file)
    assert sorted(output["kept"]) == sorted(Path(run).name for run in runs)
    assert (output["refused"], output["there"], output["notes"]) == ([], [], [])
    there, number = objects(bucket, Archive(BUCKET, "records", ACCOUNT)), 0
    for run in output["kept"]:
        manifest = json.loads(there[f"{run}/manifest.json"])
        for name, facts in manifest["files"].items():
            assert hashlib.sha256(there[f"{run}/{name}"]).hexdigest() == facts["sha256"], name
            number += 1
    lines = there["index.jsonl"].splitlines(keepends=True)
    chained = {json.loads(line)["run"]: json.loads(line)["manifest_sha256"] for line in lines}
    assert chained == {run: hashlib.sha256(there[f"{run}/manifest.json"]).hexdigest() for run in output["kept"]}
    assert hashlib.sha256(lines[-1]).hexdigest() == output["head"]
    assert len(there) == number + len(output["kept"]) + 1
    for key in there:
        head = bucket.head_object(Bucket=BUCKET, Key=f"records/{ACCOUNT}/{key}", ChecksumMode="ENABLED")
        assert (head["ObjectLockMode"], "ChecksumSHA256" in head) == ("GOVERNANCE", True), key
        assert (head["ObjectLockRetainUntilDate"] - head["LastModified"]).days >= 89, key


def test_the_command_tells_what_it_did_within_80_columns(stage, tmp_path):
    project = stage.project.within({"ORGKIT_OUTPUTS": str(tmp_path / "outputs")})
    run = Path(project.phase("06")["run"]).name
    done = project.orgkit("records", "archive", project.file, "--to", f"s3://{BUCKET}/columns")
    assert "kept     1 now: written once, and read back" in done.stdout
    assert f"  + {run}" in done.stdout
    assert f"archive: record 1 of 1, {run}" in done.stderr
    output = project.orgkit("records", "verify").stdout
    assert "Everything is as it was sealed." in output
    assert max(map(len, done.stdout.splitlines())) <= 80
    journal = (tmp_path / "outputs" / ACCOUNT / "archive.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in journal]
    assert [event["result"] for event in events if event["event"] == "answer"] == ["committed"] * (len(events) // 2)
    assert all(event["request_id"] for event in events if event["event"] == "answer")


def test_the_second_time_nothing_is_written(stage, machines):
    machine = machines("a")
    run = machine.sealed()
    assert machine.archive().kept == (run,)
    stage.sandbox.forget_calls()
    again = machine.archive()
    assert (again.kept, again.there) == ((), (run,))
    assert written(stage) == 0


def test_whoever_writes_second_is_refused_by_s3(machines, bucket):
    machine = machines("a")
    key = machine.to.key(machine.sealed(), "manifest.json")
    machine.archive()
    with pytest.raises(ClientError) as rejection:
        bucket.put_object(Bucket=BUCKET, Key=key, Body=b"{}", IfNoneMatch="*", ChecksumAlgorithm="SHA256")
    assert rejection.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    version = bucket.head_object(Bucket=BUCKET, Key=key)["VersionId"]
    with pytest.raises(ClientError):
        bucket.delete_object(Bucket=BUCKET, Key=key, VersionId=version)


def test_what_somebody_else_put_there_is_named_and_left(machines, bucket):
    machine = machines("a")
    bad, good = machine.sealed(), machine.sealed()
    key = machine.to.key(bad, "result.json")
    bucket.put_object(Bucket=BUCKET, Key=key, Body=b"foreign", ChecksumAlgorithm="SHA256")
    output = machine.archive()
    assert output.kept == (good,)
    assert [(fault.where, fault.file) for fault in output.refused] == [(bad, "result.json")]
    there = objects(bucket, machine.to)
    assert there[f"{bad}/result.json"] == b"foreign"
    assert f"{bad}/manifest.json" not in there


def test_killed_at_any_object_it_is_complete_after_the_next_time(stage, machines, bucket, monkeypatch):
    machine = machines("a")
    runs = [machine.sealed() for _ in range(2)]
    mutate, count = Connection.mutate, len(objects_of(machine, runs)) + 1

    for killed in range(count):
        to = replace(machine.to, prefix=f"{machine.to.prefix}/{killed}")
        one = replace(machine, to=to)
        left = [killed]

        def dying(self: Connection, *args: Any, _left: list[int] = left, **kwargs: Any) -> Any:
            _left[0] -= 1
            if _left[0] == -1:
                raise KeyboardInterrupt
            return mutate(self, *args, **kwargs)

        monkeypatch.setattr(Connection, "mutate", dying)
        with pytest.raises(KeyboardInterrupt):
            one.archive()
        monkeypatch.undo()
        half = objects(bucket, to)
        assert "index.jsonl" not in half
        for run in runs:
            assert f"{run}/manifest.json" not in half or set(objects_of(machine, [run])) <= {*half}
        stage.sandbox.forget_calls()
        output = one.archive()
        assert sorted((*output.kept, *output.there)) == sorted(runs)
        assert written(stage) == count - killed
        assert objects(bucket, to) == {**objects_of(machine, runs), "index.jsonl": index(machine)}


def objects_of(machine: Machine, runs: list[str]) -> dict[str, bytes]:
    files = (path for run in runs for path in (machine.place / run).rglob("*") if path.is_file())
    return {str(path.relative_to(machine.place)): path.read_bytes() for path in files}


def index(machine: Machine) -> bytes:
    return (machine.place / "index.jsonl").read_bytes()


def test_a_fresh_machine_continues_the_chain(machines, bucket):
    first, second = machines("first"), machines("second")
    old = [first.sealed() for _ in range(2)]
    head = first.archive().head
    output = second.archive()
    assert (output.elsewhere, output.kept, output.head) == (tuple(old), (), head)
    new = second.sealed()
    assert second.archive().kept == (new,)
    assert [entry.run for entry in entries_of(second.place)] == [*old, new]
    verified = verify_all(second.place, head)
    assert (verified.faults, verified.records, verified.archived) == ((), 1, tuple(sorted(old)))
    assert f"2 record(s) are archived in {first.to.url} and not here" in verified.notes[-1]
    assert objects(bucket, first.to)["index.jsonl"] == index(second)


def test_what_lies_in_the_archive_is_an_outputs_folder_again(machines, bucket, tmp_path):
    """So an auditor needs a download and nothing of ours; `aws s3 sync` makes the same."""
    first, second = machines("first"), machines("second")
    for machine in (first, second):
        machine.sealed()
        head = machine.archive().head
    for name, content in objects(bucket, first.to).items():
        file = tmp_path / "downloaded" / ACCOUNT / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    verified = verify_all(tmp_path / "downloaded" / ACCOUNT, head)
    assert (verified.faults, verified.records, verified.archived) == ((), 2, ())


def test_an_index_that_somebody_deleted_is_missed(machines, bucket):
    machine = machines("a")
    machine.sealed()
    assert machine.archive().notes == ()
    bucket.delete_object(Bucket=BUCKET, Key=machine.to.key("index.jsonl"))
    output = replace(machine, base=machine.base / "fresh").archive()
    assert output.notes[0].startswith("The archive had records and no index.jsonl")
    head = machine.archive().head
    assert head == hashlib.sha256(objects(bucket, machine.to)["index.jsonl"]).hexdigest()


def test_a_record_that_is_missing_in_the_archive_is_no_archived_one(machines, bucket):
    """Its line is there: it was refused where it was sealed, or is being restored."""
    first, second = machines("first"), machines("second")
    run = first.sealed()
    with (first.place / run / "result.json").open("a", encoding="utf-8") as file:
        file.write(" ")
    assert first.archive().kept == ()
    output = second.archive()
    assert output.elsewhere == ()
    assert output.notes == (f"{run} is in the archive's chain, and no whole record of it is there.",)
    assert second.faults() == [f"{run}: is in the chain, and its folder is gone"]


def test_another_bucket_of_the_log_archive_account_is_entered_too(machines, bucket):
    bucket.create_bucket(Bucket="more-records", ObjectLockEnabledForBucket=True)
    rule = {"ID": "tidy", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 400}}
    bucket.put_bucket_lifecycle_configuration(Bucket="more-records", LifecycleConfiguration={"Rules": [rule]})
    machine = replace(machines("a"), to=Archive("more-records", "here", ACCOUNT))
    run = machine.sealed()
    output = machine.archive()
    assert output.kept == (run,)
    assert output.notes == (
        "Bucket more-records locks nothing by itself: each object was locked (GOVERNANCE 90 days).",
        "A lifecycle rule of bucket more-records deletes objects after 400 days, once unlocked.",
    )
    stored = bucket.head_object(Bucket="more-records", Key=machine.to.key(run, "manifest.json"))
    assert (stored["ObjectLockRetainUntilDate"] - stored["LastModified"]).days >= 89


def test_two_machines_get_one_chain(machines, bucket):
    """Both have sealed before either archives, and the second reads the index before the first has written it."""
    one, two = machines("one"), machines("two")
    own, foreign = one.sealed(), two.sealed()
    put = upload_aws.Store.put_index
    output: list[ArchiveResult] = []

    def late(self: Any, content: bytes, etag: str) -> bool:
        if not output:
            output.append(ArchiveResult("", ""))
            output.append(one.archive())
        return put(self, content, etag)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upload_aws.Store, "put_index", late)
        second = two.archive()
    assert second.kept == (foreign,)
    assert [entry.run for entry in entries_of(two.place)] == [own, foreign]
    assert "ours were linked after them" in second.notes[0]
    third = one.archive()
    assert third.head == second.head
    assert one.faults() == two.faults() == []
    assert objects(bucket, one.to)["index.jsonl"] == index(one) == index(two)
    versions = bucket.list_object_versions(Bucket=BUCKET, Prefix=one.to.key("index.jsonl"))["Versions"]
    assert len(versions) == 2


def test_two_machines_with_one_key_sign_one_chain(machines, tmp_path):
    new_pair(tmp_path / "key")
    signer = LocalSigner(tmp_path / "key")
    one, two = (replace(machines(name), signer=signer) for name in ("one", "two"))
    one.sealed()
    two.sealed()
    one.archive()
    two.archive()
    fresh = replace(machines("fresh"), signer=signer)
    assert fresh.archive().head == two.archive().head == one.archive().head
    assert one.faults() == two.faults() == fresh.faults() == []


def test_a_chain_in_the_archive_that_says_it_is_signed_and_is_not_is_not_adopted(machines, bucket, tmp_path):
    new_pair(tmp_path / "key")
    one = replace(machines("one"), signer=LocalSigner(tmp_path / "key"))
    one.sealed()
    one.archive()
    (signature,) = [name for name in objects(bucket, one.to) if name.startswith("signatures/")]
    bucket.put_object(Bucket=BUCKET, Key=one.to.key(signature), Body=b"x" * 64, ChecksumAlgorithm="SHA256")
    fresh = replace(machines("fresh"), signer=one.signer)
    with pytest.raises(NotArchived, match="is not that of the key"):
        fresh.archive()
    assert not (fresh.place / "index.jsonl").exists()


def test_an_altered_record_is_refused_and_the_others_are_kept(machines, bucket):
    machine = machines("a")
    bad, good = machine.sealed(), machine.sealed()
    with (machine.place / bad / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write("{}\n")
    output = machine.archive()
    assert output.kept == (good,)
    assert {fault.where for fault in output.refused} == {bad}
    assert not [name for name in objects(bucket, machine.to) if name.startswith(bad)]


def test_a_record_that_was_sealed_anew_is_refused_by_its_line_in_the_archive(machines, bucket):
    machine = machines("a")
    run = machine.sealed()
    machine.archive()
    before = objects(bucket, machine.to)
    file = machine.place / run / "manifest.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"outcome"', '"Outcome"'), encoding="utf-8")
    entry = json.loads(index(machine))
    entry["manifest_sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    (machine.place / "index.jsonl").write_text(json.dumps(entry, sort_keys=True, separators=(",", ":")) + "\n")
    with pytest.raises(NotArchived, match="another record of"):
        machine.archive()
    assert objects(bucket, machine.to) == before


def test_what_was_altered_or_deleted_in_the_archive_is_named_when_it_is_checked(stage, machines, bucket):
    machine = machines("a")
    altered, deleted, whole = (machine.sealed() for _ in range(3))
    machine.archive()
    bucket.put_object(Bucket=BUCKET, Key=machine.to.key(altered, "events.jsonl"), Body=b"all was well")
    bucket.delete_object(Bucket=BUCKET, Key=machine.to.key(deleted, "result.json"))
    assert machine.archive().altered == (), "a manifest that is there says nothing of the files"
    stage.sandbox.forget_calls()
    output = machine.archive(check=True)
    assert [(fault.where, fault.file) for fault in output.altered] == [
        (altered, "events.jsonl"),
        (deleted, "result.json"),
    ]
    assert set(output.there) == {altered, deleted, whole}
    assert written(stage) == 0
    assert output.checked == len(objects_of(machine, [altered, deleted, whole]))


def test_records_of_other_machines_are_checked_by_the_manifests_in_the_archive(machines, bucket):
    first, second = machines("first"), machines("second")
    one, two = first.sealed(), first.sealed()
    first.archive()
    bucket.delete_object(Bucket=BUCKET, Key=first.to.key(one, "02-units.html"))
    bucket.put_object(Bucket=BUCKET, Key=first.to.key(two, "manifest.json"), Body=b"[" * 5_000)
    for _ in range(2):
        output = second.archive(check=True)
        assert [(fault.where, fault.file) for fault in output.altered] == [
            (one, "02-units.html"),
            (two, "manifest.json"),
        ]


def test_a_signature_that_is_gone_from_the_archive_is_named(machines, bucket, tmp_path):
    machine = replace(machines("a"), signer=new_pair(tmp_path / "key"))
    run = machine.sealed()
    machine.archive()
    assert machine.archive(check=True).altered == ()
    (signature,) = [name for name in objects(bucket, machine.to) if name.startswith("signatures/")]
    bucket.delete_object(Bucket=BUCKET, Key=machine.to.key(signature))
    machine.archive()
    output = machine.archive(check=True)
    assert [(fault.where, fault.file) for fault in output.altered] == [(run, signature)]


def test_checking_tells_how_much_it_asked_and_ends_with_6_when_something_is_altered(stage, bucket, tmp_path):
    project = stage.project.within({"ORGKIT_OUTPUTS": str(tmp_path / "outputs")})
    run = Path(project.phase("06")["run"]).name
    where = ("records", "archive", project.file, "--to", f"s3://{BUCKET}/checked")
    project.orgkit(*where)
    assert "as they were sealed" in project.orgkit(*where, "--check").stdout
    key = Archive(BUCKET, "checked", ACCOUNT).key(run, "result.json")
    bucket.put_object(Bucket=BUCKET, Key=key, Body=b"{}")
    assert "there    1 already" in project.orgkit(*where).stdout
    output = project.orgkit(*where, "--check", code=6).stdout
    assert f"ALTERED  {run}, result.json" in output
    assert max(map(len, output.splitlines())) <= 80


def test_a_run_that_is_not_sealed_is_left_and_named(machines, bucket):
    machine = machines("a")
    machine.sealed()
    folder = outputs.new_run_folder(machine.base, ACCOUNT, "units")
    Journal(folder / "events.jsonl").write("phase")
    assert machine.archive().unsealed == (folder.name,)
    assert not [name for name in objects(bucket, machine.to) if name.startswith(folder.name)]


def test_a_lost_answer_is_looked_for_before_anything_is_sent_again(stage, machines, monkeypatch):
    machine = machines("a")
    run = machine.sealed()
    mutate, lost = Connection.mutate, []

    def losing(self: Connection, *args: Any, **kwargs: Any) -> Any:
        answer = mutate(self, *args, **kwargs)
        if len(lost) < 3:
            lost.append(args)
            raise OutcomeUnknown("s3:PutObject", "ReadTimeoutError")
        return answer

    monkeypatch.setattr(Connection, "mutate", losing)
    stage.sandbox.forget_calls()
    assert machine.archive().kept == (run,)
    assert written(stage) == len(objects_of(machine, [run])) + 1


def test_the_session_is_narrowed_to_the_place_of_the_records(stage, machines):
    machine = machines("a")
    machine.sealed()
    stage.sandbox.forget_calls()
    machine.archive()
    calls = stage.sandbox.calls()
    (entered,) = [call for call in calls if call["operation"] == "AssumeRole"]
    assert json.loads(entered["parameters"]["Policy"]) == machine.to.policy()
    inside = {f"{call['service']}:{call['operation']}" for call in calls if call["account"] != ACCOUNT}
    names = {
        "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration", "s3:HeadBucket": "s3:ListBucket",
        "s3:ListObjectsV2": "s3:ListBucket", "s3:HeadObject": "s3:GetObject",
        "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    }  # fmt: skip
    allowed = {action for each in machine.to.policy()["Statement"] for action in each["Action"]}
    assert {names.get(call, call) for call in inside} - {"sts:GetCallerIdentity"} <= allowed


def test_a_bucket_of_the_callers_own_is_written_to_by_the_caller_and_its_lack_of_locks_is_told(stage, machines):
    stage.client("s3").create_bucket(Bucket="our-own-records")
    machine = replace(machines("a"), to=Archive("our-own-records", "", ACCOUNT))
    run = machine.sealed()
    output = machine.archive()
    assert output.kept == (run,)
    assert [note.partition(":")[0] for note in output.notes] == [
        "Bucket our-own-records has no Object Lock",
        "Bucket our-own-records keeps no versions",
    ]
    stage.client("s3").head_object(Bucket="our-own-records", Key=f"{ACCOUNT}/{run}/manifest.json")


def test_a_bucket_that_nobody_has_is_an_error_only_for_who_named_it(stage, tmp_path):
    project: Project = stage.project.within({"ORGKIT_OUTPUTS": str(tmp_path / "outputs")})
    named = project.orgkit("records", "archive", project.file, "--to", "s3://nobodys-bucket", code=5)
    assert "nobodys-bucket is not there" in " ".join(named.stderr.split())
    wrong = project.orgkit("records", "archive", project.file, "--to", "here", code=5)
    assert "is not a place in S3" in wrong.stderr


def test_before_the_trail_phase_there_is_no_archive_and_that_is_no_fault(tmp_path):
    stage = Stage(new_project(tmp_path / "project"))
    with stage.sandbox:
        stage.begin()
        output = stage.project.orgkit("records", "archive", stage.project.file).stdout
        assert "There is no archive yet: phase 05-trail makes bucket" in " ".join(output.split())
        stage.apply("organization")
        stage.project.orgkit("records", "archive", stage.project.file)
        assert not [call for call in stage.sandbox.calls() if call["operation"] == "PutObject"]


def test_removing_a_record_that_is_archived_is_still_found_here(machines):
    machine = machines("a")
    run = machine.sealed()
    machine.archive()
    shutil.rmtree(machine.place / run)
    machine.archive()
    assert machine.faults() == [f"{run}: is in the chain, and its folder is gone"]


class TestWhatWasDoneUnderAnApproval:
    def test_is_known_to_a_fresh_machine_from_the_archive(self, machines: Callable[[str], Machine]) -> None:
        first, fresh = machines("first"), machines("fresh")
        first.sealed(*APPLIED)
        first.archive()
        assert outputs.committed_steps(fresh.base, ACCOUNT, PLAN.digest) is None
        fresh.archive()
        assert outputs.committed_steps(fresh.base, ACCOUNT, PLAN.digest) == {"one"}
        assert outputs.committed_steps(fresh.base, ACCOUNT, "e" * 64) is None
        first.sealed({"event": "settled", "intent": "i", "result": "adopted"})
        first.archive()
        fresh.archive()
        assert outputs.committed_steps(fresh.base, ACCOUNT, PLAN.digest) == {"one", "two"}
        assert fresh.faults() == []

    def test_is_not_read_of_runs_whose_approval_has_ended(self, machines: Callable[[str], Machine]) -> None:
        first, fresh = machines("first"), machines("fresh")
        first.sealed(*APPLIED, at=datetime.now(UTC) - timedelta(days=9))
        first.archive()
        fresh.archive()
        assert outputs.committed_steps(fresh.base, ACCOUNT, PLAN.digest) is None

    def test_is_not_believed_when_the_record_was_changed_in_the_archive(
        self, stage: Stage, machines: Callable[[str], Machine]
    ) -> None:
        first, fresh = machines("first"), machines("fresh")
        run = first.sealed(*APPLIED)
        first.archive()
        key = first.to.key(run, "events.jsonl")
        accounts = stage.client("organizations").list_accounts()["Accounts"]
        account = next(item["Id"] for item in accounts if item["Name"] == "log-archive")
        stage.client("s3", account).put_object(Bucket=BUCKET, Key=key, Body=b"")
        with pytest.raises(NotArchived, match="what it applied is not known"):
            fresh.archive()
