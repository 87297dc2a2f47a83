"""What AWS takes as a whole only is written with what was there."""

from typing import Any

import pytest

from orgkit.model.plan import ABSENT
from orgkit.phases.storage import bucket_changes_aws
from orgkit.phases.storage.documents import RULE
from orgkit.phases.trail import bucket_steps_aws
from orgkit.phases.trail.bucket_steps_aws import set_lifecycle
from orgkit.phases.trail.documents import STORAGE_CLASS
from orgkit.phases.trail.steps import SetLifecycle

STEP = SetLifecycle(
    account="log-archive", region="us-east-1", bucket="acme-log", transition_days=90, storage_class=STORAGE_CLASS,
    expire_days=400, noncurrent_days=30, starts_from=ABSENT,
)  # fmt: skip


class Bucket:
    """Answers with one lifecycle configuration, and keeps what is set."""

    def __init__(self, **there: Any) -> None:
        self.there, self.was_set = there, dict[str, Any]()

    def setting(self, operation: str) -> dict[str, Any]:
        assert operation == "GetBucketLifecycleConfiguration"
        return self.there

    def set(self, operation: str, **values: Any) -> None:
        assert operation == "PutBucketLifecycleConfiguration"
        self.was_set = values


def after(monkeypatch: pytest.MonkeyPatch, **there: Any) -> dict[str, Any]:
    bucket = Bucket(**there)
    monkeypatch.setattr(bucket_steps_aws, "_place", lambda *_: bucket)
    set_lifecycle(None, STEP, None)  # type: ignore[arg-type]
    return bucket.was_set


@pytest.mark.parametrize("size", ["varies_by_storage_class", "all_storage_classes_128K"])
def test_the_smallest_object_that_a_transition_takes_stays_as_it_is(monkeypatch: pytest.MonkeyPatch, size: str) -> None:
    result = after(monkeypatch, Rules=[], TransitionDefaultMinimumObjectSize=size)
    assert result[bucket_changes_aws.MINIMUM_SIZE_KEY] == size


def test_what_is_not_there_is_left_to_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    assert after(monkeypatch).keys() == {"LifecycleConfiguration"}


def test_rules_of_others_stay_and_ours_is_there_once(monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = {"ID": "theirs", "Prefix": "tmp/", "Status": "Enabled", "Expiration": {"Days": 1}}
    rules = after(monkeypatch, Rules=[{"ID": RULE, "Status": "Disabled"}, foreign])["LifecycleConfiguration"]["Rules"]
    assert [rule["ID"] for rule in rules] == [RULE, "theirs"]
    assert rules[1] == {"ID": "theirs", "Status": "Enabled", "Expiration": {"Days": 1}, "Filter": {"Prefix": "tmp/"}}
