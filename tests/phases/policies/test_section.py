"""`[policies]` of the parameters file: what `orgkit check` finds in it and in the documents, without a call."""

import json
from pathlib import Path
from typing import Any

import pytest

from orgkit.errors import ParametersInvalid
from orgkit.model.desired import Desired
from orgkit.parameters import files_read_with, load
from orgkit.phases.policies.spec import PoliciesSpec
from tests.bootstrap.project import EXAMPLE, Project

DENY = {"Sid": "Deny", "Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"}
SCP = 'type = "SERVICE_CONTROL_POLICY"'


def policy(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class Folder:
    """A folder with a parameters file, and documents next to it."""

    def __init__(self, path: Path) -> None:
        self.path, self.file = path, path / "acme.toml"
        (path / "policies").mkdir()
        self.document = path / "policies" / "deny.json"
        self.document.write_text(policy(DENY), encoding="utf-8")

    def load(self, section: str, **replaced: str) -> Desired:
        text = EXAMPLE.read_text(encoding="utf-8").replace("\n[policies]\n", "\n")
        for old, new in replaced.items():
            text = text.replace(f"#{old} =", f"{new}\n#{old} =", 1)
        self.file.write_text(f"{text}\n{section}\n", encoding="utf-8")
        return load(self.file)

    def problems(self, section: str, **replaced: str) -> str:
        with pytest.raises(ParametersInvalid) as refused:
            self.load(section, **replaced)
        return str(refused.value)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def section(file: str = "policies/deny.json", more: str = 'attach = ["Production"]', name: str = "deny") -> str:
    return f'[policies.{name}]\nfile = "{file}"\n{SCP}\n{more}\n'


def test_a_policy_is_read_with_its_document_without_white_space(folder: Folder) -> None:
    folder.document.write_text(json.dumps(json.loads(policy(DENY)), indent=8), encoding="utf-8")
    spec = folder.load(section(more='attach = [["Production"], "Security"]')).section(PoliciesSpec)
    (deny,) = spec.policies
    assert (deny.name, deny.type, deny.attach) == ("deny", "SERVICE_CONTROL_POLICY", (("Production",), ("Security",)))
    assert deny.content == json.dumps(json.loads(policy(DENY)), sort_keys=True, separators=(",", ":"))
    assert folder.document in files_read_with(folder.file)


def test_a_file_without_policies_reads_none(folder: Folder) -> None:
    assert folder.load("").section(PoliciesSpec) == PoliciesSpec()


def test_white_space_and_the_order_of_keys_change_nothing(folder: Folder) -> None:
    first = folder.load(section()).section(PoliciesSpec)
    folder.document.write_text(json.dumps(json.loads(policy(dict(reversed(DENY.items())))), indent=3), encoding="utf-8")
    assert folder.load(section()).section(PoliciesSpec) == first


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("policies/missing.json", "write the path of a file from there"),
        ("../deny.json", "is not the path of a file in the folder of the parameters file"),
        ("policies/../../deny.json", "is not the path of a file in the folder of the parameters file"),
        ("/etc/passwd", "is not the path of a file in the folder of the parameters file"),
        ("~/deny.json", "is not the path of a file in the folder of the parameters file"),
        ("policies", "is not an ordinary file"),
        ("", "is not the path of a file"),
    ],
)
def test_a_document_that_is_missing_or_elsewhere_is_refused(folder: Folder, name: str, message: str) -> None:
    assert message in " ".join(folder.problems(section(name)).split())


def test_a_link_is_refused_also_a_folder_on_the_way(folder: Folder) -> None:
    (folder.path / "policies" / "link.json").symlink_to(folder.document)
    assert "is a link, or behind one" in folder.problems(section("policies/link.json"))
    (folder.path / "linked").symlink_to(folder.path / "policies")
    assert "is a link, or behind one" in folder.problems(section("linked/deny.json"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "is not valid JSON"),
        (b"{", "is not valid JSON"),
        (b"[]", "is not a policy: write one JSON object"),
        (b"\xff", "is not UTF-8"),
        (b'{"a": NaN}', "has the number NaN, which not every reader of JSON reads"),
        (b'{"a": 1e999}', "has the number 1e999"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "has the number 999999999999999999999999999999, which"),
        (b'{"a": "\\ud800"}', "has half of a character"),
        (b'{"a": ' + b"[" * 60 + b"]" * 60 + b"}", "is nested too deeply"),
        (b'{"Version": "1", "Version": "2"}', 'has the key "Version" twice in one object'),
        (b"[" * 99_000, "is nested too deeply"),
        (b" " * 100_001, "at most 100,000 bytes"),
    ],
)
def test_a_document_that_is_no_policy_is_refused(folder: Folder, text: bytes, message: str) -> None:
    folder.document.write_bytes(text)
    assert message in " ".join(folder.problems(section()).split())


