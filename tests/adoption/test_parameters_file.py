"""The file of an adopted organization: what its checks refuse is listed, and no string of AWS breaks it."""

import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from orgkit.adoption.adoption import Adoption
from orgkit.adoption.content import Content
from orgkit.adoption.parameters_file import named_after, render, write
from orgkit.adoption.reading import smallest_file
from orgkit.cli.adopt import adopt
from orgkit.errors import NotAdopted
from orgkit.model.desired import format_path
from orgkit.model.observed import Observed
from orgkit.model.plan import Target
from orgkit.parameters import load
from orgkit.phases.adopted import Advice, NotRead, Unexpressed
from orgkit.phases.permissions import MAX_MANAGED_POLICY
from orgkit.phases.policies.spec import PoliciesSpec
from orgkit.runbook import adoption_stages

ORGANIZATION = {
    "management_account_id": "999999999999", "email": "aws@corp.test", "name": "corp", "trusted_access": [],
    "policy_types": ["SERVICE_CONTROL_POLICY"], "centralized_root_access": False, "tags": "none",
}  # fmt: skip
DOCUMENT = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}]}'
HOSTILE = (
    '"', "'", "\\", "\n", "\x1b[31m", "#", "]", "=", "'''", '"""', "\u2028", "\x00", "\x7f", "Zoë", "\ud7ff", "a.b",
)  # fmt: skip
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


def content_with(**sections: Any) -> tuple[Content, list[Unexpressed]]:
    content, refused = Content().with_section("organization", ORGANIZATION, {})
    texts = sections.pop("texts", {})
    for name, values in sections.items():
        content, new = content.with_section(name, values, texts)
        refused += new
    return content, refused


def adoption_of(content: Content, **changes: Any) -> Adoption:
    target = Target("999999999999", "o-exampleorgid", "aws", "aws")
    desired = smallest_file("999999999999")
    desired = replace(desired, organization=replace(desired.organization, organization_id="o-exampleorgid"))
    empty = Adoption(
        observed=Observed(target, "", None), desired=desired, content=content, left_out={}, comments={},
        advice=(), not_expressed=(), not_read=(), plans=(),
    )  # fmt: skip
    return replace(empty, **changes)


@settings(max_examples=60)
@given(st.lists(NAMES, min_size=1, max_size=4), NAMES)
def test_whatever_a_unit_is_called_it_is_in_the_file_or_listed(path: list[str], value: str) -> None:
    text = format_path(tuple(path))
    content, refused = content_with(units={text: {"tags": {"Owner": value}}})
    file = tomllib.loads(render(adoption_of(content, not_expressed=tuple(refused))))
    assert file == content.raw
    is_whole = file.get("units", {}).get(text) == {"tags": {"Owner": value}}
    assert is_whole != bool(refused)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_string_of_aws_leaves_its_comment(text: str) -> None:
    odd = f'{text}\nmanagement_account_id = "111111111111"\n[units.Evil]{text}'
    content, _ = content_with()
    adoption = adoption_of(
        content,
        advice=(Advice("high", odd, odd, odd),),
        not_expressed=(Unexpressed(odd, odd),),
        not_read=(NotRead(odd, odd),),
        comments={("organization", "name"): odd},
        left_out={"trail": {"name": odd}},
    )
    written = render(adoption)
    assert tomllib.loads(written) == content.raw
    assert all(line.isprintable() for line in written.splitlines())


def test_a_section_that_is_a_comment_becomes_one_without_the_signs() -> None:
    content, _ = content_with()
    values = {"name": "main", "log_archive_account": "logs", "bucket_settings": False}
    written = render(adoption_of(content, left_out={"trail": values}, comments={("trail",): "A reason."}))
    lines = (re.sub(r"^#(?=[a-z\[])", "", line) for line in written.splitlines())
    assert tomllib.loads("\n".join(lines)) == {**content.raw, "trail": values}


def test_what_the_checks_refuse_is_listed_with_their_reason_and_takes_its_dependents_along() -> None:
    account = {"id": "222222222222", "email": "not an email", "unit": "Apps"}
    content, refused = content_with(
        units={"Apps": {}, "bad\nname": {}, "bad\nname/below": {}}, accounts={"web": account}
    )
    assert content.raw["units"] == {"Apps": {}}
    assert "accounts" not in content.raw
    assert ["accounts.web" in refused[-1].subject, "is not an email address" in refused[-1].reason] == [True, True]
    assert sorted(item.subject for item in refused[:-1]) == ['units."bad\\nname" = {}', 'units."bad\\nname/below" = {}']


def test_a_policy_is_checked_with_its_document() -> None:
    policies = {
        "Good": {"file": "a.json", "type": "SERVICE_CONTROL_POLICY", "attach": []},
        "Bad": {"file": "b.json", "type": "SERVICE_CONTROL_POLICY"},
    }
    texts = {"a.json": DOCUMENT, "b.json": "[1]"}
    content, (refused,) = content_with(policies=policies, texts=texts)
    assert list(content.raw["policies"]) == ["Good"]
    assert refused.subject.startswith("policies.Bad = ")
    assert refused.reason == '"b.json" is not a policy: write one JSON object.'


def test_without_what_every_file_needs_nothing_is_adopted() -> None:
    with pytest.raises(NotAdopted, match=r"organization\.email"):
        Content().with_section("organization", {**ORGANIZATION, "email": "none"}, {})


