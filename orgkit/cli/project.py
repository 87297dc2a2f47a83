"""`orgkit init`: a project folder outside a checkout."""

import shutil
from importlib.resources import as_file, files
from pathlib import Path

import click

from orgkit import errors
from orgkit.cli.main import ends

PARTS = ("runbooks", "parameters", "outputs")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@ends
def init(folder: Path) -> int:
    """Write runbooks/, parameters/ and outputs/ into a folder; files that are there are never touched."""
    source = _source()
    taken = [part for part in PARTS if (folder / part).exists()]
    if taken:
        raise errors.RecordExists(
            f"{folder} has {', '.join(taken)} already.", "choose a folder without them: nothing was written."
        )
    for part in PARTS:
        _copy(source / part, folder / part)
    click.echo(f"Written to {folder}: {', '.join(f'{part}/' for part in PARTS)}.")
    click.echo(f"Next:  cd {folder} && orgkit rehearse")
    return errors.EXIT_DONE


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


COMMANDS = (init,)
