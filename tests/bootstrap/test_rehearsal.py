"""`orgkit rehearse`: the bootstrap on its own sandbox, for the example and for a file that nobody tuned."""

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orgkit.records.verify.verify import verify_all, verify_one
from orgkit.sandbox.lifecycle import Sandbox, find
from tests.bootstrap.project import EXAMPLE, NESTED, Project, new_project
from tests.bootstrap.test_aws_cli import compare

LABELS = ["00-management-account", "01-organization", "02-units", "03-accounts", "04-imports", "05-trail", "06-costs"]


def accounts_in(node: dict[str, Any], path: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Every account of a tree: (path of its unit, name, id, email)."""
    for child in node.get("children", ()):
        if child["kind"] == "account":
            yield path, child["name"], child["id"], child["email"]
        else:
            yield from accounts_in(child, f"{path}/{child['name']}".strip("/"))


@pytest.fixture(scope="module")
def example(project: Project, poison: dict[str, str]) -> dict[str, Any]:
    project.file.write_bytes(EXAMPLE.read_bytes())
    answer: dict[str, Any] = replace(project, installed=True).json("rehearse", project.file, **poison)
    return answer


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return new_project(tmp_path_factory.mktemp("elsewhere") / "project", NESTED)


@pytest.fixture(scope="module")
def bakery(elsewhere: Project) -> dict[str, Any]:
    answer: dict[str, Any] = elsewhere.json("rehearse", elsewhere.file, "--keep", code=8)
    return answer


@pytest.fixture(scope="module")
def sandbox(bakery: dict[str, Any]) -> Iterator[Sandbox]:
    running = find(Path(bakery["records"]))
    assert running is not None
    with running:
        yield running


@pytest.fixture(scope="module")
def finished(elsewhere: Project, bakery: dict[str, Any], sandbox: Sandbox, aws_cli: Path) -> tuple[dict[str, Any], ...]:
    """The owner accepts, by the commands as they are printed; then the plan of 04, its run, and a run more."""
    there = elsewhere.within(sandbox.environment())
    again = there.orgkit("plan", elsewhere.file, "04", code=8)
    for command in bakery["waiting"][0]["commands"]:
        assert command in again.stdout.splitlines()
        owner = elsewhere.within(
            {
                "AWS_CONFIG_FILE": str(sandbox.folder / "aws" / "config"),
                "AWS_PROFILE": "owner-987654321098",
                "AWS_ENDPOINT_URL": sandbox.endpoint_url,
                "PATH": f"{aws_cli}:/usr/bin:/bin",
            }
        )
        done = owner.run("/bin/sh", "-c", command)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    planned = there.plan("04")
    return planned, there.phase("04", planned["digest"]), there.phase("04")


class TestTheExample:
    def test_every_phase_is_done_although_the_person_s_settings_lead_astray(self, example):
        assert [(each["phase"], each["outcome"]) for each in example["phases"]] == [(name, "done") for name in LABELS]
        assert [each["steps"] > 0 for each in example["phases"]] == [False, True, True, True, True, True, False]
        assert example["waiting"] == []

    def test_the_record_of_every_phase_holds_until_a_byte_of_it_is_turned(self, example):
        (place,) = (folder for folder in Path(example["records"]).iterdir() if folder.name == "999999999999")
        output, drawn = verify_all(place), random.Random(20261127)
        assert (output.faults, output.records, output.unsealed) == ((), len(LABELS), ())
        for run in (folder for folder in place.iterdir() if (folder / "manifest.json").is_file()):
            for file in (path for path in run.iterdir() if path.is_file()):
                content = file.read_bytes()
                for at in (0, len(content) - 1, drawn.randrange(len(content))):
                    file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
                    assert (run.name, file.name) in {(fault.where, fault.file) for fault in verify_one(run).faults}, at
                file.write_bytes(content)
        assert verify_all(place).faults == ()

    def test_on_a_good_day_nothing_is_told_of_faults(self, example):
        assert "faults" not in example
        assert all("runs" not in phase for phase in example["phases"])

    def test_the_tree_is_the_file_s(self, example):
        found = {(path, name, email) for path, name, _, email in accounts_in(example["organization"])}
        assert found == {
            ("", "example", "aws-management@example.com"),
            ("Production", "website-prod", "aws-website-prod@example.com"),
            ("Infrastructure", "dns", "aws-dns@example.com"),
            ("Security", "log-archive", "aws-log-archive@example.com"),
        }
        ids = [account for _, _, account, _ in accounts_in(example["organization"])]
        assert "111111111111" in ids
        assert all(len(account) == 12 and account.isdigit() for account in ids)

    def test_no_notebook_that_papermill_ran_has_a_widget(self, example):
        for phase in example["phases"]:
            (notebook,) = Path(phase["record"]).glob("*.ipynb")
            kinds = {
                kind
                for cell in json.loads(notebook.read_text())["cells"]
                for output in cell.get("outputs", ())
                for kind in output.get("data", {})
            }
            assert kinds <= {"text/plain", "text/html", "image/svg+xml"}, (phase["phase"], kinds)

    def test_costs_are_amounts_in_order(self, example):
        low, expected, high = (float(example["costs"][name]) for name in ("low", "expected", "high"))
        assert 0 < low < expected < high
        assert all(isinstance(value, str) for value in example["costs"].values())

    def test_each_phase_leaves_a_sealed_record_whose_hashes_hold(self, example):
        for phase in example["phases"]:
            record = Path(phase["record"])
            manifest = json.loads((record / "manifest.json").read_text())
            there = {path.name for path in record.iterdir()} - {"manifest.json"}
            assert set(manifest["files"]) == there
            assert there >= {f"{phase['phase']}.ipynb", f"{phase['phase']}.html", "events.jsonl", "result.json"}
            for name, facts in manifest["files"].items():
                assert hashlib.sha256((record / name).read_bytes()).hexdigest() == facts["sha256"]
            assert json.loads((record / "result.json").read_text())["outcome"] == phase["outcome"]

    def test_what_was_approved_is_what_was_applied_and_the_record_says_by_whom(self, example):
        for phase in example["phases"]:
            record = Path(phase["record"])
            if not phase["steps"]:
                assert not (record / "approval.json").exists()
                continue
            approval = json.loads((record / "approval.json").read_text())
            digest = hashlib.sha256((record / "plan.json").read_bytes()).hexdigest()
            assert approval["plan_sha256"] == digest == phase["plan_sha256"]
            assert approval["digest"] == phase["digest"] != digest
            assert "orgkit rehearse" in approval["asserted_by"]
            assert approval["target"]["kind"] == "emulator"

    def test_nothing_of_it_runs_afterwards(self, example):
        assert find(Path(example["records"])) is None

    def test_no_record_knows_the_person_s_keys(self, example):
        for file in Path(example["records"]).rglob("*"):
            assert not file.is_file() or b"AKIAPOISON" not in file.read_bytes()


class TestAFileThatNobodyHereTuned:
    def test_everything_is_done_but_what_somebody_else_has_to_do(self, bakery):
        assert [each["outcome"] for each in bakery["phases"]] == ["done"] * 4 + ["waiting", "done", "done"]

    def test_the_tree_is_the_file_s(self, bakery):
        found = {(path, name) for path, name, _, _ in accounts_in(bakery["organization"])}
        assert found == {
            ("", "O'Brien's Bakery & Café"),
            ("Shops", "ovens"),
            ("Shops/Online/Live/Ireland", "Till, Ireland"),
            ("Shops/Online/Trial", "till-trial"),
            ("Back Office", "payroll"),
            ("Back Office", "recipes"),
            ("Custody", "custody"),
            ("Custody", "breaking-glass"),
        }

    def test_the_owner_s_commands_work_as_they_are_printed_and_then_04_finishes(self, bakery, finished):
        (waiting,) = bakery["waiting"]
        assert "old-shop" in waiting["what"]
        assert "987654321098" in waiting["who"]
        planned, result, again = finished
        assert [step["id"].partition(":")[0] for step in planned["steps"]] == ["move-account", "tag-account"]
        assert (result["outcome"], result["waiting"], result["commands"]) == ("done", [], [])
        assert again["outcome"] == "nothing to change"

    @pytest.mark.usefixtures("finished")
    def test_the_aws_cli_finds_everything_as_the_file_asks_for(self, elsewhere, sandbox, aws_cli):
        done = compare(elsewhere, sandbox, aws_cli, elsewhere.file)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.strip() == "everything is as the file asks for"

    @pytest.mark.usefixtures("finished")
    def test_of_another_file_it_finds_the_one_difference(self, elsewhere, sandbox, aws_cli):
        other = elsewhere.file.with_name("other.toml")
        other.write_text(elsewhere.file.read_text().replace("[trail]", "[trail]\nnoncurrent_days = 77"))
        done = compare(elsewhere, sandbox, aws_cli, other)
        assert done.returncode == 1, done.stderr
        assert [line.split(": ")[:2] for line in done.stdout.splitlines()] == [["lifecycle", "older versions"]]
