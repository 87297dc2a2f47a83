"""How AWS is asked which of an organization's accounts and regions there are."""

from orgkit.aws.retry import Refused
from orgkit.aws.session import Connection
from orgkit.errors import CouldNotRead
from orgkit.model.desired import Desired
from orgkit.model.matching import match_if_clear
from orgkit.read import read_organization

ENABLED = ("ENABLED", "ENABLED_BY_DEFAULT")
ALLOW = "allow account:ListRegions (`orgkit permissions`), or leave --all-regions out."


def members_of(aws: Connection, desired: Desired) -> tuple[set[str], set[str]]:
    """The ids of the log archive account, none before there is one, and of all members of the organization."""
    observed = read_organization(aws, desired, "units")  # the tree alone
    archive = match_if_clear(desired.log_archive, observed)
    members = {account.id for account in observed.accounts} - {aws.caller().account}
    return ({archive.id} if archive else set()), members


def regions_of(aws: Connection, account: str) -> tuple[str, ...]:
    """The regions that are enabled in an account; CouldNotRead where AWS does not tell.

    Of a member, AWS tells them with trusted access for account.amazonaws.com: without it, our own have to do.
    """
    own = account == aws.caller().account
    whose = {} if own else {"AccountId": account}
    try:
        found = aws.pages("account", "ListRegions", "Regions", RegionOptStatusContains=list(ENABLED), **whose)
        return tuple(sorted(str(region["RegionName"]) for region in found))
    except Refused as refused:
        if not own:
            return regions_of(aws, aws.caller().account)
        raise CouldNotRead(f"{refused}.", refused.do or ALLOW) from None
