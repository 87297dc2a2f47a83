import hashlib
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from orgkit.costs.estimate.assumptions import CostsSpec
from orgkit.errors import ParametersInvalid
from orgkit.model.desired import Attestation, ObjectLockSpec
from orgkit.parameters import MAX_BYTES, load

NESTED = Path(__file__).parent / "nested.toml"
SMALLEST = """
[organization]
management_account_id = "999999999999"
email = "aws-management@example.com"
name = "acme"
[accounts.log-archive]
email = "aws-log-archive@example.com"
unit = "Security"
[units.Security]
[trail]
log_archive_account = "log-archive"
"""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "acme.toml"


def test_the_smallest_file_gets_every_default(file):
    file.write_text(SMALLEST)
    desired = load(file)
    assert desired.organization.home_region == desired.trail.region == "us-east-1"
    assert [each.partition(".")[0] for each in desired.organization.trusted_access] == [
        "account", "cloudtrail", "config", "iam", "sso",
    ]  # fmt: skip
    assert desired.organization.policy_types == ("RESOURCE_CONTROL_POLICY", "SERVICE_CONTROL_POLICY")
    assert desired.organization.centralized_root_access
    assert desired.organization.approval_hours == 24
    assert desired.log_archive.name == "log-archive"
    assert desired.log_archive.role_name == "OrganizationAccountAccessRole"
    assert desired.trail.bucket == "org-trail-999999999999"
    assert desired.trail.records_bucket == "orgkit-records-999999999999"
    assert desired.trail.object_lock is None
    assert desired.imports == ()


def test_the_nested_file_keeps_what_it_says():
    desired = load(NESTED)
    assert (len(desired.accounts), len(desired.imports)) == (6, 2)
    assert desired.trail.object_lock == ObjectLockSpec("GOVERNANCE", 120)
    assert desired.trail.region == "eu-central-1"
    assert desired.organization.management_account_id == "042042042042"
    assert [spec.profile for spec in desired.imports] == ["northwind-domains", None]
    assert dict(desired.section(CostsSpec).assumptions)["trail_gb_per_account"] == (
        Decimal("0.05"),
        Decimal("0.5"),
        Decimal(20),
    )
    assert dict(desired.section(CostsSpec).assumptions)["hosted_zones"] == (Decimal(12),) * 3
    assert Attestation("root_mfa", by="Nadia Nord", on="2026-11-20") in desired.organization.attestations
    assert max(len(unit.path) for unit in desired.units) == 4


def test_parents_without_a_section_of_their_own_are_implied():
    paths = [unit.path for unit in load(NESTED).units]
    assert {("Platform",), ("Workloads", "Retail"), ("Workloads", "Retail", "Production")} <= set(paths)
    assert all(unit.parent in ((), *paths) for unit in load(NESTED).units)


def test_the_sections_own_tags_win_over_those_of_the_organization_and_those_over_the_defaults(file):
    file.write_text(SMALLEST.replace('name = "acme"', 'name = "acme"\ntags = { ManagedBy = "us", Owner = "ops" }'))
    file.write_text(file.read_text() + 'tags = { Owner = "audit" }\n')
    desired = load(file)
    assert dict(desired.trail.tags) == {"ManagedBy": "us", "Owner": "audit"}
    assert desired.log_archive.tags == (
        ("ManagedBy", "us"),
        ("Name", "log-archive"),
        ("Owner", "ops"),
        ("orgkit:key", "log-archive"),
    )


def test_a_name_that_tags_cannot_hold_is_written_into_its_tag_as_far_as_aws_takes_it():
    desired = load(NESTED)
    unit = next(unit for unit in desired.units if unit.name == "Logs & Evidence")
    account = next(account for account in desired.accounts if account.key == "shop-test")
    assert dict(unit.tags)["Name"] == "Logs _ Evidence"
    assert dict(account.tags)["Name"] == "Shop _test_"
    for thing in (*desired.units, *desired.members, desired.trail):
        assert all(re.fullmatch(r"[\w \-.:/=+@]*", value) for _, value in thing.tags)


