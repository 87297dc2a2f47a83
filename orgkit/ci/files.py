"""The files of a project that runs in CI: which there are, and where in the project each lies."""

from importlib.resources import files
from pathlib import Path

from orgkit import __version__

WORKFLOWS = ("orgkit-plan.yml", "orgkit-apply.yml", "orgkit-drift.yml")
BESIDE = ("github-oidc.yaml", "README.md")
PINNED = "# Pin it with every package that it needs: README.md beside this file says how.\norgkit=={version}\n"


def github_files() -> dict[Path, str]:
    """Place in the project, and what is to stand there."""
    source = files("orgkit.ci") / "github"
    places = {Path(".github/workflows") / name: name for name in WORKFLOWS} | {Path("ci") / n: n for n in BESIDE}
    written = {place: (source / name).read_text(encoding="utf-8") for place, name in places.items()}
    return {**written, Path("ci/requirements.in"): PINNED.format(version=__version__)}


def write_missing(folder: Path) -> tuple[list[Path], list[Path]]:
    """Write those that are not there yet; the ones that were written, and the ones that were left as they are."""
    wanted = github_files()
    left = [place for place in wanted if (folder / place).exists()]
    for place in wanted.keys() - left:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(wanted[place], encoding="utf-8")
    return sorted(wanted.keys() - left), left
