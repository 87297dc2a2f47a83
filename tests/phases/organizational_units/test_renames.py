"""An organizational unit that was renamed by hand: it is offered, and no second one is made."""

from dataclasses import replace
from typing import Any

import pytest

from orgkit.model.desired import Desired, UnitPath, UnitSpec
from orgkit.model.observed import Account, Observed, Unit
from orgkit.model.renames import suspected_renames
from orgkit.phases.accounts.moves import MoveFacts
from orgkit.phases.accounts.steps import CreateAccount, MoveAccount
from orgkit.phases.organizational_units.steps import CreateUnit, TagUnit
from orgkit.phases.registry import plan
from tests.plans.loader import desired_of, observed_of

KEY = (("orgkit:key", "log-archive"),)


def unit_tags(name: str, **more: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({"ManagedBy": "orgkit", "Name": name, **more}.items()))


def a_world(  # the file has Security, Security/Audit and Production
    units: dict[UnitPath, tuple[tuple[str, str], ...]],
    accounts: dict[str, UnitPath],
    *,
    wanted: UnitPath = ("Security",),
    tags: tuple[tuple[str, str], ...] = KEY,
    name_tag: str = "",
    web_unit: UnitPath = ("Production",),
    ids: tuple[str, ...] = (),  # keys of the accounts that the file names by their ids
) -> tuple[Observed, Desired]:
    base = desired_of()
    specs = [replace(base.accounts[0], unit=wanted)]
    specs.append(replace(specs[0], key="web", name="web", email="aws-web@acme.example", unit=web_unit))
    specs = [replace(spec, id=f"{n:012}" if spec.key in ids else None) for n, spec in enumerate(specs, start=1)]
    paths = (("Production",), ("Security",), ("Security", "Audit"))
    desired = replace(
        base, units=tuple(UnitSpec(path, unit_tags(name_tag or path[-1])) for path in paths), accounts=tuple(specs)
    )
    there = [
        Account(f"{n:012}", spec.name, spec.email, "ACTIVE", accounts[spec.key], "CREATED", tags if n == 1 else ())
        for n, spec in enumerate(specs, start=1)
        if spec.key in accounts
    ]
    observed = replace(
        observed_of({"organization": {}}),
        units=tuple(Unit(path, f"ou-{n}", held) for n, (path, held) in enumerate(sorted(units.items()))),
        accounts=tuple(there),
    )
    return observed.with_facts(MoveFacts()), desired


RENAMED, PRODUCTION = ("Security and Audit",), {("Production",): unit_tags("Production")}
ITS_TAGS, NEW_NAME, NONE = unit_tags("Security"), unit_tags("Security and Audit"), ()
INSIDE = {"log-archive": RENAMED, "web": ("Production",)}
SUSPECTED: dict[str, tuple[Any, dict[str, Any]]] = {
    "its tags, its account": (({**PRODUCTION, RENAMED: ITS_TAGS}, INSIDE), {}),
    "its tags, no account": (({**PRODUCTION, RENAMED: ITS_TAGS}, {}), {}),
    "the tag Name changed too": (({**PRODUCTION, RENAMED: NEW_NAME}, INSIDE), {}),
    "no tags, an account that orgkit made": (({**PRODUCTION, RENAMED: NONE}, INSIDE), {}),
    "more tags than its own": (({**PRODUCTION, RENAMED: unit_tags("Security", Cost="x")}, INSIDE), {}),
    "of an adopted organization: no tags, all accounts by their ids": (
        ({**PRODUCTION, RENAMED: NONE}, INSIDE), {"tags": (), "ids": ("log-archive",)}),
    "of an adopted organization, the account one level below": (
        ({**PRODUCTION, RENAMED: NONE, (*RENAMED, "Audit"): NONE}, {"log-archive": (*RENAMED, "Audit")}),
        {"wanted": ("Security", "Audit"), "tags": (), "ids": ("log-archive",)}),
    "the account one level below": (
        ({**PRODUCTION, RENAMED: NEW_NAME, (*RENAMED, "Audit"): unit_tags("Audit")},
         {"log-archive": (*RENAMED, "Audit")}), {"wanted": ("Security", "Audit")},
    ),
    "in other case": (({**PRODUCTION, ("security",): ITS_TAGS}, {"log-archive": ("security",)}), {}),
    "in other case, no account": (({**PRODUCTION, ("security",): ITS_TAGS}, {}), {}),
    "with a slash": (({**PRODUCTION, ("Security/Audit",): ITS_TAGS}, {"log-archive": ("Security/Audit",)}), {}),
    "with a quote": (({**PRODUCTION, ("Sec'urity",): ITS_TAGS}, {"log-archive": ("Sec'urity",)}), {}),
}  # fmt: skip


