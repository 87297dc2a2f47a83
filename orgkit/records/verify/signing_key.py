"""The public key that the project's own parameters files name for an account's records."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orgkit.dataclass import dataclass
from orgkit.errors import OrgkitError
from orgkit.model.desired import Desired
from orgkit.parameters import load
from orgkit.records.files import read_json, run_folders
from orgkit.records.manifest import MANIFEST
from orgkit.records.seal import parameters_read_by
from orgkit.signing.keys import PublicKey

EMULATOR = "emulator"  # as a target calls a sandbox


@dataclass(frozen=True)
class NamedKey:
    """A key, and the name of the file that names it; of "" when a person did."""

    public: PublicKey | None = None
    file: str = ""


def named_key(place: Path, project: Path) -> NamedKey:
    """Of the file that the newest run has read, if it still is in the project, else of any for this account.

    A record's own copy is not used: someone who forges a record forges its copy too. A sandbox's records prove nothing,
    and may be signed with a key that only the sandbox has.
    """
    if is_of_sandbox(place):
        return NamedKey()
    newest = next((parameters_read_by(run, project) for run in run_folders(place.parent, place.name)[-1:]), None)
    files = sorted((project / "parameters").glob("*.toml"), key=lambda file: (file != newest, file))
    key_files = (file for file in files if _names_a_key(file, place.name))
    keys = ((file, desired.records.public_key) for file in key_files if (desired := _account_key(file, place.name)))
    return next((NamedKey(PublicKey.load(key), file.name) for file, key in keys if key), NamedKey())


def is_of_sandbox(place: Path) -> bool:
    """Whether the records of an account were made in a sandbox: one at least says so, and none says AWS.

    A folder's name says nothing: a project may lie in a folder that is called sandbox.
    """
    kinds = {target_kind(run) for run in run_folders(place.parent, place.name)}
    return EMULATOR in kinds and kinds <= {EMULATOR, ""}


def target_kind(run: Path) -> str:
    """What a sealed run was for, "aws" or "emulator"; "" where it ended before it knew, or is not sealed."""
    targets = _targets(read_json(run / MANIFEST))
    kinds = {str(target.get(name)) for name, target in targets if isinstance(target, dict) and target.get(name)}
    return EMULATOR if kinds == {EMULATOR} else min(kinds - {EMULATOR}, default="")


def _targets(manifest: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Where a manifest says it: of the plan, of the run, of the caller."""
    yield "kind", manifest.get("target")
    yield "target", manifest.get("mode")
    yield "target", manifest.get("identity")


def _names_a_key(file: Path, account: str) -> bool:
    """Whether a file has to be loaded: that validates all of it, and takes a hundred times as long as this."""
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        return content["organization"]["management_account_id"] == account and "public_key" in content["records"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # a file that cannot be loaded
        return False


def _account_key(file: Path, account: str) -> Desired | None:
    """What the file asks for; None when it cannot be loaded, or is for another account."""
    try:
        desired = load(file)
    except (OSError, OrgkitError):
        return None
    return desired if desired.organization.management_account_id == account else None
