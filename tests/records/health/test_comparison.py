"""An inventory compared with the file and with the last run: values in, differences out."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from orgkit.model.inventory import PRESENCE, PRESENT, Gap, Resource
from orgkit.model.plan import ABSENT
from orgkit.records.health.comparison import FILE, LAST_RUN, Difference, Snapshot, compare
from orgkit.records.health.shown_values import NO_SUCH_STATEMENT, shown_values
from orgkit.sanitize.terminal import mask_emails

BUCKET = Resource(kind="bucket", id="logs", name="logs", values={"versioning": "Enabled"}, calls={"x": ("PutX",)})
KEY = ("bucket", "logs")


def as_it_is(value: str) -> Iterable[str]:
    return (value,)


def last(*resources: Resource, gaps: tuple[Gap, ...] = ()) -> Snapshot:
    return Snapshot(
        run="r", at="", names={item.key: item.name for item in resources},
        values={item.key: item.values or {} for item in resources},
        identifiers={item.key: item.identifiers for item in resources},
        unread={item.key: item.unread for item in resources}, gaps=gaps,
    )  # fmt: skip


def found(
    *resources: Resource, gaps: tuple[Gap, ...] = (), last: Snapshot | None = None,
    redacted: Callable[[str], Iterable[str]] = as_it_is,
) -> list[Difference]:  # fmt: skip
    return list(compare(resources, gaps, last, redacted))


def rows(differences: Iterable[Difference]) -> list[tuple[str, str, str, str, bool]]:
    return [(item.attribute, item.expected, item.actual, item.basis, item.is_drift) for item in differences]


def test_an_attribute_that_differs_from_the_file_is_drift() -> None:
    wish = replace(BUCKET, values={"versioning": "Suspended"}, spec_values={"versioning": "Enabled", "tag a": "b"})
    assert rows(found(wish)) == [
        ("versioning", "Enabled", "Suspended", FILE, True),
        ("tag a", "b", ABSENT, FILE, True),
    ]


def test_what_is_not_there_is_one_difference() -> None:
    missing = replace(BUCKET, values=None, spec_values={"versioning": "Enabled", "tag a": "b"})
    assert rows(found(missing)) == [(PRESENCE, PRESENT, ABSENT, FILE, True)]
    assert found(missing, gaps=(Gap("bucket", "", "denied"),)) == [], "nobody knows"


def test_an_attribute_that_was_not_read_is_no_difference() -> None:
    wish = replace(BUCKET, spec_values={"tag a": "b"}, unread=("tag",))
    assert found(wish) == []
    assert found(replace(wish, spec_values=None), last=last(replace(BUCKET, values={"tag a": "c"}, unread=()))) != []
    assert found(wish, last=last(replace(BUCKET, values={"versioning": "Enabled", "tag a": "c"}))) == []


def test_what_was_not_read_at_the_last_run_is_no_difference() -> None:
    earlier = replace(BUCKET, values={"versioning": "Enabled"}, unread=("tag",))
    assert found(replace(BUCKET, values={"versioning": "Enabled", "tag a": "b"}), last=last(earlier)) == []


def test_what_the_file_does_not_state_is_compared_with_the_last_run() -> None:
    earlier = replace(BUCKET, values={"versioning": "Enabled", "tag a": "b"})
    assert rows(found(BUCKET, last=last(earlier))) == [("tag a", "b", ABSENT, LAST_RUN, True)]


def test_a_change_that_the_file_asks_for_is_no_drift() -> None:
    now = replace(BUCKET, values={"versioning": "Enabled"}, spec_values={"versioning": "Enabled"})
    earlier = replace(BUCKET, values={"versioning": "Suspended"})
    assert rows(found(now, last=last(earlier))) == [("versioning", "Suspended", "Enabled", LAST_RUN, False)]
    new = replace(now, id="records")
    assert rows(found(now, new, last=last(now))) == [(PRESENCE, ABSENT, PRESENT, LAST_RUN, False)]


def test_what_is_new_and_in_no_file_is_drift_and_so_is_what_is_gone() -> None:
    assert rows(found(BUCKET, last=last())) == [(PRESENCE, ABSENT, PRESENT, LAST_RUN, True)]
    assert rows(found(last=last(BUCKET))) == [(PRESENCE, PRESENT, ABSENT, LAST_RUN, True)]


def test_of_what_could_not_be_read_nothing_is_said_to_be_gone_or_new() -> None:
    for gap in (Gap("bucket", "", "denied"), Gap("bucket", "logs", "denied")):
        assert found(gaps=(gap,), last=last(BUCKET)) == []
        assert found(BUCKET, last=last(gaps=(gap,))) == []
    assert found(gaps=(Gap("bucket", "other", "denied"),), last=last(BUCKET)) != []


def test_of_the_roles_of_an_account_that_left_nothing_is_said() -> None:
    account = Resource(kind="account", id="1", name="dns", values={"state": "ACTIVE"})
    role = Resource(kind="role", id="1/orgkit-read", name="r", values={"trust policy": "x"})
    earlier = last(account, role)
    assert [item.resource.kind for item in found(last=earlier)] == ["account"]
    assert [item.resource.kind for item in found(account, last=earlier)] == ["role"]


def test_a_difference_from_both_is_listed_once_with_the_value_of_the_last_run() -> None:
    now = replace(BUCKET, values={"versioning": "Suspended"}, spec_values={"versioning": "Enabled"})
    (item,) = found(now, last=last(BUCKET))
    assert (item.basis, item.last_value) == (FILE, "Enabled")
    (item,) = found(now, last=last(replace(BUCKET, values={"versioning": "Suspended"})))
    assert (item.basis, item.last_value) == (FILE, "Suspended")


def test_a_value_of_the_last_run_that_is_in_neither_other_value_is_kept() -> None:
    """The file asks for the present selectors with a part added: what somebody removed is in the last run alone."""
    now = replace(BUCKET, values={"x": "basic"}, spec_values={"x": "basic, all"})
    (item,) = found(now, last=last(replace(BUCKET, values={"x": "basic, all, data of secret"})))
    assert item.other_last_value == "basic, all, data of secret"
    for earlier in ("basic", "basic, all"):
        (item,) = found(now, last=last(replace(BUCKET, values={"x": earlier})))
        assert item.other_last_value is None
    (item,) = found(replace(now, values={"x": "ada@b.c"}), last=last(replace(BUCKET, values={"x": "MASKED"})),
                    redacted=lambda value: (value, "MASKED" if "@" in value else value))  # fmt: skip
    assert (item.last_value, item.other_last_value) == ("ada@b.c", None)


def test_the_last_value_of_what_is_new_is_absent_and_of_what_was_not_read_is_not_known() -> None:
    wish = replace(BUCKET, spec_values={"tag a": "b"})
    cases = ((last(), ABSENT), (last(gaps=(Gap("bucket", "", "denied"),)), None),
             (last(replace(BUCKET, unread=("tag",))), None), (last(BUCKET), ABSENT))  # fmt: skip
    for earlier, value in cases:
        assert [item.last_value for item in found(wish, last=earlier) if item.attribute == "tag a"] == [value]


def test_an_attribute_that_is_gone_has_the_name_of_what_it_was_of() -> None:
    policy = Resource(kind="policy", id="p-1", name="deny", values={}, spec_values={})
    unit = Resource(kind="organizational unit", id="ou-1", name="Prod", values={}, spec_values={})
    account = Resource(kind="account", id="1", name="dns", values={}, spec_values={})
    earlier = replace(policy, values={"attached to ou-1": "yes", "attached to 1": "yes", "attached to x": "yes"})
    for there in ((unit, account), ()):
        items = found(policy, *there, last=last(earlier, unit, account))
        labels = {item.label for item in items if item.resource.kind == "policy"}
        assert labels == {"attached to Prod", "attached to account dns", "attached to x"}


def test_what_is_gone_is_known_by_the_id_that_it_had() -> None:
    """The file has a name, and AWS logged the id."""
    policy = Resource(kind="policy", id="p-1", name="deny (SCP)", values={"a": "b"}, identifiers=("p-1", "deny"))
    missing = Resource(kind="policy", id="", name="deny", values=None, spec_values={}, identifiers=("deny",))
    (item,) = found(missing, last=last(policy))
    assert (item.resource.id, item.subject) == ("p-1", "policy deny (p-1)")
    assert "p-1" in item.resource.identifiers


def test_a_value_that_the_record_has_without_secrets_or_emails_is_the_same() -> None:
    now = replace(BUCKET, values={"email": "ada@example.com"})
    earlier = replace(BUCKET, values={"email": "a…@example.com"})
    assert found(now, last=last(earlier), redacted=lambda value: (value, mask_emails(value))) == []
    assert found(now, last=last(earlier)) != []


def test_drift_comes_first_and_each_resource_once() -> None:
    first = replace(BUCKET, id="a", values={"x": "1", "y": "1"}, spec_values={"x": "2"})
    second = replace(BUCKET, id="b", values={"x": "1"}, spec_values={"x": "2"})
    earlier = last(replace(first, values={"x": "1", "y": "0"}), replace(second, values={"x": "1"}))
    assert [(item.resource.id, item.attribute) for item in found(first, second, last=earlier)] == [
        ("a", "x"), ("a", "y"), ("b", "x"),
    ]  # fmt: skip


def test_secrets_are_hidden_in_what_programs_read() -> None:
    token = "ghp_" + "a1B2" * 9
    wish = replace(BUCKET, values={"tag a": token}, spec_values={"tag a": "b"})
    assert token not in str([item.as_json() for item in found(wish)])


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        (("a", "b"), ("a", "b")),
        (('{"Statement":[{"Sid":"A"},{"Sid":"B"}]}', '{"Statement":{"Sid":"B"}}'), ('{"Sid": "A"}', NO_SUCH_STATEMENT)),
        (("\x1b[2Ja", "b\nc"), ("�[2Ja", "b c")),
    ],
)
def test_of_two_policies_the_statements_that_differ_are_shown(pair: tuple[str, str], expected: tuple[str, str]) -> None:
    assert shown_values(*pair) == expected


def test_a_long_value_is_cut_where_both_begin_to_differ() -> None:
    assert len(shown_values("x" * 5000, "y")[0]) == 300
    expected, actual = shown_values("x" * 5000 + "secret", "x" * 5000 + "[]")
    assert expected.startswith("…xxx")
    assert (expected[-6:], actual[-2:]) == ("secret", "[]")
