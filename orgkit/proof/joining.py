"""One record and AWS's log brought together: which changes and runs, whom to ask, and what came of it."""

from pathlib import Path

from orgkit.aws.session import HOME, Connection
from orgkit.errors import OrgkitError, WrongPlace
from orgkit.journal import read_events
from orgkit.model.desired import Desired
from orgkit.proof.cloudtrail_aws import read_log
from orgkit.proof.mutations import Event, Mutation, mutations_of, window_of
from orgkit.proof.reconcile import KEPT, MARGIN, reconcile
from orgkit.proof.reconciliation import Place, Reconciliation
from orgkit.record.catalogue import Record
from orgkit.record.files import run_folders


def reconcile_record(record: Record, aws: Connection, desired: Desired) -> Reconciliation:
    """Ask AWS's log about a run, wherever that run sent changes, and in the management account in any case."""
    events: list[Event] = list(read_events(record.folder / "events.jsonl"))
    window, now = window_of(events), aws.clock.now()
    if window is None:
        raise OrgkitError(f"{record.name} has no events.", "name a run that was begun: `orgkit records list`.")
    identity: Event = next((event for event in reversed(events) if event.get("event") == "identity"), {})
    _guard(record, identity, aws)
    if window.begin < now - KEPT:
        why = f"{record.name} is older than the {KEPT.days} days for which AWS keeps its event history."
        raise OrgkitError(why, "search the trail's files in the log bucket for the request ids of its events.jsonl.")
    mutations, places = mutations_of(record.name, events), _places(record, events, desired)
    roles = sorted({member.role_name for member in desired.members})
    logged, unasked = read_log(aws, places, window.widened(MARGIN), roles)
    return reconcile(
        mutations, _neighbours(record), logged,
        identity=str(identity.get("arn", "")), asked=places - set(unasked), unasked=unasked, window=window, now=now,
    )  # fmt: skip


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


def _places(record: Record, events: list[Event], desired: Desired) -> set[Place]:
    """Global services log in us-east-1; what was done beside a run is looked for in its home region too."""
    sent = {(mutation.account, mutation.region) for mutation in mutations_of(record.name, events)}
    known = {(account, region) for account, region in sent if account and region}
    return known | {(record.account, HOME), (record.account, desired.organization.home_region)}


def _neighbours(record: Record) -> tuple[Mutation, ...]:
    """The changes of all other runs of the account, whose records lie beside this one."""
    account: Path = record.folder.parent
    runs = (run for run in run_folders(account.parent, account.name) if run != record.folder)
    return tuple(each for run in runs for each in mutations_of(run.name, read_events(run / "events.jsonl")))
