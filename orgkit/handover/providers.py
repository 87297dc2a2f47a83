"""The versions and the providers: one for the management account, one for the log archive account."""

from collections.abc import Iterator

from orgkit.handover.permissions import LOG_ARCHIVE, MANAGEMENT, MEMBER
from orgkit.handover.tools import Tool
from orgkit.model.desired import Desired
from orgkit.model.matching import match_if_clear
from orgkit.model.observed import Account, Observed, Unread
from orgkit.phases.terraform.hcl import Attribute, Block, Comment, Expression, attributes
from orgkit.phases.terraform.provider import PROVIDER_SOURCE, PROVIDER_VERSION, TRIED_VERSION
from orgkit.phases.trail.choice import choose
from orgkit.phases.trail.facts import TrailFacts

LOG_ARCHIVE_ALIAS = "log_archive"
PERMISSIONS = {
    MANAGEMENT: "permissions-management.json",
    LOG_ARCHIVE: "permissions-log-archive.json",
    MEMBER: "permissions-member.json",
}


def providers(observed: Observed, desired: Desired, tool: Tool) -> Iterator[Comment | Block]:
    """Yield the blocks of the file of providers."""
    account = observed.target.account
    archive = match_if_clear(desired.log_archive, observed) if desired.log_archive else None
    yield _terraform(tool)
    yield Comment("The management account. Its role has no more rights than permissions-management.json.")
    yield Block(
        "provider", ("aws",),
        attributes(alias="management", region=trail_region(observed, desired), allowed_account_ids=[account]),
    )  # fmt: skip
    if archive is not None:
        yield from _log_archive(archive, observed, desired)


def _terraform(tool: Tool) -> Block:
    comment = Comment(
        f"Tried with version {TRIED_VERSION}. Versions 6 are untried: the files follow their documented schema."
    )
    aws = {"source": PROVIDER_SOURCE, "version": PROVIDER_VERSION}
    required = Block("required_providers", (), (comment, Attribute("aws", aws)))
    return Block("terraform", (), (Attribute("required_version", tool.required_version), required))


def _log_archive(archive: Account, observed: Observed, desired: Desired) -> Iterator[Comment | Block]:
    assert desired.log_archive is not None
    arn = f"arn:{observed.target.partition}:iam::{archive.id}:role/{desired.log_archive.role_name}"
    description = "The role by which the management account works in the log archive account."
    yield Block(
        "variable",
        ("log_archive_role_arn",),
        attributes(description=description, type=Expression("string"), default=arn),
    )
    yield Comment(
        "The log archive account. Whatever rights the role has, the session has no more than those of\n"
        "permissions-log-archive.json."
    )
    policy = Expression(f'jsonencode(jsondecode(file("${{path.module}}/{PERMISSIONS[LOG_ARCHIVE]}")))')
    role = attributes(role_arn=Expression("var.log_archive_role_arn"), policy=policy)
    body = attributes(alias=LOG_ARCHIVE_ALIAS, region=desired.trail.region, allowed_account_ids=[archive.id])
    yield Block("provider", ("aws",), (*body, Block("assume_role", (), role)))


def trail_region(observed: Observed, desired: Desired) -> str:
    """Return the home region of the trail: the only one that takes changes. All else here has no region."""
    facts = observed.facts(TrailFacts)
    if facts is None or isinstance(facts.trails, Unread):
        return desired.trail.region
    return choose(facts.trails, desired.trail).region
