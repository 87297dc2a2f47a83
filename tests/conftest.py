"""The slowest files run first, and numbers that tests measure are printed at the end, whichever worker ran them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

import orgkit.aws.crt  # noqa: F401  # before moto or a test imports botocore
from orgkit.aws import credentials_in_use
from orgkit.aws.garbage_collection import collect_less_often
from orgkit.records.iri_parser import postpone_iri_parser
from orgkit.sanitize.secret_values import SecretValues

NUMBERS = "numbers"
HERE = Path(__file__).parent
# The files that take longest, one a line, so that none of them is the last to start.
SLOWEST = (HERE / "slowest_first.txt").read_text(encoding="utf-8").split()
Tell = Callable[[str], None]

collect_less_often()
settings.register_profile("orgkit", deadline=None)  # other tests may run at the same time
settings.load_profile("orgkit")
postpone_iri_parser()  # a CPU second in each process that runs tests


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that are not listed keep their order and come last; within a file nothing moves."""
    rank = {name: number for number, name in enumerate(SLOWEST)}
    items.sort(key=lambda item: rank.get(item.path.relative_to(HERE).as_posix(), len(rank)))


@pytest.fixture(autouse=True)
def _credentials_of_no_other_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process remembers what it has signed with, and a test is no process of its own."""
    monkeypatch.setattr(credentials_in_use, "_known", SecretValues())


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Tell:
    """Return a function that prints one or several lines at the end of the tests."""
    return lambda text: record_property(NUMBERS, text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the reported lines, in their order."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, ())]
    output = [text for report in reports for name, text in getattr(report, "user_properties", ()) if name == NUMBERS]
    if output:
        terminalreporter.section("numbers")
        for text in output:
            terminalreporter.write_line(str(text))
