"""`orgkit init`: what it writes into an existing project, and what it warns of."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from orgkit.cli.main import cli


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert CliRunner().invoke(cli, ["init", str(tmp_path / "acme")]).exit_code == 0
    monkeypatch.chdir(tmp_path / "acme")
    return tmp_path / "acme"


def test_a_project_without_outputs_gets_the_file_that_keeps_records_out_of_git(tmp_path: Path) -> None:
    (tmp_path / "parameters").mkdir()
    result = CliRunner().invoke(cli, ["init", str(tmp_path), "--ci", "github"])
    assert "Written: outputs/.gitignore" in result.stdout
    assert (tmp_path / "outputs" / ".gitignore").read_text("utf-8").startswith("*\n")


def test_what_git_ignores_in_outputs_is_never_overwritten(project: Path) -> None:
    (project / "outputs" / ".gitignore").write_text("mine\n", "utf-8")
    assert CliRunner().invoke(cli, ["init", ".", "--ci", "github"]).exit_code == 0
    assert (project / "outputs" / ".gitignore").read_text("utf-8") == "mine\n"


def test_a_project_inside_another_is_warned_of(project: Path) -> None:
    result = CliRunner().invoke(cli, ["init", "acme"])
    assert f"warning: {project} is a project already" in result.stderr
    assert (project / "acme" / "parameters").is_dir()


def test_the_remedy_names_the_parameters_file_that_is_there(project: Path) -> None:
    (project / "parameters" / "acme.toml").touch()
    result = CliRunner().invoke(cli, ["init", "."])
    assert result.exit_code == 1
    assert "orgkit check parameters/acme.toml" in result.stderr
