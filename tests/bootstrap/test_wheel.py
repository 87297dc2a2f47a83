"""From an installed wheel, outside a checkout: `orgkit init` and `orgkit rehearse`."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from orgkit.parameters.json_schema import SCHEMA_FILE
from orgkit.phases.registry import RUNBOOKS
from tests.bootstrap.project import CHECKOUT, Project


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A venv with the wheel in it; its other packages are those of this one, without the checkout."""
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place / "dist")]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
    (wheel,) = (place / "dist").glob("*.whl")
    venv.create(place / "venv", with_pip=True)
    python = place / "venv" / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel)],
        check=True,
        capture_output=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("PIP_")},
    )
    (packages,) = (place / "venv" / "lib").glob("python*/site-packages")
    # A .pth would also run the editable install's own hook; a plain path in a .pth does not.
    (packages / "locked.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n")
    # Packages that install data outside site-packages find it in their own prefix: nbconvert its templates.
    templates = Path("share") / "jupyter" / "nbconvert"
    (place / "venv" / templates).symlink_to(Path(sys.prefix) / templates)
    return place / "venv" / "bin"


def test_a_project_made_by_the_wheel_rehearses_outside_a_checkout(installed, tmp_path):
    here = Project(tmp_path)
    where = here.run(installed / "python", "-c", "import orgkit; print(orgkit.__file__)")
    assert str(installed.parent) in where.stdout
    made = here.run(installed / "orgkit", "init", tmp_path / "acme")
    assert made.returncode == 0, made.stderr
    assert sorted(p.name for p in (tmp_path / "acme").iterdir()) == ["outputs", "parameters", "runbooks"]
    assert sorted(p.name for p in (tmp_path / "acme" / "outputs").iterdir()) == [".gitignore", "README.md"]
    assert len(list((tmp_path / "acme" / "runbooks").glob("*.ipynb"))) == len(RUNBOOKS)
    done = here.run(installed / "orgkit", "rehearse", cwd=tmp_path / "acme")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert len(list((tmp_path / "acme" / "outputs" / "sandbox").glob("*/*/*/manifest.json"))) == 7


def test_init_never_touches_a_folder_that_has_something(installed, tmp_path):
    (tmp_path / "acme" / "runbooks").mkdir(parents=True)
    done = Project(tmp_path).run(installed / "orgkit", "init", tmp_path / "acme")
    assert done.returncode == 1
    assert "nothing was written" in " ".join(done.stderr.split())
    assert list((tmp_path / "acme").iterdir()) == [tmp_path / "acme" / "runbooks"]


def test_the_wheel_carries_the_files_of_ci(installed, tmp_path):
    done = Project(tmp_path).run(installed / "orgkit", "init", tmp_path / "acme", "--ci", "github")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "acme" / ".github" / "workflows").glob("orgkit-*.yml"))) == 3
    assert (tmp_path / "acme" / "ci" / "github-oidc.yaml").is_file()


def test_the_wheel_has_its_license_and_authors(installed):
    (metadata,) = (installed.parent / "lib").glob("python*/site-packages/orgkit-*.dist-info/METADATA")
    fields = metadata.read_text(encoding="utf-8").partition("\n\n")[0].splitlines()
    assert {"License-Expression: Apache-2.0", "License-File: LICENSE", "Author: The orgkit authors"} <= set(fields)
    assert "Classifier: Programming Language :: Python :: 3.14" in fields
    assert metadata.with_name("licenses").joinpath("LICENSE").read_bytes() == (CHECKOUT / "LICENSE").read_bytes()


def test_the_wheel_carries_the_schema_of_the_parameters_file(installed):
    (packed,) = (installed.parent / "lib").glob(f"python*/site-packages/orgkit/_project/docs/{SCHEMA_FILE}")
    assert packed.read_bytes() == (CHECKOUT / "docs" / SCHEMA_FILE).read_bytes()


def test_the_wheel_puts_the_extension_and_the_guided_kernel_where_jupyter_finds_them(installed):
    shipped = CHECKOUT / "orgkit" / "runbook" / "interactive" / "jupyter"
    place = installed.parent / "share" / "jupyter"
    files = [path.relative_to(shipped) for path in shipped.rglob("*") if path.is_file()]
    assert len(files) == 5
    assert [file for file in files if (place / file).read_bytes() != (shipped / file).read_bytes()] == []


def test_the_wheel_carries_the_pages_that_its_readme_links_to_and_no_site(installed):
    (project,) = (installed.parent / "lib").glob("python*/site-packages/orgkit/_project")
    links = re.findall(r"\]\((?!https:|#)([^)#]+)", (project / "README.md").read_text(encoding="utf-8"))
    assert len(links) > 40
    assert [link for link in links if not (project / link).is_file()] == []
    built = [path for path in project.rglob("*") if path.name in ("searchindex.js", "objects.inv", ".doctrees")]
    assert built == []


CONSUMER = """
from typing import assert_type

import orgkit

assert_type(orgkit.load("parameters/acme.toml"), orgkit.Desired)
"""


def type_check(installed: Path, folder: Path, program: str) -> str:
    """What mypy says about a program that uses the installed orgkit; "" where it finds nothing."""
    (folder / "consumer.py").write_text(program)
    cache, known = installed.parent / "mypy", CHECKOUT / ".mypy_cache"
    if known.is_dir() and not cache.exists():
        shutil.copytree(known, cache)  # of the other packages: it counts for the same strictness alone
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--warn-unreachable",
        "--no-error-summary",
        "--cache-dir",
        cache,
    ]
    return Project(folder).run(*command, "--python-executable", installed / "python", "consumer.py").stdout


def test_a_type_checker_sees_the_types_of_the_installed_library(installed, tmp_path):
    assert list((installed.parent / "lib").glob("python*/site-packages/orgkit/py.typed"))
    assert type_check(installed, tmp_path, CONSUMER) == ""


def test_a_type_checker_notices_a_misspelled_name_of_the_library(installed, tmp_path):
    output = type_check(installed, tmp_path, CONSUMER.replace("orgkit.load", "orgkit.laod"))
    assert 'Module has no attribute "laod"' in output


def test_an_installation_has_no_way_to_kill_a_phase(installed, tmp_path):
    rejection = Project(tmp_path).run(installed / "orgkit", "run", "x.toml", "02", "--stop-after", "CreateUnit")
    assert rejection.returncode == 2
    assert "No such option" in rejection.stderr
    (package,) = (installed.parent / "lib").glob("python*/site-packages/orgkit")
    sources = list(package.rglob("*.py"))
    assert len(sources) > 200
    assert [file.name for file in sources if "STOP_AFTER" in file.read_text(encoding="utf-8")] == []
