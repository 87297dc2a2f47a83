"""The repair of a set of event selectors: all management events, in its form, and nothing of anybody else's is lost."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from orgkit.phases.trail.event_selectors import ADVANCED, BASIC, EventSelectors

Repair = Callable[[EventSelectors], EventSelectors | None]
Document = dict[str, Any]

KMS = "kms.amazonaws.com"
TYPES = ("AWS::S3::Object", "AWS::Lambda::Function", "AWS::DynamoDB::Table")
ARNS = ("arn:aws:s3", "arn:aws:s3:::a/", "arn:aws:lambda", "arn:aws:dynamodb")
RESOURCES = st.lists(
    st.fixed_dictionaries(
        {"Type": st.sampled_from(TYPES), "Values": st.lists(st.sampled_from(ARNS), min_size=1, max_size=2)}
    ),
    max_size=2,
)
BASICS = st.lists(
    st.fixed_dictionaries(
        {
            "ReadWriteType": st.sampled_from(("All", "ReadOnly", "WriteOnly")),
            "IncludeManagementEvents": st.booleans(),
            "DataResources": RESOURCES,
            "ExcludeManagementEventSources": st.sampled_from(([], [KMS])),
        }
    ),
    min_size=1,
    max_size=5,
)
CATEGORIES = st.sampled_from(
    [[{"Field": "eventCategory", "Equals": [name]}] for name in ("Management", "Data", "NetworkActivity")]
)
FILTERS = st.lists(
    st.sampled_from(
        [
            {"Field": "readOnly", "Equals": ["true"]},
            {"Field": "eventSource", "NotEquals": [KMS]},
            {"Field": "eventName", "StartsWith": ["Put", "Delete"]},
            {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
            {"Field": "resources.ARN", "NotStartsWith": ["arn:aws:s3:::logs/"]},
            {"Field": "errorCode", "Equals": ["VpceAccessDenied"]},
        ]
    ),
    max_size=2,
    unique_by=lambda item: item["Field"],
)
ADVANCEDS = st.lists(
    st.builds(
        lambda name, category, filters: {**({"Name": name} if name else {}), "FieldSelectors": [*category, *filters]},
        st.sampled_from(("", "reads of the bucket")),
        CATEGORIES,
        FILTERS,
    ),
    min_size=1,
    max_size=6,
)
SETS = st.one_of(
    BASICS.map(lambda documents: EventSelectors.from_documents(BASIC, documents)),
    ADVANCEDS.map(lambda documents: EventSelectors.from_documents(ADVANCED, documents)),
)


def data_events(document: Document) -> set[tuple[str, str, str]]:
    """Which data events a basic selector logs: read or write, type, and resource."""
    kinds = {"ReadOnly": ("read",), "WriteOnly": ("write",)}.get(document.get("ReadWriteType", ""), ("read", "write"))
    resources = [(item["Type"], value) for item in document.get("DataResources", ()) for value in item["Values"]]
    return {(kind, *resource) for kind in kinds for resource in resources}


def other_documents(selectors: EventSelectors) -> list[Document]:
    """The advanced selectors of other categories, as they are."""
    return [document for document in selectors.documents if document["FieldSelectors"][0]["Equals"] != ["Management"]]


def check(repair: Repair, before: EventSelectors) -> None:
    """What a repair has to keep, and what it has to add."""
    after = repair(before)
    assert after is not None
    assert after.form == before.form
    assert after.log_all_management_events
    if before.form == ADVANCED:
        assert other_documents(after) == other_documents(before)
        return
    assert len(after.documents) <= 5
    assert set().union(*map(data_events, after.documents)) == set().union(*map(data_events, before.documents))


@settings(max_examples=300, database=None)
@given(SETS)
def test_a_repair_adds_the_management_events_and_keeps_everything_else(selectors: EventSelectors) -> None:
    check(EventSelectors.with_all_management_events, selectors)


@settings(max_examples=100, database=None)
@given(SETS)
def test_a_repaired_set_is_repaired_for_good(selectors: EventSelectors) -> None:
    repaired = selectors.with_all_management_events()
    assert repaired is not None
    assert repaired.with_all_management_events() == repaired


def without_data(selectors: EventSelectors) -> EventSelectors:
    """It sets what is wanted and forgets that PutEventSelectors replaces the whole set."""
    only = {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
    return EventSelectors.from_documents(selectors.form, [only if selectors.form == ADVANCED else {}])


def without_network(selectors: EventSelectors) -> EventSelectors | None:
    """It keeps data events, and no network activity events."""
    repaired = selectors.with_all_management_events()
    assert repaired is not None
    items = tuple(item for item in repaired.items if "NetworkActivity" not in item)
    return EventSelectors(repaired.form, items)


def in_the_other_form(selectors: EventSelectors) -> EventSelectors:
    """It writes advanced selectors, whatever the trail has."""
    conditions = [{"Field": "eventCategory", "Equals": ["Management"]}]
    return EventSelectors.from_documents(ADVANCED, [*selectors.documents, {"FieldSelectors": conditions}])


def cut_to_five(selectors: EventSelectors) -> EventSelectors:
    """It puts a selector in front and leaves out what AWS does not take any more."""
    first = {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
    front = first if selectors.form == ADVANCED else {"ReadWriteType": "All", "DataResources": []}
    free = [{**item, "ExcludeManagementEventSources": []} for item in selectors.documents]
    rest = selectors.documents if selectors.form == ADVANCED else free
    return EventSelectors.from_documents(selectors.form, [front, *rest][:5])


def widened(selectors: EventSelectors) -> EventSelectors | None:
    """It makes read-only data selectors log writes too, which somebody pays for."""
    if selectors.form == ADVANCED:
        return selectors.with_all_management_events()
    everything = {"ReadWriteType": "All", "IncludeManagementEvents": True, "ExcludeManagementEventSources": []}
    return EventSelectors.from_documents(BASIC, [{**item, **everything} for item in selectors.documents])


def unchanged(selectors: EventSelectors) -> EventSelectors:
    """It takes every set for one that logs all management events."""
    return selectors


MUTANTS: list[Repair] = [without_data, without_network, in_the_other_form, cut_to_five, widened, unchanged]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_an_implementation_that_loses_something_is_found(mutant: Repair) -> None:
    # The first failure is enough, as it is; two different ones would come as a group, which is no AssertionError.
    @settings(max_examples=300, database=None, derandomize=True, report_multiple_bugs=False, phases=[Phase.generate])
    @given(SETS)
    def search(selectors: EventSelectors) -> None:
        check(mutant, selectors)

    with pytest.raises(AssertionError):
        search()


FULL = [{"Type": "AWS::S3::Object", "Values": [f"arn:aws:s3:::b{n}/"]} for n in range(5)]


@pytest.mark.parametrize("kinds", [["ReadOnly"] * 5, ["ReadOnly"] * 4 + ["WriteOnly"], ["All"] + ["ReadOnly"] * 4])
def test_five_basic_selectors_of_data_events_leave_no_place_for_a_sixth_and_lose_nothing(kinds: list[str]) -> None:
    documents = [
        {"ReadWriteType": kind, "IncludeManagementEvents": False, "DataResources": [resource]}
        for kind, resource in zip(kinds, FULL, strict=True)
    ]
    check(EventSelectors.with_all_management_events, EventSelectors.from_documents(BASIC, documents))


def test_advanced_selectors_that_use_all_of_aws_s_values_are_not_repaired() -> None:
    names = [f"Put{number}" for number in range(499)]
    data = [{"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "eventName", "Equals": names}]
    full = EventSelectors.from_documents(ADVANCED, [{"FieldSelectors": data}])
    assert full.with_all_management_events() is None
    data[1] = {"Field": "eventName", "Equals": names[1:]}
    free = EventSelectors.from_documents(ADVANCED, [{"FieldSelectors": data}])
    check(EventSelectors.with_all_management_events, free)


def test_a_member_that_this_version_does_not_know_stays() -> None:
    document = {"ReadWriteType": "ReadOnly", "DataResources": [FULL[0]], "NewMember": {"x": 1}}
    repaired = EventSelectors.from_documents(BASIC, [document]).with_all_management_events()
    assert repaired is not None
    assert repaired.documents[1]["NewMember"] == {"x": 1}
