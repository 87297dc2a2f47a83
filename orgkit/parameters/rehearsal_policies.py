"""`[rehearsal]`: the user's own service and resource control policies, which are in force in a rehearsal."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pydantic import Field

from orgkit.model.canonical_json import compact_json
from orgkit.model.desired import UnitPath as Names
from orgkit.model.desired import format_path
from orgkit.parameters.text_files import read_named_file
from orgkit.phases.organization.section import OrganizationModel
from orgkit.phases.schema.documents import parse_document
from orgkit.phases.schema.formats import quote, suggest
from orgkit.phases.schema.location import Place, Violation
from orgkit.phases.schema.raw import Raw, members, path, section, text, texts, unit_paths
from orgkit.phases.schema.types import Key, SectionModel, UnitPath
from orgkit.policy_evaluation.policy_types import RCP, SCP

PLACE: Place = ("rehearsal", "policies")
_TYPES = (SCP, RCP)
Documents = Mapping[str, str]  # the texts of policies by the names of their files


@dataclass(frozen=True)
class RehearsalPolicy:
    """A policy of the user's that a rehearsal has in force.

    Attributes:
        name: The name of its file, without the ending.
        type: `SERVICE_CONTROL_POLICY` or `RESOURCE_CONTROL_POLICY`.
        content: The document without white space.
        units: The paths of the units that it is attached to.
        accounts: The keys of the accounts that it is attached to; with neither, it is attached to the root.
    """

    name: str
    type: str
    content: str
    units: tuple[Names, ...] = ()
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True)
class RehearsalSpec:
    """`[rehearsal]`."""

    policies: tuple[RehearsalPolicy, ...] = ()


class RehearsalPolicyModel(SectionModel):
    """One item of `[rehearsal] policies`."""

    file: str = Field(examples=['"policies/deny-regions.json"'])
    type: Literal["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"] = Field(examples=['"SERVICE_CONTROL_POLICY"'])
    attach: list[UnitPath] = []
    accounts: list[Key] = []


class RehearsalModel(SectionModel):
    """`[rehearsal]`: what a rehearsal has in addition to what the file asks for; AWS never sees it."""

    policies: list[RehearsalPolicyModel] = []


def build(model: RehearsalModel, documents: Documents) -> RehearsalSpec:
    """Return the policies in the order of the file; their documents are valid."""
    return RehearsalSpec(
        tuple(
            RehearsalPolicy(
                PurePosixPath(policy.file).stem,
                policy.type,
                compact_json(json.loads(documents[policy.file])),
                tuple(policy.attach),
                tuple(policy.accounts),
            )
            for policy in model.policies
        )
    )


def policy_files(raw: Raw, folder: Path) -> list[Path]:
    """Return the files that `[rehearsal]` names, existing or not."""
    return [folder / file for _, table in _policies(raw) if (file := text(table, "file"))]


def read_documents(raw: Raw, folder: Path) -> tuple[dict[str, str], list[Violation]]:
    """Return the text of each policy by the name of its file, and the errors of the others and in the texts."""
    documents: dict[str, str] = {}
    wrong: list[Violation] = []
    for number, table in _policies(raw):
        file = text(table, "file")
        if file is None:
            continue  # reported by its type
        try:
            documents[file] = read_named_file(file, folder)
        except ValueError as error:
            wrong.append((PLACE, f"number {number}: {error}"))
            continue
        problems = _problems(documents[file], text(table, "type"))
        wrong += [(PLACE, f"number {number}: {quote(file)} {problem}") for problem in problems]
    return documents, wrong


def _problems(content: str, policy_type: str | None) -> Iterator[str]:
    """Yield what AWS would refuse of a document."""
    try:
        document = parse_document(content)
    except ValueError as error:
        yield str(error)
        return
    if policy_type not in _TYPES:
        return  # reported by its type
    from orgkit.phases.policies.lint import lint  # late: most files name no policy

    errors = [finding for finding in lint(document, policy_type) if finding.is_error]
    yield from (f"{error}; AWS would refuse it." for error in errors)
    if not errors and _allows_only(document):
        yield (
            "only allows, which has no effect next to AWS's own FullAWSAccess, and that stays attached in a rehearsal: "
            "write what it denies."
        )


def _allows_only(document: Mapping[str, Any]) -> bool:
    from orgkit.policy_evaluation.conditions import as_list

    statements = as_list(document.get("Statement"))
    return all(isinstance(item, dict) and item.get("Effect") == "Allow" for item in statements)


def types(raw: Raw) -> Iterator[Violation]:
    """Report a policy whose type the file does not enable: in such an organization it cannot be attached."""
    default = OrganizationModel.model_fields["policy_types"].default
    enabled = texts(section(raw, "organization"), "policy_types", default)
    for number, table in _policies(raw):
        policy_type = text(table, "type")
        if enabled is not None and policy_type in _TYPES and policy_type not in enabled:
            yield (
                PLACE,
                f"number {number} is a {policy_type}, which [organization] policy_types does not enable: add it there.",
            )


def targets(raw: Raw) -> Iterator[Violation]:
    """Report a target that the file does not have, or that a policy names twice."""
    units = unit_paths(names for key in section(raw, "units") if (names := path(key)))
    keys = {member.key for member in members(raw)}
    for number, table in _policies(raw):
        attached = [names for value in _listed(table, "attach") if (names := path(value))]
        accounts = [value for value in _listed(table, "accounts") if isinstance(value, str)]
        yield from _unknown(number, "unit", map(format_path, attached), set(map(format_path, units)))
        yield from _unknown(number, "account", accounts, keys)


def names(raw: Raw) -> Iterator[Violation]:
    """Report two policies of one name: a denial names the policy, and AWS has one of each name."""
    own_names = {name.casefold() for name in section(raw, "policies")}
    first: dict[str, int] = {}
    for number, table in _policies(raw):
        name = PurePosixPath(text(table, "file") or "").stem.casefold()
        if name in own_names:
            remedy = "12-policies makes it in the rehearsal. Leave it out here, or give its file another name."
            yield PLACE, f"number {number} has the name of a policy of [policies], {quote(name)}: {remedy}"
        if name and first.setdefault(name, number) != number:
            remedy = "name each policy once, with all units in attach, and give each file a name of its own."
            yield PLACE, f"number {number} has the name of number {first[name]}, {quote(name)}: {remedy}"


CHECKS: tuple[Callable[[Raw], Iterator[Violation]], ...] = (types, targets, names)


def _unknown(number: int, noun: str, target_names: Iterable[str], known: set[str]) -> Iterator[Violation]:
    attached = list(target_names)
    for name in sorted(set(attached)):
        if name not in known:
            hint = suggest(name, known) or f"Add the {noun} first."
            yield PLACE, f"number {number}: the file has no {noun} {quote(name)}. {hint}"
        elif attached.count(name) > 1:
            yield PLACE, f"number {number} names the {noun} {quote(name)} twice: keep one."


def _policies(raw: Raw) -> Iterator[tuple[int, Raw]]:
    """Yield the number of each policy, from 1, and its table."""
    listed = _listed(section(raw, "rehearsal"), "policies")
    yield from ((number, table) for number, table in enumerate(listed, start=1) if isinstance(table, dict))


def _listed(table: Raw, key: str) -> list[Any]:
    value = table.get(key)
    return value if isinstance(value, list) else []
