"""From valid sections to Desired: each phase builds its own; public keys are read from their files."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from orgkit.errors import KeyRefused
from orgkit.model.desired import ApprovalSpec, ApproverSpec, Desired, HandoverSpec, MemberRead, RecordsSpec
from orgkit.parameters import rehearsal_policies
from orgkit.parameters.schema import SECTIONS, ApprovalModel, RecordsModel
from orgkit.phases.registry import RUNBOOKS
from orgkit.phases.schema.formats import quote
from orgkit.phases.schema.location import Place, Violation, spell
from orgkit.phases.schema.raw import Raw, section, text
from orgkit.phases.schema.section import Defaults

PUBLIC_KEY: Place = ("records", "public_key")
APPROVERS: Place = ("approval", "approvers")
OWN_FIELDS = ("organization", "units", "accounts", "imports", "trail")  # of Desired, since several topics read them


def build(
    file: Any,
    sha256: str,
    pems: Mapping[Place, str] = {},
    texts: Mapping[Place, str] = {},
    documents: Mapping[str, str] = {},
) -> Desired:
    """Return the whole file as frozen values.

    Args:
        file: The valid sections.
        sha256: Of the file's bytes.
        pems: The public keys that it names, by their place.
        texts: The texts of the other files that it names, by their place.
        documents: The policies of `[rehearsal]`, by the names of their files.
    """
    organization = file.organization
    tags = None if organization.tags is None else tuple(sorted(organization.tags.items()))
    defaults = Defaults(organization.management_account_id, organization.home_region, tags, texts)
    built = {section.name: section.build(getattr(file, section.name), defaults) for section in SECTIONS}
    own: dict[str, Any] = {name: built.pop(name) for name in OWN_FIELDS}
    desired = Desired(
        **own,
        sections=(
            *built.values(),
            rehearsal_policies.build(file.rehearsal, documents),
            HandoverSpec(tuple(sorted(set(file.handover.phases))), file.handover.members, file.handover.folder),
        ),
        approval=_approval(file.approval, pems),
        records=_records(file.records, pems),
        sha256=sha256,
    )
    return with_member_reads(desired)


def with_member_reads(desired: Desired) -> Desired:
    """Return `desired` with what its phases read in member accounts, joined for each account."""
    reads = ((member.key, _member_reads(desired, member.key)) for member in desired.members)
    return replace(desired, member_reads=tuple((key, statements) for key, statements in reads if statements))


def _member_reads(desired: Desired, key: str) -> tuple[MemberRead, ...]:
    return tuple(read for phase in RUNBOOKS if phase.member_reads for read in phase.member_reads(desired, key))


def _approval(model: ApprovalModel, pems: Mapping[Place, str]) -> ApprovalSpec:
    stated = sorted(model.approvers.items())
    approvers = tuple(ApproverSpec(name, pem_of(pems, name), tuple(approver.arn or ())) for name, approver in stated)
    operators = tuple((name, tuple(arns)) for name, arns in sorted(model.operators.items()))
    return ApprovalSpec(approvers, model.four_eyes, operators)


def _records(model: RecordsModel, pems: Mapping[Place, str]) -> RecordsSpec:
    return RecordsSpec(
        sign_with=model.sign_with,
        public_key=pems.get(PUBLIC_KEY, ""),
        mask_emails=model.mask_emails,
        archive=model.archive,
    )


def public_keys(raw: Raw, folder: Path) -> tuple[dict[Place, str], list[Violation]]:
    """Return each key as PEM by its place, and the errors of the others; a relative path starts at `folder`."""
    pems: dict[Place, str] = {}
    wrong: list[Violation] = []
    for place, value in _named_keys(raw):
        try:
            pems[place] = _pem(value, folder)
        except KeyRefused as rejection:
            wrong.append((place, f"{rejection.reason} {rejection.remedy[0].upper()}{rejection.remedy[1:]}"))
    return pems, [*wrong, *_repeated_keys(pems), *_missing_keys(raw)]


def key_files(raw: Raw, folder: Path) -> list[Path]:
    """Return the files of the keys that are named by path."""
    from orgkit.signing.texts import is_inline, path_of  # late: most files name no key

    values = [value for _, value in _named_keys(raw)]
    return [folder / path_of(value) for value in values if not value.startswith("arn:") and not is_inline(value)]


def pem_of(pems: Mapping[Place, str], name: str) -> str:
    """Return the key of an approver, from either of the two forms."""
    return pems.get((*APPROVERS, name)) or pems[*APPROVERS, name, "key"]


def _named_keys(raw: Raw) -> Iterator[tuple[Place, str]]:
    for name in section(raw, *APPROVERS):
        short, long = text(section(raw, *APPROVERS), name), text(section(raw, *APPROVERS, name), "key")
        if short is not None:
            yield (*APPROVERS, name), short
        elif long is not None:
            yield (*APPROVERS, name, "key"), long
    if own := text(section(raw, "records"), "public_key"):
        yield PUBLIC_KEY, own


def _pem(value: str, folder: Path) -> str:
    from orgkit.signing.keys import PublicKey  # late: most files name no key
    from orgkit.signing.texts import is_inline, path_of

    if value.startswith("arn:"):
        remedy = f"write what `orgkit keys show {value[:120]}` prints."
        raise KeyRefused("is in AWS, where not everybody can look.", remedy)
    return PublicKey.load(value if is_inline(value) else folder / path_of(value)).pem


def _repeated_keys(pems: dict[Place, str]) -> Iterator[Violation]:
    """Report a key under two names: it would let one person count as two."""
    first: dict[str, Place] = {}
    for place, pem in pems.items():
        owner = first.setdefault(pem, place) if place[0] == "approval" else place
        if owner != place:
            yield place, f"is the key of {spell(owner)} too: each approver needs a key of their own."


def _missing_keys(raw: Raw) -> Iterator[Violation]:
    """Report a key that signs records without its public half, and a private key in its place."""
    records = section(raw, "records")
    sign_with = text(records, "sign_with")
    if sign_with and "PRIVATE KEY" in sign_with:
        yield ("records", "sign_with"), "is a private key itself: keep it in a file of its own, and write its path."
    elif sign_with and not records.get("public_key"):
        yield PUBLIC_KEY, f"is missing, and sign_with is {quote(sign_with)}: write the public half of that key."
