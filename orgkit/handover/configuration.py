"""The files of a hand-over, from what was read: one for each phase, the providers, permissions and a guide."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from orgkit.handover.addresses import Addresses, Changes, change_blocks
from orgkit.handover.guide import write_guide
from orgkit.handover.member_roles import FILE as MEMBERS
from orgkit.handover.member_roles import member_roles
from orgkit.handover.permissions import LOG_ARCHIVE, MANAGEMENT, MEMBER, policy_of
from orgkit.handover.providers import LOG_ARCHIVE_ALIAS, PERMISSIONS, providers
from orgkit.handover.tools import Tool
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.phases.registry import RUNBOOKS, phases_for
from orgkit.phases.terraform.hcl import Comment
from orgkit.phases.terraform.part import HandoverPart, LeftOut, Resource
from orgkit.phases.terraform.writer import quote, write

GUIDE = "HANDOVER.md"
PROVIDERS = "providers.tf"
CHANGES = "moved.tf"


@dataclass(frozen=True)
class Configuration:
    """Everything that is written for one organization.

    Attributes:
        organization: Its id.
        tool: Terraform or OpenTofu.
        files: Texts by the names of files.
        addresses: Where each resource of AWS is in the configuration.
        left_out: What Terraform does not get, with the reasons.
        labels: The phases that have resources, by the labels that `[handover]` takes.
        changes: What has moved or left since earlier hand-overs.
    """

    organization: str
    tool: Tool
    files: Mapping[str, str]
    addresses: Addresses
    left_out: tuple[LeftOut, ...]
    labels: tuple[str, ...]
    changes: Changes

    @property
    def imports(self) -> int:
        """The number of resources that the first plan imports."""
        return len(self.addresses)

    @property
    def has_log_archive(self) -> bool:
        """Whether there is a provider for the log archive account."""
        return LOG_ARCHIVE_ALIAS in self.files[PROVIDERS]


def configure(observed: Observed, desired: Desired, tool: Tool, changes: Changes) -> Configuration:
    """Return the files for an organization as it was read.

    Args:
        observed: The reading, made for a hand-over.
        desired: The parameters file.
        tool: Terraform or OpenTofu.
        changes: What an earlier hand-over has written elsewhere.
    """
    assert observed.organization is not None
    parts = [(phase, phase.handover.part(observed, desired)) for phase in phases_for(desired) if phase.handover]
    members = member_roles(observed, desired)
    addresses = addresses_of([*(part for _, part in parts), members])
    changes = changes.compared_with(addresses)
    left_out = (
        *(item for _, part in parts for item in part.left_out),
        *members.left_out,
        *_kept_phases(desired),
    )
    labels = tuple(phase.label for phase, part in parts if part.resources)
    files = {
        PROVIDERS: write(providers(observed, desired, tool)),
        **{f"{phase.run_label}.tf": write_part(part) for phase, part in parts if part.items},
        **({MEMBERS: write_part(members), PERMISSIONS[MEMBER]: _policy(MEMBER)} if members.items else {}),
        **({CHANGES: write(change_blocks(changes))} if changes else {}),
        **{PERMISSIONS[account]: _policy(account) for account in (MANAGEMENT, LOG_ARCHIVE)},
    }
    guide = write_guide(tool, len(addresses), left_out, changes, labels)
    return Configuration(observed.organization.id, tool, {**files, GUIDE: guide}, addresses, left_out, labels, changes)


def _kept_phases(desired: Desired) -> Iterator[LeftOut]:
    """Yield what phases leave out that hand over nothing."""
    requested = phases_for(desired)
    for phase in RUNBOOKS:
        if phase in requested and phase.changes and phase.handover is None:
            yield LeftOut(f"what {phase.run_label} makes", "orgkit keeps it up to date")
        if phase not in requested and phase.handover and phase.handover.unrequested:
            yield LeftOut(phase.handover.unrequested, f"the file does not ask for {phase.run_label}")


def _policy(account: str) -> str:
    return json.dumps(policy_of(account), indent=2) + "\n"


def write_part(part: HandoverPart) -> str:
    """Return the text of the file of a phase: its resources, and below them what imports them."""
    blocks = [item.block if isinstance(item, Resource) else item for item in part.items]
    note = Comment("Imports, of which none changes anything. They may be deleted once they are applied.")
    imports = [resource.import_block for resource in part.resources]
    return write([Comment(part.title), *blocks, note, *imports])


def addresses_of(parts: Sequence[HandoverPart]) -> Addresses:
    """Return the address of each resource by its type and import id, which has the account where it needs one."""
    addresses: dict[tuple[str, str], str] = {}
    for resource in (resource for part in parts for resource in part.resources):
        for key, import_id in resource.import_ids.items():
            identity = f"{resource.account}:{import_id}" if resource.account else import_id
            addresses[resource.type, identity] = instance_address(resource, key)
    return addresses


def instance_address(resource: Resource, key: str) -> str:
    """Return the address of one instance of a resource, as Terraform writes it."""
    return f"{resource.address}[{quote(key)}]" if resource.for_each else resource.address
