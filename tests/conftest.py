"""Numbers that tests measure are told at the end, whichever worker ran them."""

from collections.abc import Callable

import pytest

from orgkit.aws import live

NUMBERS = "numbers"
Tell = Callable[[str], None]


@pytest.fixture(autouse=True)
def _credentials_of_no_other_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process remembers what it has signed with, and a test is no process of its own."""
    monkeypatch.setattr(live, "_known", set())


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Tell a line, or several, at the end of the tests."""
    return lambda text: record_property(NUMBERS, text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was told, in the order of its telling."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, ())]
    told = [text for report in reports for name, text in getattr(report, "user_properties", ()) if name == NUMBERS]
    if told:
        terminalreporter.section("numbers")
        for text in told:
            terminalreporter.write_line(str(text))
