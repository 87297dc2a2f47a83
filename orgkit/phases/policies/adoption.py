"""`[policies]` as AWS has them; the documents become files, byte for byte."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from orgkit.model.desired import format_path
from orgkit.model.observed import Observed
from orgkit.phases.adopted import Adopted, NotRead, Unexpressed
from orgkit.phases.policies.facts import AdoptedPolicies, DescribedPolicy, ObservedPolicy
from orgkit.phases.policies.targets import name_of_target
from orgkit.phases.schema.raw import Raw, path, section, unit_paths
from orgkit.policy_evaluation.policy_types import SCP

FOLDER = "adopted-policies"  # next to the parameters file
FULL_ACCESS = "FullAWSAccess"
OWN_KEYS = ("break_glass_roles",)  # of [policies], where a policy of that name has no place
DESCRIPTION = "Managed by orgkit"  # that phase 12 gives


def adopt(observed: Observed, raw: Raw) -> Adopted:
    """Return each policy with its units; the root and accounts are no targets in the file."""
    facts = observed.facts(AdoptedPolicies) or AdoptedPolicies()
    values: dict[str, Any] = {}
    texts: dict[str, str] = {}
    not_expressed: list[Unexpressed] = []
    paths = _paths_in_file(observed, raw)
    for described in facts.policies:
        policy = described.policy
        if policy.is_of_aws:
            not_expressed += _missing_full_access(policy, observed)
            continue
        file = _new_file(policy.name, texts)
        texts[file] = policy.text
        if policy.name in values or policy.name in OWN_KEYS:
            reason = "the file has each name once" if policy.name in values else "the file has a key of this name"
            not_expressed.append(Unexpressed(_subject(policy, file, observed), reason))
        else:
            attached = sorted(paths[target] for target in policy.targets if target in paths)
            values[policy.name] = {"file": file, "type": policy.type, **({"attach": attached} if attached else {})}
            not_expressed += _details(described, observed, paths)
    return Adopted(
        values=values,
        texts=texts,
        not_expressed=tuple(not_expressed),
        not_read=tuple(NotRead(subject, unread.reason) for subject, unread in facts.unread),
    )


def _paths_in_file(observed: Observed, raw: Raw) -> Mapping[str, str]:
    """Return the paths of the units that are in the file, by their ids."""
    known = unit_paths(names for text in section(raw, "units") if (names := path(text)))
    return {unit.id: format_path(unit.path) for unit in observed.units if unit.path in known}


def _new_file(name: str, texts: Mapping[str, str]) -> str:
    """Return a name of a file that no other policy has, also where case does not count."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:80] or "policy"
    names = (f"{FOLDER}/{slug}{f'-{number}' if number > 1 else ''}.json" for number in range(1, len(texts) + 2))
    return next(candidate for candidate in names if candidate not in texts)


def _subject(policy: ObservedPolicy, file: str, observed: Observed) -> str:
    targets = ", ".join(name_of_target(target, observed) for target in policy.targets)
    return f"policy {policy.name} ({policy.type}, {policy.id}, in {file}), attached to {targets or 'nothing'}"


def _details(described: DescribedPolicy, observed: Observed, paths: Mapping[str, str]) -> Iterator[Unexpressed]:
    policy = described.policy
    for target in policy.targets:
        if target not in paths:
            yield Unexpressed(
                f"attachment of policy {policy.name} to {name_of_target(target, observed)} ({target})",
                "the file attaches policies to its units alone; orgkit leaves the attachment as it is",
            )
    if described.description not in ("", DESCRIPTION):
        yield Unexpressed(
            f"description of policy {policy.name}: {described.description}", "the file has no descriptions"
        )
    for key, value in described.tags:
        yield Unexpressed(f"tag {key} = {value} of policy {policy.name}", "the file has no tags of policies")


def _missing_full_access(policy: ObservedPolicy, observed: Observed) -> Iterator[Unexpressed]:
    """Yield where AWS's own policy was detached, so that only what another policy allows is allowed."""
    if policy.type != SCP or policy.name != FULL_ACCESS or observed.organization is None:
        return
    nodes = [observed.organization.root_id, *(unit.id for unit in observed.units)]
    nodes += [account.id for account in observed.accounts]
    for node in nodes:
        if node not in policy.targets:
            yield Unexpressed(
                f"policy {FULL_ACCESS} is detached from {name_of_target(node, observed)} ({node})",
                "the file has no such setting; orgkit leaves it as it is",
            )
