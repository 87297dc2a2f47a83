"""The health of an organization: what differs from the file and from the last run, and what needs attention soon."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from orgkit import errors
from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.engine.observe import observe_readable
from orgkit.model.desired import Desired
from orgkit.model.inventory import Gap, Resource
from orgkit.model.observed import Observed
from orgkit.phases.account_imports.facts import EXPIRY_FORMAT, ImportFacts
from orgkit.phases.account_imports.inventory import open_invitations
from orgkit.phases.registry import RUNBOOKS, phases_for
from orgkit.phases.registry import plan as plan_phase
from orgkit.records.health.comparison import Difference, Snapshot, compare
from orgkit.records.health.event_history_aws import time_of, with_events
from orgkit.records.health.last_run import find_last_run
from orgkit.records.health.own_requests import own_requests
from orgkit.records.health.quotas_aws import Quota, read_quotas
from orgkit.records.health.recorded_resources import matched_by_id, recorded_units, with_present_paths
from orgkit.records.redact import Redactor
from orgkit.sanitize.secrets import hide_secrets
from orgkit.sanitize.summary import Summary

NEAR_EXPIRY = timedelta(days=5)  # an invitation is open for 15 days; its answer may take a person some days
MAX_REASONS = 3  # of what was not compared, in one line; the list below it has all of them
ACCOUNTS_STAY = "AWS closes it for good 90 days after it was closed; until then it counts against the quota"


@dataclass(frozen=True, repr=False)
class Health(Summary):
    """One comparison of an organization.

    Attributes:
        observed: What was read.
        desired: The parameters file.
        resources: The inventory.
        differences: What differs, drift first.
        gaps: What could not be read.
        notices: What needs attention soon.
        quotas: How much of each quota is left.
        plan_drift: What the phases' own plans report as drift that no step repairs.
        step_counts: For each phase with steps to take, how many.
        read_at: When the reading began, by AWS's clock.
        last_run: The record that was compared; "" where there is none.
        notes: What to know of the comparison with it.
    """

    observed: Observed
    desired: Desired
    resources: tuple[Resource, ...]
    differences: tuple[Difference, ...]
    gaps: tuple[Gap, ...]
    notices: tuple[str, ...] = ()
    quotas: tuple[Quota, ...] = ()
    plan_drift: tuple[str, ...] = ()
    step_counts: Mapping[str, int] | None = None
    read_at: str = ""
    last_run: str = ""
    notes: tuple[str, ...] = ()

    def summary(self) -> dict[str, object]:
        """The numbers of what a person should read."""
        organization = self.observed.organization.id if self.observed.organization else "none yet"
        numbers = {"drift": self.drift, "unmanaged": self.unmanaged, "not_read": self.not_read}
        return {"organization": organization, **{name: len(items) for name, items in numbers.items()}}

    @property
    def drift(self) -> tuple[Difference, ...]:
        """What is not as the file says; or is not in the file, and changed since the last run."""
        return tuple(item for item in self.differences if item.is_drift)

    @property
    def expected_changes(self) -> tuple[Difference, ...]:
        """What changed since the last run, and is as the file says now."""
        return tuple(item for item in self.differences if not item.is_drift)

    @property
    def unmanaged(self) -> tuple[Resource, ...]:
        """What AWS has, and the file does not name."""
        return tuple(item for item in self.resources if item.is_unmanaged)

    @property
    def not_read(self) -> tuple[Gap, ...]:
        """What could not be read, without what nobody expects to be read."""
        return tuple(gap for gap in self.gaps if not gap.is_expected)

    @property
    def not_compared(self) -> tuple[Gap, ...]:
        """What was not read, as the file or the state of an account has it: it may have drifted all the same."""
        return tuple(gap for gap in self.gaps if gap.is_expected)

    @property
    def is_healthy(self) -> bool:
        """Whether nothing has drifted in what was compared, and nothing that should be read could not be read."""
        return not (self.drift or self.plan_drift or self.not_read)

    @property
    def exit_code(self) -> int:
        """0, or 6 where something has drifted or could not be read.

        What the file leaves out does not change it: a job each night could not pass otherwise.
        """
        return errors.EXIT_DONE if self.is_healthy else errors.EXIT_NOT_VERIFIED

    @property
    def sentence(self) -> str:
        """The outcome in one line."""
        if self.is_healthy and self.not_compared:
            return f"No drift in what was read. {self._not_compared_sentence}"
        if self.is_healthy:
            return "No drift: everything that the file names was read and compared."
        drift = f"{len(self.drift)} difference{'' if len(self.drift) == 1 else 's'} that {_are(len(self.drift))} drift"
        parts = [drift] if self.drift else []
        parts += [f"{len(self.plan_drift)} that no step repairs"] if self.plan_drift else []
        parts += [f"{len(self.not_read)} not read"] if self.not_read else []
        return " ".join(filter(None, (f"{', '.join(parts)}.", self._not_compared_sentence)))

    @property
    def _not_compared_sentence(self) -> str:
        """Kinds of resources by the reason why nobody looked at them; "" where everything was compared."""
        kinds: dict[str, dict[str, None]] = {}
        for gap in self.not_compared:
            kinds.setdefault(gap.reason, {})[f"{gap.kind}s"] = None
        parts = [f"{', '.join(names)} ({reason})" for reason, names in kinds.items()]
        more = len(parts) - MAX_REASONS
        parts = [*parts[:MAX_REASONS], f"and for {more} more reason(s)"] if more > 0 else parts
        return f"Not compared: {'; '.join(parts)}." if parts else ""

    def as_json(self) -> dict[str, Any]:
        """Everything, for a program; secrets are hidden."""
        return {
            "organization": self.summary()["organization"],
            "summary": hide_secrets(self.sentence),
            "everything_compared": not self.gaps,
            "drift": [item.as_json() for item in self.drift],
            "changed_as_wanted": [item.as_json() for item in self.expected_changes],
            "drift_of_plans": [hide_secrets(line) for line in self.plan_drift],
            "unmanaged": [
                {"kind": item.kind, "id": hide_secrets(item.id), "name": hide_secrets(item.name)}
                for item in self.unmanaged
            ],
            "not_read": [
                {"what": hide_secrets(gap.subject), "reason": hide_secrets(gap.reason), "is_expected": gap.is_expected}
                for gap in self.gaps
            ],
            "attention": [hide_secrets(line) for line in self.notices],
            "quotas": [{**vars(quota), "remaining": quota.remaining} for quota in self.quotas],
            "steps": dict(self.step_counts or {}),
            "last_run": self.last_run,
            "notes": [hide_secrets(line) for line in self.notes],
        }


def examine(aws: Connection, desired: Desired, base: Path) -> Health:
    """Read the organization, and compare it with the file and with the last run. Changes nothing.

    Args:
        aws: A connection as the management account.
        desired: The parameters file.
        base: The folder with the records of accounts.

    Raises:
        CouldNotRead: The tree of the organization cannot be seen, so that nothing can be compared.
        WrongAccount: The caller is not the management account of the file.
    """
    read_at = aws.clock.now()
    observed, rejections = observe_readable(aws, desired)
    if observed.organization is None:
        raise errors.CouldNotRead("there is no organization yet.", "run 01-organization first.")
    account = desired.organization.management_account_id
    last = find_last_run(base, account)
    resources, gaps, differences = compared_inventory(observed, desired, rejections, last.snapshot)
    since = time_of(last.snapshot.at) if last.snapshot else None
    own = own_requests(base, account, last.snapshot.run) if last.snapshot else frozenset()
    quotas, quota_gaps = read_quotas(aws, observed)
    plan_drift, step_counts, plan_gaps = _plans(observed, desired)
    return Health(
        observed=observed,
        desired=desired,
        resources=resources,
        differences=with_events(aws, differences, since, own),
        gaps=(*gaps, *quota_gaps, *plan_gaps),
        notices=tuple(_notices(observed, aws.clock.now())),
        quotas=quotas,
        plan_drift=plan_drift,
        step_counts=step_counts,
        read_at=read_at.isoformat(timespec="seconds"),
        last_run=last.snapshot.run if last.snapshot else "",
        notes=tuple(_notes(last.snapshot, last.unusable)),
    )


def compared_inventory(
    observed: Observed, desired: Desired, rejections: Mapping[str, Rejected], last: Snapshot | None
) -> tuple[tuple[Resource, ...], tuple[Gap, ...], tuple[Difference, ...]]:
    """Return the inventory, what of it could not be read, and what differs.

    Args:
        observed: One reading of AWS.
        desired: The parameters file.
        rejections: For each phase whose read AWS rejected, why.
        last: The inventory of the last run; None where there is none.
    """
    if last is None:
        resources, gaps = inventory_of(observed, desired, rejections)
        return resources, gaps, compare(resources, gaps, None, redacted_forms())
    resources, gaps = inventory_of(observed.with_facts(recorded_units(last)), desired, rejections)
    resources = matched_by_id(resources, last)
    return resources, gaps, compare(resources, gaps, with_present_paths(last, observed), redacted_forms())


def inventory_of(
    observed: Observed, desired: Desired, rejections: Mapping[str, Rejected]
) -> tuple[tuple[Resource, ...], tuple[Gap, ...]]:
    """Return the resources of all phases, and what of them could not be read.

    Args:
        observed: One reading of AWS.
        desired: The parameters file.
        rejections: For each phase whose read AWS rejected, why.
    """
    items: list[Resource | Gap] = []
    for phase in RUNBOOKS:
        part, reason = phase.inventory, rejections.get(phase.name)
        if reason is not None:
            kinds = part.kinds if part is not None and part.facts is not None else (f"read of {phase.run_label}",)
            items += [Gap(kind, "", str(reason)) for kind in kinds]
        if part is None or (part.facts is not None and observed.facts(part.facts) is None):
            continue  # it has no resources of its own, or the file does not ask for it
        items += part.resources(observed, desired)
    resources = tuple(item for item in items if isinstance(item, Resource))
    gaps = dict.fromkeys(item for item in items if isinstance(item, Gap))
    return resources, (*gaps, *_unread_attributes(resources, gaps))


def _unread_attributes(resources: Iterable[Resource], gaps: Collection[Gap]) -> Iterator[Gap]:
    """Yield a gap for each resource of which attributes were not read, where no other gap says so."""
    for resource in resources:
        if resource.unread and not any(gap.covers(resource.key) for gap in gaps):
            yield Gap(resource.kind, resource.id, f"not read of it: {', '.join(sorted(resource.unread))}")


def redacted_forms() -> Callable[[str], Iterable[str]]:
    """Return what gives the forms that a record may have of a value: as it is, without secrets, with masked emails."""
    redactors = Redactor(), Redactor(mask_emails=True)
    return lambda value: (value, *(redactor.text(value) for redactor in redactors))


def _plans(observed: Observed, desired: Desired) -> tuple[tuple[str, ...], dict[str, int], tuple[Gap, ...]]:
    """Return the drift that no step repairs, the numbers of steps, and the phases that cannot be planned."""
    drift: list[str] = []
    counts: dict[str, int] = {}
    gaps: list[Gap] = []
    for phase in phases_for(desired):
        if not phase.changes:
            continue
        try:
            plan = plan_phase(phase.label, observed, desired)
        except errors.OrgkitError as error:
            gaps.append(Gap("plan", f"of {phase.run_label}", error.reason))
            continue
        drift += plan.unrepaired_drift
        if plan.steps:
            counts[phase.run_label] = len(plan.steps)
    return tuple(dict.fromkeys(drift)), counts, tuple(gaps)


def _notices(observed: Observed, now: datetime) -> Iterator[str]:
    """Yield invitations that expire soon, and accounts that are closed or being closed."""
    for invitation in open_invitations(observed.facts(ImportFacts) or ImportFacts()):
        expires = _expiry_of(invitation.expires)
        if expires is not None and expires - now <= NEAR_EXPIRY:
            hours = max(int((expires - now).total_seconds() // 3600), 0)
            invitee = invitation.account_id or invitation.email
            yield f"The invitation of {invitee} ({invitation.id}) expires in {hours // 24} days and {hours % 24} hours."
    for account in observed.accounts:
        if account.is_closed:
            yield f"Account {account.id} ({account.name}) is {account.state}. {ACCOUNTS_STAY}."


def _expiry_of(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, EXPIRY_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def _notes(snapshot: Snapshot | None, unusable: tuple[str, ...]) -> Iterator[str]:
    yield from (f"Record {line}. It was not compared." for line in unusable)
    if snapshot is None:
        yield "There is no earlier record of 08-health: values that the file does not state are not compared."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
