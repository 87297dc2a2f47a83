"""The sandbox by another client, the AWS CLI alone: what a rehearsal leaves there, and the errors that it gives."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orgkit.sandbox.lifecycle import Sandbox
from tests.bootstrap.project import CHECKOUT, Done, Project, Stage

COMPARE = CHECKOUT / "tests" / "awscli" / "compare.py"
ATTEMPTS = CHECKOUT / "tests" / "awscli" / "attempts.py"
ERROR = re.compile(r"An error occurred \((\w+)\) when calling the (\w+) operation")
SLOW = (600, 600)  # seconds that an account takes, so that five are in flight for long
Command = tuple[str, ...]


def compare(project: Project, sandbox: Sandbox, aws_cli: Path, file: Path) -> Done:
    """The interpreter of the AWS CLI's own environment: it has neither orgkit nor boto3."""
    owner = project.within(settings_of(sandbox))
    return owner.run(aws_cli / "python", COMPARE, sandbox.endpoint_url, file)


def settings_of(sandbox: Sandbox) -> dict[str, str]:
    """What the AWS CLI needs, and nothing of orgkit's."""
    return {
        "AWS_CONFIG_FILE": str(sandbox.folder / "aws" / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(sandbox.folder / "aws" / "credentials"),
        "AWS_PROFILE": "management",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PATH": "/usr/bin:/bin",
    }


@dataclass(frozen=True)
class Said:
    """How a command of the AWS CLI ended."""

    code: int
    printed: str
    told: str

    @property
    def error(self) -> str:
        """The code of AWS's error, as a person reads it."""
        found = ERROR.search(self.told)
        assert self.code == 255
        assert found, self
        return found[1]

    @property
    def values(self) -> Any:
        assert self.code == 0, self
        return json.loads(self.printed)


@dataclass(frozen=True)
class Cli:
    """The AWS CLI in the management account; it repeats nothing by itself."""

    stage: Stage
    interpreter: Path

    def organizations(self, *commands: Command) -> list[Said]:
        return self.run(*(("organizations", *command) for command in commands))

    def run(self, *commands: Command) -> list[Said]:
        sandbox = self.stage.sandbox
        owner = self.stage.project.within({**settings_of(sandbox), "AWS_MAX_ATTEMPTS": "1"})
        done = owner.run(self.interpreter, ATTEMPTS, sandbox.endpoint_url, json.dumps(commands))
        assert done.returncode == 0, done.stderr
        return [Said(*each) for each in json.loads(done.stdout)]


@pytest.fixture(scope="module")
def organization(project: Project) -> Iterator[Stage]:
    """With the first phase done and finished; calls come as they like, but for CreateAccount, which AWS spaces."""
    stage = Stage(project, throttling=False, creation_seconds=SLOW, finalizing_seconds=0)
    with stage.sandbox:
        yield stage


@pytest.fixture
def cli(organization: Stage, aws_cli: Path) -> Cli:
    organization.begin("organization")
    return Cli(organization, aws_cli / "python")


@pytest.fixture
def root(cli: Cli) -> str:
    return str(cli.stage.client("organizations").list_roots()["Roots"][0]["Id"])


def unit(parent: str, name: str) -> Command:
    return ("create-organizational-unit", "--parent-id", parent, "--name", name)


def account(name: str, email: str = "") -> Command:
    return ("create-account", "--account-name", name, "--email", email or f"{name}@example.com")


def test_a_second_unit_of_a_name_is_a_duplicate_and_a_sixth_level_too_deep(cli: Cli, root: str) -> None:
    aws, deepest = cli.stage.client("organizations"), root
    for name in "ABCDE":
        deepest = aws.create_organizational_unit(ParentId=deepest, Name=name)["OrganizationalUnit"]["Id"]
    again, other, deep, nowhere = cli.organizations(
        unit(root, "A"), unit(root, "a"), (*unit(deepest, "F"), "--debug"), unit("ou-0000-00000000", "A")
    )
    assert again.error == "DuplicateOrganizationalUnitException"
    assert other.values["OrganizationalUnit"]["Name"] == "a"  # names are compared as bytes
    assert (deep.error, reason(deep)) == ("ConstraintViolationException", "OU_DEPTH_LIMIT_EXCEEDED")
    assert nowhere.error == "ParentNotFoundException"


def reason(message: Said) -> str:
    """The CLI prints no Reason: it stands in the body of the answer, which --debug shows."""
    found = re.search(r'"Reason": ?"(\w+)"', message.told)
    assert found, message.told
    return found[1]


def test_a_request_for_an_email_that_is_taken_ends_failed(cli: Cli) -> None:
    taken = (account("mine", "AWS-management@example.com"), account("theirs", "aws-dns@example.com"))
    begun = [message.values["CreateAccountStatus"] for message in cli.organizations(*taken)]
    assert [status["State"] for status in begun] == ["IN_PROGRESS", "IN_PROGRESS"]
    cli.stage.sandbox.sleep(30)
    requests = [("describe-create-account-status", "--create-account-request-id", status["Id"]) for status in begun]
    ended = [message.values["CreateAccountStatus"] for message in cli.organizations(*requests)]
    assert [(status["State"], status["FailureReason"]) for status in ended] == [("FAILED", "EMAIL_ALREADY_EXISTS")] * 2


def test_a_sixth_creation_while_five_are_in_flight_is_refused_with_its_reason(cli: Cli) -> None:
    made = [*cli.organizations(*(account(f"a{n}") for n in range(3)))]
    cli.stage.sandbox.sleep(30)
    made += cli.organizations(account("a3"), account("a4"))
    assert {message.values["CreateAccountStatus"]["State"] for message in made} == {"IN_PROGRESS"}
    (sixth,) = cli.organizations((*account("a5"), "--debug"))
    assert (sixth.error, reason(sixth)) == ("ConstraintViolationException", "ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED")
    listed, accounts = cli.organizations(("list-create-account-status", "--states", "IN_PROGRESS"), ("list-accounts",))
    assert len(listed.values["CreateAccountStatuses"]) == 5
    assert len(accounts.values["Accounts"]) == 1  # none of them is there before it has SUCCEEDED


def test_creations_sent_too_fast_are_throttled_and_not_begun(cli: Cli) -> None:
    *first, fourth = cli.organizations(*(account(f"b{n}") for n in range(4)))
    assert [message.code for message in first] == [0, 0, 0]
    assert fourth.error == "TooManyRequestsException"
    (listed,) = cli.organizations(("list-create-account-status",))
    assert len(listed.values["CreateAccountStatuses"]) == 3


def test_a_trail_needs_trusted_access_and_a_bucket_that_lets_it_write(cli: Cli) -> None:
    cli.stage.client("s3").create_bucket(Bucket="logs-of-nobody")
    trail = ("cloudtrail", "create-trail", "--name", "org-trail", "--s3-bucket-name", "logs-of-nobody")
    access = ("organizations", "disable-aws-service-access", "--service-principal", "cloudtrail.amazonaws.com")
    closed, _, untrusted = cli.run((*trail, "--is-organization-trail"), access, (*trail, "--is-organization-trail"))
    assert closed.error == "InsufficientS3BucketPolicyException"
    assert untrusted.error == "CloudTrailAccessNotEnabledException"


def test_a_handshake_that_is_not_there_or_has_ended_is_not_accepted(cli: Cli) -> None:
    target = json.dumps({"Type": "ACCOUNT", "Id": "111111111111"})
    invite = ("invite-account-to-organization", "--target", target)
    sent, again, nothing = cli.organizations(
        invite, invite, ("accept-handshake", *handshake("h-examplehandshakeid111"))
    )
    assert again.error == "DuplicateHandshakeException"
    assert nothing.error == "HandshakeNotFoundException"
    ours = handshake(sent.values["Handshake"]["Id"])
    own, canceled, twice, accepted = cli.organizations(
        ("accept-handshake", *ours),
        ("cancel-handshake", *ours),
        ("cancel-handshake", *ours),
        ("--profile", "dns", "accept-handshake", *ours),
    )
    assert own.error == "AccessDeniedException"  # it is for the other account to accept
    assert canceled.values["Handshake"]["State"] == "CANCELED"
    assert twice.error == "HandshakeAlreadyInStateException"
    assert accepted.error == "InvalidHandshakeTransitionException"


def handshake(handshake_id: str) -> Command:
    return ("--handshake-id", handshake_id)
