"""What AWS refuses as gone counts as taken away only where a look at AWS shows it."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from orgkit.aws.rejections import Rejected
from orgkit.phases.policies.facts import ObservedPolicy
from orgkit.phases.policy_removal.aws import delete_policy, detach_policy
from orgkit.phases.policy_removal.evidence import EVIDENCE
from orgkit.phases.policy_removal.facts import RemovalFacts
from orgkit.phases.policy_removal.steps import DeletePolicy, DetachPolicy
from orgkit.policy_evaluation.policy_types import SCP

ITEM = {"Id": "p-legacy00", "Name": "legacy", "AwsManaged": False}
COMMON: dict[str, Any] = {"policy": "legacy", "name": "legacy", "type": SCP, "made_by": "x", "starts_from": ""}
DETACH = DetachPolicy(**COMMON, account="111122223333", accounts=(), still=(), denied=())
DELETE = DeletePolicy(**COMMON)
IDS: Any = SimpleNamespace(parent=lambda unit: "ou-1")


class Aws:
    """AWS with a policy that each answer in turn lists, or not; every change is refused with a code."""

    def __init__(self, code: str, *shown: bool) -> None:
        self.code, self.shown, self.sent = code, list(shown), list[tuple[str, dict[str, Any]]]()

    def pages(self, *_: str, **__: str) -> Iterator[dict[str, Any]]:
        yield from [ITEM] if self.shown.pop(0) else []

    def mutate(self, _: str, operation: str, **parameters: Any) -> None:
        self.sent.append((operation, parameters))
        if self.code:
            raise Rejected(operation, self.code, "", "gone", "request-1")


Run = Callable[[Any, Any, Any], None]
BOTH = pytest.mark.parametrize(
    ("run", "step", "code"),
    [
        (detach_policy, DETACH, "PolicyNotAttachedException"), (detach_policy, DETACH, "PolicyNotFoundException"),
        (delete_policy, DELETE, "PolicyNotFoundException"),
    ],
)  # fmt: skip


@BOTH
def test_a_refusal_as_gone_counts_where_aws_no_longer_shows_it(run: Run, step: Any, code: str) -> None:
    aws = Aws(code, True, False)
    run(aws, step, IDS)
    assert len(aws.sent) == 1


@BOTH
def test_a_refusal_as_gone_of_what_aws_still_shows_is_a_failure(run: Run, step: Any, code: str) -> None:
    aws = Aws(code, True, True)
    with pytest.raises(Rejected):
        run(aws, step, IDS)
    assert len(aws.sent) == 1


@BOTH
def test_another_refusal_is_a_failure_whatever_aws_shows(run: Run, step: Any, code: str) -> None:
    with pytest.raises(Rejected):
        run(Aws("AccessDeniedException", True, False), step, IDS)


@BOTH
def test_nothing_is_sent_about_what_is_gone_already(run: Run, step: Any, code: str) -> None:
    aws = Aws("", False)
    run(aws, step, IDS)
    assert aws.sent == []


def test_a_policy_is_detached_from_its_target_by_its_id() -> None:
    aws = Aws("", True)
    detach_policy(aws, DETACH, IDS)  # type: ignore[arg-type]
    assert aws.sent == [("DetachPolicy", {"PolicyId": "p-legacy00", "TargetId": "111122223333"})]


@pytest.mark.parametrize(
    ("facts", "is_detached", "is_deleted"),
    [
        (RemovalFacts((SCP,), (ObservedPolicy(SCP, "legacy", "p-legacy00", targets=("111122223333",)),)), False, False),
        (RemovalFacts((SCP,), (ObservedPolicy(SCP, "legacy", "p-legacy00", targets=("ou-1",)),)), True, False),
        (RemovalFacts((SCP,)), True, True),
        (RemovalFacts(), None, None),
        (None, None, None),
    ],
)
def test_what_was_not_read_proves_no_removal(facts: Any, is_detached: bool | None, is_deleted: bool | None) -> None:
    observed: Any = SimpleNamespace(facts=lambda _: facts, parent_id=lambda unit: "ou-1")
    checks = dict(EVIDENCE)
    desired: Any = None
    assert checks[DetachPolicy](DETACH, observed, desired) is is_detached
    assert checks[DeletePolicy](DELETE, observed, desired) is is_deleted
