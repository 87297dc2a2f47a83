"""Whether selectors log all management events: AWS's rules, form by form, and against every event that there can be."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgkit.phases.trail.event_selectors import ADVANCED, BASIC, EventSelectors
from orgkit.phases.trail.management_events import OPERATORS

KMS, RDS = "kms.amazonaws.com", "rdsdata.amazonaws.com"
S3 = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]


def basic(read_write: str = "All", include: bool = True, exclude: Any = (), data: Any = ()) -> dict[str, Any]:
    return {
        "ReadWriteType": read_write,
        "IncludeManagementEvents": include,
        "DataResources": list(data),
        "ExcludeManagementEventSources": list(exclude),
    }


def advanced(*conditions: dict[str, Any], category: str = "Management") -> dict[str, Any]:
    return {"FieldSelectors": [{"Field": "eventCategory", "Equals": [category]}, *conditions]}


def where(field: str, **operators: list[str]) -> dict[str, Any]:
    return {"Field": field, **operators}


READS, WRITES = where("readOnly", Equals=["true"]), where("readOnly", Equals=["false"])
NOT_KMS, KMS_ALONE = where("eventSource", NotEquals=[KMS]), where("eventSource", Equals=[KMS])
DATA = advanced(where("resources.type", Equals=["AWS::S3::Object"]), category="Data")

ALL = {
    "the default": [basic()],
    "members left out are the default": [{}],
    "all, next to data events of another selector": [basic("ReadOnly", include=False, data=S3), basic()],
    "reads and writes in two selectors": [basic("ReadOnly"), basic("WriteOnly")],
}
NOT_ALL = {
    "data events alone": [basic(include=False, data=S3)],
    "reads": [basic("ReadOnly")],
    "writes": [basic("WriteOnly")],
    "writes, with reads of data events": [basic("WriteOnly"), basic("ReadOnly", include=False, data=S3)],
    "without KMS": [basic(exclude=[KMS])],
    "without RDS Data": [basic(exclude=[RDS])],
    "KMS is excluded on the trail, whichever selector says so": [basic(), basic(exclude=[KMS])],
    "each excludes another source": [basic(exclude=[RDS]), basic(exclude=[KMS])],
    "a type that AWS does not have": [basic("read-only")],
}
ALL_ADVANCED = {
    "the category alone": [advanced()],
    "next to data and network events": [DATA, advanced(), advanced(category="NetworkActivity")],
    "reads and writes in two selectors": [advanced(READS), advanced(WRITES)],
    "a source and all others": [advanced(NOT_KMS), advanced(KMS_ALONE)],
    "a prefix and all others": [
        advanced(where("eventName", StartsWith=["Get", "List"])),
        advanced(where("eventName", NotStartsWith=["Get", "List"])),
    ],
    "a suffix and all others": [
        advanced(where("eventSource", EndsWith=[".com"])),
        advanced(where("eventSource", NotEndsWith=[".com"])),
    ],
    "two exclusions that have nothing in common": [
        advanced(NOT_KMS),
        advanced(where("eventSource", NotEquals=[RDS])),
    ],
    "what one leaves out of the reads, another has": [
        advanced(WRITES),
        advanced(READS, NOT_KMS),
        advanced(KMS_ALONE),
    ],
}
NOT_ALL_ADVANCED = {
    "data events alone": [DATA],
    "network events alone": [advanced(where("eventSource", Equals=[KMS]), category="NetworkActivity")],
    "reads": [advanced(READS)],
    "writes": [advanced(WRITES)],
    "without KMS": [advanced(NOT_KMS)],
    "one source": [advanced(where("eventSource", Equals=["s3.amazonaws.com"]))],
    "a prefix of names": [advanced(where("eventName", StartsWith=["Create"]))],
    "reads without KMS, and KMS writes": [advanced(READS, NOT_KMS), advanced(WRITES), advanced(WRITES, KMS_ALONE)],
    "the complement has one name less": [
        advanced(where("eventName", NotStartsWith=["Get", "List"])),
        advanced(where("eventName", StartsWith=["Get"])),
    ],
    "a field that a record may lack": [
        advanced(where("userIdentity.arn", Equals=["arn:x"])),
        advanced(where("userIdentity.arn", NotEquals=["arn:x"])),
    ],
    "a field that nobody knows yet": [advanced(where("vpcEndpointId", NotEquals=["vpce-1"]))],
    "an operator that readOnly does not have": [advanced(where("readOnly", NotEquals=["maybe"]))],
    "no category": [{"FieldSelectors": [where("eventSource", NotEquals=["x"])]}],
    "two categories at once": [{"FieldSelectors": [where("eventCategory", Equals=["Management", "Data"])]}],
    "everything but a category": [{"FieldSelectors": [where("eventCategory", NotEquals=["Data"])]}],
    "no field selector": [{"FieldSelectors": []}],
    "a field without an operator": [advanced({"Field": "eventSource"})],
    "an empty value": [advanced(where("eventSource", NotEquals=[""]))],
}


@pytest.mark.parametrize(
    ("form", "documents"),
    [*((BASIC, item) for item in ALL.values()), *((ADVANCED, item) for item in ALL_ADVANCED.values())],
    ids=[*ALL, *ALL_ADVANCED],
)
def test_all_management_events_are_logged(form: str, documents: list[dict[str, Any]]) -> None:
    selectors = EventSelectors.from_documents(form, documents)
    assert selectors.log_all_management_events
    assert selectors.description == "all management events"


@pytest.mark.parametrize(
    ("form", "documents"),
    [*((BASIC, item) for item in NOT_ALL.values()), *((ADVANCED, item) for item in NOT_ALL_ADVANCED.values())],
    ids=[*NOT_ALL, *NOT_ALL_ADVANCED],
)
def test_what_does_not_certainly_log_all_management_events_does_not_count(
    form: str, documents: list[dict[str, Any]]
) -> None:
    selectors = EventSelectors.from_documents(form, documents)
    assert not selectors.log_all_management_events
    assert selectors.description != "all management events"


@pytest.mark.parametrize(
    ("form", "documents", "description"),
    [
        (ADVANCED, [DATA], "no management events"),
        (BASIC, [basic(include=False, data=S3)], "no management events"),
        (BASIC, [basic("WriteOnly")], "write management events only"),
        (ADVANCED, [advanced(READS)], "read management events only"),
        (BASIC, [basic(exclude=[KMS, RDS])], f"management events without those of {KMS} and {RDS}"),
        (ADVANCED, [advanced(NOT_KMS)], "some of the management events only"),
    ],
)
def test_what_is_logged_is_said_in_words(form: str, documents: list[dict[str, Any]], description: str) -> None:
    assert EventSelectors.from_documents(form, documents).description == description


def test_a_trail_that_was_never_given_selectors_logs_all_management_events() -> None:
    assert EventSelectors.from_answer({"EventSelectors": [], "AdvancedEventSelectors": []}).log_all_management_events
    assert EventSelectors.from_answer({}).log_all_management_events


def test_selectors_that_are_too_many_to_try_do_not_count_and_take_no_time() -> None:
    prefixes, suffixes = [f"a{n}" for n in range(250)], [f"{n}z" for n in range(250)]
    conditions = (where("eventSource", NotStartsWith=prefixes), where("eventName", NotEndsWith=suffixes))
    documents = [advanced(item) for item in conditions] + [advanced(where("eventType", NotEquals=["x"]))]
    assert not EventSelectors.from_documents(ADVANCED, documents).log_all_management_events
    both = [advanced(where("eventSource", NotStartsWith=prefixes, NotEndsWith=suffixes))]
    assert not EventSelectors.from_documents(ADVANCED, both).log_all_management_events


# Every text of up to three of these letters: as long as values have one letter, no longer one is distinguished.
TEXTS = ["".join(letters) for length in (1, 2, 3) for letters in product("abz", repeat=length)]
FIELDS = ("eventSource", "eventName")
VALUES = st.lists(st.sampled_from("ab"), min_size=1, max_size=2, unique=True)
TEXT_CONDITIONS = st.builds(
    lambda field, operators: {"Field": field, **operators},
    st.sampled_from(FIELDS),
    st.dictionaries(st.sampled_from(OPERATORS), VALUES, min_size=1, max_size=2),
)
CONDITIONS = st.lists(st.one_of(TEXT_CONDITIONS, st.sampled_from([READS, WRITES])), max_size=2)


def matches(condition: dict[str, Any], event: dict[str, str]) -> bool:
    """The rule of the user guide for the conditions of one field, once more in other words."""
    value = event[condition["Field"]]
    tests = {"Equals": value.__eq__, "StartsWith": value.startswith, "EndsWith": value.endswith}
    answers = {name: [tests[name.removeprefix("Not")](text) for text in condition.get(name, [])] for name in OPERATORS}
    chosen = [answer for name, found in answers.items() if not name.startswith("Not") for answer in found]
    barred = [answer for name, found in answers.items() if name.startswith("Not") for answer in found]
    return (any(chosen) or not chosen) and not any(barred)


@settings(max_examples=60, database=None)
@given(st.lists(CONDITIONS, min_size=1, max_size=4))
def test_advanced_selectors_count_exactly_when_every_event_matches_one(selectors: list[list[dict[str, Any]]]) -> None:
    events = [
        dict(zip((*FIELDS, "readOnly"), values, strict=True)) for values in product(TEXTS, TEXTS, ("true", "false"))
    ]
    lost = [event for event in events if not any(all(matches(c, event) for c in each) for each in selectors)]
    found = EventSelectors.from_documents(ADVANCED, [advanced(*each) for each in selectors])
    assert found.log_all_management_events == (not lost)
    kinds = {"read": "true", "write": "false"}
    assert found.gaps == tuple(kind for kind, flag in kinds.items() if flag in {event["readOnly"] for event in lost})
