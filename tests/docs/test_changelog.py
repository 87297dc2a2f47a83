"""CHANGELOG.md is in the form of Keep a Changelog, and its newest version is the one of the code."""

import datetime
import re
from itertools import pairwise
from pathlib import Path

import pytest

from orgkit import __version__

CHECKOUT = Path(__file__).parents[2]
TEXT = (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
VERSIONS = re.findall(r"^## (.+)$", TEXT, flags=re.MULTILINE)
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def test_the_newest_version_is_the_one_of_the_code() -> None:
    assert VERSIONS[0] == "Unreleased"
    assert VERSIONS[1].split(" - ")[0] == __version__


def test_versions_stand_with_their_dates_the_newest_first() -> None:
    released = [version.split(" - ") for version in VERSIONS[1:]]
    keys = [(tuple(map(int, number.split("."))), datetime.date.fromisoformat(date)) for number, date in released]
    assert all(newer > older and newer[1] >= older[1] for newer, older in pairwise(keys))


def test_every_entry_of_a_version_stands_under_a_kind_of_change() -> None:
    for version in re.split(r"^## ", TEXT, flags=re.MULTILINE)[2:]:
        intro, *kinds = re.split(r"^### ", version, flags=re.MULTILINE)
        assert "\n- " not in intro
        titles = [kind.splitlines()[0] for kind in kinds]
        assert set(titles) <= set(KINDS)
        assert len(titles) == len(set(titles))


@pytest.mark.parametrize("page", ["README.md", "docs/how-to/install.md"])
def test_the_readme_and_the_guide_install_the_wheel_of_this_version(page: str) -> None:
    named = re.findall(r"orgkit-([0-9.]+)-py3", (CHECKOUT / page).read_text(encoding="utf-8"))
    assert set(named) == {__version__}
