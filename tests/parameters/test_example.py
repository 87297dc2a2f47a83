"""parameters/example.toml is the manual of the file's format: it may leave nothing out, and say nothing wrong."""

import re
import shutil
import tomllib
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from orgkit.costs.estimate.assumptions import ASSUMPTIONS, CostsSpec
from orgkit.model.state_backend import StateBackendSpec
from orgkit.parameters import load, schema
from orgkit.parameters.validate import fields_of, model_at
from orgkit.phases.costs.section import CostsModel
from orgkit.phases.organization.section import Attestations, OrganizationModel

EXAMPLE = Path(__file__).parents[2] / "parameters" / "example.toml"
TEXT = EXAMPLE.read_text()
ALL_ON = re.sub(r"^#(?=[a-z_.]+ += )", "", TEXT, flags=re.MULTILINE)  # every default key in force
SECTIONS = [
    ("organization",),
    ("organization", "attestations"),
    ("units", "Production"),
    ("accounts", "website-prod"),
    ("imports", "dns"),
    ("trail",),
    ("trail", "object_lock"),
    ("costs",),
    ("state_backend",),
    ("state_backend", "github"),
    ("policies",),
    ("members",),
    ("policy_removal",),
    ("offboarding",),
    ("approval",),
    ("approval", "approvers", "bob"),
    ("records",),
]


def at(raw: dict[str, Any], place: tuple[str, ...]) -> Any:
    for key in place:
        raw = raw[key]
    return raw


def test_the_example_is_the_blog_posts_organization() -> None:
    desired = load(EXAMPLE)
    assert [unit.path for unit in desired.units] == [("Infrastructure",), ("Production",), ("Security",)]
    assert {spec.key: spec.unit for spec in desired.members} == {
        "dns": ("Infrastructure",),
        "log-archive": ("Security",),
        "website-prod": ("Production",),
    }
    assert [(spec.key, spec.id, spec.profile) for spec in desired.imports] == [("dns", "111111111111", "dns")]


def test_the_example_follows_its_own_convention_of_emails() -> None:
    desired = load(EXAMPLE)
    convention = desired.organization.email_convention
    assert convention
    assert [spec.email for spec in desired.members] == [convention.format(key=spec.key) for spec in desired.members]


@pytest.mark.parametrize("place", SECTIONS, ids=".".join)
def test_every_key_that_the_schema_knows_stands_in_the_example(place: tuple[str, ...]) -> None:
    assert list(fields_of(model_at(place)).keys() - at(tomllib.loads(ALL_ON), place).keys()) == []


def test_every_section_that_the_schema_knows_stands_in_the_example() -> None:
    assert list(tomllib.loads(TEXT)) == list(schema.File.model_fields)


@pytest.mark.parametrize("place", SECTIONS, ids=".".join)
def test_a_key_behind_a_number_sign_shows_its_default(place: tuple[str, ...]) -> None:
    shown, in_force = at(tomllib.loads(ALL_ON), place), tomllib.loads(TEXT)
    for key, field in fields_of(model_at(place)).items():
        default = field.get_default()
        if not field.is_required() and default is not None and key in shown and key not in _there(in_force, place):
            assert shown[key] == default, key


def test_the_trusted_access_that_the_example_calls_default_is_the_default() -> None:
    default = OrganizationModel.model_fields["trusted_access"].get_default()
    assert tomllib.loads(TEXT)["organization"]["trusted_access"] == default


def test_defaults_that_follow_from_other_keys_are_shown_as_they_come_out(tmp_path: Path) -> None:
    file = tmp_path / "all-on.toml"
    keep = re.sub(
        r"^(organization_id|id = \"2|object_lock|place|table|output|ada|bob[.a-z]*|jane|github"
        r"|deny_(?:leaving|old)[.a-z]*|playground[._a-z]*|[a-z_]+ += \{ by|renamed_from|email_changed_from"
        r"|(?:billing|operations|security|website-prod)\.)",
        r"#\1",
        ALL_ON,
        flags=re.MULTILINE,
    )
    file.write_text(keep)
    assert keep != TEXT
    example, shown = load(EXAMPLE), load(file)
    others = {kind: example.section(kind) for kind in (CostsSpec, StateBackendSpec)}  # only one has an account
    sections = tuple(others.get(type(spec), spec) for spec in shown.sections)
    same = replace(shown, sections=sections, member_reads=example.member_reads, sha256="")
    assert same == replace(example, sha256="")


def test_with_every_key_in_force_the_example_is_still_valid(tmp_path: Path) -> None:
    file = tmp_path / "all-on.toml"
    file.write_text(ALL_ON)
    shutil.copytree(EXAMPLE.parent / "policies", tmp_path / "policies")
    assert len(load(file).organization.attestations) == len(Attestations.model_fields)


def test_every_assumption_of_the_estimate_is_shown_with_its_default() -> None:
    shown = tomllib.loads(ALL_ON, parse_float=Decimal)["costs"]
    wanted = {a.name: {"low": a.low, "expected": a.expected, "high": a.high} for a in ASSUMPTIONS.values()}
    assert {name: value for name, value in shown.items() if name in wanted} == wanted
    assert shown.keys() - wanted.keys() == CostsModel.model_fields.keys()


def test_every_key_has_a_remark_and_every_line_fits_a_terminal() -> None:
    rows = TEXT.splitlines()
    assert max(map(len, rows)) <= 92
    for before, row in pairwise(rows):
        if re.match(r"#[a-z_]+ = ", row):
            assert before.startswith("# ") or "   # " in row, row


def _there(raw: dict[str, Any], place: tuple[str, ...]) -> Any:
    for key in place:
        raw = raw.get(key, {})
    return raw
