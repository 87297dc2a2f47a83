"""docs/verifying-a-record.md does what it says: its own lines, on whole records and on others."""

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from orgkit.model.approval import ApprovedPlan
from orgkit.model.plan import Plan, Target
from orgkit.phases.organizational_units.steps import CreateUnit
from orgkit.records import outputs
from orgkit.records.chain import entries_of, head_of
from orgkit.records.seal import seal
from orgkit.records.seal_options import Sealing
from orgkit.signing.approvals import SignedApproval, sign
from orgkit.signing.local import LocalSigner, new_pair
from tests.plans.loader import reviewed
from tests.records.test_chain import resealed
from tests.records.test_seal import ACCOUNT, NOON, approved, run_folder

PAGE = Path(__file__).parents[2] / "docs" / "verifying-a-record.md"
(EXTRACT,) = re.findall(r"^(sed -n .*)$", PAGE.read_text(encoding="utf-8"), re.M)


TARGET = Target(ACCOUNT, "o-abc", "aws", "emulator")
STEPS = tuple(CreateUnit(path=(path,), tags=(), reason="") for path in ("Security", "Production"))
WHOLE, LEFT = (reviewed(Plan("units", TARGET, steps), NOON) for steps in (STEPS, STEPS[1:]))


@pytest.fixture
def signer(tmp_path: Path) -> LocalSigner:
    return new_pair(tmp_path / "records.key")


@pytest.fixture
def runs(tmp_path: Path, signer: LocalSigner) -> list[Path]:
    """Three signed records: a run that changed nothing, an apply, and the resumed rest of one."""
    return [made(tmp_path, signer, plan) for plan in (None, WHOLE, LEFT)]


@pytest.fixture
def unsigned(tmp_path: Path) -> list[Path]:
    """The same three in a chain that nobody signed, so that a test can seal them anew without a key."""
    return [made(tmp_path, None, plan) for plan in (None, WHOLE, LEFT)]


def made(tmp_path: Path, signer: LocalSigner | None, plan: Plan | None) -> Path:
    folder = run_folder(tmp_path, *(approved(WHOLE) if plan else ()))
    if plan is not None:
        outputs.write_plan(folder, plan, ApprovedPlan.from_plan(WHOLE))
        outputs.write_approval(folder, {"digest": WHOLE.digest, "plan_sha256": WHOLE.sha256, "how": "button"})
    seal(folder, sealing=Sealing(signer))
    return folder


def made_by_two(tmp_path: Path, signer: LocalSigner | None, approver: LocalSigner) -> Path:
    """An apply that a second person has signed."""
    unsigned = SignedApproval(
        WHOLE.digest, TARGET, "ada", "Ada", "arn:aws:iam::1:user/ada", "OPS-7", NOON, NOON, approver.public.id
    )
    folder, signed = run_folder(tmp_path, *approved(WHOLE)), sign(unsigned, approver).content
    outputs.write_plan(folder, WHOLE)
    (folder / "signed-approval.json").write_bytes(signed)
    named = {
        "public_key": approver.public.line,
        "key_id": approver.public.id,
        "signed_sha256": hashlib.sha256(signed).hexdigest(),
    }
    outputs.write_approval(
        folder, {"digest": WHOLE.digest, "plan_sha256": WHOLE.sha256, "how": "second person", **named}
    )
    seal(folder, sealing=Sealing(signer))
    return folder


