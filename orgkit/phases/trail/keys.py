"""The steps for the trail's KMS key, and reports about the statements of others in its policy."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from orgkit.errors import NeedsDecision
from orgkit.model.canonical_json import normal_form
from orgkit.model.desired import TrailSpec
from orgkit.model.plan import Step, Waiting
from orgkit.phases.storage.documents import render, template
from orgkit.phases.trail.documents import LOG_ARCHIVE, key_statements
from orgkit.phases.trail.facts import Key
from orgkit.phases.trail.key_steps import CreateAlias
from orgkit.phases.trail.policy_findings import Policy, findings_of, losses_of, refuse_deleted_principals, unmanaged_of
from orgkit.phases.trail.steps import CreateKey, RotateKey, SetKeyPolicy
from orgkit.policy_evaluation.merge import Merge, merge
from orgkit.policy_evaluation.statements import is_policy


@dataclass(frozen=True)
class KeyWish:
    """The desired key; an alias of "" means that there should be none."""

    spec: TrailSpec
    alias: str
    key: Key | None
    trail: str  # its name
    trail_arn: str
    partition: str
    ids: Mapping[str, str]
    is_shared: bool = False  # another trail of the management account uses it too

    @property
    def statements(self) -> tuple[str, ...]:
        """The required statements, in the form of a plan."""
        return template(key_statements(self.trail_arn, partition=self.partition))

    @property
    def policy_after(self) -> Policy:
        """The policy after the steps; a step itself reports what it removes."""
        result = self.merge()
        return replace(self.policy, document=result.document) if result.changes else self.policy

    def merge(self) -> Merge:
        """Return the key's policy merged with the required statements."""
        return merge(self.policy.document, self.policy.required, is_shared=self.is_shared)

    @property
    def policy(self) -> Policy:
        """The key's policy, and the statements that it requires."""
        document = self.key.policy if self.key else None
        required = render(self.statements, self.ids)
        return Policy(f"KMS key {self.alias}", document, required, self.ids.get(LOG_ARCHIVE, ""))


def key_steps(wish: KeyWish) -> Iterator[Step]:
    """Yield the steps for the settings that differ, or the step that makes the key."""
    if not wish.alias:
        return
    place: dict[str, Any] = {
        "account": wish.spec.log_archive_account, "region": wish.spec.region, "key_alias": wish.alias
    }  # fmt: skip
    content: dict[str, Any] = {"trail": wish.trail, "statements": wish.statements}
    if wish.key is None:
        yield CreateKey(**place, **content, tags=wish.spec.tags, reason="no key has this alias")
        return
    _refuse(wish.alias, wish.key)
    if not wish.key.has_alias:
        yield CreateAlias(**place, key_arn=wish.key.arn, trail=wish.trail, reason="no key has this alias any more")
    result = wish.merge()
    refuse_deleted_principals(wish.policy, result)
    if result.changes:
        yield SetKeyPolicy(
            **place, **content, removes=tuple(normal_form(statement) for statement in result.removed),
            losses=losses_of(wish.policy, result), starts_from=wish.key.policy_to_change,
            reason="a statement is missing or differs",
        )  # fmt: skip
    if not wish.key.rotates:
        yield RotateKey(**place, reason="rotation is off")


def key_unmanaged(wish: KeyWish) -> Iterator[str]:
    """Yield statements of others that do not affect the logs."""
    if wish.key is not None:
        yield from unmanaged_of(wish.policy_after)


def key_warnings(wish: KeyWish) -> Iterator[str]:
    """Yield who else may use the key."""
    if wish.key is not None:
        yield from (finding.message for finding in findings_of(wish.policy_after) if not finding.ends_delivery)


def key_waiting(wish: KeyWish) -> Iterator[Waiting]:
    """Yield what denies CloudTrail the key, and only its owner can remove."""
    if wish.key is not None:
        owner = f"the owner of log archive account {wish.spec.log_archive_account}"
        command = f"aws kms get-key-policy --key-id {wish.key.arn} --query Policy --output text"
        for finding in findings_of(wish.policy_after):
            if finding.ends_delivery:
                yield Waiting(finding.message, owner, (command,), drift=True)


def _refuse(alias: str, key: Key) -> None:
    if key.state != "Enabled":
        raise NeedsDecision(
            f"KMS key {alias} ({key.arn}) is {key.state}: what it encrypted cannot be read, and no log can be written.",
            "cancel its deletion or enable it in the log archive account, or give the alias to another key.",
        )
    if not is_policy(key.policy):
        raise NeedsDecision(
            f"the policy of KMS key {alias} ({key.arn}) is not a policy document in JSON: what it grants cannot be "
            "compared.",
            f"look at it (aws kms get-key-policy --key-id {key.arn}), and replace it by one that is.",
        )
