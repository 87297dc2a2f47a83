import hashlib
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from orgkit.errors import OrgkitError, RecordExists
from orgkit.journal.events import Journal
from orgkit.model.plan import Plan, Target
from orgkit.records import outputs
from orgkit.records.catalogue import find_record, list_records
from orgkit.records.files import LOCKED
from orgkit.records.seal import seal
from orgkit.records.seal_options import Sealing
from tests.plans.loader import reviewed

ACCOUNT = "123456789012"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYCANARYKEYx"
KEY_ID = "ASIACANARYCANARYCANA"
LEAK = f"{KEY_ID} {{'SecretAccessKey': '{SECRET}'}}"
NOON = "2026-07-01T12:00:00+00:00"
PLAN = reviewed(Plan("units", Target(ACCOUNT, "o-abc", "aws", "emulator")), NOON)


def notebook(*sources: str, **metadata: Any) -> dict[str, Any]:
    cells = [nbformat.v4.new_code_cell(source, execution_count=n) for n, source in enumerate(sources or ("x",), 1)]
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def run_folder(tmp_path: Path, *more: dict[str, Any], end: bool = True, executed: Any = None) -> Path:
    folder = outputs.new_run_folder(tmp_path / "outputs", ACCOUNT, "units")
    journal = Journal(folder / "events.jsonl")
    file = tmp_path / "acme.toml"
    file.write_text("[organization]\n")
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    journal.write("phase", phase="units", run=folder.name, parameters_sha256=sha256, version="0")
    for event in more:
        journal.write(**event)
    if end:
        journal.write("verified", passed=True, left=[], waiting=[])
        journal.write("end")
    nbformat.write(executed or notebook(), folder / "02-units.ipynb")
    return folder


def approved(plan: Plan) -> list[dict[str, Any]]:
    named = {"digest": plan.digest, "plan_sha256": plan.sha256}
    return [{"event": "approval", **named, "how": "button"}, {"event": "apply", **named}]


