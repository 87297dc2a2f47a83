"""Unexpected files among records: links, copies, other files, and lines that nobody signed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from orgkit.cli.records import records
from orgkit.model.plan import Plan, Target
from orgkit.records import outputs
from orgkit.records.archive.marker import mark
from orgkit.records.catalogue import list_records
from orgkit.records.catalogue_page import write_page
from orgkit.records.chain import entries_of
from orgkit.records.seal import seal
from orgkit.records.verify import signing_key
from orgkit.records.verify.verify import verify_all, verify_one
from orgkit.signing.local import LocalSigner, new_pair
from tests.plans.loader import reviewed
from tests.records.test_chain import found, place, runs, sealed
from tests.records.test_seal import ACCOUNT, NOON, PLAN, run_folder

__all__ = ["place"]  # a fixture


def moved_away(path: Path) -> None:
    away = path.parents[2 if path.parent.name == ACCOUNT else 3] / f"away-{path.name}"
    path.rename(away)
    path.symlink_to(away)


def link_manifest(place: Path) -> tuple[str, str]:
    moved_away(runs(place)[1] / "manifest.json")
    return runs(place)[1].name, "manifest.json"


def link_index(place: Path) -> tuple[str, str]:
    moved_away(place / "index.jsonl")
    return "index.jsonl", ""


def link_run(place: Path) -> tuple[str, str]:
    run = runs(place)[1]
    moved_away(run)
    return run.name, ""


def copy_run(place: Path) -> tuple[str, str]:
    copy = f"{runs(place)[1].name} copy"
    shutil.copytree(runs(place)[1], place / copy)
    return copy, ""


def stray(place: Path) -> tuple[str, str]:
    (place / "note.txt").write_text("all was well")
    return "note.txt", ""


def stray_signature(place: Path) -> tuple[str, str]:
    (place / "signatures").mkdir()
    (place / "signatures" / "note.txt").write_text("all was well")
    return "signatures/note.txt", ""


def empty_directory(place: Path) -> tuple[str, str]:
    (runs(place)[1] / "evidence" / "more").mkdir(parents=True)
    return runs(place)[1].name, "evidence/more"


def file_for_a_folder(place: Path) -> tuple[str, str]:
    (place / "plans").write_text("")
    return "plans", ""


@pytest.mark.parametrize(
    "tamper",
    [link_manifest, link_index, link_run, copy_run, stray, stray_signature, empty_directory, file_for_a_folder],
)
def test_what_orgkit_does_not_write_is_named(place, tamper: Callable[[Path], tuple[str, str]]):
    assert tamper(place) in found(place)


def test_a_linked_record_or_chain_is_named_for_the_record_alone_too(place):
    run, link = runs(place)[1], link_run(place)
    assert link in [(fault.where, fault.file) for fault in verify_one(run).faults]
    run.unlink()
    link_index(place)
    assert "index.jsonl" in [fault.where for fault in verify_one(runs(place)[0]).faults]


def test_all_that_orgkit_writes_is_known(place, tmp_path):
    """Plans, prepared runs, answers of Cost Explorer, locks, a chain that was set aside, what a kill left."""
    outputs.keep_plan(place.parent, ACCOUNT, PLAN)
    sealed(tmp_path, signer=new_pair(tmp_path / "records.key"))
    prepared = outputs.new_run_folder(place.parent, ACCOUNT, "units")
    (prepared / "02-units.ipynb").write_text("{}")
    mark(place, "s3://bucket", "", (), None)
    (place / "cost-explorer").mkdir()
    for name in (".lock", "archive.jsonl", "archived.json.sig", "index-0123456789ab.jsonl", ".index.jsonl.0123abcd"):
        (place / name).write_text("")
    (place / "signatures" / "000009-0123456789abcdef.sig").write_bytes(b"of a line that somebody else was first with")
    output = verify_all(place)
    assert (output.faults, output.unsealed) == ((), ())


def test_a_folder_of_a_runs_name_that_holds_no_run_is_told(place):
    name = outputs.new_run_folder(place.parent, ACCOUNT, "units").name
    assert verify_all(place).unsealed == (name,)


def test_an_unsigned_line_after_a_signed_one_is_a_fault(place, tmp_path):
    sealed(tmp_path, signer=new_pair(tmp_path / "records.key"))
    assert found(place) == []
    forged = sealed(tmp_path)
    assert found(place) == [("index.jsonl", "line 5")]
    assert ("index.jsonl", "line 5") in [(fault.where, fault.file) for fault in verify_one(forged).faults]


ON_AWS = reviewed(Plan("units", Target(ACCOUNT, "o-abc", "aws", "aws")), NOON)


class TestTheKeyOfTheParametersFile:
    @pytest.fixture
    def signer(self, tmp_path: Path) -> LocalSigner:
        return new_pair(tmp_path / "records.key")

    @pytest.fixture
    def project(self, tmp_path: Path, signer: LocalSigner, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A project of its own, in which we stand, whose file names the public key."""
        example = (Path(__file__).parents[2] / "parameters" / "example.toml").read_text(encoding="utf-8")
        example = example.replace("999999999999", ACCOUNT)
        (tmp_path / "parameters").mkdir()
        named = example.replace('#public_key = ""', f'public_key = "{signer.public.line}"')
        (tmp_path / "parameters" / "acme.toml").write_text(named, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        return tmp_path

    def output_of(self, *arguments: str, code: int) -> str:
        done = CliRunner().invoke(records, ["verify", *arguments])
        assert done.exit_code == code, (done.output, done.exception)
        return done.output

    def test_checks_signatures_without_being_asked(self, project, signer):
        place = sealed(project, ON_AWS, signer).parent
        output = self.output_of(code=0)
        assert "1 sealed, 1 of them signed" in output
        assert "acme.toml" in output
        (signature,) = (place / "signatures").iterdir()
        signature.write_bytes(b"garbage")
        assert "is not that of the key" in " ".join(self.output_of(code=6).split())

    def test_takes_records_that_were_sealed_before_there_was_a_key_as_covered_by_the_first_signed_one(
        self, project, signer
    ):
        sealed(project, ON_AWS)
        sealed(project, ON_AWS, signer)
        assert "1 of them signed" in self.output_of(code=0)
        self.output_of("--key", str(project / "records.key.pub"), code=6)

    def test_finds_a_chain_that_lost_all_its_signatures(self, project):
        sealed(project, ON_AWS)
        assert "no line of it is signed" in " ".join(self.output_of(code=6).split())

    def test_loads_no_other_parameters_file_than_those_that_name_a_key_for_the_account(
        self, project, signer, monkeypatch
    ):
        sealed(project, ON_AWS, signer)
        folder = project / "parameters"
        named = (folder / "acme.toml").read_text(encoding="utf-8")
        (folder / "a-broken.toml").write_text("[organization", encoding="utf-8")
        (folder / "a-latin.toml").write_bytes(b"# M\xfcller\n")
        (folder / "b-another.toml").write_text(named.replace(ACCOUNT, "222222222222"), encoding="utf-8")
        (folder / "c-without.toml").write_text(named.replace("public_key", "#public_key"), encoding="utf-8")
        loaded: list[str] = []
        load = signing_key.load
        monkeypatch.setattr(signing_key, "load", lambda file: (loaded.append(file.name), load(file))[1])
        assert "acme.toml" in self.output_of(code=0)
        assert loaded == ["acme.toml"]

    def test_is_used_in_a_project_that_lies_in_a_folder_called_sandbox(self, project, signer, monkeypatch):
        for name in ("sandbox", "sandbox/outer"):
            home = project / name / "acme"
            shutil.copytree(project / "parameters", home / "parameters")
            monkeypatch.chdir(home)
            sealed(home, ON_AWS)
            assert "no line of it is signed" in " ".join(self.output_of(code=6).split())
            monkeypatch.setenv("ORGKIT_OUTPUTS", str(project / "sandbox"))
            shutil.copytree(home / "outputs" / ACCOUNT, project / "sandbox" / ACCOUNT)
            assert "no line of it is signed" in " ".join(self.output_of(code=6).split())
            monkeypatch.delenv("ORGKIT_OUTPUTS")
            shutil.rmtree(project / "sandbox")

    def test_is_not_asked_for_the_records_of_a_sandbox_wherever_they_lie(self, project):
        sealed(project)
        assert "records of a sandbox in outputs" in self.output_of(code=0)
        sealed(project, ON_AWS)
        output = " ".join(self.output_of(code=6).split())
        assert "no line of it is signed" in output
        assert "of a sandbox" not in output

    def test_is_used_where_no_record_says_what_it_was_for(self, project):
        seal(run_folder(project))
        assert "no line of it is signed" in " ".join(self.output_of(code=6).split())

    def test_is_not_guessed(self, project, signer):
        sealed(project, ON_AWS, signer)
        file = project / "parameters" / "acme.toml"
        file.write_text(file.read_text(encoding="utf-8").replace(ACCOUNT, "210987654321"))
        output = self.output_of(code=0)
        assert "signatures not checked (--key)" in output
        assert "of them signed" not in output


def test_records_that_are_elsewhere_are_not_called_as_they_were_sealed(place, monkeypatch):
    entries = entries_of(place)
    shutil.rmtree(place / entries[1].run)
    mark(place, "s3://bucket/records", entries[-1].digest, entries[1:2], None)
    monkeypatch.setenv("ORGKIT_OUTPUTS", str(place.parent))
    done = CliRunner().invoke(records, ["verify"])
    assert "1 record(s) are not here and were not checked" in done.output
    assert "Everything" not in done.output
    assert done.exit_code == 0
    assert max(map(len, done.output.splitlines())) <= 80


def test_sealing_prints_the_head(tmp_path):
    run = run_folder(tmp_path)
    done = CliRunner().invoke(records, ["seal", str(run)])
    assert f"head    {entries_of(run.parent)[-1].digest}" in done.output


def test_a_record_is_sealed_from_within_its_folder(tmp_path, monkeypatch):
    run = run_folder(tmp_path)
    monkeypatch.chdir(run)
    CliRunner().invoke(records, ["seal", "."])
    assert [entry.run for entry in entries_of(run.parent)] == [run.name]
    assert json.loads((run / "manifest.json").read_text())["run"] == run.name


def test_the_page_of_all_records_says_which_have_faults_and_what_was_not_checked(place):
    def page() -> str:
        write_page(place.parent, list_records(place.parent), [verify_all(place)])
        return (place.parent / "catalogue.html").read_text(encoding="utf-8")

    assert "<b>everything as it was sealed</b>" in page()
    entries = entries_of(place)
    shutil.rmtree(place / entries[1].run)
    mark(place, "s3://bucket/records", entries[-1].digest, entries[1:2], None)
    assert "1 more are not here and were not checked" in page()
    assert "everything" not in page()
    (place / entries[0].run / "events.jsonl").write_text("[1]")
    assert page().count("done, with faults") == 1
