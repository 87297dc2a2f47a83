"""Where CloudTrail is queried, which records next to a run are trusted, and which parameters file it had."""

import json
from pathlib import Path

import pytest

from orgkit.errors import OrgkitError
from orgkit.records.chain import append
from orgkit.records.files import sha256_of
from orgkit.records.manifest import MANIFEST
from orgkit.records.reconcile import cloudtrail_aws
from orgkit.records.reconcile.cloudtrail_event import account_of, session_arn
from orgkit.records.reconcile.journal_changes import mutations_of
from orgkit.records.reconcile.parameters_file import parameters_of
from orgkit.records.reconcile.query_scope import SkippedScope, places_of, regions_of_run, skipped_scope
from orgkit.records.reconcile.trusted_records import assess_trust

MANAGEMENT, ARCHIVE, OTHER = "999999999999", "112103421649", "555555555555"
EXAMPLE = Path(__file__).parents[2] / "parameters" / "example.toml"
INTENT = {"event": "intent", "at": "2026-11-23T12:00:00+00:00", "intent": "a", "call": "iam:CreateUser"}
ANSWER = {"event": "answer", "at": INTENT["at"], "intent": "a", "result": "committed", "request_id": "id-a"}


def run_folder(place: Path, ending: str, *events: object, sealed: bool = True) -> Path:
    run = place / MANAGEMENT / f"20261123T090000Z-02-units-{ending}"
    run.mkdir(parents=True)
    (run / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    if sealed:
        content = (run / "events.jsonl").read_bytes()
        files = {"events.jsonl": {"sha256": sha256_of(run / "events.jsonl"), "bytes": len(content)}}
        manifest = {"account": MANAGEMENT, "run": run.name, "sealed_at": "now", "plan_sha256": "", "files": files}
        (run / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
        append(run.parent, run.name, sha256_of(run / MANIFEST), "now")
    return run


class TestBelief:
    def test_records_that_are_sealed_and_whole_are_believed(self, tmp_path: Path) -> None:
        run, other = run_folder(tmp_path, "0000000a"), run_folder(tmp_path, "0000000b", INTENT, ANSWER)
        trust = assess_trust(run)
        assert (trust.sealed, trust.faults, trust.claimed_mutations) == (True, (), ())
        assert [(each.run, each.request_id) for each in trust.trusted_mutations] == [(other.name, "id-a")]

    def test_a_journal_that_nobody_sealed_only_claims(self, tmp_path: Path) -> None:
        run = run_folder(tmp_path, "0000000a")
        run_folder(tmp_path, "0000000b", INTENT, ANSWER, sealed=False)
        trust = assess_trust(run)
        assert (len(trust.trusted_mutations), len(trust.claimed_mutations), trust.faults) == (0, 1, ())

    def test_a_sealed_one_that_was_changed_since_or_is_not_in_the_chain_only_claims(self, tmp_path: Path) -> None:
        run, changed = run_folder(tmp_path, "0000000a"), run_folder(tmp_path, "0000000b", INTENT)
        (changed / "events.jsonl").write_text(json.dumps(INTENT) + "\n" + json.dumps(ANSWER) + "\n", encoding="utf-8")
        loose = run_folder(tmp_path, "0000000c", INTENT, ANSWER, sealed=False)
        (loose / MANIFEST).write_text("{}", encoding="utf-8")
        trust = assess_trust(run)
        assert (trust.trusted_mutations, [each.run for each in trust.claimed_mutations]) == (
            (),
            [changed.name, loose.name],
        )

    @pytest.mark.parametrize("line", [[], 1, {"event": "intent"}, {**INTENT, "at": "soon"}, {**INTENT, "intent": []}])
    def test_a_journal_that_orgkit_cannot_have_written_claims_nothing(self, tmp_path: Path, line: object) -> None:
        run = run_folder(tmp_path, "0000000a")
        run_folder(tmp_path, "0000000b", line, sealed=False)
        assert assess_trust(run).claimed_mutations == ()

    def test_a_time_without_a_zone_is_taken_for_utc(self) -> None:
        (mutation,) = mutations_of("run", [{**INTENT, "at": "2026-11-23T12:00:00"}])
        assert mutation.sent.isoformat() == INTENT["at"]

    def test_of_a_run_that_is_not_sealed_only_that_is_told(self, tmp_path: Path) -> None:
        trust = assess_trust(run_folder(tmp_path, "0000000a", INTENT, sealed=False))
        assert (trust.sealed, trust.faults) == (False, ())

    def test_each_fault_of_a_record_and_of_its_chain_is_told(self, tmp_path: Path) -> None:
        run = run_folder(tmp_path, "0000000a", INTENT)
        (run / "events.jsonl").write_text("", encoding="utf-8")
        with (run.parent / "index.jsonl").open("a", encoding="utf-8") as chain:
            chain.write("{}\n")
        faults = assess_trust(run).faults
        assert [fault.partition(",")[0] for fault in faults] == ["index.jsonl", run.name]


class TestPlaces:
    def test_the_regions_of_a_run_are_its_own_and_those_that_are_always_asked(self) -> None:
        sent = mutations_of("run", [{**INTENT, "region": "eu-central-1"}, {**INTENT, "intent": "b"}])
        assert regions_of_run(sent, ("us-east-1",)) == {"us-east-1", "eu-central-1"}

    def test_every_account_is_asked_in_each_of_them_and_in_what_it_has_enabled_beyond(self) -> None:
        enabled = {ARCHIVE: ("us-east-1", "eu-west-1")}
        places = places_of((MANAGEMENT, ARCHIVE), ["us-east-1"], lambda account: enabled.get(account, ()))
        assert places == {(MANAGEMENT, "us-east-1"), (ARCHIVE, "us-east-1"), (ARCHIVE, "eu-west-1")}

    def test_what_is_left_out_has_a_name(self) -> None:
        places = {(MANAGEMENT, "us-east-1"), (ARCHIVE, "eu-west-1")}
        left = skipped_scope(places, (ARCHIVE, OTHER), ("us-east-1", "eu-west-1", "eu-north-1"))
        assert left == SkippedScope((OTHER,), ("eu-north-1",))


class TestEntered:
    def test_a_session_is_known_by_what_was_asked_for_without_the_path_of_its_role(self) -> None:
        requests = {"roleArn": f"arn:aws:iam::{ARCHIVE}:role/a/path/Admin", "roleSessionName": "me"}
        event = {"eventTime": "2026-11-23T12:00:00Z", "eventName": "AssumeRole", "requestParameters": requests}
        logged = cloudtrail_aws._as_event(event)
        assert logged.entered == session_arn(ARCHIVE, "Admin", "me")
        assert account_of(logged.entered) == ARCHIVE

    @pytest.mark.parametrize("requests", [None, {}, {"roleArn": "Admin"}])
    def test_what_tells_no_role_enters_nothing(self, requests: dict[str, str] | None) -> None:
        event = {"eventTime": "2026-11-23T12:00:00Z", "eventName": "AssumeRole", "requestParameters": requests}
        assert cloudtrail_aws._as_event(event).entered == ""
        assert account_of("AWS Internal") == ""


class TestParametersFile:
    def project(self, folder: Path) -> tuple[Path, Path]:
        """A project whose file a run has read; the record's copy has lost an email."""
        file = folder / "parameters" / "acme.toml"
        file.parent.mkdir()
        file.write_bytes(EXAMPLE.read_bytes())
        run = run_folder(folder / "outputs", "0000000a", {"event": "phase", "parameters_sha256": sha256_of(file)})
        copy = file.read_text(encoding="utf-8").replace("aws-management@", "a…@")
        (run / "parameters.toml").write_text(copy, encoding="utf-8")
        return run, file

    def test_the_project_s_own_is_taken_while_it_is_the_one_that_was_read(self, tmp_path: Path) -> None:
        run, file = self.project(tmp_path)
        assert parameters_of(run, tmp_path).sha256 == sha256_of(file)

    def test_else_the_record_s_copy_when_it_can_be_loaded(self, tmp_path: Path) -> None:
        run, file = self.project(tmp_path)
        file.rename(run / "parameters.toml")
        assert parameters_of(run, tmp_path).sha256 == sha256_of(EXAMPLE)

    def test_else_a_person_is_asked_to_name_it(self, tmp_path: Path) -> None:
        run, file = self.project(tmp_path)
        file.write_bytes(file.read_bytes() + b"# since then\n")
        with pytest.raises(OrgkitError, match="cannot be loaded") as stopped:
            parameters_of(run, tmp_path)
        assert (stopped.value.exit_code, "--file FILE" in stopped.value.remedy) == (1, True)
        assert "a…@" in stopped.value.reason

    def test_so_it_is_when_there_is_no_copy(self, tmp_path: Path) -> None:
        run, file = self.project(tmp_path)
        file.unlink()
        (run / "parameters.toml").unlink()
        with pytest.raises(OrgkitError, match="--file FILE"):
            parameters_of(run, tmp_path)