def test_an_unknown_target_is_refused_with_the_unit_that_may_be_meant(folder: Folder) -> None:
    problems = folder.problems(section(more='attach = ["Prodution"]'))
    assert 'the file has no unit "Prodution". Did you mean Production?' in problems


def test_a_target_a_document_or_a_name_that_stands_twice_is_refused(folder: Folder) -> None:
    assert 'has "Production" twice' in folder.problems(section(more='attach = ["Production", ["Production"]]'))
    assert "has the policy of policies.deny" in folder.problems(section() + section(name="deny-too"))
    other = folder.path / "other.json"
    other.write_text(policy({**DENY, "Sid": "Other"}), encoding="utf-8")
    assert "the two look the same" in folder.problems(section() + section("other.json", name="DENY"))


@pytest.mark.parametrize("name", ["FullAWSAccess", "RCPFullAWSAccess"])
def test_a_policy_of_aws_is_never_one_of_the_file(folder: Folder, name: str) -> None:
    assert "is a policy of AWS itself" in folder.problems(section(name=name))


@pytest.mark.parametrize("name", ['"de/ny"', '" deny"', f'"{"x" * 129}"', '"d\u202ey"'])
def test_a_name_that_shows_badly_is_refused(folder: Folder, name: str) -> None:
    assert "is not a name of a policy" in folder.problems(section(name=name))


def test_an_unknown_type_is_refused_and_one_that_is_not_enabled(folder: Folder) -> None:
    wrong = section().replace("SERVICE_CONTROL_POLICY", "SERVICE_CONTROL_POLICIES")
    assert "is not a policy type. Did you mean SERVICE_CONTROL_POLICY?" in folder.problems(wrong)
    problems = folder.problems(section().replace("SERVICE_CONTROL_POLICY", "TAG_POLICY"))
    assert "[organization] policy_types does not enable: add it there" in " ".join(problems.split())
    folder.document.write_text('{"tags": {}}', encoding="utf-8")
    enabled = 'policy_types = ["TAG_POLICY"]'
    desired = folder.load(section().replace("SERVICE_CONTROL_POLICY", "TAG_POLICY"), policy_types=enabled)
    assert desired.section(PoliciesSpec).policies[0].document == {"tags": {}}


def test_more_policies_for_a_unit_than_aws_allows_are_refused(folder: Folder) -> None:
    sections = []
    for number in range(10):
        (folder.path / f"{number}.json").write_text(policy({**DENY, "Sid": str(number)}), encoding="utf-8")
        sections.append(section(f"{number}.json", name=f"deny-{number}"))
    folder.load("\n".join(sections[:9]))
    problems = " ".join(folder.problems("\n".join(sections)).split())
    assert '"Production" 10 policies of type SERVICE_CONTROL_POLICY; AWS allows 10, and AWS\'s own is one' in problems


def test_what_aws_would_refuse_is_an_error_of_the_file(folder: Folder) -> None:
    folder.document.write_text(json.dumps({"Statement": [DENY]}), encoding="utf-8")
    assert 'AWS would refuse "policies/deny.json": has no "Version"' in " ".join(folder.problems(section()).split())


def test_a_policy_that_locks_out_orgkit_is_an_error_of_the_file_only_where_it_is_attached(folder: Folder) -> None:
    folder.document.write_text(policy({**DENY, "Action": "iam:*"}), encoding="utf-8")
    problems = " ".join(folder.problems(section()).split())
    assert "statement Deny locks out role orgkit-read: it denies iam:GetAccountAuthorizationDetails" in problems
    assert folder.load(section(more="attach = []")).section(PoliciesSpec).policies


def test_orgkit_check_warns_of_misspellings_and_exits_with_0(folder: Folder) -> None:
    folder.document.write_text(policy({**DENY, "Action": "s3:PutObjct"}), encoding="utf-8")
    folder.load(section())
    done = Project(folder.path).orgkit("check", folder.file)
    assert "warning: policy deny, statement Deny: AWS has no action s3:PutObjct" in " ".join(done.stdout.split())
