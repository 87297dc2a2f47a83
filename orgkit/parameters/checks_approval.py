"""What `[approval]` says of people: who could approve, and which AWS identities are whose."""

from collections.abc import Callable, Iterator

from orgkit.parameters.formats import IDENTITIES, quoted
from orgkit.parameters.places import Place, spell
from orgkit.parameters.raw import Raw, section, text, texts
from orgkit.parameters.validate import Wrong
from orgkit.signing.identities import is_identity, is_within

IN_ONE_LINE = '{ key = "…", arn = "…" }'
APPROVERS: Place = ("approval", "approvers")


def approvers(raw: Raw) -> Iterator[Wrong]:
    """With four eyes somebody has to be there, and their keys alone tell nobody apart."""
    if section(raw, "approval").get("four_eyes") is not True:
        return
    if not section(raw, *APPROVERS):
        yield ("approval", "four_eyes"), "is true, and nobody could approve: name people in [approval.approvers]."
    for name, given in section(raw, *APPROVERS).items():
        if isinstance(given, str) or (isinstance(given, dict) and given.get("arn", []) == []):
            yield (*APPROVERS, name), f"has no arn, which four_eyes needs beside the key ({IN_ONE_LINE}): {IDENTITIES}"


def accounts(raw: Raw) -> Iterator[Wrong]:
    """Approvals are given in the management account, where plans are applied."""
    own = text(section(raw, "organization"), "management_account_id")
    for place, arn in _arns(raw):
        if own and is_identity(arn) and arn.split(":")[4] != own:
            yield place, f"{quoted(arn)} is of another account: approvals are given in the management account, {own}."


def shared(raw: Raw) -> Iterator[Wrong]:
    """An identity of two would keep each from applying what the other approved."""
    found = list(_arns(raw))
    for n, (place, arn) in enumerate(found):
        for other, theirs in found[:n]:
            if other != place and (is_within(arn, [theirs]) or is_within(theirs, [arn])):
                yield place, f"{quoted(arn)} is an identity of {spell(other[:-1])} too: each approver needs their own."
                break


def _arns(raw: Raw) -> Iterator[tuple[Place, str]]:
    """Each with the place of the list that it stands in."""
    for name in section(raw, *APPROVERS):
        table = section(raw, *APPROVERS, name)
        given = text(table, "arn")
        for arn in [given] if given is not None else texts(table, "arn", ()) or ():
            yield (*APPROVERS, name, "arn"), arn


APPROVAL_CHECKS: tuple[Callable[[Raw], Iterator[Wrong]], ...] = (approvers, accounts, shared)
