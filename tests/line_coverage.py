"""Line coverage of orgkit by the tests of one pytest run: `pytest -p tests.line_coverage`.

Slipcover marks the byte code of the modules and takes each mark away once its line has run. Tracing every line, as
coverage.py does before Python 3.12, makes the unit tests take three times as long.
"""

import json
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest
from slipcover import Slipcover, merge_coverage, print_coverage
from slipcover.importer import SlipcoverLoader

PACKAGE = Path(__file__).parents[1] / "orgkit"
KEY = "line coverage"

_lines = Slipcover()


class _Finder(MetaPathFinder):
    """Finds the modules of orgkit where they are found otherwise, and counts their lines."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's specification with a loader that counts lines; None for modules of other packages."""
        if fullname.partition(".")[0] != PACKAGE.name:
            return None
        spec = PathFinder.find_spec(fullname, path or [str(PACKAGE.parent)], target)
        if spec and spec.origin and isinstance(spec.loader, SourceFileLoader):
            spec.loader = SlipcoverLoader(_lines, spec.loader, spec.origin)
        return spec


sys.meta_path.insert(0, _Finder())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process that runs tests hands its lines to the one that started it."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[KEY] = json.dumps(_lines.get_coverage())


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_testnodedown(node: object) -> None:
    """Add the lines of a process that has ended."""
    covered = getattr(node, "workeroutput", {}).get(KEY)
    if covered is None:
        raise RuntimeError(f"{node} has ended without reporting the lines that its tests ran.")
    _reports.append(json.loads(covered))


_reports: list[dict[str, object]] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The files that have lines which no test ran, and the sum over all files."""
    if hasattr(terminalreporter.config, "workerinput"):
        return
    _lines.source = [str(PACKAGE)]  # files that nobody imported count too
    total = _lines.get_coverage()
    for report in _reports:
        merge_coverage(total, report)
    terminalreporter.section("line coverage of orgkit")
    print_coverage(total, outfile=terminalreporter._tw, skip_covered=True, missing_width=60)
