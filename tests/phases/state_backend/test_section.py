"""`[state_backend]` of the parameters file: what `orgkit check` finds in it without a call."""

from pathlib import Path

import pytest

from orgkit.errors import ParametersInvalid
from orgkit.model.desired import Desired
from orgkit.model.state_backend import STATE_ACCOUNT_ID, StateBackendSpec
from orgkit.parameters import load
from orgkit.phases.state_backend.reads import member_reads
from tests.bootstrap.project import EXAMPLE

GITHUB = 'github = { owner = "acme", owner_id = "12", repository = "infra", repository_id = "34" }'


def load_with(folder: Path, section: str, **replaced: str) -> Desired:
    text = EXAMPLE.read_text(encoding="utf-8").replace("\n[state_backend]\n", f"\n[state_backend]\n{section}\n")
    for old, new in replaced.items():
        text = text.replace(f"#{old} =", f"{new}\n#{old} =", 1)
    file = folder / "acme.toml"
    file.write_text(text, encoding="utf-8")
    return load(file)


def spec_with(folder: Path, section: str) -> StateBackendSpec:
    return load_with(folder, section).section(StateBackendSpec)


def test_without_an_account_there_is_no_backend(tmp_path: Path) -> None:
    desired = load_with(tmp_path, "")
    assert desired.section(StateBackendSpec) == StateBackendSpec()
    assert [read for member in desired.members for read in member_reads(desired, member.key)] == []


def test_the_name_of_the_bucket_has_account_and_region_unless_it_is_global(tmp_path: Path) -> None:
    assert spec_with(tmp_path, 'account = "dns"').bucket == f"terraform-state-{STATE_ACCOUNT_ID}-us-east-1-an"
    own = 'account = "dns"\nbucket = "acme-tf"\nbucket_namespace = "global"'
    assert spec_with(tmp_path, own).bucket == "acme-tf"


def test_the_read_role_may_see_the_bucket_and_with_a_repository_the_provider(tmp_path: Path) -> None:
    desired = load_with(tmp_path, f'account = "dns"\n{GITHUB}')
    assert [read.sid for read in desired.reads_in("dns")] == ["StateBucket", "Provider"]
    assert desired.reads_in("dns")[0].resources == (
        "arn:aws:s3:::terraform-state-${aws:PrincipalAccount}-us-east-1-an",
    )
    assert all(read.sid != "StateBucket" for read in desired.reads_in("log-archive"))


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ('region = "us-east-1"', "the account that is to keep the state"),
        ('account = "nobody"', "no account or import has the key"),
        ('account = "log-archive"', "is the log archive account"),
        ('account = "999999999999"', "is the management account"),
        (f'account = "dns"\nbucket = "{"b" * 40}"', "has 40 characters"),
        ('account = "dns"\nbucket = "Capital"', "is not a bucket name"),
        ('account = "dns"\nkey = "/state"', "is not a key for the state"),
        ('account = "dns"\nkey = "a*.tfstate"', "is not a key for the state"),
        ('account = "dns"\nkey = "a.tflock"', "is not a key for the state"),
        ('account = "dns"\nkms_key = "alias/state"', "is not the ARN of a KMS key"),
        ('account = "dns"\nkms_key = "arn:aws:kms:eu-west-1:111111111111:key/1"', "is a key of eu-west-1"),
        (f'account = "dns"\n{GITHUB[:-2]}, plan_environment = "terraform-apply" }}', "each job that plans could apply"),
        (f'account = "dns"\n{GITHUB[:-2]}, plan_environment = "*" }}', "cannot be an environment"),
        (f'account = "dns"\n{GITHUB.replace("12", "x")}', "owner_id"),
    ],
)
def test_what_cannot_be_or_is_unwise_is_refused_with_what_to_write(tmp_path: Path, section: str, problem: str) -> None:
    with pytest.raises(ParametersInvalid) as refused:
        load_with(tmp_path, section)
    assert problem in str(refused.value)


def test_the_bucket_of_the_trail_is_refused(tmp_path: Path) -> None:
    section = 'account = "dns"\nbucket = "acme-log"\nbucket_namespace = "global"'
    text = EXAMPLE.read_text(encoding="utf-8").replace("\n[trail]\n", '\n[trail]\nbucket = "acme-log"\n')
    file = tmp_path / "acme.toml"
    file.write_text(text.replace("\n[state_backend]\n", f"\n[state_backend]\n{section}\n"), encoding="utf-8")
    with pytest.raises(ParametersInvalid, match="the state needs its own"):
        load(file)
