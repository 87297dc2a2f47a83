"""One record and AWS's log brought together: which changes and runs, whom to ask, and what came of it."""

from dataclasses import replace

from orgkit.aws.session import Connection
from orgkit.errors import OrgkitError, WrongPlace
from orgkit.journal import read_events
from orgkit.model.desired import Desired
from orgkit.proof.asking import ask_where
from orgkit.proof.belief import belief_in
from orgkit.proof.cloudtrail_aws import read_log
from orgkit.proof.mutations import Event, mutations_of, window_of
from orgkit.proof.reconcile import KEPT, MARGIN, reconcile
from orgkit.proof.reconciliation import Reconciliation
from orgkit.record.catalogue import Record


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
    if window.begin < now - KEPT:
        why = f"{record.name} is older than the {KEPT.days} days for which AWS keeps its event history."
        raise OrgkitError(why, "search the trail's files in the log bucket for the request ids of its events.jsonl.")
    belief, mutations = belief_in(record.folder), mutations_of(record.name, events)
    arn = str(identity.get("arn") or aws.caller().arn)  # a run that ended at once may not have asked who it is
    asking = ask_where(aws, desired, mutations, window, arn, all_regions=all_regions)
    roles = sorted({member.role_name for member in desired.members})
    logged, unasked = read_log(aws, asking.places, window.widened(MARGIN), roles)
    unasked = {**asking.unasked, **unasked}
    found = reconcile(
        mutations, belief.believed, logged, claimed=belief.claimed,
        ours=asking.ours, asked=asking.places - set(unasked), unasked=unasked, window=window, now=now,
    )  # fmt: skip
    return replace(found, sealed=belief.sealed, faults=belief.faults, not_asked=asking.left)


def _guard(record: Record, identity: Event, aws: Connection) -> None:
    """A sandbox knows nothing of what was done on AWS, nor AWS of a sandbox, nor either of another account."""
    kind = identity.get("target", aws.kind)
    if kind != aws.kind:
        raise WrongPlace(
            f"{record.name} ran on {'AWS' if kind == 'aws' else 'an emulator'}, and calls go elsewhere now.",
            'for a sandbox\'s record: `eval "$(orgkit sandbox env)"`; for one of AWS: a shell without it.',
        )
    if record.account != aws.caller().account:
        why = f"{record.name} is of account {record.account}, these credentials of {aws.caller().account}."
        raise WrongPlace(why, "sign in to the account of the record, with its parameters file.")
