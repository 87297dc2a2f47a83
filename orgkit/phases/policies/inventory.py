"""Policies in the inventory: each with its document, its tags and everything that it is attached to."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from orgkit.model.desired import Desired, UnitPath, format_path
from orgkit.model.inventory import NONE, PRESENCE, YES, Gap, InventoryPart, Resource, document_value, tag_values
from orgkit.model.observed import Observed, Unit
from orgkit.model.offboarding import OffboardingSpec
from orgkit.model.unit_matching import place_in_aws, units_of_file
from orgkit.phases.policies.facts import AdoptedPolicies, DescribedPolicy, all_of_type, subject_of
from orgkit.phases.policies.spec import PoliciesSpec, PolicySpec
from orgkit.phases.policies.targets import name_of_target

KIND = "policy"
ROOT = "the organization root"
ATTACHED, MISSING = "attached to", "not attached to"
Units = Mapping[UnitPath, Unit]
CALLS = {
    "document": ("UpdatePolicy",),
    "name": ("UpdatePolicy",),
    "description": ("UpdatePolicy",),
    ATTACHED: ("AttachPolicy", "DetachPolicy"),
    MISSING: ("AttachPolicy", "DetachPolicy"),
    "tag": ("TagResource", "UntagResource"),
    PRESENCE: ("CreatePolicy", "DeletePolicy"),
}


def resources(observed: Observed, desired: Desired) -> Iterator[Resource | Gap]:
    """Yield the policies of the file, those that it does not name, and where AWS's own are attached."""
    facts = observed.facts(AdoptedPolicies)
    assert facts is not None
    ids = dict(facts.unread_ids)
    yield from (Gap(KIND, ids.get(subject, ""), f"{subject}: {unread.reason}") for subject, unread in facts.unread)
    unread_subjects = {subject for subject, _ in facts.unread}
    units = units_of_file(desired, observed)
    specs = {(spec.type, spec.name): spec for spec in desired.section(PoliciesSpec).policies}
    names = set()
    for item in facts.policies:
        key = (item.policy.type, item.policy.name)
        spec = None if item.policy.is_of_aws else specs.get(key)
        names |= {key} if spec else set()
        resource = _resource(item, spec, observed, units)
        is_named = spec is None and desired.section(OffboardingSpec).names_policy(item.policy.name)
        yield replace(resource, spec_values={}) if is_named else resource
    for key, spec in specs.items():
        if key not in names and unread_subjects.isdisjoint((all_of_type(spec.type), subject_of(spec.name, spec.type))):
            yield Resource(
                kind=KIND,
                id="",
                name=spec.name,
                values=None,
                spec_values={"type": spec.type},
                account=observed.target.account,
                calls=CALLS,
                identifiers=(spec.name,),
            )


def _resource(item: DescribedPolicy, spec: PolicySpec | None, observed: Observed, units: Units) -> Resource:
    policy = item.policy
    values = {
        "name": policy.name,
        "type": policy.type,
        "description": item.description or NONE,
        "document": document_value(policy.content) if policy.content else NONE,
        **({} if policy.is_of_aws else {f"{ATTACHED} {target}": YES for target in policy.targets}),
        **tag_values(item.tags),
    }
    root = (observed.organization.root_id,) if observed.organization else ()
    labels = {
        f"{ATTACHED} {target}": f"{ATTACHED} {name_of_target(target, observed)}" for target in (*root, *policy.targets)
    }
    spec_values: dict[str, str] | None = None
    if spec is not None:
        spec_values = {
            "document": document_value(spec.content),
            **{f"{ATTACHED} {observed.parent_id(place_in_aws(path, units))}": YES for path in spec.attach},
        }
        labels |= {
            f"{ATTACHED} {observed.parent_id(place_in_aws(path, units))}": f"{ATTACHED} {format_path(path) or ROOT}"
            for path in spec.attach
        }
    elif policy.is_of_aws:
        spec_values = {}  # nobody has to name it in a file
        missing = _targets(observed) - {*policy.targets}
        values |= {f"{MISSING} {target}": YES for target in missing}
        labels = {f"{MISSING} {target}": f"{MISSING} {name_of_target(target, observed)}" for target in missing}
    return Resource(
        kind=KIND,
        id=policy.id,
        name=f"{policy.name} ({policy.type})",
        values=values,
        spec_values=spec_values,
        account=observed.target.account,
        calls=CALLS,
        identifiers=(policy.id, policy.name),
        labels=labels,
    )


def _targets(observed: Observed) -> set[str]:
    """Return the ids of everything to which AWS attaches its own policies."""
    root = {observed.organization.root_id} if observed.organization else set()
    return {*root, *(unit.id for unit in observed.units), *(account.id for account in observed.accounts)}


INVENTORY = InventoryPart((KIND,), resources, AdoptedPolicies)
