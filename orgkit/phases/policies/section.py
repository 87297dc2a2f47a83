"""`[policies]`: policies of the organization, whose documents are files next to the parameters file."""

import json
import re
from collections.abc import Iterator

from pydantic import ConfigDict, Field

from orgkit.model.canonical_json import compact_json
from orgkit.model.desired import Desired, format_path
from orgkit.phases.policies.spec import PoliciesSpec, PolicySpec
from orgkit.phases.schema.documents import parse_document
from orgkit.phases.schema.formats import quote, suggest
from orgkit.phases.schema.location import Place, Violation, spell
from orgkit.phases.schema.raw import Raw, duplicates, path, section, text, texts, unit_paths
from orgkit.phases.schema.section import Defaults, FileTexts, Section
from orgkit.phases.schema.types import PolicyTypeName, RoleName, SectionModel, UnitPath
from orgkit.policy_evaluation.policy_types import AWS_MANAGED, DEFAULT_TYPES, GRAMMAR_OF_IAM, policy_types
from orgkit.sanitize.names import reading

NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._ -]{0,126}[A-Za-z0-9])?"  # AWS takes any 128 characters


class PolicyModel(SectionModel):
    """`[policies.deny-leaving]`."""

    file: str = Field(examples=['"policies/deny-leaving.json"'])
    type: PolicyTypeName = Field(examples=['"SERVICE_CONTROL_POLICY"'])
    attach: list[UnitPath] = []


class PoliciesModel(SectionModel):
    """`[policies]`: one key, and any number of policies by their names."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"propertyNames": {"pattern": f"^(?:{NAME})$"}})
    __pydantic_extra__: dict[str, PolicyModel] = Field(init=False)

    break_glass_roles: list[RoleName] = []

    @property
    def policies(self) -> dict[str, PolicyModel]:
        return self.__pydantic_extra__


def build(model: PoliciesModel, defaults: Defaults) -> PoliciesSpec:
    """Return the frozen value, sorted by name; the texts of the documents are valid JSON."""
    policies = (
        PolicySpec(
            name, policy.type, policy.file, tuple(sorted(policy.attach)),
            compact_json(json.loads(defaults.files[_file_of(name)])),
        )
        for name, policy in sorted(model.policies.items())
    )  # fmt: skip
    return PoliciesSpec(tuple(policies), tuple(sorted(set(model.break_glass_roles))))


def files(raw: Raw) -> Iterator[tuple[Place, str]]:
    """Yield the document of each policy."""
    for name, table in _policies(raw):
        if (file := text(table, "file")) is not None:
            yield _file_of(name), file


def names(raw: Raw) -> Iterator[Violation]:
    """Report names that AWS has for its own policies, that show badly, or that a person reads alike."""
    for name, _ in _policies(raw):
        if name in AWS_MANAGED:
            yield ("policies", name), "is a policy of AWS itself, which orgkit does not change: rename it."
        elif not re.fullmatch(NAME, name):
            rule = "write up to 128 letters, digits, blanks or . _ -, with a letter or digit at both ends"
            yield ("policies", name), f"is not a name of a policy: {rule}."
    uses = [(("policies", name), name) for name, _ in _policies(raw)]
    yield from duplicates(uses, "the two look the same: keep one", lambda name: reading(name).casefold())


def types(raw: Raw) -> Iterator[Violation]:
    """Report a policy whose type the file does not enable."""
    enabled = texts(section(raw, "organization"), "policy_types", DEFAULT_TYPES)
    for name, table in _policies(raw):
        kind = text(table, "type")
        if kind is not None and enabled is not None and kind in policy_types() and kind not in enabled:
            yield (
                ("policies", name, "type"),
                f"is {quote(kind)}, which [organization] policy_types does not enable: add it there.",
            )


def targets(raw: Raw) -> Iterator[Violation]:
    """Report a target that the file does not have as a unit, or that a policy names twice."""
    known = unit_paths(names for key in section(raw, "units") if (names := path(key)))
    for name, table in _policies(raw):
        place = ("policies", name, "attach")
        attached = list(_targets(table))
        for unit in sorted(set(attached)):
            path_text = format_path(unit)
            if unit not in known:
                hint = (
                    suggest(path_text, set(map(format_path, known))) or f"Add the section [units.{quote(path_text)}]."
                )
                yield place, f"the file has no unit {quote(path_text)}. {hint}"
            elif attached.count(unit) > 1:
                yield place, f"has {quote(path_text)} twice: keep one."


def numbers_of_policies(raw: Raw) -> Iterator[Violation]:
    """Report a unit with more policies of one type than AWS allows, its own FullAWSAccess included."""
    counts: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for name, table in _policies(raw):
        for unit in sorted(set(_targets(table))):
            counts.setdefault((text(table, "type") or "", unit), []).append(name)
    for (kind, unit), attached in sorted(counts.items()):
        limit = policy_types()[kind].max_per_target if kind in policy_types() else None
        own = 1 if kind in GRAMMAR_OF_IAM else 0
        if limit is not None and len(attached) + own > limit:
            of_aws = ", and AWS's own is one of them" if own else ""
            count = f"{len(attached)} policies of type {kind}; AWS allows {limit}{of_aws}"
            place = ("policies", attached[-1], "attach")
            yield place, f"gives {quote(format_path(unit))} {count}. Merge two of them."


def documents(raw: Raw, contents: FileTexts) -> Iterator[Violation]:
    """Report a document that is not one JSON object, has a key twice, or is the same as that of another policy."""
    same = []
    for name, table in _policies(raw):
        place = _file_of(name)
        if place not in contents:
            continue
        try:
            document = parse_document(contents[place])
        except ValueError as error:
            yield place, f"{quote(str(table['file']))} {error}"
            continue
        same.append((place, f"{text(table, 'type')} {compact_json(document)}"))
    first: dict[str, Place] = {}
    for place, content in same:
        if (owner := first.setdefault(content, place)) != place:
            yield place, f"has the policy of {spell(owner[:2])}: keep one, and attach it to the units of both."


def accepted_by_aws(desired: Desired) -> Iterator[Violation]:
    """Report what AWS refuses in a document, and what a policy locks out."""
    spec = desired.section(PoliciesSpec)
    if not spec.policies:
        return
    from orgkit.phases.policies.lint import lint  # late: most files name no policy
    from orgkit.phases.policies.lockouts import lockouts

    ids = {member.key: member.id for member in desired.members if member.id}
    for policy in spec.policies:
        errors = [finding for finding in lint(policy.document, policy.type) if finding.is_error]
        yield from ((_file_of(policy.name), f"AWS would refuse {quote(policy.file)}: {error}.") for error in errors)
        if not errors:
            for lockout in (item for item in lockouts(policy, spec, desired, ids) if item.is_certain):
                yield _file_of(policy.name), f"{quote(policy.file)}: {lockout}."


def _policies(raw: Raw) -> list[tuple[str, Raw]]:
    """Return the name and table of each policy of the file."""
    own = PoliciesModel.model_fields
    return [(name, section(raw, "policies", name)) for name in section(raw, "policies") if name not in own]


def _targets(table: Raw) -> Iterator[tuple[str, ...]]:
    attached = table.get("attach")
    for value in attached if isinstance(attached, list) else ():
        if unit := path(value):
            yield unit


def _file_of(name: str) -> Place:
    return ("policies", name, "file")


SECTION = Section(
    "policies", PoliciesModel, build, PoliciesModel(), (names, types, targets, numbers_of_policies),
    files, (documents,), (accepted_by_aws,),
)  # fmt: skip
