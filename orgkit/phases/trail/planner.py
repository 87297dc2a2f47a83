"""What phase 05 should do: a log bucket, a records bucket, a key where asked, and one organization trail."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from orgkit.errors import CouldNotRead
from orgkit.model.desired import LOG_ARCHIVE_ID, AccountSpec, Desired, ImportSpec, name_in
from orgkit.model.matching import match_or_decision
from orgkit.model.observed import Account, Observed, Unread
from orgkit.model.plan import Plan, Step, Waiting
from orgkit.phases.member_access.role_drift import access_role_waiting, can_be_entered
from orgkit.phases.member_access.spec import MembersSpec
from orgkit.phases.trail.choice import Choice, choose, second_copy, trail_warnings
from orgkit.phases.trail.facts import Trail, TrailFacts
from orgkit.phases.trail.file_warnings import WITHOUT_TRAIL
from orgkit.phases.trail.steps import CreateTrail, InLogArchive, StartLogging, UpdateTrail
from orgkit.phases.trail.storage import Storage, storage_of
from orgkit.phases.trail.trail_settings import repair_warnings, setting_steps, trail_drift

PRINCIPAL = "cloudtrail.amazonaws.com"
WITHOUT_ARCHIVE = "Its buckets, its key and what of the trail depends on them are not planned until then."


def plan(observed: Observed, desired: Desired) -> Plan:
    """Plan buckets and key first, then the trail that writes to them, then its logging.

    orgkit adopts an organization trail that logs all management events, with any name and bucket: a second one would
    be a paid copy.
    """
    archive = desired.log_archive
    if archive is None:
        return _without_trail(observed)
    trails = _trails(observed)
    account, decision = match_or_decision(archive, observed, WITHOUT_ARCHIVE)
    account_id = account.id if account else None
    spec = desired.trail.with_account(account_id)
    choice = choose(trails, spec)
    if choice.is_own:  # plans hold the name without the account's id
        choice = replace(choice, bucket=desired.trail.bucket)
    storage = storage_of(_facts(observed, account_id), observed, desired, choice, account_id)
    steps = (*storage.steps, *_trail_steps(choice, desired, storage, account_id, second_copy(trails, choice)))
    entry = tuple(_archive_entry(steps, observed, archive, account))
    is_held = decision is not None or bool(entry)
    is_repaired = not is_held and _repairs_delivery(choice, storage, account_id)
    return Plan(
        phase="trail",
        target=observed.target,
        steps=tuple(step for step in steps if not is_held or _is_without_archive(step, choice)),
        needs=tuple(_needs(observed, desired, account_id, is_clear=decision is None)),
        waiting=(*((decision,) if decision else ()), *entry, *storage.waiting),
        unmanaged=storage.unmanaged,
        # The owner of the trail's key is not known as long as the account is not known.
        warnings=(
            *trail_warnings(trails, choice, spec),
            *(repair_warnings(choice.trail) if choice.trail and is_repaired else ()),
            *(storage.warnings if decision is None else ()),
        ),
        drift=tuple(trail_drift(choice.trail, is_delivery_repaired=is_repaired)) if choice.trail else (),
    )


def _without_trail(observed: Observed) -> Plan:
    """Return the plan of a file without [trail]: it changes nothing, and lists the trails that are there."""
    facts = observed.facts(TrailFacts)
    trails = () if facts is None or isinstance(facts.trails, Unread) else facts.trails
    kinds = {True: "organization trail", False: "trail"}
    return Plan(
        phase="trail",
        target=observed.target,
        unmanaged=tuple(f"{kinds[trail.organization]} {trail.name}, with bucket {trail.bucket}" for trail in trails),
        warnings=(WITHOUT_TRAIL,),
    )


def _archive_entry(
    steps: Iterable[Step], observed: Observed, archive: AccountSpec | ImportSpec, account: Account | None
) -> Iterator[Waiting]:
    """Return the task to repair the log archive account's access role, if steps need it and it cannot be used."""
    member = observed.member(account.id) if account else None
    if (
        account is None
        or member is None
        or not member.readable
        or not any(isinstance(step, InLogArchive) for step in steps)
    ):
        return
    if not can_be_entered(archive, member, observed.target.account):
        yield access_role_waiting(archive, account, observed.target.account, WITHOUT_ARCHIVE)


def _is_without_archive(step: Step, choice: Choice) -> bool:
    """Return whether a step needs nothing in the log archive account: an existing trail can always be started."""
    needs_bucket = isinstance(step, InLogArchive) or (isinstance(step, UpdateTrail) and choice.is_own)
    return choice.trail is not None and not needs_bucket


