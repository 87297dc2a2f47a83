"""Merging of required statements into an existing policy, so that no grant to others is lost without notice."""

from collections.abc import Collection, Iterator, Sequence

from orgkit.dataclass import dataclass
from orgkit.model.canonical_json import compact_json, normal_form
from orgkit.policy_evaluation.conditions import Context, base_operator, conditions_of
from orgkit.policy_evaluation.deleted_principals import deleted_principals, without_deleted_principals
from orgkit.policy_evaluation.patterns import matches, overlaps
from orgkit.policy_evaluation.statements import Statement, account_of, covers, principals_of, statements_of

SOURCE_ARN, SOURCE_ACCOUNT = "aws:sourcearn", "aws:sourceaccount"
_SOURCE_KEYS = (SOURCE_ARN, SOURCE_ACCOUNT, "aws:sourceorgid", "aws:sourceorgpaths")
_POSITIVE = ("stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike")
_SECURE = {"aws:securetransport": "true", "s3:tlsversion": "1.2"}  # AWS's services accept no older version


@dataclass(frozen=True)
class Merge:
    """A policy with the required statements in it.

    Attributes:
        remaining: Statements that stay as they are.
        added: Required statements that none of these grants; under another Sid if theirs is used already.
        removed: Statements that required ones replace, and which granted more than these.
        changes: Whether the policy differs from the existing one.
    """

    remaining: tuple[Statement, ...]
    added: tuple[Statement, ...]
    removed: tuple[Statement, ...]
    changes: bool

    @property
    def deleted_principals(self) -> tuple[str, ...]:
        """The unique ids of deleted principals in it, which AWS rejects."""
        return deleted_principals(without_deleted_principals(self.remaining))

    @property
    def document(self) -> str:
        """The policy to send to AWS, without deleted principals, which grant nothing."""
        statements = [*self.added, *without_deleted_principals(self.remaining)]
        return compact_json({"Version": "2012-10-17", "Statement": statements})


def merge(
    document: str | None,
    required: Sequence[Statement],
    *,
    is_shared: bool = False,
    removes: Collection[str] | None = None,
) -> Merge:
    """Merge required statements into a policy.

    A statement of the policy stays unless it has the Sid of a required one. Then it is replaced if it grants nothing
    more, or if the additional grants are to the same service and nobody else is known to use them.

    Args:
        document: The existing policy, if any.
        required: The required statements, each with a Sid.
        is_shared: Others are known to use the policy: no statement that grants more is removed.
        removes: The statements to remove, in normal form, if that was decided before.
    """
    existing = statements_of(document)
    if removes is None:
        shared = is_shared or any(serves_others(item, required) for item in existing)
        removes = [normal_form(item) for item in existing if not shared and _is_own_and_wider(item, required)]
        removes += [
            normal_form(item) for item in existing if shared and _is_own_and_wider(item, required, only_limited=True)
        ]
    removed = tuple(item for item in existing if normal_form(item) in removes)
    remaining = tuple(
        item for item in existing if normal_form(item) not in removes and not _is_redundant(item, required)
    )
    missing = [item for item in required if not any(fulfills(other, item) for other in remaining)]
    added = tuple(_with_free_sids(missing, {str(item.get("Sid")) for item in remaining}))
    return Merge(remaining, added, removed, changes=bool(added) or len(remaining) != len(existing))


def is_missing(document: str | None, required: Sequence[Statement]) -> bool:
    """Return whether a policy does not grant, or deny, all that is required."""
    existing = statements_of(document)
    return not all(any(fulfills(other, item) for other in existing) for item in required)


def fulfills(statement: Statement, required: Statement) -> bool:
    """Return whether a statement does what a required one does.

    One that grants a service access for any account does not count: once its owner restricts it, ours is needed.
    """
    if required["Effect"] == "Allow" and services_of(required) and not _is_limited(statement):
        return False
    return covers(statement, required, context_of(required))


def context_of(required: Statement) -> Context:
    """Return what is known of the requests of a service that a statement allows."""
    services = services_of(required)
    if not services:
        return {}
    exact = {
        key: values[0]
        for (operator, key), values in conditions_of(required).items()
        if operator == "stringequals" and len(values) == 1
    }
    source = exact.get(SOURCE_ARN, "")
    account = account_of(source)
    return {
        **_encryption_context(required, source),
        **_SECURE,
        "aws:principalisawsservice": "true",
        "aws:principalservicename": min(services),
        "aws:viaawsservice": "false",
        **({SOURCE_ACCOUNT: account} if account else {}),
        **exact,
    }


