"""The JSON Schema accepts whatever `orgkit check` accepts, and marks the mistakes that can be made in one value."""

import datetime
import json
import tomllib
from collections.abc import Callable, Iterator
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from orgkit.cli.project import init
from orgkit.errors import OrgkitError
from orgkit.parameters import load
from orgkit.parameters.json_schema import SCHEMA_FILE, json_schema
from orgkit.parameters.validate import check, model_at, validate
from orgkit.phases.schema import formats
from orgkit.phases.trail import section as trail
from tests.parameters.arbitrary import WHOLE
from tests.parameters.test_formats import ACCEPTED, REFUSED
from tests.plans.loader import raw_of

CHECKOUT = Path(__file__).parents[2]
PLANS = CHECKOUT / "tests" / "plans"
SCHEMA = json.loads(json_schema())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
Tree = dict[str, Any]
Place = tuple[str, ...]
IDS = {"id", "management_account_id"}
REGIONS = {"region", "home_region"}
# What no pattern refuses: a line break at the end, which Python's $ lets pass, and texts that only the check refuses.
INVALID = {
    "id": [value for value in REFUSED[formats.account_id] if not value.endswith("\n")],
    "region": [value for value in REFUSED[formats.region] if not value.endswith("\n")],
    "email": [value for value in REFUSED[formats.email] if not value.endswith("\n")],
}


def is_accepted(file: Path) -> bool:
    try:
        load(file)
    except OrgkitError:
        return False
    return True


def read(file: Path) -> Tree:
    return tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)


FILES = {
    str(file.relative_to(CHECKOUT)): read(file)
    for folder in ("parameters", "tests")
    for file in sorted((CHECKOUT / folder).rglob("*.toml"))
    if file.parent.name != "malformed" and is_accepted(file)
}
# The files of the plans' cases, which are read over base.toml, and one that uses every key.
FILES |= {str(delta.relative_to(CHECKOUT)): raw_of(delta) for delta in sorted(PLANS.rglob("desired.toml"))}
FILES |= {"every key": WHOLE}


def as_json(value: Any) -> Any:
    """As an editor hands TOML to a validator: dates become strings."""
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, datetime.date) else value


def errors(raw: Tree) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(as_json(raw))]


def leaves(raw: Tree, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    for key, value in raw.items():
        if isinstance(value, dict):
            yield from leaves(value, (*place, key))
        else:
            yield (*place, key), value


def tables(raw: Tree, place: Place = ()) -> Iterator[Place]:
    yield place
    for key, value in raw.items():
        if isinstance(value, dict):
            yield from tables(value, (*place, key))


def changed(raw: Tree, place: Place, value: object) -> Tree:
    copy = deepcopy(raw)
    table = copy
    for key in place[:-1]:
        table = table[key]
    table[place[-1]] = value
    return copy


def wrong_copies(raw: Tree) -> Iterator[tuple[str, Tree]]:
    """The file with one value changed: another type, a key that no section has, an invalid id, region or email."""
    for place, value in leaves(raw):
        yield f"{place} of another type", changed(raw, place, "yes" if isinstance(value, bool) else True)
        kind = next((kind for kind, keys in KEYS.items() if place[-1] in keys), None)
        for invalid in INVALID[kind] if kind and "tags" not in place else ():
            yield f"{place} = {invalid!r}", changed(raw, place, invalid)
    for place in tables(raw):
        if model_at(place):
            yield f"unknown key in {place}", changed(raw, (*place, "no_such_key"), 1)


PLACES: dict[Place, Callable[[str], object]] = {
    ("organization", "management_account_id"): formats.account_id,
    ("organization", "organization_id"): formats.organization_id,
    ("organization", "email"): formats.email,
    ("organization", "email_convention"): formats.email_convention,
    ("organization", "home_region"): formats.region,
    ("organization", "name"): formats.label,
    ("accounts", "website-prod", "name"): formats.account_name,
    ("accounts", "website-prod", "role_name"): formats.role_name,
    ("organization", "tags", "Owner"): formats.tag_value,
    ("trail", "bucket"): trail.bucket_name,
    ("trail", "name"): trail.trail_name,
}
KEYS = {"id": IDS, "region": REGIONS, "email": {"email"}}


def test_the_schema_is_a_valid_json_schema() -> None:
    VALIDATOR.check_schema(SCHEMA)


def test_the_files_are_those_of_the_tests() -> None:
    assert len(FILES) > 40
    assert {"parameters/example.toml", "tests/parameters/nested.toml"} < set(FILES)


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_check_accepts_is_accepted(file: str) -> None:
    assert errors(FILES[file]) == []


@pytest.mark.parametrize("file", FILES)
def test_a_copy_with_one_wrong_value_is_refused_by_the_schema_and_by_check(file: str) -> None:
    copies = dict(wrong_copies(FILES[file]))
    assert len(copies) > 30
    assert [name for name, copy in copies.items() if VALIDATOR.is_valid(as_json(copy))] == []
    assert [name for name, copy in copies.items() if not (validate(copy)[1] or check(copy))] == []


@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_a_value_that_aws_takes_is_accepted(place: Place) -> None:
    values = ACCEPTED[PLACES[place]]
    assert [value for value in values if not VALIDATOR.is_valid(as_json(changed(WHOLE, place, value)))] == []


def test_init_writes_the_schema_next_to_the_example_which_names_it(tmp_path: Path) -> None:
    done = CliRunner().invoke(init, [str(tmp_path / "acme")])
    assert done.exit_code == 0, done.output
    folder = tmp_path / "acme" / "parameters"
    first_line = (folder / "example.toml").read_text(encoding="utf-8").splitlines()[0]
    assert first_line == f"#:schema ./{SCHEMA_FILE}"
    named = json.loads((folder / first_line.removeprefix("#:schema ")).read_text(encoding="utf-8"))
    assert named == SCHEMA
    assert errors(tomllib.loads((folder / "example.toml").read_text(encoding="utf-8"))) == []
