"""`orgkit lab` before and after JupyterLab: where calls go, which sandbox, and which records are sealed."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orgkit.cli.lab import lab
from orgkit.errors import WrongPlace
from orgkit.lab import opening
from orgkit.phases.registry import phase_of
from orgkit.rehearsal.fault_options import WITHOUT_FAULTS
from orgkit.runbook.execution.prepare import ready_copy
from orgkit.runbook.interactive.session import README
from tests.bootstrap.project import EXAMPLE


def test_on_aws_no_setting_may_lead_to_an_emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORGKIT_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(WrongPlace, match="ORGKIT_ENDPOINT_URL is set"):
        opening.open_on_aws(EXAMPLE, print)


def test_faults_are_for_sandboxes(tmp_path: Path) -> None:
    done = CliRunner().invoke(lab, [str(EXAMPLE), "--target", "aws", "--faults", "all"])
    assert done.exit_code == 2
    assert "the sandbox's" in done.output


class Box:
    """Stands for a sandbox: what was asked of it."""

    def __init__(self) -> None:
        self.changed, self.seeds = False, list[Any]()

    def calls(self) -> list[dict[str, Any]]:
        return [{"mutating": self.changed}]

    def reset(self, seed: Any) -> None:
        self.seeds.append(seed)


def wait(done: Any) -> None:
    until = time.monotonic() + 10
    while not done() and time.monotonic() < until:
        time.sleep(0.02)
    assert done()


def test_a_sandbox_follows_the_file_until_somebody_has_changed_something_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "POLL_SECONDS", 0.02)
    file, box, message = tmp_path / "acme.toml", Box(), list[str]()
    text = EXAMPLE.read_text()
    file.write_text(text.replace("[trail]", "[trail"))
    sandbox: Any = box
    with opening._follow_runs(file, sandbox, WITHOUT_FAULTS, message.append):
        time.sleep(0.1)
        assert box.seeds == []  # nothing can be made of it yet
        file.write_text(text)
        wait(lambda: len(box.seeds) == 1)
        file.write_text(text.replace("111111111111", "444444444444"))
        wait(lambda: len(box.seeds) == 2)
        assert [each.id for each in box.seeds[-1].standalone] == ["444444444444"]
        file.write_text(text.replace("111111111111", "444444444444") + "\n# a remark\n")
        box.changed = True
        file.write_text(text)
        wait(lambda: message != [])
        assert "start again" in message[0]
        assert len(box.seeds) == 2


def test_only_the_runs_of_this_session_are_sealed_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that CI or a colleague has under way in the same folder is theirs."""
    base, account, units = tmp_path / "outputs", "999999999999", phase_of("units")
    base.mkdir()
    copies = {}
    for lab_name in ("", "mine", "theirs"):
        if lab_name:
            monkeypatch.setenv(README, str(tmp_path / lab_name / "README.md"))
        copies[lab_name] = ready_copy(units, EXAMPLE, base, account, datetime.now(UTC))
    assert ready_copy(units, EXAMPLE, base, account, datetime.now(UTC)) == copies["theirs"]
    assert len(set(copies.values())) == 3
    assert list(opening._runs_begun_in("mine", base)) == []  # nobody has run it
    for copy in copies.values():
        (copy.parent / "events.jsonl").write_text("{}\n")
    assert list(opening._runs_begun_in("mine", base)) == [copies["mine"].parent]
