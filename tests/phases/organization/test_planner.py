"""Phase 01's plan of what could not be read: a matter of rights, or of running again."""

from dataclasses import replace

import pytest

from orgkit.errors import CouldNotRead
from orgkit.model.observed import Unread
from orgkit.phases.organization.planner import plan
from tests.plans.loader import desired_of, observed_of


@pytest.mark.parametrize(
    ("unread", "do"),
    [
        (Unread("denied"), "allow iam:ListOrganizationsFeatures (see `orgkit permissions organization`)."),
        (Unread("NoAnswer", "run the phase again."), "run the phase again."),
    ],
    ids=["no permission", "no answer"],
)
def test_root_features_that_could_not_be_read_are_told_with_what_helps(unread: Unread, do: str) -> None:
    there = observed_of({"organization": {}})
    assert there.organization is not None
    there = replace(there, organization=replace(there.organization, root_features=unread))
    with pytest.raises(CouldNotRead) as stopped:
        plan(there, desired_of())
    assert stopped.value.remedy == do
