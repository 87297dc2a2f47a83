"""The organization trail of somebody else as a section of the file."""

from dataclasses import replace
from typing import Any

import pytest

from orgkit.model.observed import Unread
from orgkit.phases.adopted import Adopted
from orgkit.phases.trail.adoption import adopt
from orgkit.phases.trail.event_selectors import EventSelectors
from orgkit.phases.trail.facts import AdoptedTrails, Bucket, LogStorage
from tests.phases.trail.conftest import ARCHIVE, MANAGEMENT, OUR_TRAIL, World, bucket_there

RAW: dict[str, Any] = {
    "organization": {"tags": "none"},
    "accounts": {"logs": {"id": ARCHIVE, "email": "logs@acme.test", "unit": "/"}},
}
TRAIL = replace(OUR_TRAIL, name="main", tags=(("Owner", "audit"),))


def adopted(storage: LogStorage | None, *trails: Any, raw: dict[str, Any] = RAW) -> Adopted:
    facts = AdoptedTrails(trails or (TRAIL,), storage)
    return adopt(World().observed.with_facts(facts), raw)


def reasons(result: Adopted) -> list[str]:
    return [item.reason for item in result.not_expressed]


def test_a_trail_keeps_its_bucket_and_gets_no_records_bucket() -> None:
    result = adopted(LogStorage(ARCHIVE, Bucket(TRAIL.bucket, exists=True)))
    assert result.values == {
        "name": "main", "log_archive_account": "logs", "bucket": TRAIL.bucket, "records_bucket": False,
        "bucket_settings": False, "region": TRAIL.home_region, "tags": {"Owner": "audit"},
    }  # fmt: skip
    (advice,) = result.advice
    assert advice.subject.startswith(f"log bucket {TRAIL.bucket}: it keeps no versions; public access is not blocked")


def test_what_the_bucket_has_is_listed() -> None:
    bucket = replace(bucket_there(TRAIL.bucket, World().desired), object_lock="GOVERNANCE 90")
    listed = "\n".join(item.subject for item in adopted(LogStorage(ARCHIVE, bucket)).not_expressed)
    for setting in ("versioning", "encryption", "lifecycle", "policy", "object lock", "public access block"):
        assert f"{setting} of bucket {TRAIL.bucket}: " in listed


def test_a_trail_of_orgkit_is_written_with_the_terms_of_its_bucket_first() -> None:
    ours = replace(TRAIL, tags=(("ManagedBy", "orgkit"),))
    storage = LogStorage(ARCHIVE, bucket_there(TRAIL.bucket, World().desired), "orgkit-records")
    result = adopted(storage, ours, raw={**RAW, "organization": {}})
    assert "bucket_settings" not in result.values
    assert (result.values["records_bucket"], result.values["transition_days"]) == ("orgkit-records", 90)
    (less,) = result.alternatives
    assert less.values["bucket_settings"] is False
    assert (result.needs_members, less.needs_members) == (True, False)


@pytest.mark.parametrize("owner", [Unread("no role"), MANAGEMENT, "444444444444"], ids=str)
def test_without_an_account_of_the_file_that_keeps_the_logs_there_is_no_section(owner: Any) -> None:
    result = adopted(LogStorage(owner))
    assert result.values == {}
    assert result.not_expressed[0].subject.startswith("organization trail main in")
    assert bool(result.not_read) == isinstance(owner, Unread)
    assert bool(result.advice) == (owner == MANAGEMENT)


def test_no_trail_is_advice_and_trails_that_were_not_read_are_none() -> None:
    (advice,) = adopted(None, replace(TRAIL, organization=False)).advice
    assert (advice.severity, advice.subject.startswith("no organization trail")) == ("high", True)
    result = adopt(World().observed.with_facts(AdoptedTrails(Unread("denied"))), RAW)
    assert (result.values, result.advice, [item.reason for item in result.not_read]) == ({}, (), ["denied"])


def test_other_trails_selectors_and_copies_are_listed() -> None:
    data = {"ReadWriteType": "All", "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}
    trail = replace(
        TRAIL, selectors=EventSelectors.from_answer({"EventSelectors": [data]}), prefix="logs",
        copies=("arn:aws:sns:us-east-1:1:topic",), key="arn:aws:kms:us-east-1:1:key/1",
    )  # fmt: skip
    other = replace(TRAIL, name="other", arn=f"{TRAIL.arn}-2", organization=False, logging=False)
    listed = [item.subject for item in adopted(LogStorage(ARCHIVE), trail, other).not_expressed]
    for part in ("trail other in", "AWS::S3::Object", "arn:aws:sns", "prefix logs", "KMS key arn:aws:kms"):
        assert any(part in what for what in listed), part
