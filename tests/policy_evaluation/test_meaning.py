"""Policies that AWS evaluates alike are equal, however they are written; any other difference is seen."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from orgkit.phases.member_access.roles import read_policy, trust
from orgkit.policy_evaluation.meaning import has_same_meaning

MANAGEMENT = "111111111111"
quick = settings(max_examples=60)
CONDITION = {"StringEquals": {"aws:PrincipalOrgID": ["o-1", "o-2"]}, "Bool": {"aws:SecureTransport": "true"}}


def documents() -> st.SearchStrategy[dict[str, Any]]:
    conditional = {**trust(MANAGEMENT)["Statement"][0], "Condition": CONDITION}
    denied = {"Effect": "Deny", "NotAction": ["a:b"], "Resource": ["x", "y"]}
    return st.sampled_from(
        [
            trust(MANAGEMENT),
            read_policy([]),
            {"Version": "2012-10-17", "Statement": [*trust(MANAGEMENT)["Statement"], conditional]},
            {"Version": "2012-10-17", "Statement": [*read_policy([])["Statement"], denied]},
        ]
    )


def rewritten(value: Any, chance: random.Random, place: str = "") -> Any:
    """The same document in another hand: order, single items, case, Sids, an account's id for its ARN."""
    if isinstance(value, dict):
        items = list(value.items())
        chance.shuffle(items)
        written = {_key(key, place, chance): rewritten(item, chance, key) for key, item in items if key != "Sid"}
        return (
            {**written, "Sid": f"S{chance.randrange(9)}"} if "Effect" in written and chance.random() < 0.5 else written
        )
    if isinstance(value, list):
        items = [rewritten(item, chance, place) for item in value]
        chance.shuffle(items)
        items += items[:1] if chance.random() < 0.3 else []
        return items[0] if len(items) == 1 and chance.random() < 0.7 else items
    if place == "AWS" and isinstance(value, str):
        return chance.choice([value, value.split(":")[4]])
    if place in ("Action", "NotAction") and chance.random() < 0.5:
        return value.upper()
    return value == "true" if value == "true" and chance.random() < 0.5 else value


def _key(key: str, place: str, chance: random.Random) -> str:
    return chance.choice([key.lower(), key.upper()]) if key.startswith("aws:") else key


@quick
@given(documents(), st.integers())
def test_another_hand_changes_no_meaning(document: dict[str, Any], seed: int) -> None:
    assert has_same_meaning(document, rewritten(document, random.Random(seed)))


@quick
@given(documents(), st.sampled_from(["Effect", "Action", "Resource", "Principal", "Condition", "Statement"]), st.data())
def test_any_other_difference_changes_the_meaning(document: dict[str, Any], element: str, data: st.DataObject) -> None:
    statements = [dict(statement) for statement in document["Statement"]]
    at = data.draw(st.integers(0, len(statements) - 1))
    if element == "Statement":
        statements.append({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    elif element == "Effect":
        statements[at]["Effect"] = "Deny" if statements[at]["Effect"] == "Allow" else "Allow"
    elif element == "Condition":
        statements[at]["Condition"] = {"StringEquals": {"aws:PrincipalArn": "another"}}
    else:
        statements[at].pop(f"Not{element}", None)
        statements[at][element] = {"AWS": "*"} if element == "Principal" else "another:thing"
    assert not has_same_meaning(document, {**document, "Statement": statements})


def test_a_document_that_is_not_there_means_nothing_else() -> None:
    assert not has_same_meaning(None, trust(MANAGEMENT))


def test_the_version_counts_where_a_variable_is_used() -> None:
    with_variable = {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::${aws:username}"}}
    assert not has_same_meaning({"Version": "2012-10-17", **with_variable}, {"Version": "2008-10-17", **with_variable})
    without = {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
    assert has_same_meaning({"Version": "2012-10-17", **without}, {"Version": "2008-10-17", **without})
