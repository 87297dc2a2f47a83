"""What is installed next to the credentials that own everything, by the metadata of the installed packages."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from orgkit.errors import EXTRAS
from tests.conftest import Tell
from tests.environments import make_environment

CHECKOUT = Path(__file__).parents[2]
CORE = CHECKOUT / ".venv-core" / "bin" / "python"
CLOSURE = Path(__file__).with_name("closure.py")
MOST = 80
# papermill asks for aiohttp on Python 3.12 only, and imports it nowhere: these packages come with it.
WITH_AIOHTTP = {"aiohappyeyeballs", "aiohttp", "aiosignal", "frozenlist", "multidict", "propcache", "yarl"}
SETUP = {"pip", "setuptools", "wheel"}  # what `python -m venv` puts there
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def packages_of(python: Path, requirement: str) -> dict[str, int]:
    """Name and bytes of each package that the requirement brings in the environment of this interpreter."""
    done = subprocess.run([python, CLOSURE, requirement], check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def core() -> dict[str, int]:
    make_environment(".venv-core")
    return packages_of(CORE, "orgkit")


def test_the_core_brings_at_most_80_packages(core: dict[str, int], report: Tell) -> None:
    both = {"orgkit": core, "orgkit[all]": packages_of(Path(sys.executable), "orgkit[all]")}
    for name, found in both.items():
        report(f"{name:<12} {len(found):>4} packages {sum(found.values()) / 1e6:>5.0f} MB")
    brought = set(core) - {"orgkit"}
    counted = brought - WITH_AIOHTTP if sys.version_info[:2] == (3, 12) else brought
    assert len(counted) <= MOST


def test_neither_the_sandbox_nor_jupyterlab_is_in_the_core(core: dict[str, int]) -> None:
    unwanted = {name for modules in EXTRAS.values() for name in modules} | {"flask-cors"}
    assert unwanted & set(core) == set()


def test_the_core_environment_holds_the_core_and_nothing_else(core: dict[str, int]) -> None:
    names = "import importlib.metadata as m; print(*{d.name.lower().replace('_', '-') for d in m.distributions()})"
    done = subprocess.run([CORE, "-c", names], check=True, capture_output=True, text=True)
    assert {name.replace(".", "-") for name in done.stdout.split()} - SETUP == set(core)


def test_bleach_is_installed_by_nbconvert_alone() -> None:
    named = [Requirement(text).name for text in PROJECT["dependencies"]]
    assert "bleach" not in named
    sources = (CHECKOUT / "orgkit").rglob("*.py")
    assert [file.name for file in sources if "bleach" in file.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_error_about_a_missing_extra_knows_its_packages(extra: str) -> None:
    named = {Requirement(text).name.replace("-", "_") for text in PROJECT["optional-dependencies"][extra]}
    assert named == set(EXTRAS[extra])


def test_all_is_every_extra() -> None:
    (everything,) = PROJECT["optional-dependencies"]["all"]
    assert Requirement(everything).extras == set(EXTRAS) == set(PROJECT["optional-dependencies"]) - {"all"}


@pytest.mark.parametrize(
    ("lock", "packages"),
    [("requirements.lock", 50), ("requirements-core.lock", 50), ("tests/lab/ipykernel6/requirements.lock", 1)],
)
def test_a_lock_pins_every_package_by_hash_and_names_no_registry(lock: str, packages: int) -> None:
    text = (CHECKOUT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    pins = [entry for entry in text.replace("\\\n", "").splitlines() if entry and not entry.startswith("#")]
    assert len(pins) > packages
    assert [pin for pin in pins if "==" not in pin or "--hash=sha256:" not in pin] == []


def test_both_locks_pin_the_same_versions() -> None:
    whole, core = (
        {line.split()[0] for line in (CHECKOUT / lock).read_text(encoding="utf-8").splitlines() if line[:1].isalpha()}
        for lock in ("requirements.lock", "requirements-core.lock")
    )
    assert core - whole == set()
