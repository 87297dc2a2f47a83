"""Conditions of which the request has no value: the set operators differ from the others."""

import pytest

from orgkit.policy_evaluation.conditions import holds


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
def test_a_key_that_the_request_does_not_have(operator: str, result: bool) -> None:
    assert holds(operator, ("o-example/*",), None) is result
