"""`[rehearsal] policies`: which files are read, and what each mistake in file or table is answered with."""

import json
from pathlib import Path
from typing import Any

import pytest

from orgkit.errors import ParametersInvalid
from orgkit.parameters import files_read_with, load
from orgkit.parameters.rehearsal_policies import RehearsalPolicy, RehearsalSpec
from orgkit.parameters.single_operator import allow_single_operator
from orgkit.phases.policies.spec import PoliciesSpec
from tests.parameters.test_load import SMALLEST

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
DENY = {"Sid": "NoBuckets", "Effect": "Deny", "Action": "s3:CreateBucket", "Resource": "*"}
POLICY = {"Version": "2012-10-17", "Statement": [DENY]}
PEOPLE = "[approval]\nfour_eyes = false\n[approval.approvers]\n[approval.operators]\n"
TABLE = {"file": "policies/no-buckets.json", "type": SCP}


def write(folder: Path, *tables: dict[str, Any], document: Any = POLICY, head: str = SMALLEST) -> Path:
    """A parameters file with these items, next to one policy."""
    (folder / "policies").mkdir(exist_ok=True)
    text = document if isinstance(document, str) else json.dumps(document)
    (folder / "policies" / "no-buckets.json").write_text(text)
    items = (", ".join(f"{key} = {json.dumps(value)}" for key, value in table.items()) for table in tables)
    file = folder / "acme.toml"
    file.write_text(f"{head}\n[rehearsal]\npolicies = [\n{''.join(f'  {{ {item} }},' for item in items)}\n]\n")
    return file


def problems(file: Path) -> list[str]:
    with pytest.raises(ParametersInvalid) as refusal:
        load(file)
    assert {problem.place.partition(".")[0] for problem in refusal.value.problems} == {"rehearsal"}
    return [problem.message for problem in refusal.value.problems]


def statement(**changes: Any) -> dict[str, Any]:
    members = {**DENY, **changes}
    return {**POLICY, "Statement": [{key: value for key, value in members.items() if value is not None}]}


def test_a_policy_has_the_name_of_its_file_and_its_targets(tmp_path: Path) -> None:
    file = write(tmp_path, {**TABLE, "attach": ["Security"], "accounts": ["log-archive"]})
    (policy,) = load(file).section(RehearsalSpec).policies
    content = json.dumps(POLICY, separators=(",", ":"), sort_keys=True)
    assert policy == RehearsalPolicy("no-buckets", SCP, policy.content, (("Security",),), ("log-archive",))
    assert json.loads(policy.content) == json.loads(content)
    assert tmp_path / "policies" / "no-buckets.json" in files_read_with(file)


def test_a_file_without_the_section_has_no_policies(tmp_path: Path) -> None:
    file = tmp_path / "acme.toml"
    file.write_text(SMALLEST)
    assert load(file).section(RehearsalSpec).policies == ()


def test_the_copy_for_one_operator_has_the_same_policies(tmp_path: Path) -> None:
    file = write(tmp_path, {**TABLE, "attach": ["Security"]}, head=f"{SMALLEST}\n{PEOPLE}")
    (tmp_path / "box").mkdir()
    desired = load(file)
    copy = allow_single_operator(file, desired, tmp_path / "box")
    assert load(copy).section(RehearsalSpec) == desired.section(RehearsalSpec)


