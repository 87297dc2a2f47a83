"""The files of a project that runs in CI: which there are, and where in the project each lies."""

from importlib.resources import files
from pathlib import Path

from orgkit._version import __version__
from orgkit.journal.file_writes import SHARED_MODE, create_file

WORKFLOWS = ("orgkit-plan.yml", "orgkit-apply.yml", "orgkit-drift.yml")
EXTRA_FILES = ("github-oidc.yaml", "README.md")
PINNING_COMMENT = (
    "# Pin it with every package that it needs: README.md next to this file says how.\norgkit=={version}\n"
)


def workflow_files() -> dict[Path, str]:
    """Place in the project, and what is to stand there."""
    source = files("orgkit.ci") / "github"
    places = {Path(".github/workflows") / name: name for name in WORKFLOWS} | {Path("ci") / n: n for n in EXTRA_FILES}
    texts = {place: (source / name).read_text(encoding="utf-8") for place, name in places.items()}
    return {**texts, Path("ci/requirements.in"): PINNING_COMMENT.format(version=__version__)}


def write_missing(folder: Path) -> tuple[list[Path], list[Path]]:
    """Write those that are not there yet; the ones that were written, and the ones that were left as they are."""
    templates = workflow_files()
    existing_files = [place for place in templates if (folder / place).exists()]
    for place in templates.keys() - existing_files:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        create_file(folder / place, templates[place].encode(), SHARED_MODE)
    return sorted(templates.keys() - existing_files), existing_files