@pytest.mark.parametrize(("world", "more"), SUSPECTED.values(), ids=SUSPECTED)
def test_a_unit_that_was_probably_renamed_is_neither_made_again_nor_left_by_its_accounts(
    world: tuple[Any, Any], more: dict[str, Any]
) -> None:
    observed, desired = a_world(*world, **more)
    units, accounts = (plan(phase, observed, desired) for phase in ("units", "accounts"))
    assert not [step for step in units.steps if isinstance(step, CreateUnit)]
    (waiting,) = units.waiting
    assert "organizational unit Security is not in AWS" in waiting.what
    unit = next(unit for unit in observed.units if unit.path[0] not in ("Production",))
    assert unit.id in waiting.what
    (command,) = waiting.commands
    assert command.endswith(f"--organizational-unit-id {unit.id} --name Security")
    assert waiting in accounts.waiting
    assert not accounts.needs
    assert not [step for step in accounts.steps if getattr(step, "key", "") == "log-archive" and moves(step)]
    others = [step for step in accounts.steps if getattr(step, "key", "") == "web" and moves(step)]
    assert bool(others) == ("web" not in world[1])


def moves(step: object) -> bool:
    return isinstance(step, MoveAccount | CreateAccount)


@pytest.mark.parametrize("remedy", ["renamed back", "the file follows", "both are meant"])
def test_each_remedy_leads_out(remedy: str) -> None:
    observed, desired = a_world(*SUSPECTED["its tags, its account"][0])
    if remedy == "renamed back":
        renamed = tuple(replace(unit, path=("Security",)) if unit.path == RENAMED else unit for unit in observed.units)
        accounts = tuple(replace(a, unit=("Security",)) if a.unit == RENAMED else a for a in observed.accounts)
        observed = replace(observed, units=renamed, accounts=accounts)
    elif remedy == "the file follows":
        units = tuple(
            replace(spec, path=(*RENAMED, *spec.path[1:])) if spec.path[0] == "Security" else spec
            for spec in desired.units
        )
        specs = tuple(replace(s, unit=RENAMED) if s.unit == ("Security",) else s for s in desired.accounts)
        desired = replace(desired, units=units, accounts=specs)
    else:
        desired = replace(desired, units=(*desired.units, UnitSpec(RENAMED, unit_tags("x"))))
    made = plan("units", observed, desired)
    assert made.waiting == ()
    created = {step.path for step in made.steps if isinstance(step, CreateUnit)}
    assert (
        created
        == {
            "renamed back": {("Security", "Audit")},
            "the file follows": {(*RENAMED, "Audit")},
            "both are meant": {("Security",), ("Security", "Audit")},
        }[remedy]
    )
    assert not plan("accounts", observed, desired).waiting


NOT_SUSPECTED: dict[str, tuple[Any, dict[str, Any]]] = {
    "a unit of somebody else's": (({**PRODUCTION, RENAMED: NONE}, {}), {}),
    "somebody else's with the same name tag": (({**PRODUCTION, RENAMED: (("Name", "Security"),)}, {}), {}),
    "a name tag that the file gives to all": (
        ({**PRODUCTION, RENAMED: unit_tags("acme")}, {}), {"name_tag": "acme"}),
    "an account that orgkit never placed": (({**PRODUCTION, RENAMED: NONE}, INSIDE), {"tags": ()}),
    "of an adopted organization, where the file brings accounts of two units together": (
        ({**PRODUCTION, RENAMED: NONE, ("Other",): NONE}, {"log-archive": RENAMED, "web": ("Other",)}),
        {"tags": (), "ids": ("log-archive", "web"), "web_unit": ("Security",)}),
    "an earlier unit of the file, empty": (({**PRODUCTION, ("Attic",): unit_tags("Attic")}, {}), {}),
    "accounts of two units": (
        ({**PRODUCTION, RENAMED: NEW_NAME}, {"log-archive": RENAMED, "web": RENAMED}), {}),
    "under another parent": (
        ({**PRODUCTION, ("Production", "Security"): ITS_TAGS}, {"log-archive": ("Production", "Security")}), {}),
    "the path is there": (
        ({**PRODUCTION, ("Security",): ITS_TAGS, RENAMED: ITS_TAGS}, {"log-archive": RENAMED}), {}),
}  # fmt: skip


