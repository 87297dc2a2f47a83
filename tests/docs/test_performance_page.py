"""`make bench` has a place on docs/performance.md for each part, and goes on where Terraform has no provider."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import plans, report
from benchmarks.__main__ import PARTS
from tests.bootstrap.project import CHECKOUT
from tests.sandbox import terraform_plan

TEXT = report.PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PARTS)
def test_each_benchmark_has_its_section_and_nothing_else_of_the_page_is_replaced(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "performance.md"
    page.write_text(TEXT, encoding="utf-8")
    monkeypatch.setattr(report, "PAGE", page)
    report.write_section(name, "measured")
    written = page.read_text(encoding="utf-8")
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    assert f"{begin}\n\nmeasured\n\n{end}" in written
    assert written.partition(begin)[0] == TEXT.partition(begin)[0]
    assert written.partition(end)[2] == TEXT.partition(end)[2] != ""


def test_plans_are_measured_without_terraform_where_its_provider_is_not_to_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terraform = tmp_path / "terraform"
    terraform.write_text("#!/bin/sh\necho 'no available releases match' >&2\nexit 1\n", encoding="utf-8")
    terraform.chmod(0o755)
    for module in (plans, terraform_plan):
        monkeypatch.setattr(module, "TERRAFORM", str(terraform))
    monkeypatch.setattr(plans, "describe_organization", lambda *_: None)
    monkeypatch.setattr(plans, "describe_trail", lambda *_: "111111111111")
    sandbox = SimpleNamespace(environment=dict, endpoint_url="http://127.0.0.1:1")
    organization: Any = SimpleNamespace(sandbox=sandbox)
    assert plans.prepare_terraform(organization, tmp_path / "work") is None
    assert "no available releases match" in capsys.readouterr().out
    monkeypatch.setattr(plans, "TERRAFORM", None)
    assert plans.prepare_terraform(organization, tmp_path / "other") is None


def test_a_goal_is_met_at_its_limit_and_missed_above_it() -> None:
    assert report.report_goal("seconds", 2.0, 2.0) == "seconds: 2.0 (at most 2.0): met"
    assert report.report_goal("seconds", 2.1, 2.0).endswith("MISSED")


def test_memory_is_that_of_the_measured_process_and_not_of_the_one_that_started_it() -> None:
    megabytes = b"x" * 300_000_000
    command = "from benchmarks.usage import own_peak_megabytes; print(own_peak_megabytes())"
    done = subprocess.run([sys.executable, "-c", command], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert 1 < float(done.stdout) < 200 < len(megabytes) / 1e6


def test_a_section_says_how_it_was_measured_and_which_goals_were_met() -> None:
    machine, _, *rest = report.as_section(["| a |", "|---|"], ["time: 1 (at most 2): met"], "make bench").splitlines()
    assert machine.startswith("Machine: ")
    assert machine.endswith(" at the end. Command: `make bench`.")
    assert rest == ["| a |", "|---|", "", "- time: 1 (at most 2): met"]
    assert " at the end. orgkit 1, Terraform 2. Command: `x`." in report.as_section(
        [], [], "x", "orgkit 1, Terraform 2"
    )
