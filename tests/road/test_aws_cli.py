"""What a rehearsal leaves, looked at by another client: the AWS CLI alone compares it with the parameters file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orgkit.sandbox.lifecycle import Sandbox, find
from tests.road.project import CHECKOUT, NESTED, Done, Project, new_project

COMPARE = CHECKOUT / "tests" / "awscli" / "compare.py"


@contextmanager
def kept(project: Project) -> Iterator[Sandbox]:
    """What `orgkit rehearse --keep` leaves running."""
    running = find(Path(project.json("rehearse", project.file, "--keep")["records"]))
    assert running is not None
    with running:
        yield running


def test_the_aws_cli_finds_everything_as_the_file_asks_for(tmp_path: Path, aws_cli: Path) -> None:
    project = new_project(tmp_path / "project", NESTED)
    account = 'id = "987654321098"'  # with a profile, so that nothing has to wait
    project.file.write_text(project.file.read_text().replace(account, f'{account}\nprofile = "shop"'))
    with kept(project) as sandbox:
        done = compare(project, sandbox, aws_cli, project.file)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip() == "everything is as the file asks for"


def test_of_another_file_it_finds_the_one_difference(project: Project, aws_cli: Path) -> None:
    other = project.file.with_name("other.toml")
    other.write_text(project.file.read_text().replace("[trail]", "[trail]\nnoncurrent_days = 77"))
    with kept(project) as sandbox:
        done = compare(project, sandbox, aws_cli, other)
    assert done.returncode == 1, done.stderr
    assert [line.split(": ")[:2] for line in done.stdout.splitlines()] == [["lifecycle", "older versions"]]


def compare(project: Project, sandbox: Sandbox, aws_cli: Path, file: Path) -> Done:
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
    return owner.run(aws_cli / "python", COMPARE, aws_cli / "aws", sandbox.endpoint_url, file)
