"""The organization on the wire: whose it is, and what "already there" and "asynchronous" mean."""

import pytest

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.errors import NeedsDecision, StepFailed
from orgkit.model.matching import IdIndex
from orgkit.phases.organization.aws import create_organization, enable_policy_type, read_organization
from orgkit.phases.organization.steps import CreateOrganization, EnablePolicyType
from tests.aws.conftest import Answer, CountingClock, Wire
from tests.plans.loader import desired_of, observed_of

STEP = CreateOrganization(account_id="999999999999", ends_free_plan=False)
NOT_THERE = Answer.error("AWSOrganizationsNotInUseException")


def organization(management: str = "999999999999", features: str = "ALL") -> Answer:
    return Answer.json(Organization={"Id": "o-1", "MasterAccountId": management, "FeatureSet": features})


def roots(*types: tuple[str, str]) -> Answer:
    return Answer.json(
        Roots=[{"Id": "r-1", "PolicyTypes": [{"Type": name, "Status": status} for name, status in types]}]
    )


def directory() -> IdIndex:
    return IdIndex(observed_of({"organization": None}), desired_of())


def test_a_new_organization_is_waited_for_and_its_ids_are_known(
    aws: Connection, wire: Wire, clock: CountingClock
) -> None:
    known = directory()
    wire.says(organization(), NOT_THERE, organization(), roots())
    create_organization(aws, STEP, known)
    assert (known.organization_id, known.root_id) == ("o-1", "r-1")
    assert clock.slept == [2]


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (organization(management="111111111111"), "organization o-1 of 111111111111"),
        (organization(features="CONSOLIDATED_BILLING"), "CONSOLIDATED_BILLING"),
    ],
)
def test_an_organization_that_is_not_ours_or_not_whole_is_not_taken(
    aws: Connection, wire: Wire, found: Answer, why: str
) -> None:
    """A member may not list roots: the question whose it is comes first."""
    wire.says(Answer.error("AlreadyInOrganizationException"), found, Answer.error("AccessDeniedException"))
    with pytest.raises(NeedsDecision, match=why):
        create_organization(aws, STEP, directory())


def test_an_organization_of_ours_that_is_there_already_is_taken(aws: Connection, wire: Wire) -> None:
    known = directory()
    wire.says(Answer.error("AlreadyInOrganizationException"), organization(), roots())
    create_organization(aws, STEP, known)
    assert known.root_id == "r-1"


def test_an_organization_without_a_root_could_not_be_read(aws: Connection, wire: Wire) -> None:
    wire.says(organization(), Answer.json(Roots=[]))
    with pytest.raises(Rejected, match="no organization root was listed"):
        read_organization(aws)


def test_no_organization_is_an_answer_and_no_answer_is_none(aws: Connection, wire: Wire) -> None:
    wire.says(NOT_THERE)
    assert read_organization(aws) is None
    wire.says(Answer(200, "{}"))
    with pytest.raises(Rejected, match="NoAnswer"):
        read_organization(aws)


def test_a_policy_type_counts_when_the_root_says_enabled(aws: Connection, wire: Wire, clock: CountingClock) -> None:
    name = "SERVICE_CONTROL_POLICY"
    wire.says(roots(), Answer.json(Root={"Id": "r-1"}), roots((name, "PENDING_ENABLE")), roots((name, "ENABLED")))
    enable_policy_type(aws, EnablePolicyType(policy_type=name), _with_root())
    assert clock.slept == [2]


def test_a_policy_type_on_its_way_is_not_asked_for_again(aws: Connection, wire: Wire) -> None:
    name = "SERVICE_CONTROL_POLICY"
    wire.says(roots((name, "PENDING_ENABLE")), roots((name, "ENABLED")))
    enable_policy_type(aws, EnablePolicyType(policy_type=name), _with_root())
    assert wire.asked == ["ListRoots", "ListRoots"]


def test_a_policy_type_that_never_comes_ends_in_a_failure(aws: Connection, wire: Wire) -> None:
    wire.says(roots(("SERVICE_CONTROL_POLICY", "PENDING_ENABLE")))
    with pytest.raises(StepFailed, match="took longer than 300 s"):
        enable_policy_type(aws, EnablePolicyType(policy_type="SERVICE_CONTROL_POLICY"), _with_root())


def _with_root() -> IdIndex:
    return IdIndex(observed_of({"organization": {}}), desired_of())
