"""docs/verifying-a-record.md does what it says: its own lines, on whole records and on others."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from orgkit.approval import ApprovedPlan
from orgkit.model.units import CreateUnit
from orgkit.plan import Plan, Target
from orgkit.record import outputs
from orgkit.record.chain import head_of
from orgkit.record.seal import seal
from orgkit.record.sealing import Sealing
from orgkit.signing.approvals import SignedApproval, sign
from orgkit.signing.local import LocalSigner, new_pair
from tests.proof.test_chain import resealed
from tests.record.test_seal import ACCOUNT, NOON, approved, run_folder

PAGE = Path(__file__).parents[1] / "docs" / "verifying-a-record.md"
(EXTRACT,) = re.findall(r"^(sed -n .*)$", PAGE.read_text(encoding="utf-8"), re.M)


TARGET = Target(ACCOUNT, "o-abc", "aws", "emulator")
STEPS = tuple(CreateUnit(path=path, tags=(), why="") for path in ("Security", "Production"))
WHOLE, LEFT = Plan("units", TARGET, STEPS), Plan("units", TARGET, STEPS[1:])


@pytest.fixture
def signer(tmp_path: Path) -> LocalSigner:
    return new_pair(tmp_path / "records.key")


@pytest.fixture
def runs(tmp_path: Path, signer: LocalSigner) -> list[Path]:
    """Three signed records: a run that changed nothing, an apply, and the resumed rest of one."""
    return [made(tmp_path, signer, plan) for plan in (None, WHOLE, LEFT)]


def made(tmp_path: Path, signer: LocalSigner, plan: Plan | None) -> Path:
    folder = run_folder(tmp_path, *(approved(WHOLE.digest) if plan else ()))
    if plan is not None:
        outputs.write_plan(folder, plan, plan.review(NOON), ApprovedPlan.of(WHOLE, NOON))  # type: ignore[arg-type]
        outputs.write_approval(folder, {"plan_sha256": WHOLE.digest, "how": "button"})
    seal(folder, sealing=Sealing(signer))
    return folder


def made_by_two(tmp_path: Path, signer: LocalSigner, approver: LocalSigner) -> Path:
    """An apply that a second person has signed."""
    unsigned = SignedApproval(
        WHOLE.digest, TARGET, "ada", "Ada", "arn:aws:iam::1:user/ada", "OPS-7", NOON, NOON, approver.public.id
    )
    folder, signed = run_folder(tmp_path, *approved(WHOLE.digest)), sign(unsigned, approver).content
    outputs.write_plan(folder, WHOLE, WHOLE.review(NOON))
    (folder / "signed-approval.json").write_bytes(signed)
    named = {"public_key": approver.public.line, "signed_sha256": hashlib.sha256(signed).hexdigest()}
    outputs.write_approval(folder, {"plan_sha256": WHOLE.digest, "how": "second person", **named})
    seal(folder, sealing=Sealing(signer))
    return folder


def check(run: Path, head: str, key: Path, *, signed: bool = True) -> subprocess.CompletedProcess[str]:
    """As a stranger does it: the script is taken out of the page with the page's own line, and run by plain bash."""
    given = {"PLACE": str(run.parent), "RUN": run.name, "HEAD": head, "KEY": str(key) if signed else ""}
    taken = EXTRACT.replace("verifying-a-record.md", str(PAGE))
    return subprocess.run(
        ["bash", "-c", f"{taken}\nexec bash check.sh"], cwd=key.parent, env={"PATH": os.environ["PATH"], **given},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_records_that_nobody_touched_pass(runs, tmp_path):
    head = head_of(runs[0].parent.parent, ACCOUNT)
    for run in runs:
        done = check(run, head, tmp_path / "records.key.pub")
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"{run.name} holds: files, place, chain, approval, signature.\n"


def turn(path: Path, at: int = -3) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(bytes(content))


def a_byte_of_the_notebook(run: Path) -> None:
    turn(run / "02-units.ipynb")


def a_byte_of_the_manifest(run: Path) -> None:
    turn(run / "manifest.json", 20)


def a_file_less(run: Path) -> None:
    (run / "result.json").unlink()


def a_file_more(run: Path) -> None:
    (run / "note.txt").write_text("all was well")


def a_hidden_link(run: Path) -> None:
    (run / ".hidden").symlink_to("/etc/hostname")


def another_s_files(run: Path) -> None:
    (other, *_) = sorted(path for path in run.parent.glob("2*") if path != run)
    shutil.rmtree(run)
    shutil.copytree(other, run)


def a_record_less_in_the_chain(run: Path) -> None:
    lines = (run.parent / "index.jsonl").read_text().splitlines(keepends=True)
    (run.parent / "index.jsonl").write_text("".join(lines[1:]))


def a_cut_tail(run: Path) -> None:
    lines = (run.parent / "index.jsonl").read_text().splitlines(keepends=True)
    (run.parent / "index.jsonl").write_text("".join(lines[:-1]))


def another_signature(run: Path) -> None:
    for file in (run.parent / "signatures").iterdir():
        turn(file)


@pytest.mark.parametrize(
    "tamper",
    [
        a_byte_of_the_notebook, a_byte_of_the_manifest, a_file_less, a_file_more, a_hidden_link, another_s_files,
        a_record_less_in_the_chain, a_cut_tail, another_signature,
    ],
)  # fmt: skip
def test_a_record_that_was_tampered_with_does_not(runs, tmp_path, tamper: Callable[[Path], None]):
    head = head_of(runs[0].parent.parent, ACCOUNT)
    tamper(runs[1])
    done = check(runs[1], head, tmp_path / "records.key.pub")
    assert done.returncode != 0
    assert "does not hold (line " in done.stderr
    assert "holds:" not in done.stdout


def test_an_apply_without_its_approval_does_not_though_all_hashes_fit(runs, tmp_path):
    (runs[1] / "approval.json").unlink()
    manifest = json.loads((runs[1] / "manifest.json").read_text())
    del manifest["files"]["approval.json"]
    (runs[1] / "manifest.json").write_text(json.dumps(manifest))
    resealed(runs[1], "result.json", (runs[1] / "result.json").read_bytes())
    head = head_of(runs[0].parent.parent, ACCOUNT)
    assert 'test -z "$applied"' in check(runs[1], head, tmp_path / "records.key.pub", signed=False).stderr


def test_a_signed_approval_passes_and_one_that_was_changed_does_not_though_all_hashes_fit(tmp_path, signer):
    run = made_by_two(tmp_path, signer, new_pair(tmp_path / "ada"))
    head, key = head_of(run.parent.parent, ACCOUNT), tmp_path / "records.key.pub"
    assert check(run, head, key).returncode == 0
    forged = (run / "signed-approval.json").read_bytes().replace(b"OPS-7", b"OPS-8")
    approval = json.loads((run / "approval.json").read_text())
    resealed(run, "signed-approval.json", forged)
    resealed(
        run, "approval.json", json.dumps(approval | {"signed_sha256": hashlib.sha256(forged).hexdigest()}).encode()
    )
    assert check(run, head_of(run.parent.parent, ACCOUNT), key, signed=False).returncode != 0


def test_a_plan_in_the_place_of_the_approved_one_does_not_though_all_hashes_fit(runs, tmp_path):
    resealed(runs[1], "plan.json", Plan("units", TARGET, STEPS[::-1]).canonical)
    head = head_of(runs[0].parent.parent, ACCOUNT)
    assert check(runs[1], head, tmp_path / "records.key.pub", signed=False).returncode != 0
    assert check(runs[2], head, tmp_path / "records.key.pub", signed=False).returncode == 0, "the others fit"


def test_a_rest_that_is_no_part_of_the_approved_plan_does_not(runs, tmp_path):
    foreign = Plan("units", TARGET, (CreateUnit(path="Elsewhere", tags=(), why=""),)).canonical
    review = json.loads((runs[2] / "review.json").read_text())
    resealed(runs[2], "remainder.json", foreign)
    resealed(
        runs[2], "review.json", json.dumps(review | {"remainder_sha256": hashlib.sha256(foreign).hexdigest()}).encode()
    )
    head = head_of(runs[0].parent.parent, ACCOUNT)
    assert check(runs[2], head, tmp_path / "records.key.pub").returncode != 0
