"""Whether AWS shows what a step of phase 16 does."""

from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.phases.evidence import is_shown_by
from orgkit.phases.offboarding.facts import OffboardingFacts
from orgkit.phases.offboarding.steps import CloseAccount, QuarantineAccount, TagQuarantinedAccount
from orgkit.phases.organizational_units.steps import CreateUnit
from orgkit.phases.policies.steps import AttachPolicy, ChangePolicy, CreatePolicy


def _facts(observed: Observed) -> OffboardingFacts | None:
    """Return what was read; without an account that is to go, the policy was not."""
    facts = observed.facts(OffboardingFacts)
    return facts if facts and facts.accounts else None


def _unit(step: CreateUnit, observed: Observed, _: Desired) -> bool | None:
    return observed.unit(step.path) is not None


def _document(step: CreatePolicy | ChangePolicy, observed: Observed, _: Desired) -> bool | None:
    facts = _facts(observed)
    return None if facts is None else facts.policy is not None and facts.policy.content == step.content


def _is_attached(step: AttachPolicy, observed: Observed, _: Desired) -> bool | None:
    facts = _facts(observed)
    if facts is None:
        return None
    return facts.policy is not None and observed.parent_id(step.unit) in facts.policy.targets


def _is_moved(step: QuarantineAccount, observed: Observed, _: Desired) -> bool | None:
    account = observed.account(step.account)
    return None if account is None else account.unit == step.unit


def _is_tagged(step: TagQuarantinedAccount, observed: Observed, _: Desired) -> bool | None:
    """Return whether the tag has another value than the one that the step replaces."""
    offboarding = observed.facts(OffboardingFacts)
    facts = offboarding.account(step.account) if offboarding else None
    return None if facts is None else facts.tag not in ("", step.starts_from)


def _is_closed(step: CloseAccount, observed: Observed, _: Desired) -> bool | None:
    """Return None for an account that is gone: closed 90 days ago, or removed by somebody else."""
    account = observed.account(step.account)
    return None if account is None else account.is_closed


EVIDENCE = (
    is_shown_by(CreateUnit, _unit),
    is_shown_by(CreatePolicy, _document),
    is_shown_by(ChangePolicy, _document),
    is_shown_by(AttachPolicy, _is_attached),
    is_shown_by(QuarantineAccount, _is_moved),
    is_shown_by(TagQuarantinedAccount, _is_tagged),
    is_shown_by(CloseAccount, _is_closed),
)
