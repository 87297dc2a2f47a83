"""docs/parameters.schema.json, made from the sections of the phases: `python -m tests.docs.test_parameters_schema`."""

from pathlib import Path

from orgkit.parameters.json_schema import SCHEMA_FILE, json_schema

FILE = Path(__file__).parents[2] / "docs" / SCHEMA_FILE


def test_the_schema_of_the_parameters_file_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == json_schema(), "run: python -m tests.docs.test_parameters_schema"


if __name__ == "__main__":
    FILE.write_text(json_schema(), encoding="utf-8")
