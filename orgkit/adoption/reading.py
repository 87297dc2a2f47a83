"""A reading of an organization without a parameters file: everything that a section of one could express."""

from pathlib import Path
from typing import Any

from orgkit.aws.advice import remedy_for
from orgkit.aws.clock import guard_clock
from orgkit.aws.endpoint import endpoint_of
from orgkit.aws.executor import new_executor
from orgkit.aws.identity import guard_caller
from orgkit.aws.rejections import Rejected
from orgkit.aws.session import HOME, Connection, open_connection
from orgkit.engine.observe import observe
from orgkit.errors import CouldNotRead
from orgkit.journal.events import Journal
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.parameters import examine
from orgkit.phases.registry import RUNBOOKS, load_adoption_reader


def connect_without_file() -> Connection:
    """Connect as the caller's own identity; the management account is that of the organization, checked on reading.

    Access keys of a user are accepted: what follows only reads, and the file that it writes refuses them.

    Raises:
        WrongAccount: The caller may not be used, such as a root user.
        WrongPlace: The endpoint is none of a sandbox, or a clock is wrong.
    """
    aws = open_connection(region=HOME, endpoint=endpoint_of(), journal=Journal(), clock=None)
    caller = aws.caller()
    guard_caller(caller, management_account_id=caller.account, long_lived_keys=True)
    guard_clock(caller.aws_says, caller.we_say)
    aws.executor = new_executor()
    return aws


def read_organization(aws: Connection, read_role: str) -> Observed:
    """Read all that the phases can express, and what they can only list.

    Args:
        aws: A connection as the management account.
        read_role: The name of a role in member accounts: it is used to find the account that keeps the logs.

    Raises:
        CouldNotRead: There is no organization, or its tree cannot be seen.
        WrongAccount: The caller is a member account.
    """
    observed = observe(aws, smallest_file(aws.caller().account), "organizational-units", findings=False)
    if observed.organization is None:
        raise CouldNotRead(
            f"account {aws.caller().account} is in no organization, so there is nothing to adopt.",
            "begin with a copy of parameters/example.toml: orgkit init DIR",
        )
    try:
        for phase in RUNBOOKS:
            if read := load_adoption_reader(phase):
                observed = read(aws, observed, read_role)
    except Rejected as rejection:
        raise CouldNotRead(f"{rejection}.", remedy_for(rejection)) from None
    return observed


def smallest_file(account: str) -> Desired:
    """Return a file that asks for nothing, with which the tree of an organization can be read."""
    content: dict[str, Any] = {
        "organization": {
            "management_account_id": account,
            "email": "unknown@example.com",
            "name": "unknown",
            "trusted_access": [],
            "policy_types": [],
            "centralized_root_access": False,
            "tags": "none",
        },
        "members": {"read_role": False},
    }
    desired, wrong = examine(content, Path(), _no_file)
    assert desired is not None, wrong
    return desired


def _no_file(name: str) -> str:
    raise ValueError(f"{name} is not there.")