def test_the_order_of_the_sections_and_keys_changes_nothing_but_the_digest(file):
    head, *sections = re.split(r"^(?=\[)", NESTED.read_text(), flags=re.MULTILINE)
    mirrored = []
    for section in reversed(sections):
        heading, *keys = section.strip().splitlines()
        keys = [key for key in keys if key.strip()]
        mirrored.append("\n".join([heading, *reversed(keys)]))
    file.write_text("\n".join(mirrored))
    assert replace(load(file), sha256="") == replace(load(NESTED), sha256="")
    assert head.startswith("#")


def test_the_digest_is_that_of_the_files_bytes():
    assert load(NESTED).sha256 == hashlib.sha256(NESTED.read_bytes()).hexdigest()


def test_windows_line_ends_are_welcome_and_lines_are_still_counted_right(file):
    file.write_bytes(SMALLEST.replace("\n", "\r\n").encode())
    assert load(file).organization.name == "acme"
    file.write_bytes(SMALLEST.replace('"acme"', "7").replace("\n", "\r\n").encode())
    assert problem(file) == 'organization.name: line 5: is the number 7: write it in quotes, as "7".'


def test_lines_are_counted_past_texts_and_lists_of_several_lines(file):
    several = 'policy_types = [\n  "TAG_POLICY",\n]\nlong_lived_keys = false\nname = """\\\n  acme"""\nemial = "x"\n'
    file.write_text(SMALLEST.replace('name = "acme"\n', several))
    assert problem(file).startswith("organization.emial: line 11: there is no such key. Did you mean email?")


@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        (b"", "is empty; begin with a copy of parameters/example.toml"),
        (b"# nothing yet\n\n", "is empty"),
        (b"\xef\xbb\xbf" + SMALLEST.encode(), "UTF-8 without BOM"),
        (SMALLEST.encode("utf-16"), "byte order mark"),
        (SMALLEST.replace("acme", "Köln").encode("latin-1"), "line 5: has a character that is not UTF-8"),
        (b"x = " + b"[" * 5000, "nested too deeply"),
        (b"x = 1e99999999999999999999", "a number without bound"),
        (b"# " + b"x" * MAX_BYTES, "larger than 1 MB"),
    ],
    ids=["empty", "comments only", "BOM", "UTF-16", "Latin-1", "nested", "number", "huge"],
)
def test_a_file_that_is_no_parameters_file_is_told_so(file, content, fragment):
    file.write_bytes(content)
    assert problem(file).startswith("file: ")
    assert fragment in problem(file)


def test_a_missing_file_a_folder_and_an_impossible_name_are_told(tmp_path):
    assert "there is no such file" in problem(tmp_path / "acme.toml")
    assert "is a folder" in problem(tmp_path)
    assert "there is no such file" in problem("acme\0.toml")
    assert "cannot be read" in problem("~nobody-of-that-name/acme.toml")
    assert "not an ordinary file" in problem("/dev/null")
    assert "x" in problem("x" * 5000)


def test_schema_problems_and_contradictions_are_told_together(file):
    wrong = SMALLEST.replace('"999999999999"', "999999999999").replace('unit = "Security"', 'unit = "Audit"\nid = 1')
    file.write_text(wrong.replace('"log-archive"\n', '"logs"\n'))
    with pytest.raises(ParametersInvalid) as refusal:
        load(file)
    assert [problem.place for problem in refusal.value.problems] == [
        "organization.management_account_id",
        "accounts.log-archive.unit",
        "accounts.log-archive.id",
        "trail.log_archive_account",
    ]


def problem(file):
    with pytest.raises(ParametersInvalid) as refusal:
        load(file)
    (only,) = refusal.value.problems
    return str(only)
