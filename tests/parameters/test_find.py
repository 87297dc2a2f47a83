from pathlib import Path

import pytest

from orgkit.errors import ParametersInvalid
from orgkit.parameters import find


@pytest.fixture
def project(tmp_path):
    (tmp_path / "parameters").mkdir()
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "parameters" / "acme.toml").touch()
    return tmp_path


def test_a_file_is_found_from_the_project_and_from_the_notebooks_folder(project):
    wanted = project / "parameters" / "acme.toml"
    assert find("parameters/acme.toml", project) == wanted
    assert find("parameters/acme.toml", project / "runbooks") == wanted


def test_the_working_folder_is_where_the_search_begins(project, monkeypatch):
    monkeypatch.chdir(project / "runbooks")
    assert find("parameters/acme.toml") == project / "parameters" / "acme.toml"


def test_the_nearest_file_wins(project):
    (project / "runbooks" / "parameters").mkdir()
    nearer = project / "runbooks" / "parameters" / "acme.toml"
    nearer.touch()
    assert find("parameters/acme.toml", project / "runbooks") == nearer


def test_a_folder_of_that_name_does_not_hide_the_file(project):
    (project / "runbooks" / "parameters" / "acme.toml").mkdir(parents=True)
    assert find("parameters/acme.toml", project / "runbooks") == project / "parameters" / "acme.toml"


def test_an_absolute_path_is_taken_as_it_is(project):
    wanted = project / "parameters" / "acme.toml"
    assert find(str(wanted), Path("/")) == wanted


def test_a_missing_file_tells_where_it_was_looked_for_and_what_lies_there(project):
    with pytest.raises(ParametersInvalid) as refusal:
        find("parameters/amce.toml", project / "runbooks")
    (problem,) = refusal.value.problems
    assert f"looked in {project / 'runbooks'} and every folder above it" in problem
    assert f"In {project / 'parameters'} there is: acme.toml." in problem


def test_a_missing_file_in_an_empty_place_tells_how_to_begin(tmp_path):
    with pytest.raises(ParametersInvalid, match="orgkit init DIR"):
        find("parameters/acme.toml", tmp_path)


def test_a_name_that_no_file_can_have_is_no_traceback(project):
    with pytest.raises(ParametersInvalid, match="there is no such file"):
        find("acme\0.toml", project)
    with pytest.raises(ParametersInvalid, match="cannot be read"):
        find("~nobody-of-that-name/acme.toml", project)
    with pytest.raises(ParametersInvalid, match=r"cannot be read|no such file"):
        find("x" * 5000, project)
