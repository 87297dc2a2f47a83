"""AWS calls that read what a hand-over of phase 01 needs: delegated administrators, which orgkit does not make."""

from orgkit.aws.session import Connection
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.phases.organization.handover import DelegationFacts


def read_handover(aws: Connection, desired: Desired, observed: Observed) -> Observed:
    """Read which account administers which services for the organization."""
    accounts = aws.pages("organizations", "ListDelegatedAdministrators", "DelegatedAdministrators")
    delegations = tuple(
        (str(account["Id"]), str(service["ServicePrincipal"]))
        for account in accounts
        for service in aws.pages(
            "organizations", "ListDelegatedServicesForAccount", "DelegatedServices", AccountId=account["Id"]
        )
    )
    return observed.with_facts(DelegationFacts(tuple(sorted(delegations))))
