"""The script that runs moto's own tests: what it takes from a download, and when it is content."""

import io
import tarfile
from pathlib import Path

import pytest

from tests.sandbox.moto_suite import (
    LOCK,
    Explanation,
    known_corrections,
    locked_requirement,
    parse_results,
    read_explanations,
    report,
    unpack,
)

WHY = Explanation(
    ("test_a*",), "organizations.list_accounts", "Pages of 20, and a reason that is longer than a line. " * 3
)
KNOWN = {"organizations.list_accounts"}
GOOD = {"test_a": "failed", "test_b": "passed", "test_c": "skipped"}


def test_explained_failures_are_shown_with_their_correction(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(GOOD, (WHY,), KNOWN) == 0
    printed = capsys.readouterr().out
    assert "1 passed, 1 failed, 1 skipped" in printed
    assert "organizations.list_accounts: 1\n" in printed
    assert "    test_a\n" in printed
    assert printed.endswith("Every failure is explained.\n")
    assert max(map(len, printed.splitlines())) <= 80


@pytest.mark.parametrize(
    ("changed", "explanations", "problem"),
    [
        ({"test_b": "failed"}, (WHY,), "failed without an explanation: test_b"),
        ({"test_a": "passed"}, (WHY,), "passed, though organizations.list_accounts explains"),
        ({"test_a": "skipped"}, (WHY,), "skipped, though organizations.list_accounts explains"),
        ({}, (WHY, WHY), "explained more than once"),
        ({}, (WHY, Explanation(("test_z",), "organizations.list_accounts", "")), "the suite has no test test_z"),
        ({}, (Explanation(("test_a",), "nothing.at_all", ""),), "no correction has the name nothing.at_all"),
        ({"test_b": "failed"}, (Explanation(("test_[ab]",), *("organizations.list_accounts", "")),), "did not reach"),
    ],
)
def test_anything_else_is_a_problem(
    changed: dict[str, str],
    explanations: tuple[Explanation, ...],
    problem: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert report({**GOOD, **changed}, explanations, KNOWN) == 1
    assert problem in " ".join(capsys.readouterr().out.split())


def test_each_explanation_names_a_correction_that_is_there() -> None:
    assert {explanation.correction for explanation in read_explanations()} <= set(known_corrections())


def test_the_version_and_its_hashes_come_from_the_lock_file() -> None:
    requirement = locked_requirement(LOCK.read_text(encoding="utf-8"))
    first, *hashes = requirement.split()
    assert first.startswith("moto==5.")
    assert [each for each in hashes if each != "\\"]
    assert all(each.startswith("--hash=sha256:") for each in hashes if each != "\\")


def test_outcomes_are_read_from_the_results_of_pytest() -> None:
    cases = '<testcase name="a"/><testcase name="b"><failure/></testcase><testcase name="c"><error/></testcase>'
    skipped = '<testcase name="d[x-y]"><skipped/></testcase>'
    read = parse_results(f"<testsuites><testsuite>{cases}{skipped}</testsuite></testsuites>")
    assert read == {"a": "passed", "b": "failed", "c": "failed", "d[x-y]": "skipped"}


def test_nothing_but_the_suite_is_unpacked(tmp_path: Path) -> None:
    source, folder = tmp_path / "moto-1.tar.gz", tmp_path / "unpacked"
    folder.mkdir()
    suite = "moto-1/tests/test_organizations/test_organizations.py"
    names = [
        "moto-1/tests/__init__.py",
        suite,
        "moto-1/moto/__init__.py",
        "moto-1/setup.py",
        "moto-1/tests/test_s3/x.py",
    ]
    with tarfile.open(source, "w:gz") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    unpack(source, folder)
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert files == ["tests/__init__.py", "tests/test_organizations/test_organizations.py"]
