"""Empty pages before the last one, as AWS's documentation warns for 14 List operations of Organizations.

The token of such a page leads to the page that was left out: it is that page's token with a mark.
"""

import json
from functools import cache
from typing import Any

from moto.core.utils import get_service_model
from moto.organizations.responses import OrganizationsResponse

from orgkit.sandbox.corrections.registry import differs
from orgkit.sandbox.world import world

MARK = "goes-on:"
# Those whose description in the API's model says "even if you receive an empty result set"; a test compares.
OPERATIONS = frozenset(
    (
        "ListAccounts", "ListAccountsForParent", "ListChildren", "ListCreateAccountStatus", "ListHandshakesForAccount",
        "ListHandshakesForOrganization", "ListInboundResponsibilityTransfers", "ListOrganizationalUnitsForParent",
        "ListOutboundResponsibilityTransfers", "ListParents", "ListPolicies", "ListPoliciesForTarget", "ListRoots",
        "ListTargetsForPolicy",
    )
)  # fmt: skip


@cache
def _member(operation: str) -> str | None:
    """The member that holds a page's items; None where no page is empty while there is more."""
    if operation not in OPERATIONS:
        return None
    shape = get_service_model("organizations").operation_model(operation).output_shape
    return next(str(name) for name, member in shape.members.items() if member.type_name == "list")


def goes_on(response: OrganizationsResponse) -> bool:
    """Return whether the caller's last page was empty; remove the mark from the token before moto reads it."""
    parameters = response.request_params
    token = str(parameters.get("NextToken") or "")
    if not token.startswith(MARK):
        return False
    rest = {name: value for name, value in parameters.items() if name != "NextToken"}
    real = token.removeprefix(MARK)
    response.body = json.dumps({**rest, **({"NextToken": real} if real else {})})
    return True


@differs(
    "organizations.empty_pages",
    moto="No page is empty while there is more.",
    source="The model of the API: 14 operations say so of themselves, ListTagsForResource does not.",
)
def empty_page(response: OrganizationsResponse, answered: Any, goes_on: bool) -> Any:
    """A page of 14 List operations of Organizations can be empty, and still have a NextToken."""
    # Where the seed asks for it; never twice in a row, so that every list ends.
    every, operation = world().seed.empty_pages, response._get_action()
    status, headers, _ = answered
    if not every or goes_on or status != 200 or _member(operation) is None:
        return answered
    if world().count("page") % every != every - 1:
        return answered
    token = MARK + str(response.request_params.get("NextToken") or "")
    return status, headers, json.dumps({_member(operation): [], "NextToken": token})
