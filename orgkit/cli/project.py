"""`orgkit init`: a project folder outside a checkout."""

import shutil
from importlib.resources import as_file, files
from pathlib import Path
from shlex import quote

import click

from orgkit import errors
from orgkit.cli.options import exit_with
from orgkit.journal.file_writes import SHARED_MODE, create_file, replace_file

PARTS = ("runbooks", "parameters", "outputs")
POLICIES = "parameters/policies"  # the starter set of policies, next to the example


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--ci",
    type=click.Choice(["github"]),
    help="Write workflows, too; into an existing project nothing else is written.",
)
@exit_with
def init(folder: Path, ci: str | None) -> int:
    """Write runbooks/, parameters/ and outputs/ into a folder; files that are there are never touched."""
    existing_parts = [part for part in PARTS if (folder / part).exists()]
    if existing_parts and not ci:
        raise errors.ProjectExists(
            f"{folder} has {', '.join(existing_parts)} already.",
            "name another folder, add --ci github to write the workflows alone, or use the project: "
            f"orgkit check {quote(str(_parameters_file(folder)))}",
        )
    if not existing_parts:
        _write_project(folder)
    if ci:
        _write_ci(folder)
    return errors.EXIT_DONE


def _parameters_file(folder: Path) -> Path:
    """The organization's own file where there is one, else the example."""
    own = sorted(file for file in (folder / "parameters").glob("*.toml") if file.name != "example.toml")
    return own[0] if own else folder / "parameters" / "example.toml"


def _write_project(folder: Path) -> None:
    _warn_of_nesting(folder)
    source = _source()
    for part in (*PARTS, POLICIES):
        _copy(source / part, folder / part)
    _write_schema(folder / "parameters")
    _adapt_example(folder / "parameters" / "example.toml")
    click.echo(f"Written to {folder}: {', '.join(f'{part}/' for part in PARTS)}.")
    click.echo(f"Next:  cd {quote(str(folder))} && orgkit rehearse")


def _warn_of_nesting(folder: Path) -> None:
    """A second project inside the first is nearly always a mistake: each keeps records of its own."""
    for parent in folder.absolute().parents:
        if all((parent / part).is_dir() for part in PARTS):
            click.echo(f"warning: {parent} is a project already, and {folder} becomes a second one in it.", err=True)
            return


def _write_schema(folder: Path) -> None:
    """What an editor reads to complete keys and to mark wrong values."""
    from orgkit.parameters.json_schema import SCHEMA_FILE, json_schema  # late: `--help` needs no pydantic

    replace_file(folder / SCHEMA_FILE, json_schema().encode(), 0o644)


def _adapt_example(file: Path) -> None:
    """Name the schema next to it, and bucket names that nobody else can take: a new organization has no bucket yet."""
    from orgkit.parameters.json_schema import SCHEMA_FILE

    own_line = 'bucket_namespace = "account-regional"'
    text = file.read_text(encoding="utf-8").replace('#bucket_namespace = "global"', own_line)
    replace_file(file, f"#:schema ./{SCHEMA_FILE}\n\n{text}".encode(), 0o644)


def _write_ci(folder: Path) -> None:
    """The files for GitHub that are not there yet."""
    from orgkit.ci.files import write_missing

    new_files, existing_files = write_missing(folder)
    new_files += _ignore_outputs(folder)
    for label, places in (("Written", new_files), ("Left as it is", existing_files)):
        for place in places:
            click.echo(f"{label}: {place}")
    click.echo(f"Next:  read {folder / 'ci' / 'README.md'}")


def _ignore_outputs(folder: Path) -> list[Path]:
    """Records name accounts and emails: git leaves them out also in a project that `orgkit init` has not written."""
    place = Path("outputs") / ".gitignore"
    if (folder / place).exists():
        return []
    (folder / place).parent.mkdir(exist_ok=True)
    create_file(folder / place, (_source() / place).read_bytes(), SHARED_MODE)
    return [place]


def _copy(source: Path, target: Path) -> None:
    """What the project ships, without what running it leaves behind."""
    target.mkdir(parents=True)
    for file in sorted(source.iterdir()):
        if file.is_file() and not file.name.startswith(".ipynb"):
            shutil.copyfile(file, target / file.name)


def _source() -> Path:
    """The folders as the wheel carries them; in a checkout, the checkout's own."""
    with as_file(files("orgkit")) as package:
        packed = Path(package) / "_project"
        return packed if packed.is_dir() else Path(package).parent
