"""A secret of every kind in every place of a run that somebody else can fill: no file of the record has it."""

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from orgkit.model.plan import Plan, Target
from orgkit.records import outputs
from orgkit.records.manifest import SYSTEMS
from orgkit.records.redact import Redactor
from orgkit.records.seal import seal
from orgkit.records.seal_options import Sealing
from tests.plans.loader import reviewed
from tests.records.test_redact import LEAKS
from tests.records.test_seal import ACCOUNT, NOON, manifest_of, notebook, run_folder

LIVE = "a-live-value-CANARY-0123"
EMAIL = "CANARY.lovelace@example.com"
KINDS = LEAKS | {"a home folder": "/home/CANARY/x", "a live value": LIVE, "an email": EMAIL}
APPROVED = ("plan.json", "remainder.json", "signed-approval.json")  # their bytes are what was approved
PLAN = reviewed(Plan("units", Target(ACCOUNT, "o-abc", "aws", "emulator")), NOON)


def events(leak: str) -> list[dict[str, Any]]:
    """Every event with text from outside; the run ends with a stop that contains all of it."""
    return [
        {"event": "identity", "account": ACCOUNT, "arn": leak, "target": "emulator", "session": leak, "mfa": leak},
        {"event": "found", "lines": [leak]},
        {"event": "plan", "digest": PLAN.digest, "plan_sha256": PLAN.sha256, "steps": [leak], "waiting": [leak]},
        {"event": "approval", "digest": PLAN.digest, "plan_sha256": PLAN.sha256, "signed_sha256": "5" * 64,
         "asserted_by": leak, "ticket": leak, "how": leak, "authenticated_as": leak, "approver": leak, "at": NOON},
        {"event": "apply", "digest": PLAN.digest, "plan_sha256": PLAN.sha256, "steps": [leak, "another"]},
        {"event": "intent", "id": "1", "operation": leak, "parameters": {leak: leak}, "step": leak},
        {"event": "answer", "intent": "1", "result": "refused", "request_id": leak, "code": leak, "message": leak},
        {"event": "step", "sentence": leak, "result": "failed", "why": leak},
        {"event": "verified", "passed": False, "left": [leak], "waiting": [leak], "commands": [leak]},
        {"event": "checks", leak: 1},
        {"event": "estimate", "low": leak, "expected": leak, "high": leak},
        {"event": "stop", "exit_code": 5, "summary": leak, "why": leak, "do": leak},
    ]  # fmt: skip


def executed(leak: str) -> Any:
    """A notebook with the leak in its head, in a cell, in every kind of output and in its metadata."""
    made = notebook(f"x = '''{leak}'''", orgkit={"note": leak})
    flat = leak.replace("\n", " ").replace("|", " ")
    head = f"# {leak}\n\n| | |\n|---|---|\n| **Roll back** | {flat} |"
    made.cells.insert(0, nbformat.v4.new_markdown_cell(head))
    made.cells[1].outputs = [
        nbformat.v4.new_output("stream", name="stdout", text=leak),
        nbformat.v4.new_output("display_data", {"text/html": f"<p>{leak}</p>", "image/svg+xml": f"<svg>{leak}</svg>"}),
        nbformat.v4.new_output("error", ename="E", evalue=leak, traceback=[leak]),
    ]
    return made


def record_with(leak: str, base: Path) -> Path:
    folder = run_folder(base, *events(leak), end=False, executed=executed(leak))
    redact = Redactor([LIVE], mask_emails=True).value  # as `as_planning` does when the plan is made
    review = PLAN.review(NOON, "", warnings=[leak], monthly_usd={"expected": leak})
    outputs.write_plan(folder, PLAN.with_review(redact(review)))
    outputs.write_approval(
        folder, {"ticket": leak, "digest": PLAN.digest, "plan_sha256": PLAN.sha256}, signed=leak.encode()
    )
    (folder / "remainder.json").write_text(json.dumps({"kept": leak}))
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "02-units-checkpoint.ipynb").write_text(leak)
    (folder / "events.jsonl").write_text((folder / "events.jsonl").read_text().replace("parameters_sha256", "was"))
    (base / "acme.toml").write_text(f"x = '''{leak}'''\n")
    return folder


@pytest.fixture(params=[(system, sign, names) for system, (sign, names) in SYSTEMS.items()], ids=list(SYSTEMS))
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A CI system whose variables all say the same."""
    _, sign, names = request.param
    for other, _ in SYSTEMS.values():
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(sign, "true")

    def says(leak: str) -> None:
        for variable in names.values():
            monkeypatch.setenv(variable, leak)

    return says


def left_in(folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in APPROVED]
    return [path.name for path in files if b"CANARY" in path.read_bytes()]


@pytest.mark.parametrize("leak", KINDS.values(), ids=KINDS)
def test_a_secret_survives_in_no_file_of_a_record(leak: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    for variable in SYSTEMS["GitHub Actions"][1].values():
        monkeypatch.setenv(variable, leak)
    folder = record_with(leak, tmp_path)
    seal(folder, parameters_file=tmp_path / "acme.toml", live=[LIVE], sealing=Sealing(mask_emails=True))
    assert left_in(folder) == []
    assert {"parameters.toml", "review.json", "result.json", "manifest.json", "02-units.html"} <= {
        path.name for path in folder.iterdir()
    }


def test_whatever_ci_system_began_the_run(system: Any, tmp_path: Path) -> None:
    folder = record_with(leak := LEAKS["a key id"], tmp_path)
    system(leak)
    seal(folder)
    assert left_in(folder) == []
    assert manifest_of(folder)["trigger"]["by"] in SYSTEMS


def test_what_is_told_of_the_run_is_told_without_them_too(tmp_path: Path) -> None:
    result = seal(record_with(EMAIL, tmp_path), sealing=Sealing(mask_emails=True))
    assert "CANARY" not in str(result.as_json())
    assert result.reasons == ("C…@example.com",) * 3


def test_hashes_stay_exact_and_every_redaction_is_counted(tmp_path: Path) -> None:
    folder = record_with(LEAKS["a key id"], tmp_path)
    seal(folder, live=["5" * 64, PLAN.sha256])  # as if a credential could look like one
    message = manifest_of(folder)
    named = message["plan_sha256"], message["applied_plan_sha256"], message["approval"]["plan_sha256"]
    assert set(named) == {PLAN.sha256}
    assert message["approval"]["signed_sha256"] == "5" * 64
    assert message["redacted"]["access key id"] > str(message).count("[redacted: access key id]") > 5
