"""`orgkit rehearse`: the bootstrap on its own sandbox, for a file that nobody tuned; test_wheel.py has the example."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orgkit.sandbox.lifecycle import Sandbox, find
from tests.bootstrap.project import NESTED, Project, new_project
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
