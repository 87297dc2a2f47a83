"""The checkout of a workflow: which of its files a job may use, as they stand in the commit that was checked out."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from stat import S_ISREG

from orgkit.costs.prices.own_book import NAME as PRICE_BOOK
from orgkit.errors import WorkflowRefused
from orgkit.parameters import files_read_with
from orgkit.phases.descriptor import Phase
from orgkit.sanitize.terminal import short

PARAMETERS, APPROVALS, RUNBOOKS = "parameters", "approvals", "runbooks"
PROJECT_FOLDERS = (RUNBOOKS, "outputs")  # a folder that has one of these is taken for the project
REGULAR_MODES = ("100644", "100755")
KINDS = {"120000": "a symbolic link", "160000": "a submodule", "040000": "a folder"}
GIT_SECONDS = 60  # until a git command that has not ended is killed
MAX_NAME_LENGTH = 120  # characters of a name in a message
REMEDY = "commit the file to the default branch, and name it by its path in the repository"


def check_files(checkout: Path, file: str, approval: str = "", phase: Phase | None = None) -> None:
    """Check every file that a job takes from its checkout.

    Args:
        checkout: The root of the repository.
        file: The parameters file, as somebody typed it.
        approval: The signed approval; empty for none.
        phase: The phase to be applied; None where nothing is applied.

    Raises:
        WorkflowRefused: A file is not in the commit, not an ordinary file, in another folder, or was altered since.
    """
    check_file(checkout, "parameters file", file, (PARAMETERS,))
    if approval:
        check_file(checkout, "signed approval", approval, (APPROVALS, PARAMETERS))
    if phase is not None:
        check_file(checkout, "runbook", f"{RUNBOOKS}/{phase.runbook}", (RUNBOOKS,))
    files = [name for name in _files_read_with(checkout, file) if not name.endswith(f"/{PRICE_BOOK}")]
    for name in files:
        if name.startswith(("/", "../")):
            raise WorkflowRefused(f"the file {_quoted(name)} lies outside the repository.", f"{REMEDY}.")
        check_file(checkout, "file that the parameters file names", name, PurePosixPath(name).parts[:1])
    _check_project(checkout, PurePosixPath(file))
    check_unaltered(checkout, *files)


def files_of(checkout: Path, file: str, approval: str = "", phase: Phase | None = None) -> list[str]:
    """The files that a job takes, by their paths in the repository: also those that the parameters file names."""
    files = [file, *([approval] if approval else []), *([f"{RUNBOOKS}/{phase.runbook}"] if phase else [])]
    return [*files, *_files_read_with(checkout, file)]


def _files_read_with(checkout: Path, file: str) -> list[str]:
    """By their paths in the repository; one that leads out of it begins with a slash or dots."""
    return [Path(os.path.relpath(path, checkout)).as_posix() for path in files_read_with(checkout / file)]


def check_file(checkout: Path, role: str, name: str, folders: tuple[str, ...]) -> None:
    """Check one file: an ordinary one, tracked in the commit, under one of the folders.

    The name has to be the one that git knows: no other spelling leads to the same file.
    """
    path = PurePosixPath(name)
    is_plain = name.isprintable() and str(path) == name and ".." not in path.parts
    if not is_plain or path.parts[:1] not in [(folder,) for folder in folders]:
        locations = " or ".join(f"{folder}/" for folder in folders)
        raise WorkflowRefused(f"the {role} {_quoted(name)} is not the path of a file under {locations}.", f"{REMEDY}.")
    mode = _mode_in_commit(checkout, name)
    if mode is None:
        raise WorkflowRefused(f"the {role} {_quoted(name)} is not in the commit that was checked out.", f"{REMEDY}.")
    links = [place for place in (path, *path.parents) if (checkout / place).is_symlink()]
    if mode not in REGULAR_MODES or links or not _is_regular(checkout / path):
        kind = KINDS.get(mode, "a symbolic link" if links else "not an ordinary file")
        raise WorkflowRefused(f"the {role} {_quoted(name)} is {kind}.", f"{REMEDY}; it has to be an ordinary file.")


def check_unaltered(checkout: Path, *files: str) -> None:
    """Check that parameters, approvals and runbooks are those of the commit: ordinary files, and none added to them.

    Args:
        checkout: The root of the repository.
        files: Further files of which the same is checked.
    """
    folders = (PARAMETERS, APPROVALS, RUNBOOKS, *files)
    for mode, name in _entries(_git(checkout, "ls-tree", "-r", "-z", "--full-tree", "HEAD", "--", *folders)):
        if mode not in REGULAR_MODES:  # a price book or a key that a parameters file names, too
            raise WorkflowRefused(
                f"{_quoted(name)} is {KINDS.get(mode, 'no file')}.", "replace it by an ordinary file."
            )
    options = ("--porcelain=v1", "-z", "--ignored", "--untracked-files=all", "--no-renames")
    altered = [line[3:] for line in _git(checkout, "status", *options, "--", *folders).split("\0") if line]
    if altered:
        raise WorkflowRefused(
            f"{_quoted(altered[0])} is not as in the commit that was checked out ({len(altered)} such files).",
            f"find out which step wrote it: nothing may write into {', '.join(f'{name}/' for name in folders[:3])}.",
        )


def _check_project(checkout: Path, file: PurePosixPath) -> None:
    """Runbooks are looked for from the parameters file upwards, and records go where they are: to the checkout's."""
    nearer = [folder for folder in file.parents if folder.parts]
    for folder in nearer:
        for name in PROJECT_FOLDERS:
            if (checkout / folder / name).exists():
                raise WorkflowRefused(
                    f"{_quoted(str(folder / name))} would take the place of {name}/ of the repository.",
                    "move that folder out of parameters/.",
                )


def _mode_in_commit(checkout: Path, name: str) -> str | None:
    """The mode of a file in the commit; None when the commit has no file of exactly this name."""
    for mode, path in _entries(_git(checkout, "ls-tree", "-z", "--full-tree", "HEAD", "--", name)):
        if path == name:
            return mode
    return None


def _entries(listing: str) -> Iterator[tuple[str, str]]:
    for line in filter(None, listing.split("\0")):
        facts, _, path = line.partition("\t")
        yield facts.split(" ")[0], path


def _is_regular(path: Path) -> bool:
    try:
        return S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _git(checkout: Path, *arguments: str) -> str:
    """What git prints; names are taken literally, never as patterns."""
    try:
        done = subprocess.run(  # noqa: S603  no shell; names come after --
            ["git", "--literal-pathspecs", "-C", str(checkout), *arguments],  # noqa: S607  of the runner
            capture_output=True, timeout=GIT_SECONDS, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WorkflowRefused(f"git cannot be run: {error}.", "run this in a checkout, on a runner with git.") from None
    if done.returncode:
        message = done.stderr.decode(errors="replace")
        raise WorkflowRefused(f"git {arguments[0]} failed: {message}", "run this after actions/checkout.")
    return done.stdout.decode(errors="surrogateescape")


def _quoted(name: str) -> str:
    return repr(short(name, MAX_NAME_LENGTH))
