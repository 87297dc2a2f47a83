"""Policy variables: values, defaults, and characters that are no wildcards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkit.policy_evaluation.patterns import matches
from orgkit.policy_evaluation.variables import as_plain_text, fill_in

CONTEXT = {"aws:username": "Bob", "aws:principaltag/team": "a*b", "aws:tagkeys": ("red",)}


@pytest.mark.parametrize(
    ("pattern", "text", "other_text"),
    [
        ("home/${aws:username}/*", "home/Bob/x", "home/Ann/x"),
        ("${AWS:UserName}", "Bob", "${AWS:UserName}"),
        ("team-${aws:PrincipalTag/team}", "team-a*b", "team-axb"),
        ("team-${aws:PrincipalTag/unit, 'company-wide'}", "team-company-wide", "team-"),
        ("${aws:username, 'nobody'}", "Bob", "nobody"),
        ("${*}${?}${$}", "*?$", "abc"),
    ],
)
def test_a_variable_stands_for_the_value_of_the_request(pattern: str, text: str, other_text: str) -> None:
    filled = fill_in(pattern, CONTEXT)
    assert filled is not None
    assert matches(filled, text)
    assert not matches(filled, other_text)


@pytest.mark.parametrize("pattern", ["${aws:SourceIp}", "x${aws:username}${aws:userid}", "${aws:TagKeys}"])
def test_a_variable_without_a_single_value_has_none(pattern: str) -> None:
    assert fill_in(pattern, CONTEXT) is None


def test_an_older_version_has_no_variables_but_wildcards() -> None:
    assert matches(as_plain_text("${aws:username}/*"), "${aws:username}/x")
    assert matches(as_plain_text("${*}"), "${anything}")


@given(st.text("ab*?${}", max_size=5), st.text("ab*?${}", max_size=5))
def test_a_value_matches_itself_and_nothing_else(value: str, text: str) -> None:
    filled = fill_in("${aws:username}", {"aws:username": value})
    assert filled is not None
    assert matches(filled, value)
    assert matches(filled, text) is (text == value)
