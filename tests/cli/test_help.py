"""The help of every command: in the order of work, whole sentences, and as wide as a terminal."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from orgkit.cli import main
from orgkit.cli.command_group import SECTIONS, add_common_options


def commands(command: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from commands(inner, *path, name)


@pytest.fixture(scope="module")
def cli() -> click.Group:
    for command in main.COMMANDS:
        main.cli.add_command(command)
    add_common_options(main.COMMANDS)
    return main.cli


def test_every_help_fits_80_columns_and_cuts_nothing(cli: click.Group) -> None:
    shown = 0
    for path in commands(cli):
        result = CliRunner().invoke(cli, [*path, "--help"], terminal_width=80)
        lines = result.output.splitlines()
        assert max(map(len, lines)) <= 80, path
        assert [line for line in lines if line.rstrip().endswith(("...", "…")) and "Usage" not in line] == [], path
        assert path == () or isinstance(cli.commands[path[0]], click.Group) or "--no-color" in result.output
        shown += 1
    assert shown > 30


def test_every_command_is_in_one_section_in_the_order_of_work(cli: click.Group) -> None:
    listed = [name for _, names in SECTIONS for name in names]
    assert sorted(listed) == sorted(set(listed)) == sorted(cli.commands)
    output = CliRunner().invoke(cli, ["--help"]).output
    places = [output.index(f"\n  {name} ") for name in listed]
    assert places == sorted(places)
