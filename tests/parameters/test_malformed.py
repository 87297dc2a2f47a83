"""Each file in malformed/ says in its first lines what it expects: `# expects PLACE: FRAGMENT`."""

import re
from pathlib import Path

import pytest

from orgkit.errors import ParametersInvalid
from orgkit.parameters import load

FILES = sorted((Path(__file__).parent / "malformed").glob("*.toml"))
EXPECTS = re.compile(r"^# expects (.+?): (.+)$", re.MULTILINE)


def test_there_are_more_than_thirty_malformed_files() -> None:
    assert len(FILES) > 30


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_malformed_file_tells_its_place_and_what_to_write(file: Path) -> None:
    with pytest.raises(ParametersInvalid) as refusal:
        load(file)
    expected = EXPECTS.findall(file.read_text())
    output = refusal.value.problems
    assert [problem.place for problem in output] == [place for place, _ in expected], str(refusal.value)
    for problem, (_, fragment) in zip(output, expected, strict=True):
        assert fragment in problem.message


def test_five_faults_in_one_file_are_five_problems_in_the_order_of_the_file() -> None:
    with pytest.raises(ParametersInvalid) as refusal:
        load(Path(__file__).parent / "malformed" / "five-faults.toml")
    problems = refusal.value.problems
    assert len(problems) == 5
    numbers = [int(problem.message.partition("line ")[2].partition(":")[0]) for problem in problems]
    assert numbers == sorted(numbers)
    assert "has 5 problems" in str(refusal.value)
    assert refusal.value.exit_code == 2


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_problem_begins_with_the_line_that_holds_its_last_key(file: Path) -> None:
    with pytest.raises(ParametersInvalid) as refusal:
        load(file)
    rows = file.read_text().splitlines()
    for problem in refusal.value.problems:
        if found := re.match(r"line (\d+): (?!.*is missing)", problem.message):
            last = re.split(r'\.(?=[^"]*(?:"[^"]*"[^"]*)*$)', problem.place)[-1].strip('"')
            row = rows[int(found[1]) - 1]
            assert last in row or "is used by" in problem.message or row.startswith("["), f"{problem} -> {row}"
