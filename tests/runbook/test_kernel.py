"""What a person reads when a cell stops: three lines and where to read more; never a traceback."""

from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from orgkit import errors
from orgkit.errors import ApprovalMismatch, CellOutOfOrder, OrgkitError, Unexpected
from orgkit.runbook.interactive import interactive_kernel
from orgkit.runbook.interactive.interactive_kernel import as_orgkit_error
from orgkit.runbook.interactive.session import README

TEXT = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
STOPS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, OrgkitError)]


@pytest.mark.parametrize("kind", STOPS, ids=lambda kind: kind.__name__)
def test_every_end_names_a_heading_that_the_readme_has(kind: type[OrgkitError]) -> None:
    assert f"\n## {kind.heading}\n" in TEXT


def test_orgkit_s_own_ends_stay_as_they_are() -> None:
    stop = ApprovalMismatch("why", "do")
    assert as_orgkit_error(stop) is stop


def test_a_name_of_an_earlier_cell_says_which_cells_to_run() -> None:
    with pytest.raises(NameError) as missing:
        eval("stages")
    stop = as_orgkit_error(missing.value)
    assert isinstance(stop, CellOutOfOrder)
    assert "`stages` is not there" in stop.reason
    assert "Run All Above" in stop.remedy


def test_what_nobody_thought_of_is_told_in_three_lines_too() -> None:
    stop = as_orgkit_error(ValueError("one\ntwo"))
    assert isinstance(stop, Unexpected)
    assert len(str(stop).splitlines()) == 3


class Shown:
    """What a cell shows, in a shell that has our extension."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shell: Any = InteractiveShell()
        self.displayed: list[dict[str, str]] = []
        self.errors: list[tuple[type, BaseException, list[str]]] = []
        monkeypatch.setattr("IPython.display.display", lambda bundle, raw: self.displayed.append(bundle))
        monkeypatch.setattr(self.shell, "_showtraceback", lambda *output: self.errors.append(output))
        interactive_kernel.load_ipython_extension(self.shell)

    def run(self, code: str) -> Any:
        return self.shell.run_cell(code)


def test_a_cell_that_fails_shows_a_link_and_three_lines_and_has_failed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "run").mkdir()
    monkeypatch.setenv(README, str(tmp_path / "lab" / "README.md"))
    monkeypatch.chdir(tmp_path / "run")
    shown = Shown(monkeypatch)
    result = shown.run("from orgkit.errors import ApprovalMismatch\nraise ApprovalMismatch('<b>x</b>', 'do this')")
    assert not result.success  # so that Run All stops here
    ((_, _, lines),) = shown.errors
    assert lines == [ApprovalMismatch.summary, "  why: <b>x</b>", "  do:  do this"]
    link = '<a href="../lab/README.md#Approval">README: Approval</a>'
    assert shown.displayed[0]["text/html"] == f'<p class="orgkit-plan-again">Help: {link}</p>'


def test_a_fault_keeps_its_traceback_folded_away_for_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(README, raising=False)
    shown = Shown(monkeypatch)
    shown.run("{}['<script>']")
    ((_, _, lines),) = shown.errors
    assert lines[0] == Unexpected.summary
    assert len(lines) == 3
    assert shown.displayed[-1]["text/html"].startswith("<details><summary>")
    assert "<script>" not in shown.displayed[-1]["text/html"]
    assert "Traceback" in shown.displayed[-1]["text/html"]


def test_a_plan_that_waits_for_its_approval_is_shown_as_text_and_the_cell_has_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = Shown(monkeypatch)
    result = shown.run("from orgkit import errors\nraise errors.AwaitingApproval('<b>2</b> steps.', 'decide.')")
    assert not result.success  # so that Run All stops here
    assert shown.errors == []
    (bundle,) = shown.displayed
    assert bundle["text/plain"].splitlines()[0] == "Awaiting approval: nothing was changed."
    assert "<b>2</b>" not in bundle["text/html"]
