"""Reconciles one record with CloudTrail: its changes and runs, the accounts and regions to query, and the outcome."""

from dataclasses import replace

from orgkit.aws.session import Connection
from orgkit.errors import OrgkitError, WrongPlace
from orgkit.journal.events import Event, read_events
from orgkit.model.desired import Desired
from orgkit.records.catalogue import Record
from orgkit.records.reconcile.cloudtrail_aws import read_log
from orgkit.records.reconcile.journal_changes import mutations_of, window_of
from orgkit.records.reconcile.match import EVENT_HISTORY_PERIOD, MARGIN, reconcile
from orgkit.records.reconcile.query_scope_aws import find_query_scope
from orgkit.records.reconcile.report import Reconciliation
from orgkit.records.reconcile.trusted_records import assess_trust


def reconcile_record(record: Record, aws: Connection, desired: Desired, *, all_regions: bool = False) -> Reconciliation:
    """Ask AWS's log about a run wherever the run was, and in the management and log archive accounts in any case.

    `all_regions` asks every region that is enabled in those accounts.
    """
    events: list[Event] = list(read_events(record.folder / "events.jsonl"))
    window, now = window_of(events), aws.clock.now()
    if window is None:
        raise OrgkitError(f"{record.name} has no events.", "name a run that was begun: `orgkit records list`.")
    identity: Event = next((event for event in reversed(events) if event.get("event") == "identity"), {})
    _guard(record, identity, aws)
    if window.begin < now - EVENT_HISTORY_PERIOD:
        reason = (
            f"{record.name} is older than the {EVENT_HISTORY_PERIOD.days} days for which AWS keeps its event history."
        )
        raise OrgkitError(reason, "search the trail's files in the log bucket for the request ids of its events.jsonl.")
    trusted, mutations = assess_trust(record.folder), mutations_of(record.name, events)
    arn = str(identity.get("arn") or aws.caller().arn)  # a run that ended at once may not have asked who it is
    asking = find_query_scope(aws, desired, mutations, window, arn, all_regions=all_regions)
    roles = sorted({member.role_name for member in desired.members})
    events_in_log, unasked = read_log(aws, asking.places, window.widened(MARGIN), roles)
    unasked = {**asking.unreachable, **unasked}
    reconciliation = reconcile(
        mutations, trusted.trusted_mutations, events_in_log, claimed_mutations=trusted.claimed_mutations,
        sessions=asking.sessions, scope=asking.places - set(unasked), unasked=unasked, window=window, now=now,
    )  # fmt: skip
    return replace(reconciliation, sealed=trusted.sealed, faults=trusted.faults, skipped=asking.skipped)


def _guard(record: Record, identity: Event, aws: Connection) -> None:
    """A sandbox knows nothing of what was done on AWS, nor AWS of a sandbox, nor either of another account."""
    kind = identity.get("target", aws.kind)
    if kind != aws.kind:
        raise WrongPlace(
            f"{record.name} ran on {'AWS' if kind == 'aws' else 'an emulator'}, and calls go elsewhere now.",
            'for a sandbox\'s record: `eval "$(orgkit sandbox env)"`; for one of AWS: a shell without it.',
        )
    if record.account != aws.caller().account:
        reason = f"{record.name} is of account {record.account}, these credentials of {aws.caller().account}."
        raise WrongPlace(reason, "sign in to the account of the record, with its parameters file.")
