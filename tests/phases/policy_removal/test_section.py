"""`[policy_removal]` of the parameters file: what `orgkit check` finds in it, without a call."""

from pathlib import Path

import pytest

from orgkit.errors import ParametersInvalid
from orgkit.model.desired import Desired
from orgkit.parameters import load
from orgkit.phases.policy_removal.spec import PolicyRemovalSpec, RemovalSpec
from orgkit.policy_evaluation.policy_types import SCP
from tests.bootstrap.project import EXAMPLE

DOCUMENT = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "organizations:LeaveOrganization", '
    '"Resource": "*"}]}'
)
ATTACHED = f'[policies.deny]\nfile = "deny.json"\ntype = "{SCP}"\nattach = ["Production"]\n'


def loaded(folder: Path, section: str) -> Desired:
    (folder / "deny.json").write_text(DOCUMENT, encoding="utf-8")
    file = folder / "acme.toml"
    text = EXAMPLE.read_text(encoding="utf-8").replace("\n[policies]\n", "\n").replace("\n[policy_removal]\n", "\n")
    file.write_text(f"{text}\n{section}\n", encoding="utf-8")
    return load(file)


def problems(folder: Path, section: str) -> str:
    with pytest.raises(ParametersInvalid) as refused:
        loaded(folder, section)
    return str(refused.value)


def entry(name: str, more: str, kind: str = SCP) -> str:
    return f'[policy_removal.{name}]\ntype = "{kind}"\n{more}\n'


def test_policies_are_named_by_their_names_or_ids_with_their_targets(tmp_path: Path) -> None:
    first = entry('"a b"', 'units = ["Production", ["Workloads", "CI/CD"]]\ndelete = true')
    second = entry("p-a1b2c3d4", 'accounts = ["111122223333"]\nroot = true')
    assert loaded(tmp_path, first + second).section(PolicyRemovalSpec).removals == (
        RemovalSpec("a b", SCP, (("Production",), ("Workloads", "CI/CD")), delete=True),
        RemovalSpec("p-a1b2c3d4", SCP, accounts=("111122223333",), root=True),
    )


def test_a_file_without_the_section_removes_nothing(tmp_path: Path) -> None:
    assert loaded(tmp_path, "").section(PolicyRemovalSpec).removals == ()


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        (entry("deny", ""), "names nothing to remove: write units, accounts, root = true or delete = true"),
        (entry("deny", "root = false"), "names nothing to remove"),
        (entry("deny", 'units = ["Production", ["Production"]]'), 'has "Production" twice: keep one'),
        (entry("deny", 'accounts = ["111122223333", "111122223333"]'), 'has "111122223333" twice: keep one'),
        (entry("deny", 'accounts = ["1111"]'), "is not an account id"),
        (entry('"deny:x"', "root = true"), "is neither a name of letters, digits, blanks or . _ - nor an id"),
        (entry("deny", "root = true", "NO_POLICY"), "NO_POLICY"),
        (entry("FullAWSAccess", "delete = true"), "FullAWSAccess is a policy of AWS itself, which is never deleted"),
        (entry("p-FullAWSAccess", "delete = true"), "FullAWSAccess is a policy of AWS itself, which is never deleted"),
        (entry("RCPFullAWSAccess", "root = true", "RESOURCE_CONTROL_POLICY"), "is never detached"),
        (entry("p-RCPFullAWSAccess", "root = true", "RESOURCE_CONTROL_POLICY"), "is never detached"),
        (ATTACHED + entry("deny", 'units = ["Production"]'), "take the unit out of its attach first"),
        (ATTACHED + entry("deny", 'units = [["Production"]]'), "take the unit out of its attach first"),
        (ATTACHED + entry("deny", "delete = true"), "policies.deny makes the policy: take it out of the file first"),
    ],
)
def test_what_may_not_be_removed_is_refused_by_check(tmp_path: Path, section: str, problem: str) -> None:
    assert problem in " ".join(problems(tmp_path, section).split())


def test_full_aws_access_and_another_unit_of_a_wanted_policy_may_be_named(tmp_path: Path) -> None:
    section = ATTACHED + entry("FullAWSAccess", 'units = ["Production"]') + entry("deny", 'units = ["Security"]')
    assert len(loaded(tmp_path, section).section(PolicyRemovalSpec).removals) == 2


def test_a_policy_of_another_type_with_the_name_is_another_policy(tmp_path: Path) -> None:
    section = ATTACHED + entry("deny", 'units = ["Production"]\ndelete = true', "TAG_POLICY")
    assert len(loaded(tmp_path, section).section(PolicyRemovalSpec).removals) == 1
