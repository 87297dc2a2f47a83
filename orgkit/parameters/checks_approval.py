"""The people in `[approval]`: who may approve, who may apply, and the AWS identities of each."""

from collections.abc import Callable, Iterator

from orgkit.phases.schema.formats import IDENTITIES, quote
from orgkit.phases.schema.location import Place, Violation, spell
from orgkit.phases.schema.raw import Raw, duplicates, section, text, texts
from orgkit.sanitize.names import reading
from orgkit.signing.identities import is_identity, is_in_account

INLINE_EXAMPLE = '{ key = "…", arn = "…" }'
APPROVERS: Place = ("approval", "approvers")
OPERATORS: Place = ("approval", "operators")


def approvers(raw: Raw) -> Iterator[Violation]:
    """With four eyes, check that there are approvers and that each has an AWS identity: a key alone names no person."""
    if section(raw, "approval").get("four_eyes") is not True:
        return
    if not section(raw, *APPROVERS):
        yield ("approval", "four_eyes"), "is true, and nobody could approve: name people in [approval.approvers]."
    for name, table in section(raw, *APPROVERS).items():
        if isinstance(table, str) or (isinstance(table, dict) and table.get("arn", []) == []):
            yield (
                (*APPROVERS, name),
                f"has no arn, which four_eyes needs in addition to the key ({INLINE_EXAMPLE}): {IDENTITIES}",
            )


def operators(raw: Raw) -> Iterator[Violation]:
    """With four eyes, check that someone may apply, and that the only operator is not the only approver."""
    if section(raw, "approval").get("four_eyes") is not True:
        return
    names, people = set(section(raw, *OPERATORS)), set(section(raw, *APPROVERS))
    if not names:
        example = '[approval.operators] with lines such as jane = "arn:aws:iam::ACCOUNT:user/jane"'
        yield ("approval", "four_eyes"), f"is true, and nobody may apply: name people in {example}."
    elif len(names | people) < 2 and people:
        yield (
            ("approval", "four_eyes"),
            f"is true, and {min(names)} alone may approve and apply: name somebody else too.",
        )
    for name in sorted(names):
        if section(raw, *OPERATORS)[name] == []:
            yield (*OPERATORS, name), f"has no identity: {IDENTITIES}"


def accounts(raw: Raw) -> Iterator[Violation]:
    """Check that each identity is of the management account: plans are approved and applied there."""
    own = text(section(raw, "organization"), "management_account_id")
    for _, place, arn in _identities(raw):
        if own and is_identity(arn) and arn.split(":")[4] != own:
            yield place, f"{quote(arn)} is of another account: approvals are given in the management account, {own}."


def shared_arns(raw: Raw) -> Iterator[Violation]:
    """Report an identity of two people: they could act for each other, or be the same person."""
    identities = list(_identities(raw))
    for n, (name, place, arn) in enumerate(identities):
        for other, key, other_key in identities[:n]:
            if other != name and (is_in_account(arn, [other_key]) or is_in_account(other_key, [arn])):
                owner = spell(key[:-1] if key[-1] == "arn" else key)
                yield place, f"{quote(arn)} is an identity of {owner} too: each approver needs their own."
                break


def names_that_look_the_same(raw: Raw) -> Iterator[Violation]:
    """Report names that look the same: a reader of a record has to know which approver it names."""
    names = [((*APPROVERS, name), name) for name in section(raw, *APPROVERS)]
    yield from duplicates(names, "the two look the same: give each approver a name of their own", reading)


def _identities(raw: Raw) -> Iterator[tuple[str, Place, str]]:
    """Yield each identity as (name of the person, place of its list, ARN)."""
    for name in section(raw, *APPROVERS):
        for arn in _listed(section(raw, *APPROVERS, name), "arn"):
            yield name, (*APPROVERS, name, "arn"), arn
    for name in section(raw, *OPERATORS):
        for arn in _listed(section(raw, *OPERATORS), name):
            yield name, (*OPERATORS, name), arn


def _listed(table: Raw, name: str) -> list[str]:
    value = text(table, name)
    return [value] if value is not None else list(texts(table, name, ()) or ())


APPROVAL_CHECKS: tuple[Callable[[Raw], Iterator[Violation]], ...] = (
    approvers, operators, accounts, shared_arns, names_that_look_the_same,
)  # fmt: skip