def check(run: Path, head: str, key: Path, *, signed: bool = True) -> subprocess.CompletedProcess[str]:
    """As a stranger does it: the script is taken out of the page with the page's own line, and run by plain bash."""
    values = {"PLACE": str(run.parent), "RUN": run.name, "HEAD": head, "KEY": str(key) if signed else ""}
    taken = EXTRACT.replace("verifying-a-record.md", shlex.quote(str(PAGE)))
    return subprocess.run(
        ["bash", "-c", f"{taken}\nexec bash check.sh"], cwd=key.parent, env={"PATH": os.environ["PATH"], **values},
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


def test_an_apply_without_its_approval_does_not_though_all_hashes_fit(unsigned, tmp_path):
    runs = unsigned
    (runs[1] / "approval.json").unlink()
    manifest = json.loads((runs[1] / "manifest.json").read_text())
    del manifest["files"]["approval.json"]
    (runs[1] / "manifest.json").write_text(json.dumps(manifest))
    resealed(runs[1], "result.json", (runs[1] / "result.json").read_bytes())
    head = head_of(runs[0].parent.parent, ACCOUNT)
    assert "the manifest is not as orgkit writes it" in check(runs[1], head, tmp_path / "x", signed=False).stderr


def test_a_signed_approval_passes_and_one_that_was_changed_does_not_though_all_hashes_fit(tmp_path):
    run, key = made_by_two(tmp_path, None, new_pair(tmp_path / "ada")), tmp_path / "records.key.pub"
    assert check(run, head_of(run.parent.parent, ACCOUNT), key, signed=False).returncode == 0
    forged = (run / "signed-approval.json").read_bytes().replace(b"OPS-7", b"OPS-8")
    approval = json.loads((run / "approval.json").read_text())
    resealed(run, "signed-approval.json", forged)
    resealed(
        run, "approval.json", json.dumps(approval | {"signed_sha256": hashlib.sha256(forged).hexdigest()}).encode()
    )
    assert check(run, head_of(run.parent.parent, ACCOUNT), key, signed=False).returncode != 0


def test_a_plan_in_the_place_of_the_approved_one_does_not_though_all_hashes_fit(unsigned, tmp_path):
    runs = unsigned
    resealed(runs[1], "plan.json", Plan("units", TARGET, STEPS[::-1]).canonical)
    head = head_of(runs[0].parent.parent, ACCOUNT)
    assert check(runs[1], head, tmp_path / "records.key.pub", signed=False).returncode != 0
    assert check(runs[2], head, tmp_path / "records.key.pub", signed=False).returncode == 0, "the others fit"


def test_a_rest_that_is_no_part_of_the_approved_plan_does_not(unsigned, tmp_path):
    runs = unsigned
    foreign = Plan("units", TARGET, (CreateUnit(path=("Elsewhere",), tags=(), reason=""),)).canonical
    review = json.loads((runs[2] / "remainder-review.json").read_text())
    resealed(runs[2], "remainder.json", foreign)
    altered = json.dumps(review | {"plan_sha256": hashlib.sha256(foreign).hexdigest()}).encode()
    resealed(runs[2], "remainder-review.json", altered)
    head = head_of(runs[0].parent.parent, ACCOUNT)
    assert "remainder.json" in check(runs[2], head, tmp_path / "records.key.pub", signed=False).stderr


def test_a_record_that_was_linked_after_the_head_does_not_and_one_before_it_does(runs, tmp_path):
    heads, key = [entry.digest for entry in entries_of(runs[0].parent)], tmp_path / "records.key.pub"
    assert 'test "$own_at" -le "$head_at"' in check(runs[2], heads[1], key).stderr
    assert check(runs[1], heads[1], key).returncode == 0


def test_a_line_that_bash_and_jq_read_differently_does_not(unsigned, tmp_path):
    """A NUL hid the genuine line from jq, and its missing end hid the forged one from bash."""
    run, index = unsigned[1], unsigned[1].parent / "index.jsonl"
    head, genuine = head_of(run.parent.parent, ACCOUNT), index.read_bytes()
    (run / "result.json").write_text("{}")
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["files"]["result.json"] = {"sha256": hashlib.sha256(b"{}").hexdigest(), "bytes": 2}
    content = json.dumps(manifest).encode()
    (run / "manifest.json").write_bytes(content)
    forged = json.dumps({"run": run.name, "manifest_sha256": hashlib.sha256(content).hexdigest()}).encode()
    hidden = genuine.replace(f'"run":"{run.name}"'.encode(), f'"run":"{run.name[:5]}\0{run.name[5:]}"'.encode())
    for lines in (hidden + forged, genuine + forged, hidden + forged + b"\n"):
        index.write_bytes(lines)
        assert "index.jsonl" in check(run, head, tmp_path / "none", signed=False).stderr