def _trail_steps(
    choice: Choice, desired: Desired, storage: Storage, account_id: str | None, copy: str
) -> Iterator[Step]:
    trail, spec = choice.trail, desired.trail
    alias = storage.key_alias
    if trail is None:
        yield CreateTrail(
            trail=choice.name, region=choice.region, bucket=spec.bucket, key_alias=alias, tags=spec.tags,
            reason="the management account has no organization trail that logs all management events",
        )  # fmt: skip
    elif changes := tuple(_changes(trail, choice, storage, account_id)):
        yield UpdateTrail(
            trail=trail.name,
            region=trail.home_region,
            bucket=choice.bucket,
            key_alias=None if not choice.is_own or (storage.keeps_key and trail.key) else alias,
            changes=changes,
            starts_from=trail.settings,
            reason="the trail is there, and differs",
        )
    yield from setting_steps(choice, spec, copy)
    if trail is None or not trail.logging:
        yield StartLogging(
            trail=choice.name, region=choice.region, bucket=choice.bucket, key_alias=alias if choice.is_own else None,
            second_copy=copy, reason="the trail does not log",
        )  # fmt: skip


def _changes(trail: Trail, choice: Choice, storage: Storage, account_id: str | None) -> Iterator[str]:
    if not trail.organization:
        yield "log every account of the organization"
    if not trail.multi_region:
        yield "log every region"
    if not trail.validated:
        yield "switch on log file validation"
    if _changes_bucket(trail, choice, account_id):
        yield f"write to bucket {choice.bucket} instead of {trail.bucket}"
    if _changes_key(trail, choice, storage):
        yield f"encrypt with KMS key {storage.key_alias}" if storage.key_alias else "encrypt with no KMS key"


def _changes_bucket(trail: Trail, choice: Choice, account_id: str | None) -> bool:
    return trail.bucket != name_in(choice.bucket, account_id or LOG_ARCHIVE_ID)


def _changes_key(trail: Trail, choice: Choice, storage: Storage) -> bool:
    to_be_made = storage.key_alias and storage.key_arn is None
    return choice.is_own and not storage.keeps_key and bool(to_be_made or (trail.key or None) != storage.key_arn)


def _repairs_delivery(choice: Choice, storage: Storage, account_id: str | None) -> bool:
    """Whether the steps give CloudTrail what it lacked, or have it write elsewhere, or with another key or none."""
    trail = choice.trail
    if trail is None or storage.denies_delivery:
        return False
    replaces_key = bool(trail.key) and _changes_key(trail, choice, storage)
    return storage.grants_delivery or replaces_key or _changes_bucket(trail, choice, account_id)


def _needs(observed: Observed, desired: Desired, account_id: str | None, *, is_clear: bool) -> Iterator[str]:
    if observed.organization is None:
        yield "the organization does not exist yet: run 01-organization"
    elif PRINCIPAL not in observed.organization.trusted_access:
        yield f"trusted access for {PRINCIPAL} is not enabled: run 01-organization"
    archive = desired.trail.log_archive_account
    phase = "04-imports" if isinstance(desired.log_archive, ImportSpec) else "03-accounts"
    looks_inside = desired.section(MembersSpec).read_role
    if not is_clear:
        return  # a person has to decide about it first
    if account_id is None:
        yield f"log archive account {archive} does not exist yet: run {phase}"
    elif looks_inside and not _readable(observed, account_id):
        yield f"orgkit-read cannot be assumed in log archive account {archive}: run {phase}"


def _trails(observed: Observed) -> tuple[Trail, ...]:
    facts = observed.facts(TrailFacts)
    if facts is None:
        if observed.organization is None:
            return ()  # a preview: the organization comes first
        raise CouldNotRead("the trails were not read.", "read the organization again, with the trail phase.")
    if isinstance(facts.trails, Unread):
        raise CouldNotRead(
            f"the management account's trails: {facts.trails.reason}",
            facts.trails.remedy
            or "allow cloudtrail:ListTrails, DescribeTrails, GetTrailStatus, GetEventSelectors and ListTags (see "
            "`orgkit permissions trail`).",
        )
    return facts.trails


def _facts(observed: Observed, account_id: str | None) -> TrailFacts:
    """Return what is in the log archive account; nothing as long as the account does not exist or cannot be read."""
    facts = observed.facts(TrailFacts)
    if facts is None or account_id is None or not _readable(observed, account_id):
        return TrailFacts(trails=())
    unread = next((facts_part for facts_part in (facts.buckets, facts.key) if isinstance(facts_part, Unread)), None)
    if unread is not None:
        raise CouldNotRead(
            f"the buckets or the key in log archive account {account_id}: {unread.reason}",
            unread.remedy
            or "run 03-accounts again, which brings the role orgkit-read up to date; a service control policy may also "
            "deny it.",
        )
    return facts


def _readable(observed: Observed, account_id: str) -> bool:
    member = observed.member(account_id)
    return member is not None and member.readable