def test_a_file_that_was_written_is_one_that_check_accepts(tmp_path: Path) -> None:
    policies = {"Deny": {"file": "policies/deny.json", "type": "SERVICE_CONTROL_POLICY", "attach": [r"CI\/CD"]}}
    units = {r"CI\/CD": {"tags": {"Team": "Zoë"}}}
    content, refused = content_with(units=units, policies=policies, texts={"policies/deny.json": DOCUMENT})
    file = tmp_path / "new" / "adopted.toml"
    files = write(adoption_of(content), file)
    assert (refused, files[-1]) == ([], file)
    assert [unit.path for unit in load(file).units] == [("CI/CD",)]
    assert r"[units.'CI\/CD']" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("existing", ["adopted.toml", "policies/deny.json"])
def test_no_file_is_replaced_unless_that_is_asked_for(tmp_path: Path, existing: str) -> None:
    policies = {"Deny": {"file": "policies/deny.json", "type": "SERVICE_CONTROL_POLICY"}}
    content, _ = content_with(policies=policies, texts={"policies/deny.json": DOCUMENT})
    (tmp_path / existing).parent.mkdir(exist_ok=True)
    (tmp_path / existing).write_text("mine", encoding="utf-8")
    with pytest.raises(NotAdopted, match="is there already"):
        write(adoption_of(content), tmp_path / "adopted.toml")
    assert [path.read_text() for path in tmp_path.rglob("*") if path.is_file()] == ["mine"]
    write(adoption_of(content), tmp_path / "adopted.toml", overwrite=True)
    assert (tmp_path / existing).read_text(encoding="utf-8") != "mine"


def test_two_files_in_a_folder_have_documents_of_their_own(tmp_path: Path) -> None:
    policies = {"Deny": {"file": "adopted-policies/deny.json", "type": "SERVICE_CONTROL_POLICY"}}
    content, _ = content_with(policies=policies, texts={"adopted-policies/deny.json": DOCUMENT})
    unexpressed = Unexpressed("policy Deny (SERVICE_CONTROL_POLICY, p-1, in adopted-policies/deny.json), attached", "x")
    adoption = adoption_of(content, not_expressed=(unexpressed,))
    for name in ("corp.toml", "my other.toml"):
        document, file = write(named_after(adoption, tmp_path / name), tmp_path / name)
        assert document == tmp_path / f"{file.stem}-policies" / "deny.json"
        assert f"in {file.stem}-policies/deny.json)" in " ".join(file.read_text().replace("\n#", " ").split())
        (policy,) = load(file).section(PoliciesSpec).policies
        assert policy.name == "Deny"


def test_a_document_that_is_there_already_is_no_obstacle(tmp_path: Path) -> None:
    policies = {"Deny": {"file": "adopted-policies/deny.json", "type": "SERVICE_CONTROL_POLICY"}}
    content, _ = content_with(policies=policies, texts={"adopted-policies/deny.json": DOCUMENT})
    _, file = write(adoption_of(content), tmp_path / "corp.toml")
    file.unlink()
    write(adoption_of(content), tmp_path / "corp.toml")
    file.unlink()
    (tmp_path / "corp-policies" / "deny.json").write_text("mine", encoding="utf-8")
    with pytest.raises(NotAdopted, match=r"deny\.json is there already"):
        write(adoption_of(content), tmp_path / "corp.toml")


def test_the_runbook_replaces_files_only_where_its_parameter_says_so(tmp_path: Path) -> None:
    content, _ = content_with()
    file = tmp_path / "acme.toml"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(NotAdopted) as refused:
        adoption_stages.write(adoption_of(content), str(file))
    assert "in adopt.ipynb: the parameters output and overwrite" in refused.value.remedy
    adoption_stages.write(adoption_of(content), str(file), overwrite=True)
    assert tomllib.loads(file.read_text(encoding="utf-8")) == content.raw


def test_the_command_refuses_an_existing_file_before_it_calls_aws(tmp_path: Path) -> None:
    file = tmp_path / "acme.toml"
    file.write_text("mine", encoding="utf-8")
    done = CliRunner().invoke(adopt, ["--output", str(file)])
    assert done.exit_code == 1
    assert "nothing was written" in done.stderr
    assert "--overwrite" in done.stderr


def test_a_unit_below_one_that_looks_like_another_is_listed_too() -> None:
    composed, decomposed = "Caf\u00e9", "Cafe\u0301"
    content, refused = content_with(units={composed: {}, decomposed: {}, f"{decomposed}/below": {}})
    assert [unit.path for unit in content.desired().units] == [(composed,)]
    assert [item.reason for item in refused] == [
        f'"{decomposed}" is used by units."{composed}" too; the two look the same: keep one.',
        f'its parent "{decomposed}" is used by units."{composed}" too; the two look the same: keep one.',
    ]


def test_the_policy_of_the_command_reads_alone_and_enters_the_read_role_alone() -> None:
    printed = json.loads(CliRunner().invoke(adopt, ["--permissions", "--read-role", "Audit"]).stdout)
    read, enter = printed["Statement"]
    verbs = ("Describe", "Get", "List", "Lookup", "View")
    assert [action for action in read["Action"] if not action.split(":")[1].startswith(verbs)] == []
    assert (enter["Action"], enter["Resource"]) == (["sts:AssumeRole"], "arn:aws:iam::*:role/Audit")
    assert len(json.dumps(printed, separators=(",", ":"))) < MAX_MANAGED_POLICY