def _encryption_context(required: Statement, source: str) -> Context:
    """Return the encryption context: the resource that a service works for, if the statement has a pattern for both.

    Source: CloudTrail User Guide, "Configure AWS KMS key policies for CloudTrail".
    """
    return {
        key: source
        for (operator, key), values in conditions_of(required).items()
        if operator == "stringlike"
        and key.startswith("kms:encryptioncontext:")
        and any(matches(v, source) for v in values)
    }


def services_of(statement: Statement) -> frozenset[str]:
    """Return the AWS services that a statement names."""
    return frozenset(name for kind, name in principals_of(statement) if kind == "Service")


def sources_of(statement: Statement) -> frozenset[str] | None:
    """Return the owners for which a service may act: ARNs, accounts, organizations or patterns; None for any owner.

    Of several limits the most specific one counts, without the owners that another one excludes for certain.
    """
    limits = [
        (key, values)
        for (operator, key), values in conditions_of(statement).items()
        if base_operator(operator) in _POSITIVE and key in _SOURCE_KEYS and "*" not in values
    ]
    if not limits:
        return None
    _, sources = min(limits, key=_breadth)
    return frozenset(source for source in sources if all(_admits(key, values, source) for key, values in limits))


def _breadth(limit: tuple[str, Sequence[str]]) -> tuple[int, int, int, list[str]]:
    """Return a sort key that is smaller for a more specific limit: ARN before account, names before patterns."""
    key, values = limit
    return _SOURCE_KEYS.index(key), sum("*" in value for value in values), len(values), sorted(values)


def _admits(key: str, values: Sequence[str], source: str) -> bool:
    """Return whether a limit may allow a source; the organization of an account is not known here."""
    if key == SOURCE_ACCOUNT and (account := account_of(source)):
        return any(overlaps(value, account) for value in values)
    return key != SOURCE_ARN or any(overlaps(value, source) for value in values)


def _is_limited(statement: Statement) -> bool:
    """Return whether all of its sources are of named accounts; a pattern without an account id matches any."""
    sources = sources_of(statement)
    return sources is not None and all(account_of(source) or source.startswith("o-") for source in sources)


def serves_others(statement: Statement, required: Sequence[Statement]) -> bool:
    """Return whether a statement lets a required one's service act for others, or where the required ones do not."""
    services = {name for item in required for name in services_of(item)}
    if statement.get("Effect") != "Allow" or not services & services_of(statement):
        return False
    sources = sources_of(statement)
    if sources is not None:
        return not sources <= _own_sources(required)
    return not _lies_within(statement, required)


def _own_sources(required: Sequence[Statement]) -> frozenset[str]:
    return frozenset(source for item in required for source in sources_of(item) or ())


def _is_redundant(item: Statement, required: Sequence[Statement]) -> bool:
    """Return whether it is ours by its Sid and grants no more than the required ones, which then replace it."""
    own = [other for other in required if other["Sid"] == item.get("Sid")]
    item = next(without_deleted_principals([item]), item)  # as AWS will store it
    return bool(own) and not any(fulfills(item, other) for other in required) and _is_covered(item, required)


def _is_covered(item: Statement, required: Sequence[Statement]) -> bool:
    return any(covers(other, item, {}) for other in required)


def _is_own_and_wider(item: Statement, required: Sequence[Statement], *, only_limited: bool = False) -> bool:
    """Return whether it is ours by its Sid, and grants more than is required to our service alone.

    Args:
        item: A statement of the policy.
        required: The required statements.
        only_limited: Only where it limits the service to our own sources.
    """
    own = next((other for other in required if other["Sid"] == item.get("Sid")), None)
    if own is None or item.get("Effect") != "Allow" or own["Effect"] != "Allow" or not services_of(own):
        return False
    if principals_of(item) != principals_of(own) or _is_covered(item, required):
        return False
    sources = sources_of(item)
    if sources is None:
        return not only_limited and _lies_within(item, required)
    wider_actions = not covers({**own, "Condition": {}}, {**item, "Resource": own["Resource"], "Condition": {}}, {})
    return sources <= _own_sources(required) and wider_actions


def _lies_within(item: Statement, required: Sequence[Statement]) -> bool:
    """Return whether its resources are those of the required statements, whatever actions it allows."""
    return any(
        covers({**other, "Condition": {}}, {**item, "Action": other["Action"], "Condition": {}}, {})
        for other in required
    )


def _with_free_sids(statements: Sequence[Statement], used: set[str]) -> Iterator[Statement]:
    """Yield the statements with unused Sids: AWS accepts each Sid once in a policy."""
    for statement in statements:
        names = [statement["Sid"], *(f"{statement['Sid']}Orgkit{n or ''}" for n in (0, *range(2, len(used) + 3)))]
        sid = next(name for name in names if name not in used)
        used = {*used, sid}
        yield {**statement, "Sid": sid}
