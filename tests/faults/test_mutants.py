"""The matrix bites: a library that is broken on purpose does not pass it."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.faults.mutants import MUTANTS

CHECKOUT = Path(__file__).parents[2]
NOTICED = {
    "sdk-retries": ("I2: ", "failed: CONCURRENT_ACCOUNT_MODIFICATION"),
    "no-look-ups": ("I2: ", "failed: CONCURRENT_ACCOUNT_MODIFICATION"),
    "no-journal": ("I3: ", "organizations:CreateAccount had no intent before it"),
    "never-settles": ("I4: ", "nobody settled organizations:CreateAccount"),
}


@pytest.fixture(scope="module")
def output() -> Mapping[str, str]:
    """What the matrix prints for each mutant; each runs in a process of its own, after phases that they share."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.faults", "--every-change", "--mutants"]
    cells = ["--only", "CreateAccount", "--kind", "lost once", "--last", "accounts"]
    done = subprocess.run([*command, *cells], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    parts = re.split(r"^mutant (.*)\n", done.stdout, flags=re.MULTILINE)[1:]
    assert parts, done.stderr
    return dict(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_library_that_is_broken_in_this_way_does_not_pass_the_matrix(mutant: str, output: Mapping[str, str]) -> None:
    rule, what = NOTICED[mutant]
    assert "\nBAD " in f"\n{output[mutant]}", output
    assert any(rule in line and what in line for line in output[mutant].splitlines()), output[mutant]
