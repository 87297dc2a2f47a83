"""Each form of canonical JSON is written in one place, and its bytes stay: what was sealed or signed has them."""

from pathlib import Path

import pytest

from orgkit.model.canonical_json import canonical_document, canonical_line, compact_json

ORGKIT = Path(__file__).parents[2] / "orgkit"
VALUE = {"b": [1, None], "a": {"Größe": "x y"}, "c": True}


def test_a_document_is_as_jq_prints_it() -> None:
    expected = '{\n  "a": {\n    "Größe": "x y"\n  },\n  "b": [\n    1,\n    null\n  ],\n  "c": true\n}\n'
    assert canonical_document(VALUE) == expected.encode()
    assert canonical_document("\ud800") == b'"\\ud800"\n'


def test_a_line_has_neither_spaces_nor_characters_beyond_ascii() -> None:
    assert canonical_line(VALUE) == '{"a":{"Gr\\u00f6\\u00dfe":"x y"},"b":[1,null],"c":true}'


def test_a_policy_is_as_short_as_it_can_be() -> None:
    assert compact_json(VALUE) == '{"a":{"Größe":"x y"},"b":[1,null],"c":true}'


@pytest.mark.parametrize("write", [canonical_document, canonical_line, compact_json])
def test_the_order_of_keys_changes_nothing(write) -> None:
    assert write(dict(reversed(VALUE.items()))) == write(VALUE)


def test_nobody_else_writes_json_with_sorted_keys() -> None:
    found = [file.name for file in ORGKIT.rglob("*.py") if "sort_keys=True" in file.read_text(encoding="utf-8")]
    assert found == ["canonical_json.py"]
