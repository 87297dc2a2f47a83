"""CONTRIBUTING.md and its neighbors name commands and files that exist, and the hooks are those of `make check`."""

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.__main__ import STATIC
from tests.structure.dummy_phase import FILES, write

CHECKOUT = Path(__file__).parents[2]
PAGES = ["CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md", ".github/pull_request_template.md"]
FORMS = sorted((CHECKOUT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml"))
page = pytest.mark.parametrize("name", PAGES)


def text(name: str) -> str:
    return (CHECKOUT / name).read_text(encoding="utf-8")


def parsed(file: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(file.read_text(encoding="utf-8")))


@page
def test_every_target_of_make_that_is_named_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), flags=re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", text(name), flags=re.MULTILINE)) - targets == set()


@page
def test_every_module_that_is_run_exists(name: str) -> None:
    named = set(re.findall(r"python -m (tests[\w.]+)", text(name)))
    assert [module for module in named if not (CHECKOUT / f"{module.replace('.', '/')}.py").is_file()] == []


@page
def test_every_file_of_the_checkout_that_is_named_exists(name: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", text(name))
    named = re.findall(r"`((?:orgkit|tests|docs|runbooks|parameters|\.github)/[\w./-]+)`", text(name))
    assert [path for path in [*links, *named] if not (CHECKOUT / path).exists()] == []


def test_set_up_and_one_test_are_one_command_each() -> None:
    (commands,) = re.findall(
        r"## Set up, and run one test\n.*?```sh\n(.*?)```", text("CONTRIBUTING.md"), flags=re.DOTALL
    )
    setup, test = commands.splitlines()
    assert setup == "make setup"
    assert (CHECKOUT / test.split()[3]).is_file()


def test_the_phase_to_begin_from_is_written_into_a_checkout(tmp_path: Path) -> None:
    (tmp_path / "orgkit" / "phases").mkdir(parents=True)
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "runbooks" / "02-units.ipynb").write_bytes((CHECKOUT / "runbooks" / "02-units.ipynb").read_bytes())
    write(tmp_path)
    assert {file.name for file in (tmp_path / "orgkit" / "phases" / "dummy").iterdir()} == set(FILES)
    assert r"stages.begin(\"dummy\"" in (tmp_path / "runbooks" / "20-dummy.ipynb").read_text(encoding="utf-8")


def test_the_hooks_are_the_static_checks_of_make_check() -> None:
    (repository,) = parsed(CHECKOUT / ".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    expected = [[Path(str(command[0])).name, *map(str, command[1:])] for _, command in STATIC]
    entries = [hook["entry"].removeprefix(".venv/bin/").split() for hook in repository["hooks"]]
    assert [sorted(entry) for entry in entries] == [sorted(command) for command in expected]


@pytest.mark.parametrize("file", FORMS, ids=lambda file: file.stem)
def test_a_form_for_issues_has_what_github_requires(file: Path) -> None:
    form = parsed(file)
    assert form["name"]
    assert form["description"]
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in fields}) == len(fields) > 0
    assert all(field["attributes"]["label"] for field in fields)
    assert all(all(isinstance(o, str) for o in field["attributes"].get("options", ())) for field in fields)


def test_the_dev_container_sets_up_as_a_contributor_does_with_the_browser_that_ci_installs() -> None:
    container = json.loads(text(".devcontainer/devcontainer.json"))
    assert container["updateContentCommand"] == "make setup"
    assert container["remoteEnv"]["PATH"].startswith("${containerWorkspaceFolder}/.venv/bin:")
    (of_ci,) = re.findall(r"--no-install-recommends (.+) >/dev/null", text(".ci/run"))
    assert set(of_ci.split()) < set(container["onCreateCommand"].split())
    assert python_is_supported(re.search(r":(\d\.\d+)", container["image"])[1])


def test_binder_installs_what_the_makefile_installs() -> None:
    script = CHECKOUT / ".binder" / "postBuild"
    assert os.access(script, os.X_OK)
    ours = re.findall(r"pip install (.+)$", text(".binder/postBuild").replace("--quiet --no-cache-dir ", ""), re.M)
    of_make = re.findall(r"\$\(VENV\)/bin/\$\(PIP\) (?!.*--target)(.+)$", text("Makefile"), re.M)
    assert ours == of_make
    assert python_is_supported(text(".binder/runtime.txt").strip().removeprefix("python-"))


def python_is_supported(version: str) -> bool:
    classifiers = tomllib.loads(text("pyproject.toml"))["project"]["classifiers"]
    return f"Programming Language :: Python :: {version}" in classifiers


def test_no_page_invents_an_address() -> None:
    for name in PAGES:
        assert re.findall(r"[\w.]+@[\w.]+\.\w+", text(name)) == [], name
