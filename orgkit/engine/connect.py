"""Connecting: the guards that come before anything else, then the connection."""

from orgkit.aws.clock import Clock, guard_clock
from orgkit.aws.identity import Caller, endpoint_of, guard_caller
from orgkit.aws.session import Connection, open_connection
from orgkit.journal.events import Journal
from orgkit.model.desired import Desired
from orgkit.model.plan import Target


def connect(desired: Desired, *, journal: Journal | None = None, clock: Clock | None = None) -> Connection:
    """A connection as the person's own AWS identity, after the guards; WrongAccount or WrongPlace otherwise."""
    spec = desired.organization
    aws = open_connection(region=spec.home_region, endpoint=endpoint_of(), journal=journal or Journal(), clock=clock)
    caller = aws.caller()
    guard_caller(caller, management_account_id=spec.management_account_id, long_lived_keys=spec.long_lived_keys)
    guard_clock(caller.aws_says, caller.we_say)
    return aws


def target_of(aws: Connection, caller: Caller, organization_id: str | None) -> Target:
    """Where a plan made through this connection would be applied."""
    return Target(caller.account, organization_id, caller.partition, aws.kind)
