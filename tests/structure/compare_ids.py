"""python -m tests.structure.compare_ids BEFORE: whether every test of an earlier commit is still there.

BEFORE holds the lines of `pytest --collect-only -q` at that commit; other lines of it are skipped. A test that was
renamed has a line in tests/renamed.txt: `old -> new`. Both may be a folder, a file, `file::Class` or a whole id: the
longest that fits an id counts. Tests that are new are counted, and are no fault.
"""

import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
RENAMED = CHECKOUT / "tests" / "renamed.txt"


def renames(text: str) -> dict[str, str]:
    """Old to new; lines that begin with # are comments."""
    rows = [line.split(" -> ") for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return {old.strip(): new.strip() for old, new in rows}


def renamed(test: str, names: Mapping[str, str]) -> str:
    """The id that a test has now."""
    for old in sorted(names, key=len, reverse=True):
        if test == old or test.startswith((f"{old}/", f"{old}::", f"{old}[")):
            return names[old] + test[len(old) :]
    return test


def lost(before: Iterable[str], now: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """Tests that are there no more, under any name."""
    there = set(now)
    return [test for test in before if renamed(test, names) not in there]


def ids(text: str) -> list[str]:
    """The lines that are ids of tests."""
    return [line for line in text.splitlines() if line.startswith("tests/") and "::" in line]


def collected() -> str:
    """What pytest finds now."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"pytest could not collect the tests:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def main() -> int:
    """0 when no test was lost."""
    before, now = ids(Path(sys.argv[1]).read_text(encoding="utf-8")), ids(collected())
    missing = lost(before, now, renames(RENAMED.read_text(encoding="utf-8")))
    for test in missing:
        print(f"lost: {test}")
    print(f"{len(before)} tests before, {len(now)} now, {len(missing)} lost")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
