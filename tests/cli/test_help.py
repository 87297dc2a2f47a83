"""The help of every command: in the order of work, whole sentences, and as wide as a terminal."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from orgkit.cli import main
from orgkit.cli.command_group import SECTIONS, first_sentence
from orgkit.cli.main import cli


def commands(command: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    yield path
    for name, inner in subcommands(command):
        yield from commands(inner, *path, name)


def subcommands(command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield name, inner


def test_every_help_fits_80_columns_and_cuts_nothing() -> None:
    shown, groups = 0, {name for name, command in subcommands(cli) if isinstance(command, click.Group)}
    for path in commands(cli):
        result = CliRunner().invoke(cli, [*path, "--help"], terminal_width=80)
        lines = result.output.splitlines()
        assert max(map(len, lines)) <= 80, path
        assert [line for line in lines if line.rstrip().endswith(("...", "…")) and "Usage" not in line] == [], path
        assert path == () or path[0] in groups or "--no-color" in result.output
        shown += 1
    assert shown > 30


def test_every_command_is_in_one_section_in_the_order_of_work() -> None:
    listed = [entry.name for _, entries in SECTIONS for entry in entries]
    assert sorted(listed) == sorted(set(listed)) == sorted(name for name, _ in subcommands(cli))
    output = CliRunner().invoke(cli, ["--help"]).output
    places = [output.index(f"\n  {name} ") for name in listed]
    assert places == sorted(places)


def test_the_list_has_every_command_of_the_package_by_its_name_and_the_first_sentence_of_its_help() -> None:
    listed = {entry.name: entry.summary for _, entries in SECTIONS for entry in entries}
    assert {name: first_sentence(command) for name, command in subcommands(cli)} == listed
    assert all(command.name == name for name, command in subcommands(cli))
    modules = [import_module(f"orgkit.cli.{file.stem}") for file in Path(main.__file__).parent.glob("*.py")]
    made = {id(each): each for module in modules for each in vars(module).values() if isinstance(each, click.Command)}
    below = [inner for _, command in subcommands(cli) for _, inner in subcommands(command)]
    reached = {id(each) for each in (cli, *below, *(command for _, command in subcommands(cli)))}
    assert [each.name for number, each in made.items() if number not in reached] == []


def test_a_command_that_is_misspelled_is_refused() -> None:
    result = CliRunner().invoke(cli, ["rehearse-all"])
    assert (result.exit_code, "No such command 'rehearse-all'" in result.output) == (2, True)


@pytest.mark.parametrize(("typed", "meant"), [(["rehears"], "rehearse"), (["records", "verfy"], "verify")])
def test_a_command_that_is_nearly_right_is_suggested(typed: list[str], meant: str) -> None:
    result = CliRunner().invoke(cli, typed)
    assert result.exit_code == 2
    assert f"Did you mean {meant}?" in result.stderr


def test_permissions_names_its_option_for_a_parameters_file() -> None:
    result = CliRunner().invoke(cli, ["permissions", "parameters/acme.toml"])
    assert result.exit_code == 2
    assert "Write it as --file FILE." in result.stderr


def test_a_head_that_is_mistyped_is_no_fault_of_a_chain() -> None:
    result = CliRunner().invoke(cli, ["records", "verify", "--head", "abc"])
    assert result.exit_code == 2
    assert "a head has 64 characters" in result.stderr
