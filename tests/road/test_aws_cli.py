"""What a rehearsal leaves, looked at by another client: the AWS CLI alone compares it with the parameters file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orgkit.sandbox.lifecycle import Sandbox, find
from tests.road.project import CHECKOUT, EXAMPLE, NESTED, Done, Project, new_project

COMPARE = CHECKOUT / "tests" / "awscli" / "compare.py"


@pytest.fixture(scope="module", params=[EXAMPLE, NESTED], ids=["example", "elsewhere"])
def kept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, Sandbox]]:
    project = new_project(tmp_path_factory.mktemp("kept") / "project", request.param)
    if request.param == NESTED:  # here nothing shall have to wait
        text = project.file.read_text().replace('id = "987654321098"', 'id = "987654321098"\nprofile = "shop"')
        project.file.write_text(text)
    told = project.json("rehearse", project.file, "--keep")
    running = find(Path(told["records"]))
    assert running is not None
    with running:
        yield project, running


def test_the_aws_cli_finds_everything_as_the_file_asks_for(kept: tuple[Project, Sandbox], aws_cli: Path) -> None:
    project, sandbox = kept
    done = compare(project, sandbox, aws_cli)
    assert (done.returncode, done.stdout.strip()) == (0, "everything is as the file asks for"), done.stderr


def test_the_comparison_would_find_a_difference(kept: tuple[Project, Sandbox], aws_cli: Path) -> None:
    project, sandbox = kept
    if "bakery" in project.file.read_text():
        return  # once is enough: the AWS CLI takes its time
    other = project.file.with_name("other.toml")
    other.write_text(project.file.read_text().replace("[trail]", "[trail]\nnoncurrent_days = 77"))
    done = compare(project, sandbox, aws_cli, other)
    assert done.returncode == 1
    assert [line.split(": ")[:2] for line in done.stdout.splitlines()] == [["lifecycle", "older versions"]]


def compare(project: Project, sandbox: Sandbox, aws_cli: Path, file: Path | None = None) -> Done:
    """The interpreter of the AWS CLI's own environment: it has neither orgkit nor boto3."""
    owner = project.within(
        {
            "AWS_CONFIG_FILE": str(sandbox.folder / "aws" / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(sandbox.folder / "aws" / "credentials"),
            "AWS_PROFILE": "management",
            "AWS_DEFAULT_REGION": "us-east-1",
            "PATH": "/usr/bin:/bin",
        }
    )
    return owner.run(aws_cli / "python", COMPARE, aws_cli / "aws", sandbox.endpoint_url, file or project.file)
