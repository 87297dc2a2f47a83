"""How much of orgkit one has to read to follow a run: `python -m tests.structure.trace`.

It runs 03 for one account in a sandbox. Then it prints the files of orgkit in which at least one function ran in the
runner or in the kernel: their lines, and the lines of the functions that ran. What runs while modules are imported does
not count.
"""

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tomlkit

from tests.bootstrap.project import CHECKOUT, EXAMPLE, Stage, new_project

TRACING = CHECKOUT / "tests" / "structure" / "tracing"


@dataclass(frozen=True)
class TracedFile:
    """A file in which a function ran."""

    path: str  # below orgkit/
    lines: int
    ran: int  # lines of the functions that ran

    @property
    def package(self) -> str:
        """The folder, of a phase's package with its name."""
        return str(Path(self.path).parent)


def main() -> None:
    """Print the packages, and the files of each; most lines that ran first."""
    files = traced()
    packages: dict[str, list[TracedFile]] = defaultdict(list)
    for file in sorted(files, key=lambda file: -file.ran):
        packages[file.package].append(file)
    print(" lines    ran")
    for package in sorted(packages, key=lambda package: -sum(file.ran for file in packages[package])):
        print(f"{_sums(packages[package])}  {package}: {len(packages[package])} files")
        for file in packages[package]:
            print(f"{file.lines:>6} {file.ran:>6}    {file.path}")
    print(f"{_sums(files)}  in {len(files)} files")


def _sums(files: list[TracedFile]) -> str:
    return f"{sum(file.lines for file in files):>6} {sum(file.ran for file in files):>6}"


def traced() -> list[TracedFile]:
    """The files in which a function ran."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = new_project(folder / "project", _one_account(folder))
        stage = Stage(project)
        with stage.sandbox:
            stage.begin("organization", "units")
            digest = str(stage.project.plan("accounts")["digest"])
            notes = folder / "notes"
            notes.mkdir()
            settings = {"PYTHONPATH": f"{TRACING}:{CHECKOUT}", "ORGKIT_TRACE": str(notes)}
            stage.project.within(settings).phase("accounts", digest)
        ran: dict[str, set[int]] = defaultdict(set)
        for path, first, last in _functions(notes):
            ran[path].update(range(first, last + 1))
    package = CHECKOUT / "orgkit"
    return [
        TracedFile(
            str(Path(path).relative_to(package)), len(Path(path).read_text(encoding="utf-8").splitlines()), len(lines)
        )
        for path, lines in ran.items()
        if Path(path).is_relative_to(package)
    ]


def _functions(notes: Path) -> Iterator[tuple[str, int, int]]:
    for file in notes.iterdir():
        for line in file.read_text(encoding="utf-8").splitlines():
            path, first, last = line.split("\t")
            yield path, int(first), int(last)


def _one_account(folder: Path) -> Path:
    """The example with the log archive account alone."""
    document = tomlkit.parse(EXAMPLE.read_text(encoding="utf-8"))
    for key in [key for key in document["accounts"] if key != "log-archive"]:  # type: ignore[union-attr]
        del document["accounts"][key]  # type: ignore[union-attr,attr-defined]
    file = folder / "one.toml"
    file.write_text(tomlkit.dumps(document), encoding="utf-8")
    return file


if __name__ == "__main__":
    main()
