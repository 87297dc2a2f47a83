"""A record with a signed approval is checked by itself: the file, the key and the plan belong together."""

import json
from pathlib import Path
from typing import Any

import pytest

from orgkit.model.plan import Target
from orgkit.records.files import sha256_of
from orgkit.records.verify.check_approval import SIGNED_APPROVAL_FILE, faults_of_signed
from orgkit.signing.approvals import KIND_1, SignedApproval, sign
from orgkit.signing.local import new_pair

TARGET = Target("999999999999", "o-exampleorgid", "aws", "aws")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    ada, folder = new_pair(tmp_path / "ada"), tmp_path / "run"
    folder.mkdir()
    signed = sign(SignedApproval("0" * 64, TARGET, "ada", "ada", "arn:a", "OPS-7", "at", "then", ada.public.id), ada)
    (folder / SIGNED_APPROVAL_FILE).write_bytes(signed.content)
    approval = {"digest": "0" * 64, "key_id": ada.public.id, "public_key": ada.public.line}
    approval["signed_sha256"] = sha256_of(folder / SIGNED_APPROVAL_FILE)
    (folder / "approval.json").write_text(json.dumps(approval))
    return folder


def faults(run: Path, **values: Any) -> list[str]:
    return [what for _, what in faults_of_signed(run, json.loads((run / "approval.json").read_text()) | values)]


def test_as_it_was_written_nothing_is_wrong(run: Path) -> None:
    assert faults(run) == []


def test_a_record_without_a_signed_approval_has_none_to_check(run: Path) -> None:
    (run / SIGNED_APPROVAL_FILE).unlink()
    assert list(faults_of_signed(run, {"plan_sha256": "0" * 64})) == []


def test_a_signed_file_that_is_gone_or_another_or_belongs_to_nothing_is_named(run: Path) -> None:
    assert faults(run, signed_sha256="") == ["is not the one that approval.json names"]
    (run / SIGNED_APPROVAL_FILE).write_bytes((run / SIGNED_APPROVAL_FILE).read_bytes() + b" ")
    assert faults(run) == ["is not the one that approval.json names"]
    assert "is not a signed approval" in faults(run, signed_sha256=sha256_of(run / SIGNED_APPROVAL_FILE))[0]
    (run / SIGNED_APPROVAL_FILE).unlink()
    assert faults(run) == ["is not the one that approval.json names"]


def test_another_key_or_plan_is_named_whoever_has_changed_both_files(run: Path, tmp_path: Path) -> None:
    mallory = new_pair(tmp_path / "mallory").public
    assert faults(run, public_key=mallory.line) == ["is not signed by the key that approval.json names"]
    for no_key in ("", "keys/ada.pub", "/dev/null"):
        assert faults(run, public_key=no_key) == ["is not signed by the key that approval.json names"]
    text = (run / SIGNED_APPROVAL_FILE).read_text().replace("OPS-7", "OPS-8")
    (run / SIGNED_APPROVAL_FILE).write_text(text)
    changed = {"signed_sha256": sha256_of(run / SIGNED_APPROVAL_FILE)}
    assert faults(run, **changed) == ["is not signed by the key that approval.json names"]
    assert "approves another plan than approval.json, or with another key" in faults(run, digest="1" * 64, **changed)


def test_one_of_an_earlier_version_names_plan_json_alone_and_no_record_with_a_digest(tmp_path: Path) -> None:
    ada = new_pair(tmp_path / "ada")
    words = ("ada", "ada", "arn:a", "OPS-7", "at", "then", ada.public.id)
    signed = sign(SignedApproval("0" * 64, TARGET, *words, kind=KIND_1), ada)
    (tmp_path / SIGNED_APPROVAL_FILE).write_bytes(signed.content)
    approval = {"plan_sha256": "0" * 64, "key_id": ada.public.id, "public_key": ada.public.line}
    approval["signed_sha256"] = sha256_of(tmp_path / SIGNED_APPROVAL_FILE)
    assert list(faults_of_signed(tmp_path, approval)) == []
    assert list(faults_of_signed(tmp_path, approval | {"plan_sha256": "1" * 64})) != []
    assert list(faults_of_signed(tmp_path, approval | {"digest": "1" * 64})) != []
