"""Connecting: the guards that come before anything else, then the connection."""

from orgkit.aws.clock import Clock, guard_clock
from orgkit.aws.endpoint import endpoint_of
from orgkit.aws.executor import Executor, new_executor
from orgkit.aws.identity import Caller, guard_caller
from orgkit.aws.session import Connection, open_connection
from orgkit.journal.events import Journal
from orgkit.model.desired import Desired
from orgkit.model.plan import Target


def connect(
    desired: Desired,
    *,
    journal: Journal | None = None,
    clock: Clock | None = None,
    executor: Executor | None = None,
) -> Connection:
    """Connect as the person's own AWS identity, after the guards.

    Args:
        desired: The parameters file.
        journal: Where changes are written down; in memory by default.
        clock: What waits; that of the environment by default.
        executor: How reads that do not depend on each other are carried out; by 24 threads by default.

    Raises:
        WrongAccount: The caller is not of the management account of the file, or may not be used.
        WrongPlace: The endpoint is none of a sandbox, or a clock is wrong.
    """
    spec = desired.organization
    aws = open_connection(region=spec.home_region, endpoint=endpoint_of(), journal=journal or Journal(), clock=clock)
    caller = aws.caller()
    guard_caller(caller, management_account_id=spec.management_account_id, long_lived_keys=spec.long_lived_keys)
    guard_clock(caller.aws_says, caller.we_say)
    aws.executor = executor or new_executor()
    return aws


def target_of(aws: Connection, caller: Caller, organization_id: str | None) -> Target:
    """Where a plan made through this connection would be applied."""
    return Target(caller.account, organization_id, caller.partition, aws.kind)
