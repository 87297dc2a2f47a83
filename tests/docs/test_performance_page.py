"""`make bench` has a place on docs/performance.md for each part, and goes on where Terraform has no provider."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import plans, report
from benchmarks.__main__ import PARTS
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