def manifest_of(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return content


class TestARecord:
    def test_has_the_hash_of_every_file(self, tmp_path):
        folder = run_folder(tmp_path)
        outputs.write_plan(folder, PLAN)
        assert seal(folder, parameters_file=tmp_path / "acme.toml").outcome == "done"
        names = {path.name for path in folder.iterdir()}
        assert names == set(manifest_of(folder)["files"]) | {"manifest.json"}
        assert names >= {"02-units.ipynb", "02-units.html", "parameters.toml", "plan.json", "result.json"}
        for name, facts in manifest_of(folder)["files"].items():
            content = (folder / name).read_bytes()
            assert facts == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}

    def test_says_what_it_was_made_of(self, tmp_path):
        folder = run_folder(
            tmp_path, {"event": "identity", "account": ACCOUNT, "arn": "arn:aws:iam::1:role/x", "target": "aws"}
        )
        outputs.write_plan(folder, PLAN)
        seal(folder, source_sha256="s" * 64)
        message = manifest_of(folder)
        assert (message["source_notebook_sha256"], message["plan_sha256"]) == ("s" * 64, PLAN.sha256)
        assert message["parameters_sha256"] == hashlib.sha256((tmp_path / "acme.toml").read_bytes()).hexdigest()
        assert message["target"]["kind"] == "emulator"
        assert message["identity"]["arn"] == "arn:aws:iam::1:role/x"
        assert {"python", "packages", "lock_sha256", "git", "orgkit"} <= set(message)
        assert message["packages"]["papermill"]

    def test_says_how_it_was_begun_and_how_it_is_rolled_back(self, tmp_path, monkeypatch):
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("GITHUB_RUN_ID", "4711")
        monkeypatch.setenv("GITHUB_ACTOR", "ada")
        head = nbformat.v4.new_markdown_cell("# 02\n\n| Purpose | x |\n|---|---|\n| **Roll back** | Move them back |")
        made = notebook()
        made["cells"].insert(0, head)
        folder = run_folder(tmp_path, *approved(PLAN), executed=made)
        outputs.write_plan(folder, PLAN)
        seal(folder)
        message = manifest_of(folder)
        assert message["roll_back"] == "Move them back"
        assert message["trigger"] == {"by": "GitHub Actions", "run": "4711", "actor": "ada"} | {
            name: value for name, value in message["trigger"].items() if name not in ("by", "run", "actor")
        }
        assert (
            message["approval"]["plan_sha256"]
            == message["applied_plan_sha256"]
            == message["plan_sha256"]
            == PLAN.sha256
        )
        assert message["verification"] == {"passed": True, "left": [], "waiting": []}

    def test_has_no_e_mail_where_the_file_wants_none_but_in_the_plan_that_was_approved(self, tmp_path):
        email = "ada.lovelace@example.com"
        output = {"event": "found", "lines": [f"found {email}"]}
        folder = run_folder(tmp_path, output, executed=notebook(f"# {email}"))
        (tmp_path / "acme.toml").write_text(f"[organization]\nemail = '{email}'\n")
        outputs.write_plan(folder, PLAN)
        seal(folder, sealing=Sealing(mask_emails=True))
        assert [path.name for path in folder.iterdir() if email.encode() in path.read_bytes()] == []
        assert b"a\xe2\x80\xa6@example.com" in (folder / "02-units.html").read_bytes()
        assert manifest_of(folder)["redacted"]["email"] >= 3
        assert hashlib.sha256((folder / "plan.json").read_bytes()).hexdigest() == PLAN.sha256

    def test_is_its_owner_s_alone(self, tmp_path):
        folder = run_folder(tmp_path)
        (folder / "events.jsonl").chmod(0o644)
        seal(folder)
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}

    def test_is_made_once(self, tmp_path):
        folder = run_folder(tmp_path)
        seal(folder)
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        with pytest.raises(RecordExists):
            seal(folder)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before

    def test_that_was_not_finished_can_be_sealed_again(self, tmp_path, monkeypatch):
        folder = run_folder(tmp_path)
        monkeypatch.setattr("orgkit.records.seal.manifest", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            seal(folder)
        monkeypatch.undo()
        assert seal(folder).outcome == "done"

    def test_takes_a_notebook_from_elsewhere_and_leaves_it_there(self, tmp_path):
        folder = run_folder(tmp_path)
        (folder / "02-units.ipynb").rename(tmp_path / "out.ipynb")
        assert seal(folder, tmp_path / "out.ipynb").outcome == "done"
        assert (tmp_path / "out.ipynb").exists()
        assert (folder / "02-units.ipynb").exists()

    def test_without_a_notebook_is_no_success(self, tmp_path):
        folder = run_folder(tmp_path)
        (folder / "02-units.ipynb").unlink()
        assert seal(folder).exit_code == 5

    def test_of_an_interrupted_run_says_so(self, tmp_path):
        assert seal(run_folder(tmp_path, end=False), interruption="a signal ended the run").outcome == "interrupted"

    def test_has_no_parameters_file_that_was_changed_since(self, tmp_path):
        folder = run_folder(tmp_path)
        (tmp_path / "acme.toml").write_text("[other]\n")
        seal(folder, parameters_file=tmp_path / "acme.toml")
        assert not (folder / "parameters.toml").exists()

    def test_finds_the_parameters_file_that_its_notebook_was_given(self, tmp_path):
        values = {"parameters": {"parameters_file": str(tmp_path / "acme.toml")}}
        folder = run_folder(tmp_path, executed=notebook(papermill=values))
        seal(folder)
        assert (folder / "parameters.toml").read_text() == "[organization]\n"


class TestAnApproval:
    def test_names_the_plan_that_was_applied_and_the_bytes_of_plan_json(self, tmp_path):
        folder = run_folder(tmp_path, *approved(PLAN))
        outputs.write_plan(folder, PLAN)
        outputs.write_approval(folder, {"digest": PLAN.digest, "plan_sha256": PLAN.sha256})
        result = seal(folder)
        approval = json.loads((folder / "approval.json").read_text())
        assert approval["plan_sha256"] == result.plan_sha256 == manifest_of(folder)["plan_sha256"] == PLAN.sha256
        assert approval["digest"] == result.digest == PLAN.digest

    def test_of_another_plan_is_no_success(self, tmp_path):
        folder = run_folder(tmp_path, *approved(reviewed(PLAN, NOON, "another")))
        outputs.write_plan(folder, PLAN)
        result = seal(folder)
        assert result.exit_code == 5
        assert PLAN.digest in result.reasons


class TestSecrets:  # of every kind and in every place: test_canaries.py
    def test_in_the_parameters_file_stay_there_alone(self, tmp_path):
        folder = run_folder(tmp_path)
        (tmp_path / "acme.toml").write_text(f'x = "{KEY_ID}"\n')
        (folder / "events.jsonl").unlink()
        seal(folder, parameters_file=tmp_path / "acme.toml")
        assert (folder / "parameters.toml").read_text() == 'x = "[redacted: access key id]"\n'

    def test_leave_a_notebook_that_was_cut_short(self, tmp_path):
        folder = run_folder(tmp_path)
        (folder / "02-units.ipynb").write_text('{"cells": [{"source": "' + LEAK)
        assert seal(folder).exit_code == 5
        assert "CANARY" not in (folder / "02-units.ipynb").read_text()


def test_widgets_and_banners_go_and_the_notebook_stays_valid(tmp_path):
    executed = notebook("a", widgets={"application/vnd.jupyter.widget-state+json": {"state": {}}})
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "Button()"}
    executed.cells[0].outputs = [nbformat.v4.new_output("display_data", view)]
    executed.cells.insert(
        0, nbformat.v4.new_markdown_cell("An Exception", metadata={"tags": ["papermill-error-cell-tag"]})
    )
    folder = run_folder(tmp_path, executed=executed)
    seal(folder)
    sealed = nbformat.read(folder / "02-units.ipynb", as_version=4)
    nbformat.validate(sealed)
    assert "widgets" not in sealed.metadata
    assert [cell.source for cell in sealed.cells] == ["a"]
    assert sealed.cells[0].outputs == []  # the decision that was made in a form is printed next to it


