"""AWS's patterns: what fits one, and whether two have a text in common."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkit.policy_evaluation.patterns import matches, matches_resource, overlaps

TEXTS = ["".join(chars) for n in range(6) for chars in product("ab", repeat=n)]
PATTERNS = st.text("ab*?", max_size=4)


@given(PATTERNS, PATTERNS)
def test_two_patterns_overlap_where_some_text_fits_both(one: str, other: str) -> None:
    expected = any(matches(one, text) and matches(other, text) for text in TEXTS)
    # Two patterns of four characters have a shortest common text of at most eight; longer ones are not in TEXTS.
    assert overlaps(one, other) >= expected
    if overlaps(one, other) and not expected:
        assert len(one.replace("*", "")) + len(other.replace("*", "")) > 5


@given(PATTERNS, PATTERNS)
def test_overlapping_is_mutual(one: str, other: str) -> None:
    assert overlaps(one, other) == overlaps(other, one)


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("arn:aws:s3:::b/AWSLogs/*", "arn:aws:s3:::b/AWSLogs/1/x\ny", True),
        ("s3:Get?bject", "s3:GetObject", True),
        ("[a-z]*", "abc", False),
        ("b/*", "b/AWSLogs/*", True),
        ("b/AWSLogs/*", "b/*", False),
    ],
)
def test_a_star_is_any_text_and_nothing_else_is_special(pattern: str, text: str, fits: bool) -> None:
    assert matches(pattern, text) is fits


# IAM User Guide, "IAM JSON policy elements: Resource"; what ends a part is followed by a colon, or is the end.
@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("arn:aws:sqs:eu-west-1:111111111111:events", True),
        ("arn:*:sqs:*:*:events", True),
        ("arn:aws:sqs:*", True),
        ("arn:aws:sqs:*:events", True),
        ("arn:aws:sqs:eu*:events", True),
        ("arn:*", True),
        ("arn:aws:sqs", False),
        ("arn:aws:sqs:eu*1:events", False),
        ("arn:aws:*s:eu-west-1:111111111111:events", True),
        ("arn:aws:s*s:111111111111:events", False),
        ("arn:aws:sqs:eu-west-1?111111111111:events", False),
        ("arn:aws:sqs:eu-west-1:111111111111:Events", False),
        ("ARN:aws:sqs:eu-west-1:111111111111:events", False),
        ("arn:aws:sqs:eu-west-1:111111111111:e*", True),
        ("arn:aws:sqs:eu-west-1:111111111111:${*}", False),
    ],
)
def test_a_star_that_ends_a_part_of_a_resource_spans_the_following_parts(pattern: str, fits: bool) -> None:
    assert matches_resource(pattern, "arn:aws:sqs:eu-west-1:111111111111:events") is fits


def test_the_resource_after_the_fifth_colon_is_one_part() -> None:
    assert matches_resource(
        "arn:aws:logs:us-east-1:111111111111:log-group:*y", "arn:aws:logs:us-east-1:111111111111:log-group:a:y"
    )
    assert matches_resource("arn:aws:s3:::b/?", "arn:aws:s3:::b/:")
