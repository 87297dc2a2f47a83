"""A record with a signed approval is checked by itself: the file, the key and the plan belong together."""

import json
from pathlib import Path
from typing import Any

import pytest

from orgkit.plan import Target
from orgkit.proof.signed import SIGNED, faults_of_signed
from orgkit.record.files import sha256_of
from orgkit.signing.approvals import SignedApproval, sign
from orgkit.signing.local import new_pair

TARGET = Target("999999999999", "o-exampleorgid", "aws", "aws")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    ada, folder = new_pair(tmp_path / "ada"), tmp_path / "run"
    folder.mkdir()
    signed = sign(SignedApproval("0" * 64, TARGET, "ada", "ada", "arn:a", "OPS-7", "at", "then", ada.public.id), ada)
    (folder / SIGNED).write_bytes(signed.content)
    approval = {"plan_sha256": "0" * 64, "key_id": ada.public.id, "public_key": ada.public.line}
    approval["signed_sha256"] = sha256_of(folder / SIGNED)
    (folder / "approval.json").write_text(json.dumps(approval))
    return folder


def faults(run: Path, **values: Any) -> list[str]:
    return [what for _, what in faults_of_signed(run, json.loads((run / "approval.json").read_text()) | values)]


def test_as_it_was_written_nothing_is_wrong(run: Path) -> None:
    assert faults(run) == []


def test_a_record_without_a_signed_approval_has_none_to_check(run: Path) -> None:
    (run / SIGNED).unlink()
    assert list(faults_of_signed(run, {"plan_sha256": "0" * 64})) == []


def test_a_signed_file_that_is_gone_or_another_or_belongs_to_nothing_is_named(run: Path) -> None:
    assert faults(run, signed_sha256="") == ["is not the one that approval.json names"]
    (run / SIGNED).write_bytes((run / SIGNED).read_bytes() + b" ")
    assert faults(run) == ["is not the one that approval.json names"]
    assert "is no signed approval" in faults(run, signed_sha256=sha256_of(run / SIGNED))[0]
    (run / SIGNED).unlink()
    assert faults(run) == ["is not the one that approval.json names"]


def test_another_key_or_plan_is_named_whoever_has_changed_both_files(run: Path, tmp_path: Path) -> None:
    mallory = new_pair(tmp_path / "mallory").public
    assert faults(run, public_key=mallory.line) == ["is not signed by the key that approval.json names"]
    for no_key in ("", "keys/ada.pub", "/dev/null"):
        assert faults(run, public_key=no_key) == ["is not signed by the key that approval.json names"]
    text = (run / SIGNED).read_text().replace("OPS-7", "OPS-8")
    (run / SIGNED).write_text(text)
    changed = {"signed_sha256": sha256_of(run / SIGNED)}
    assert faults(run, **changed) == ["is not signed by the key that approval.json names"]
    assert "approves another plan than approval.json, or with another key" in faults(
        run, plan_sha256="1" * 64, **changed
    )
