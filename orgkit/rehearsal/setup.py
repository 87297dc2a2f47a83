"""What a rehearsal stands on: a sandbox seeded for a file, a folder of its own, and an environment without ours."""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from orgkit.model.desired import Desired
from orgkit.records import outputs
from orgkit.records.files import private_folder
from orgkit.sandbox.lifecycle import Seed, StandaloneAccount


def new_sandbox_folder(parameters: Path) -> Path:
    """A folder for a sandbox and its records: ids repeat from one sandbox to the next, records must not meet."""
    base = outputs.project_of(parameters) / "outputs" / "sandbox"
    return private_folder(base / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}")


def seed_of(desired: Desired) -> Seed:
    """What the sandbox holds for a file: its management account, and the accounts that it imports."""
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
        # What a new organization makes people wait for on AWS; the sandbox's clock jumps over it.
        finalizing_seconds=60,
        policy_type_seconds=4,
        services_seconds=30,
        empty_pages=7,  # AWS's lists "can occasionally" be so, and go on
    )


@contextmanager
def environment(settings: Mapping[str, str]) -> Iterator[None]:
    """The process's environment without any AWS or orgkit setting of its own, and with these."""
    saved = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("AWS_", "ORGKIT_"))]:
        del os.environ[name]
    os.environ.update(settings)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(saved)
