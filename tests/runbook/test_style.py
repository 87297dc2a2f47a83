"""Tables of prose are aligned to the left wherever a person has a notebook open."""

from types import SimpleNamespace
from typing import Any

import IPython
import IPython.display
import pytest
from IPython.core.formatters import DisplayFormatter

from orgkit.runbook import adoption_stages
from orgkit.runbook.interactive.session import INTERACTIVE_VARIABLE, NOTEBOOK_VARIABLE
from orgkit.runbook.views import display


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({NOTEBOOK_VARIABLE: "adopt.ipynb"}, 1), ({INTERACTIVE_VARIABLE: "1"}, 1), ({}, 0)],
    ids=["plain JupyterLab", "orgkit open", "a run without a person"],
)
def test_a_notebook_that_a_person_has_open_gets_the_style(
    settings: dict[str, str], expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    for name in (NOTEBOOK_VARIABLE, INTERACTIVE_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    def show(data: dict[str, str], **_: Any) -> None:
        shown.append(data["text/html"])

    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(display_formatter=DisplayFormatter()))
    monkeypatch.setattr(IPython.display, "display", show)
    monkeypatch.setattr(display, "hide_credentials", lambda _: None)
    monkeypatch.setattr(adoption_stages, "connect_without_file", lambda: None)
    adoption_stages.connect()
    assert ["text-align: left" in html for html in shown] == [True] * expected