def test_the_copy_for_one_operator_has_the_policies_that_12_makes_too(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    own = {**DENY, "Sid": "Own", "Action": "ec2:RunInstances"}
    (tmp_path / "a" / "no-buckets.json").write_text(json.dumps({**POLICY, "Statement": [own]}))
    made = f'[policies.deny]\nfile = "a/no-buckets.json"\ntype = "{SCP}"\nattach = ["Security"]\n'
    file = write(tmp_path, {**TABLE, "attach": ["Security"]}, head=f"{SMALLEST}\n{PEOPLE}{made}")
    (tmp_path / "box").mkdir()
    desired = load(file)
    copy = load(allow_single_operator(file, desired, tmp_path / "box"))
    assert copy.section(RehearsalSpec) == desired.section(RehearsalSpec)
    contents = [json.loads(policy.content) for policy in copy.section(PoliciesSpec).policies]
    assert contents == [json.loads(policy.content) for policy in desired.section(PoliciesSpec).policies]
    assert contents[0]["Statement"][0]["Sid"] == "Own"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"type": SCP}, "number 1: file is missing: write file = \"policies/deny-regions.json\""),
        ({"file": TABLE["file"]}, "number 1: type is missing"),
        ({**TABLE, "type": "TAG_POLICY"}, "number 1: type is the text \"TAG_POLICY\": write"),
        ({**TABLE, "atach": []}, "number 1: atach there is no such key. Did you mean attach?"),
        ({**TABLE, "attach": "Security"}, "number 1: attach is the text \"Security\": write a list"),
        ({**TABLE, "attach": ["Secuirty"]}, "number 1: the file has no unit \"Secuirty\". Did you mean Security?"),
        ({**TABLE, "attach": ["Security", "Security"]}, "number 1 names the unit \"Security\" twice: keep one."),
        ({**TABLE, "accounts": ["log-archiv"]}, "number 1: the file has no account \"log-archiv\". Did you mean log"),
        ({**TABLE, "accounts": [7]}, "number 1: accounts is the number 7: write it in quotes, as \"7\"."),
        ({**TABLE, "file": "policies/none.json"}, "number 1: \"policies/none.json\" is not in "),
        ({**TABLE, "file": "../acme.json"}, "number 1: \"../acme.json\" is not the path of a file in the folder"),
        ({**TABLE, "file": "/etc/passwd"}, "number 1: \"/etc/passwd\" is not the path of a file in the folder"),
        ({**TABLE, "file": "policies"}, "number 1: \"policies\" is not an ordinary file"),
        ({**TABLE, "file": "policies/link.json"}, "number 1: \"policies/link.json\" is a link"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_table_is_reported_with_its_number(table: dict[str, Any], message: str, tmp_path: Path) -> None:
    file = write(tmp_path, table)
    (tmp_path / "policies" / "link.json").symlink_to("/etc/passwd")
    assert [text for text in problems(file) if message in text], problems(file)


@pytest.mark.parametrize(
    ("document", "policy_type", "message"),
    [
        ('{"Version": "2012-10-17",\n "Statement": [}', SCP, "is not valid JSON in line 2, column 16"),
        ("[" * 20_000, SCP, "is nested too deeply"),
        ("[1]", SCP, "is not a policy: write one JSON object"),
        ('{"Version": "2012-10-17", "Version": "2012-10-17"}', SCP, 'has the key "Version" twice'),
        ({"Statement": [DENY]}, SCP, 'has no "Version": "2012-10-17"'),
        ({**POLICY, "Statment": []}, SCP, "has the element 'Statment', which a policy does not have"),
        ({"Version": "2012-10-17"}, SCP, "has no statement"),
        ({**POLICY, "Statement": ["Deny"]}, SCP, "statement 1: is not a JSON object"),
        (statement(Effect="deny"), SCP, "statement NoBuckets: has the effect 'deny': write Allow or Deny"),
        (statement(Sid=None, Action=None), SCP, "statement 1: has neither Action nor NotAction"),
        (statement(NotResource="*"), SCP, "has both Resource and NotResource"),
        (statement(Action=[]), SCP, "its Action is not a text or a list of texts"),
        (statement(Principal="*"), SCP, "has the element 'Principal', which a SERVICE_CONTROL_POLICY does not"),
        (statement(), RCP, 'has no "Principal": "*"'),
        (statement(Condition={"StringEqual": {"aws:PrincipalArn": "x"}}), SCP, "the condition operator 'StringEqual'"),
        (statement(Condition=["x"]), SCP, "a Condition that is not an object of"),
        (statement(Effect="Allow", Action="*"), SCP, "only allows, which has no effect next to AWS's"),
        (statement(Resource=["r" * 600 for _ in range(20)]), SCP, "AWS allows 10,240"),
        (statement(Principal="*", Resource=["r" * 600 for _ in range(9)]), RCP, "AWS allows 5,120"),
    ],
)  # fmt: skip
def test_what_aws_would_refuse_of_a_document_is_reported(
    document: Any, policy_type: str, message: str, tmp_path: Path
) -> None:
    file = write(tmp_path, {**TABLE, "type": policy_type}, document=document)
    assert [text for text in problems(file) if message in text and '"policies/no-buckets.json"' in text]


@pytest.mark.parametrize("operator", ["Null", "ForAllValues:StringNotLikeIfExists", "ArnNotEquals", "NotIpAddress"])
def test_every_operator_of_iam_is_accepted(operator: str, tmp_path: Path) -> None:
    assert load(
        write(tmp_path, TABLE, document=statement(Condition={operator: {"aws:PrincipalArn": "arn:aws:iam::1"}}))
    )


def test_a_type_that_the_organization_does_not_enable_is_refused(tmp_path: Path) -> None:
    head = SMALLEST.replace('name = "acme"', f'name = "acme"\npolicy_types = ["{RCP}"]')
    assert problems(write(tmp_path, TABLE, head=head)) == [
        f"line 15: number 1 is a {SCP}, which [organization] policy_types does not enable: add it there."
    ]


def test_two_policies_of_one_name_are_refused(tmp_path: Path) -> None:
    (message,) = problems(write(tmp_path, TABLE, {**TABLE, "attach": ["Security"]}))
    assert 'number 2 has the name of number 1, "no-buckets"' in message


def test_a_name_that_12_makes_a_policy_with_is_refused(tmp_path: Path) -> None:
    made = f'[policies.No-Buckets]\nfile = "policies/no-buckets.json"\ntype = "{SCP}"\nattach = ["Security"]\n'
    (message,) = problems(write(tmp_path, TABLE, head=f"{SMALLEST}\n{made}"))
    assert 'number 1 has the name of a policy of [policies], "no-buckets": 12-policies makes it' in message
