"""The hand-over of an organization that was built without orgkit, and adopted."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.handover.adopted import adopted
from tests.handover.server_dump import unaccounted
from tests.handover.stages import NO_TERRAFORM, HandedOver, imports_of
from tests.handover.terraform import imports_of_folder
from tests.handover.test_hand_over import has_no_provider, resources
from tests.sandbox.terraform_plan import TERRAFORM, find_differences

IGNORED = {"role_name", "iam_user_access_to_billing"}


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HandedOver]:
    with adopted(tmp_path_factory.mktemp("adopted"), "small") as handed:
        yield handed


@pytest.fixture(scope="module")
def answer(handed: HandedOver) -> dict[str, Any]:
    return handed.hand_over()


def test_nothing_but_reading_is_asked_of_aws_and_orgkit_has_nothing_to_do(handed, answer):
    handed.stage.project.orgkit("plan", handed.stage.project.file)
    assert handed.stage.changes() == []


def test_every_resource_of_the_server_is_imported_or_left_out_with_a_reason(handed, answer):
    dump = handed.stage.sandbox._ask("/moto-api/data.json")
    assert list(unaccounted(dump, list(imports_of_folder(handed.folder).items()), answer["left_out"])) == []
    assert all(item["reason"] for item in answer["left_out"])


def test_without_a_read_role_no_line_says_that_orgkit_keeps_roles_up_to_date(handed, answer):
    reasons = {item["subject"]: item["reason"] for item in answer["left_out"]}
    assert "orgkit-read" not in json.dumps(answer["left_out"])
    assert sum("read_role = false" in reason for reason in reasons.values()) == 4
    (bucket,) = (reason for subject, reason in reasons.items() if subject.startswith("bucket corp-logs"))
    assert "bucket_settings = false" in bucket


def test_only_what_aws_does_not_report_is_ignored(handed, answer):
    ignored = [body["lifecycle"][0].get("ignore_changes") or [] for body in resources(handed).values()]
    assert {str(name).strip("${}") for names in ignored for name in names} == IGNORED


def test_terraform_imports_and_does_nothing_else(handed, answer, report):
    """What comes after the plan is in `python -m tests.handover.terraform adopted`."""
    if TERRAFORM is None or has_no_provider(handed):
        report(NO_TERRAFORM)
        return
    planned = handed.terraform.plan()
    assert find_differences(planned) == []
    assert len(imports_of(planned)) == answer["imports"]