@pytest.mark.parametrize(("world", "more"), NOT_SUSPECTED.values(), ids=NOT_SUSPECTED)
def test_what_is_no_rename_is_made_and_placed_as_before(world: tuple[Any, Any], more: dict[str, Any]) -> None:
    observed, desired = a_world(*world, **more)
    made = plan("units", observed, desired)
    assert made.waiting == ()
    missing = {spec.path for spec in desired.units} - {unit.path for unit in observed.units}
    assert {step.path for step in made.steps if isinstance(step, CreateUnit)} == missing


SECURITY, PRODUCTION_PATH, OTHER_NAME = ("Security",), ("Production",), ("Other",)
EXCHANGED: dict[str, tuple[dict[UnitPath, Any], list[tuple[UnitPath, UnitPath]]]] = {
    "two names": (
        {SECURITY: unit_tags("Production"), PRODUCTION_PATH: unit_tags("Security")},
        [(PRODUCTION_PATH, SECURITY), (SECURITY, PRODUCTION_PATH)],
    ),
    "one after the other": (
        {SECURITY: unit_tags("Production"), OTHER_NAME: unit_tags("Security")},
        [(PRODUCTION_PATH, SECURITY), (SECURITY, OTHER_NAME)],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("units", "renames"), EXCHANGED.values(), ids=EXCHANGED)
def test_names_that_were_exchanged_move_no_account_and_change_no_tag(
    units: dict[UnitPath, Any], renames: list[tuple[UnitPath, UnitPath]]
) -> None:
    places = {new: old for old, new in renames}
    homes = {SECURITY: "log-archive", PRODUCTION_PATH: "web"}
    observed, desired = a_world(units, {homes[old]: new for new, old in places.items()})
    made, accounts = plan("units", observed, desired), plan("accounts", observed, desired)
    assert [(rename.path, rename.unit.path) for rename in suspected_renames(desired, observed)] == renames
    assert [step for step in made.steps if isinstance(step, CreateUnit | TagUnit)] == []
    assert not any(map(moves, accounts.steps))
    assert {waiting.drift for waiting in (*made.waiting, *accounts.waiting)} == {True}
    assert set(made.waiting) <= set(accounts.waiting)
    assert not any("is not in the file" in waiting.what for waiting in made.waiting)


def test_names_that_were_exchanged_are_renamed_back_in_an_order_that_aws_takes() -> None:
    observed, desired = a_world(*EXCHANGED["two names"][:1], {})
    first, _ = plan("units", observed, desired).waiting
    assert [command.partition("--organizational-unit-id ")[2] for command in first.commands] == [
        "ou-0 --name 'Production (renamed)'", "ou-1 --name Production",
    ]  # fmt: skip
    after = {("Production",): unit_tags("Production"), ("Production (renamed)",): unit_tags("Security")}
    (left,) = plan("units", *a_world(after, {})).waiting
    assert left.commands[0].endswith("--name Security")


@pytest.mark.parametrize(
    "units",
    [
        {SECURITY: unit_tags("Production"), PRODUCTION_PATH: unit_tags("Production")},
        {SECURITY: unit_tags("Security"), PRODUCTION_PATH: unit_tags("Security")},
    ],
)
def test_a_tag_that_two_units_have_says_nothing_of_their_names(units: dict[UnitPath, Any]) -> None:
    assert suspected_renames(*reversed(a_world(units, {}))) == ()
