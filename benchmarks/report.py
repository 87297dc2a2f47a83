"""Where results are kept: one section of docs/performance.md for each benchmark, and its pictures next to it."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "performance.md"


def write_section(name: str, text: str) -> None:
    """Replace what stands between the marks of a section; the rest of the page stays as it is."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(end)[2]
    PAGE.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}", encoding="utf-8")


def as_section(body: Sequence[str], goals: Sequence[str], command: str, versions: str = "") -> str:
    """How something was measured, the lines of a table and about it, and whether each goal was met."""
    origin = f"{versions}. Command: `{command}`." if versions else f"Command: `{command}`."
    return "\n".join([f"Machine: {describe_machine()}. {origin}", "", *body, "", *[f"- {goal}" for goal in goals]])


def report_goal(subject: str, value: float, limit: float, form: str = ".1f") -> str:
    """Whether a value is at most its limit, as a line."""
    return f"{subject}: {value:{form}} (at most {limit:{form}}): {'met' if value <= limit else 'MISSED'}"


def describe_machine() -> str:
    """The processor, its cores, memory and Python, today's date, and how busy the machine is."""
    cpu = _value_of("/proc/cpuinfo", "model name") or platform.machine()
    cores = sum(line.startswith("processor") for line in Path("/proc/cpuinfo").read_text().splitlines())
    gigabytes = int(_value_of("/proc/meminfo", "MemTotal").split()[0]) / 1e6
    system = f"Linux, Python {platform.python_version()}"
    date = f"{datetime.now(UTC):%Y-%m-%d}; load {os.getloadavg()[0]:.0f} at the end"
    return f"{cpu}, {cores} cores, {gigabytes:.0f} GB, {system}; {date}"


def _value_of(file: str, name: str) -> str:
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
