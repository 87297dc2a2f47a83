"""The setup of a rehearsal: a sandbox seeded for a file, its own folder, and an environment without AWS settings."""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote

from orgkit.errors import RehearsalNeedsCopy
from orgkit.model.canonical_json import compact_json
from orgkit.model.desired import Desired
from orgkit.parameters.rehearsal_policies import RehearsalPolicy, RehearsalSpec
from orgkit.phases.member_access.roles import ADMINISTRATOR, trust
from orgkit.records import outputs
from orgkit.records.files import private_folder
from orgkit.sandbox.lifecycle import OwnPolicy, Seed, StandaloneAccount
from orgkit.sandbox.snapshot import InvalidSnapshot, Snapshot, SnapshotAccount, SnapshotRole


def new_sandbox_folder(parameters: Path) -> Path:
    """Make a folder for a sandbox and its records: ids repeat in each sandbox, so their records must not mix."""
    base = outputs.project_of(parameters) / "outputs" / "sandbox"
    return private_folder(base / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}")


def seed_of(desired: Desired) -> Seed:
    """Return the seed of the sandbox for a file: its management account, and the accounts that it imports."""
    spec = desired.organization
    return Seed(
        management_account_id=spec.management_account_id,
        management_email=spec.email,
        management_name=spec.name,
        organization_id=spec.organization_id or "",
        standalone=tuple(
            StandaloneAccount(i.id, i.name, i.email, i.profile, has_trail=number == 0)
            for number, i in enumerate(desired.imports)
        ),
        account_quota=max(10, len(desired.members) + 1),
        # The time that a new organization takes on AWS; the sandbox's clock skips it.
        finalizing_seconds=60,
        policy_type_seconds=4,
        services_seconds=30,
        evaluate_policies=True,
        own_policies=tuple(_own_policy(desired, policy) for policy in desired.section(RehearsalSpec).policies),
        empty_pages=7,  # AWS's lists "can occasionally" have empty pages before the last one
    )


def require_copy_for_ids(desired: Desired, parameters: Path) -> None:
    """Refuse to begin without a copy where the file has ids of accounts: an empty sandbox gives new accounts its own.

    Raises:
        RehearsalNeedsCopy: An account of [accounts] has an id.
    """
    keys = desired.pinned_accounts
    if keys:
        more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
        raise RehearsalNeedsCopy(
            f"the file has the id of accounts.{keys[0]}{more}, which an empty sandbox does not have.",
            f"begin with a copy of the organization: orgkit rehearse {quote(str(parameters))} --like-live; "
            f"or see what would change on AWS: orgkit plan {quote(str(parameters))}. Leave the ids in the file.",
        )


def seed_from(desired: Desired, snapshot: Snapshot) -> Seed:
    """Return the seed of a sandbox that begins as the organization of a snapshot.

    Raises:
        InvalidSnapshot: It is of another organization than the file.
    """
    spec, organization = desired.organization, snapshot.organization
    _check_same("management_account_id", spec.management_account_id, organization.management_account_id, snapshot)
    _check_same("organization_id", spec.organization_id or organization.id, organization.id, snapshot)
    members = {account.id for account in snapshot.accounts}
    accounts = tuple(_with_access_role(desired, account) for account in snapshot.accounts)
    return replace(
        seed_of(desired),
        management_email=snapshot.management.email,
        management_name=snapshot.management.name,
        organization_id=organization.id,
        standalone=tuple(
            StandaloneAccount(spec.id, spec.name, spec.email, spec.profile)
            for spec in desired.imports
            if spec.id not in members
        ),
        account_quota=max(10, len(snapshot.accounts) + len(snapshot.handshakes) + len(desired.members) + 1),
        finalizing_seconds=0,
        own_policies=(),  # [rehearsal] names policies that the organization has: these are in the snapshot
        snapshot=snapshot.model_copy(update={"accounts": accounts}).to_json(),
    )


def _with_access_role(desired: Desired, account: SnapshotAccount) -> SnapshotAccount:
    """Return an account whose roles could not be read with the access role that the file names, as AWS makes it."""
    specs = [spec for spec in desired.accounts if spec.email.casefold() == account.email.casefold()]
    if account.roles is not None or account.joined_method != "CREATED" or account.state != "ACTIVE" or not specs:
        return account
    document = compact_json(trust(desired.organization.management_account_id))
    role = SnapshotRole(name=specs[0].role_name, trust=document, attached=(ADMINISTRATOR,))
    return account.model_copy(update={"roles": (role,)})


def _check_same(key: str, in_file: str, in_snapshot: str, snapshot: Snapshot) -> None:
    if in_file != in_snapshot:
        remark = " A masked snapshot has other ids than AWS." if snapshot.is_masked else ""
        raise InvalidSnapshot(
            f"its organization.{key.removeprefix('organization_')} is {in_snapshot}, and [organization] {key} of the "
            f"parameters file is {in_file}.{remark}",
            "use the parameters file of the organization that was copied.",
        )


def _own_policy(desired: Desired, policy: RehearsalPolicy) -> OwnPolicy:
    """Return a policy with the emails of its accounts, whose ids are not known before they exist."""
    accounts = (desired.member(key) for key in policy.accounts)
    emails = tuple(account.email for account in accounts if account is not None)
    return OwnPolicy(policy.name, policy.type, policy.content, policy.units, emails)


@contextmanager
def environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Set these settings in the process's environment, and remove all other AWS and orgkit settings."""
    saved = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("AWS_", "ORGKIT_"))]:
        del os.environ[name]
    os.environ.update(settings)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(saved)
