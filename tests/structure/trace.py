"""How much of orgkit one has to read to follow a run: `python -m tests.structure.trace`.

It runs 03 for one account in a sandbox. Then it prints the files of orgkit in which at least one function ran in the
runner or in the kernel, with their lines. What runs while modules are imported does not count.
"""

import tempfile
from pathlib import Path

import tomlkit

from tests.bootstrap.project import CHECKOUT, EXAMPLE, Stage, new_project

TRACING = CHECKOUT / "tests" / "structure" / "tracing"


def main() -> None:
    """Print the files, most lines first, and the sums."""
    files = traced()
    for file in sorted(files, key=lambda file: -files[file]):
        print(f"{files[file]:>6} {file.relative_to(CHECKOUT)}")
    print(f"{sum(files.values()):>6} lines in {len(files)} files")


def traced() -> dict[Path, int]:
    """The files in which a function ran, with their numbers of lines."""
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
        lines = {line for file in notes.iterdir() for line in file.read_text(encoding="utf-8").splitlines() if line}
    files = {Path(line) for line in lines if Path(line).is_relative_to(CHECKOUT / "orgkit")}
    return {file: len(file.read_text(encoding="utf-8").splitlines()) for file in files}


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
