"""Conditions: the operators of AWS's documentation, keys that are missing, and keys with several values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkit.policy_evaluation.conditions import holds

NAMES = st.sampled_from(["red", "blue", "Red", "r*d", ""])
TAG_KEYS = ("environment", "cost-center")


@pytest.mark.parametrize(
    ("operator", "result"),
    [
        ("stringequals", False),
        ("stringnotequals", True),
        ("stringequalsifexists", True),
        ("foranyvalue:stringequals", False),
        ("foranyvalue:stringnotlike", False),
        ("foranyvalue:stringnotequalsifexists", True),
        ("forallvalues:stringequals", True),
        ("forallvalues:stringnotequals", True),
    ],
)
@pytest.mark.parametrize("absent", [None, ()])
def test_a_key_that_the_request_does_not_have(operator: str, result: bool, absent: tuple[str, ...] | None) -> None:
    assert holds(operator, ("o-example/*",), absent) is result


@pytest.mark.parametrize(
    ("actual", "all_match", "any_match"),
    [
        (("environment",), True, True),
        (("cost-center",), True, True),
        (("environment", "cost-center"), True, True),
        (("environment", "dept"), False, True),
        (("dept",), False, False),
        (None, True, False),
    ],
)
def test_set_operators_as_in_the_tables_of_awss_documentation(
    actual: tuple[str, ...] | None, all_match: bool, any_match: bool
) -> None:
    # IAM User Guide, "Single-valued vs. multivalued context keys". Its example has a Null condition in addition.
    assert holds("forallvalues:stringequals", TAG_KEYS, actual) is all_match
    assert holds("foranyvalue:stringequals", TAG_KEYS, actual) is any_match
    assert holds("null", ("false",), actual) is (actual is not None)


@pytest.mark.parametrize(
    ("operator", "value", "actual", "result"),
    [
        ("stringequals", "a*", "ab", False),
        ("stringequals", "a${*}", "a*", True),
        ("stringequalsignorecase", "JohnDoe", "johndoe", True),
        ("stringlike", "home/?ob/*", "home/Bob/", True),
        ("stringlike", "home/${*}", "home/Bob", False),
        ("numericlessthanequals", "10", "10.0", True),
        ("numericgreaterthan", "9", "10", True),
        ("numericequals", "1_0", "10", None),
        ("numericequals", "ten", "10", None),
        ("dategreaterthan", "2019-07-16T13:00:00Z", "2019-07-16T14:00:01+02:00", False),
        ("datelessthan", "2020-01-01", "1577750400", True),
        ("dateequals", "yesterday", "2020-01-01", None),
        ("bool", "True", "true", True),
        ("binaryequals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", True),
        ("binaryequals", "QmluYXJ5", "QmluYXJ6", False),
        ("ipaddress", "203.0.113.0/24", "203.0.113.77", True),
        ("ipaddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678::1", True),
        ("notipaddress", "203.0.113.0/24", "2001:db8::1", True),
        ("arnlike", "arn:aws:sns:*:123456789012:*", "arn:aws:sns:us-east-1:123456789012:a:b", True),
        ("arnequals", "arn:aws:sns:*:topic", "arn:aws:sns:us-east-1:123456789012:topic", False),
        ("somethingelse", "1", "1", None),
    ],
)
def test_each_operator_compares_as_aws_documents(operator: str, value: str, actual: str, result: bool | None) -> None:
    # IAM User Guide, "IAM JSON policy elements: Condition operators", with its examples where it has one.
    assert holds(operator, (value,), actual) is result


def test_several_values_without_a_set_operator_are_not_known() -> None:
    assert holds("stringequals", ("red",), ("red", "blue")) is None
    assert holds("stringequals", ("red",), ("red",)) is True


@given(st.sampled_from(["equals", "like", "equalsignorecase"]), st.lists(NAMES, min_size=1), NAMES)
def test_a_negated_operator_is_the_opposite_where_the_key_is_there(name: str, values: list[str], actual: str) -> None:
    assert holds(f"stringnot{name}", values, actual) is not holds(f"string{name}", values, actual)


@given(st.lists(NAMES, min_size=1), st.lists(NAMES, min_size=1))
def test_all_values_match_unless_any_value_does_not(values: list[str], actual: list[str]) -> None:
    none_differs = not holds("foranyvalue:stringnotequals", values, tuple(actual))
    assert holds("forallvalues:stringequals", values, tuple(actual)) is none_differs
