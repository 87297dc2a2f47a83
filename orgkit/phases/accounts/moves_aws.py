"""AWS calls that read the effects of a planned move: inherited policies, StackSets and resource shares."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.model.desired import READ_ROLE
from orgkit.model.observed import Observed, Organization
from orgkit.phases.accounts.moves import (
    RAM,
    STACK_SETS,
    AttachedPolicy,
    MoveFacts,
    Share,
    Spec,
    StackSet,
    nodes_to_read,
)

T = TypeVar("T")
ENABLED = ["ENABLED", "ENABLED_BY_DEFAULT"]
# Errors that last until someone changes a policy, a role or a registration; all others may be temporary: raised.
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "InvalidInputException", "ValidationError",
          "OperationNotPermittedException", "OptInRequired", "SubscriptionRequiredException")  # fmt: skip
DELEGATION = f"member.org.{STACK_SETS}"  # the service principal of a StackSets administrator


def read_moves(aws: Connection, observed: Observed, specs: Iterable[Spec]) -> Observed:
    """Read what the moves of these accounts gain and lose, in addition to what another phase has read."""
    organization, known = observed.organization, observed.facts(MoveFacts)
    nodes = nodes_to_read(specs, observed)
    if organization is None or not nodes:
        return observed if known or organization is None else observed.with_facts(MoveFacts())
    facts = known if known and known.policies else _read_targets(aws, organization)
    missing = [node for node in nodes if node not in dict(facts.policies)]
    policies, unread = _read_policies(aws, organization, missing)
    return observed.with_facts(
        replace(
            facts,
            policies=tuple(sorted({**dict(facts.policies), **policies}.items())),
            unread_policies=tuple(sorted({*facts.unread_policies, *unread})),
        )
    )


def _read_policies(
    aws: Connection, organization: Organization, nodes: Iterable[str]
) -> tuple[dict[str, tuple[AttachedPolicy, ...]], list[tuple[str, str]]]:
    types = [policy_type for policy_type, status in organization.policy_types if status != "DISABLED"]
    policies: dict[str, tuple[AttachedPolicy, ...]] = {}
    unread = []
    for node in nodes:
        attached: list[AttachedPolicy] = []
        for policy_type in types:
            try:
                attached += _attached(aws, node, policy_type)
            except Rejected as rejection:
                if rejection.code not in DENIED:
                    raise
                unread.append((node, policy_type))
        policies[node] = tuple(sorted(attached))
    return policies, unread


def _attached(aws: Connection, node: str, policy_type: str) -> list[AttachedPolicy]:
    pages = aws.pages("organizations", "ListPoliciesForTarget", "Policies", TargetId=node, Filter=policy_type)
    return [AttachedPolicy(policy_type, str(item.get("Name", "")), str(item["Id"])) for item in pages]


def _read_targets(aws: Connection, organization: Organization) -> MoveFacts:
    """StackSets and resource shares, in each enabled region: neither can name a unit without trusted access."""
    trusts_stack_sets = any(principal.endswith(STACK_SETS) for principal in organization.trusted_access)
    if not trusts_stack_sets and RAM not in organization.trusted_access:
        return MoveFacts()
    unread: list[str] = []
    regions = _or_unread(lambda: _regions(aws), (aws.region,), "StackSets and resource shares of other regions", unread)
    stack_sets: set[StackSet] = set()
    shares: set[Share] = set()
    if trusts_stack_sets:
        stack_sets = set(_stack_sets(aws, regions, "SELF", "the management account", unread))
        subject = "StackSets of delegated administrators"
        for administrator in _or_unread(lambda: _administrators(aws), (), subject, unread):
            stack_sets |= set(_delegated_stack_sets(aws, administrator, regions, unread))
    if RAM in organization.trusted_access:
        for region in regions:
            subject = f"resource shares of the management account in {region}"
            shares |= set(_or_unread(partial(_shares, aws, region), (), subject, unread))
        unread.append("resource shares that other accounts own")
    return MoveFacts(stack_sets=tuple(sorted(stack_sets)), shares=tuple(sorted(shares)), unread=tuple(unread))


def _or_unread(
    look: Callable[[], tuple[T, ...]], default: tuple[T, ...], subject: str, unread: list[str]
) -> tuple[T, ...]:
    try:
        return look()
    except Rejected as rejection:
        if rejection.code not in DENIED:
            raise
        unread.append(subject)
        return default


def _regions(aws: Connection) -> tuple[str, ...]:
    regions = aws.pages("account", "ListRegions", "Regions", RegionOptStatusContains=ENABLED)
    return tuple(sorted({str(item["RegionName"]) for item in regions} & aws.regions_of("cloudformation")))


def _administrators(aws: Connection) -> tuple[str, ...]:
    items = aws.pages(
        "organizations", "ListDelegatedAdministrators", "DelegatedAdministrators", ServicePrincipal=DELEGATION
    )
    return tuple(sorted(str(item["Id"]) for item in items))


def _delegated_stack_sets(
    aws: Connection, administrator: str, regions: Iterable[str], unread: list[str]
) -> Iterator[StackSet]:
    """Yield the StackSets that the account sees; its read role may be denied, or not exist."""
    owner = f"delegated administrator {administrator}"
    member = _or_unread(lambda: (aws.assume(administrator, READ_ROLE),), (), f"StackSets of {owner}", unread)
    for connection in member:
        yield from _stack_sets(connection, regions, "DELEGATED_ADMIN", owner, unread)


def _stack_sets(
    aws: Connection, regions: Iterable[str], caller: str, owner: str, unread: list[str]
) -> Iterator[StackSet]:
    for region in regions:
        subject = f"StackSets of {owner} in {region}"
        yield from _or_unread(partial(_automatic, aws, region, caller), (), subject, unread)


def _automatic(aws: Connection, region: str, caller: str) -> tuple[StackSet, ...]:
    """Return the StackSets that deploy automatically to each account in their units."""
    stack_sets = []
    for summary in aws.pages(
        "cloudformation", "ListStackSets", "Summaries", region=region, Status="ACTIVE", CallAs=caller
    ):
        deployment: dict[str, Any] = summary.get("AutoDeployment") or {}
        if summary.get("PermissionModel") != "SERVICE_MANAGED" or not deployment.get("Enabled"):
            continue
        name = str(summary["StackSetName"])
        described = aws.read("cloudformation", "DescribeStackSet", region=region, StackSetName=name, CallAs=caller)
        targets = tuple(sorted(described["StackSet"].get("OrganizationalUnitIds", ())))
        stack_sets.append(StackSet(name, region, targets, bool(deployment.get("RetainStacksOnAccountRemoval"))))
    return tuple(stack_sets)


def _shares(aws: Connection, region: str) -> tuple[Share, ...]:
    items = aws.pages(
        "ram", "GetResourceShareAssociations", "resourceShareAssociations", region=region, associationType="PRINCIPAL"
    )
    units = [item for item in items if ":ou/" in str(item.get("associatedEntity", ""))]
    return tuple(
        Share(str(item.get("resourceShareName", "")), region, str(item["associatedEntity"]).rpartition("/")[2])
        for item in units
        if item.get("status") not in ("DISASSOCIATED", "FAILED")
    )
