"""The comparison of test ids finds what is lost, and knows what was renamed."""

from tests.structure.compare_ids import CHECKOUT, RENAMED, ids, lost, renamed, renames

NAMES = {
    "tests/road": "tests/bootstrap",
    "tests/road/test_a.py": "tests/b/test_b.py",
    "tests/x.py::One": "tests/x.py::Two",
}


def test_the_longest_name_that_fits_counts():
    assert renamed("tests/road/test_c.py::test[1]", NAMES) == "tests/bootstrap/test_c.py::test[1]"
    assert renamed("tests/road/test_a.py::test", NAMES) == "tests/b/test_b.py::test"
    assert renamed("tests/x.py::One::test", NAMES) == "tests/x.py::Two::test"
    assert renamed("tests/x.py::OneMore::test", NAMES) == "tests/x.py::OneMore::test"


def test_a_test_that_is_gone_is_named_and_a_new_one_is_not():
    before, now = (
        ["tests/road/test_c.py::a", "tests/road/test_c.py::b"],
        ["tests/bootstrap/test_c.py::b", "tests/d.py::e"],
    )
    assert lost(before, now, NAMES) == ["tests/road/test_c.py::a"]


def test_only_ids_are_read_of_what_pytest_prints():
    assert ids("tests/a.py::b[x y]\n\n12 tests collected in 1s\nwarning: tests/a.py\n") == ["tests/a.py::b[x y]"]


def test_what_tests_were_renamed_to_is_there():
    named = renames(RENAMED.read_text(encoding="utf-8"))
    assert named
    assert [new for new in named.values() if not (CHECKOUT / new.partition("::")[0]).exists()] == []
