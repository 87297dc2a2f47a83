"""The matrix bites: a library that is broken on purpose does not pass it."""

import subprocess
import sys
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


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_library_that_is_broken_in_this_way_does_not_pass_the_matrix(mutant: str) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "tests.faults", "--every-change", "--mutant", mutant]
    cells = ["--only", "CreateAccount", "--kind", "lost once", "--last", "accounts"]
    output = subprocess.run([*command, *cells], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert output.returncode == 1, output.stderr
    rule, what = NOTICED[mutant]
    assert any(rule in line and what in line for line in output.stdout.splitlines()), output.stdout
