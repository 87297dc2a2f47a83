"""The public key that the project's own parameters files name for an account's records."""

from dataclasses import dataclass
from pathlib import Path

from orgkit.errors import OrgkitError
from orgkit.model.desired import Desired
from orgkit.parameters import load
from orgkit.record.files import run_folders
from orgkit.record.seal import parameters_read_by
from orgkit.signing.keys import PublicKey


@dataclass(frozen=True)
class NamedKey:
    """A key, and the name of the file that names it; of "" when a person did."""

    public: PublicKey | None = None
    file: str = ""


def named_key(place: Path, project: Path) -> NamedKey:
    """Of the file that the newest run has read, if it still is in the project, else of any for this account.

    A record's own copy is not asked: whoever forges a record forges that too. A sandbox's records prove nothing to
    anybody, and may be signed with a key that only the sandbox has.
    """
    if "sandbox" in (place.parent.name, place.parent.parent.name):
        return NamedKey()
    newest = next((parameters_read_by(run, project) for run in run_folders(place.parent, place.name)[-1:]), None)
    files = sorted((project / "parameters").glob("*.toml"), key=lambda file: (file != newest, file))
    keys = ((file, desired.records.public_key) for file in files if (desired := _of_account(file, place.name)))
    return next((NamedKey(PublicKey.load(key), file.name) for file, key in keys if key), NamedKey())


def _of_account(file: Path, account: str) -> Desired | None:
    """What the file asks for; None when it cannot be loaded, or is for another account."""
    try:
        desired = load(file)
    except (OSError, OrgkitError):
        return None
    return desired if desired.organization.management_account_id == account else None