class TestTheCatalogue:
    def test_lists_the_records_of_aws_and_of_every_sandbox_oldest_first(self, tmp_path):
        for base in ("outputs", "outputs/sandbox", "outputs/sandbox/20260701T120000Z-ab12"):
            outputs.new_run_folder(tmp_path / base, ACCOUNT, "units")
        (tmp_path / "outputs" / ACCOUNT / "plans").mkdir()
        found = list_records(tmp_path / "outputs")
        assert [record.outcome for record in found] == ["not sealed"] * 3
        assert [record.name for record in found] == sorted(record.name for record in found)

    def test_tells_how_a_run_ended(self, tmp_path):
        folder = run_folder(tmp_path)
        seal(folder)
        (record,) = list_records(tmp_path / "outputs")
        assert (record.outcome, record.account, record.phase) == ("done", ACCOUNT, "02-units")
        assert find_record(tmp_path / "outputs", folder.name[-8:]) == record
        assert record.whole()["manifest"]["run"] == folder.name

    def test_does_not_guess_which_record_is_meant(self, tmp_path):
        run_folder(tmp_path)
        run_folder(tmp_path)
        with pytest.raises(OrgkitError, match="2 records"):
            find_record(tmp_path / "outputs", "02-units")
        with pytest.raises(OrgkitError, match="2 records"):
            find_record(tmp_path / "outputs", "02")
        with pytest.raises(OrgkitError, match="no record in"):  # though each of them has a 20 in its date
            find_record(tmp_path / "outputs", "20")
        with pytest.raises(OrgkitError, match="no record in"):
            find_record(tmp_path / "outputs", "nothing")


def test_the_locks_of_a_guided_copy_are_for_jupyterlab_and_no_part_of_the_record(tmp_path):
    executed = notebook("a")
    executed.cells[0].metadata |= {**LOCKED, "tags": ["apply"]}
    seal(run_folder(tmp_path, executed=executed))
    (sealed,) = tmp_path.glob("outputs/**/02-units.ipynb")
    assert nbformat.read(sealed, as_version=4).cells[0].metadata == {"tags": ["apply"]}
