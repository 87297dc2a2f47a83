"""Whatever a file holds, a person gets a list of problems and never a traceback."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgkit.errors import ParametersInvalid, Problem
from orgkit.model.desired import Desired
from orgkit.parameters import load

HERE = Path(__file__).parent
ROWS = (HERE / "nested.toml").read_text().splitlines()
VALUES = [
    "0", "-1", "7.5", "nan", "inf", "1e400", "0x" + "f" * 4000, "true", '""', '"\\u001b[31m"', '"/"', "[]", "[[], 1]",
    "{}", '{ "" = 1 }', "{ low = 1 }", "2026-11-23", "2026-11-23T10:00:00Z", "10:00:00", '["a", "a"]', "'''x\ny'''",
    "{ a.b.c.d.e.f.g = 1 }", "[{ by = 1 }]", '"{key"', '"{0}"', "9" * 4301, "99999-01-01", "[" * 400 + "]" * 400,
]  # fmt: skip
HEADINGS = [
    "[units]",
    "[accounts]",
    "[[accounts]]",
    '[""]',
    '["/"]',
    "[trail.tags]",
    "[organization.tags.x]",
    "[costs.x]",
    '["\\u001b[31m"]',
    '[units."\\u001b"]',
]


@st.composite
def mutations(draw: st.DrawFn) -> str:
    rows = list(ROWS)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(rows) - 1))
        match draw(st.sampled_from(["drop", "double", "value", "heading", "cut", "noise", "swap"])):
            case "drop":
                rows[at] = ""
            case "double":
                rows.insert(at, rows[at])
            case "value":
                rows[at] = f"{rows[at].partition('=')[0] or 'x'} = {draw(st.sampled_from(VALUES))}"
            case "heading":
                rows.insert(at, draw(st.sampled_from(HEADINGS)))
            case "cut":
                rows[at] = rows[at][: draw(st.integers(0, 30))]
            case "noise":
                rows[at] += draw(st.text(max_size=5))
            case _:
                rows[at], rows[0] = rows[0], rows[at]
    return "\n".join(rows)


def attempt(content: bytes, folder: Path) -> None:
    file = folder / "mutated.toml"
    file.write_bytes(content)
    problems: tuple[Problem, ...] = ()
    try:
        assert isinstance(load(file), Desired)
    except ParametersInvalid as refusal:
        problems = refusal.problems or (Problem("", ""),)
    for problem in problems:
        assert problem.place
        assert problem.message.strip()
        assert "\x1b" not in problem


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutated")


@settings(max_examples=200)
@given(text=mutations())
def test_a_mutated_file_is_either_loaded_or_told_about(text: str, folder: Path) -> None:
    attempt(text.encode(errors="surrogatepass"), folder)


@settings(max_examples=100)
@given(content=st.binary(max_size=200))
def test_bytes_of_any_kind_are_either_loaded_or_told_about(content: bytes, folder: Path) -> None:
    attempt(content, folder)


@pytest.mark.parametrize("row", sorted({row for row in ROWS if "=" in row}))
def test_every_key_survives_every_kind_of_value(row: str, folder: Path) -> None:
    for value in VALUES:
        text = "\n".join(ROWS).replace(row, f"{row.partition('=')[0]} = {value}", 1)
        attempt(text.encode(), folder)
