"""A signed approval at the gate: every word of it counts, and with four eyes nothing else opens."""

import base64
import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orgkit.engine.approve import apply as apply_plan
from orgkit.engine.approve import approve
from orgkit.errors import ApprovalMismatch, AwaitingApproval, KeyRefused
from orgkit.model.desired import ApprovalSpec, ApproverSpec
from orgkit.model.plan import Plan, Target
from orgkit.phases.organizational_units.steps import CreateUnit
from orgkit.records import outputs
from orgkit.runbook.form import describe_decision, show_gate
from orgkit.runbook.gate import APPROVAL_VARIABLE, Gate, digest_of, open_gate, signed_approval
from orgkit.signing.approvals import KIND_1, SignedApproval, approver_of, check_signature, parse, sign
from orgkit.signing.local import LocalSigner, new_pair
from tests.aws.conftest import CountingClock
from tests.plans.loader import desired_of, reviewed

ACCOUNT = "999999999999"
TARGET = Target(ACCOUNT, "o-exampleorgid", "aws", "aws")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLAN = reviewed(Plan("units", TARGET, tuple(CreateUnit(path=(path,), tags=()) for path in "AB")), NOON)
USER = f"arn:aws:iam::{ACCOUNT}:user/jane"
ADA = f"arn:aws:iam::{ACCOUNT}:user/ada"
ROLE = f"arn:aws:sts::{ACCOUNT}:assumed-role/ops"


@pytest.fixture(scope="module")
def ada(tmp_path_factory: pytest.TempPathFactory) -> LocalSigner:
    return new_pair(tmp_path_factory.mktemp("keys") / "ada")


@pytest.fixture(scope="module")
def spec(ada: LocalSigner) -> ApprovalSpec:
    approver = ApproverSpec("ada", ada.public.pem, (f"{ROLE}/ada", ADA))
    return ApprovalSpec((approver,), four_eyes=True, operators=(("jane", (USER,)),))


@pytest.fixture
def clock() -> CountingClock:
    return CountingClock(NOON)


@pytest.fixture
def signed(ada: LocalSigner) -> SignedApproval:
    ends = (NOON + timedelta(hours=24)).isoformat()
    words = ("ada", "Ada Lovelace", f"{ROLE}/ada", "OPS-7 – “ä”", NOON.isoformat(), ends, ada.public.id)
    return sign(SignedApproval(PLAN.digest, TARGET, *words), ada)


@pytest.fixture
def opened(tmp_path: Path, clock: CountingClock, spec: ApprovalSpec) -> Callable[..., Gate]:
    """A gate for the plan, which was kept at noon; `four_eyes` as said."""
    account = desired_of().organization.management_account_id
    outputs.keep_plan(tmp_path, account, PLAN)

    def make(signed: SignedApproval | None = None, actor: str = USER, *, digest: str = "", **other: Any) -> Gate:
        desired = replace(desired_of(), approval=replace(spec, **other))
        run = outputs.new_run_folder(tmp_path, account, "units", clock.now())
        return open_gate(tmp_path, run, PLAN, actor, desired, digest_of(digest, signed), clock, signed)

    return make


def test_a_signed_approval_of_somebody_else_opens_the_gate(opened: Callable[..., Gate], signed: SignedApproval) -> None:
    approval = opened(signed).require(PLAN)
    assert (approval.how, approval.approver, approval.asserted_by) == ("second person", "ada", "Ada Lovelace")
    assert (approval.authenticated_as, approval.key_id) == (f"{ROLE}/ada", signed.key_id)
    assert approval.as_json()["signed_sha256"]
    assert "Approved by Ada Lovelace, for OPS-7" in describe_decision(opened(signed))


def test_what_is_signed_says_what_it_is_and_every_field_is_in_it(signed: SignedApproval) -> None:
    facts = json.loads(signed.message)
    assert facts.keys() == {*(each.name for each in fields(SignedApproval))} - {"signature"}
    assert facts["kind"] == "orgkit approval 2"
    assert parse(signed.content, "file") == signed


@pytest.mark.parametrize(
    "values",
    [
        {"digest": "0" * 64},
        {"target": replace(TARGET, kind="emulator")},
        {"target": replace(TARGET, organization=None)},
        {"approver": "bob"},
        {"asserted_by": "Bob"},
        {"authenticated_as": f"{ROLE}/bob"},
        {"ticket": "OPS-8"},
        {"at": "2026-11-23T11:00:00+00:00"},
        {"expires_at": "2026-11-30T12:00:00+00:00"},
        {"key_id": "sha256:0"},
        {"signature": ""},
        {"signature": "AAAA"},
        {"signature": "no base64"},
        {"signature": None},  # the same bits, written otherwise
    ],
    ids=lambda values: next(iter(values)),
)
def test_an_approval_of_which_anything_was_altered_opens_nothing(
    opened: Callable[..., Gate], signed: SignedApproval, values: dict[str, Any]
) -> None:
    if values == {"signature": None}:
        last = signed.signature[-3]
        values = {"signature": f"{signed.signature[:-3]}{chr(ord(last) + 1)}=="}
        assert base64.b64decode(values["signature"]) == base64.b64decode(signed.signature)
    with pytest.raises(ApprovalMismatch):
        opened(replace(signed, **values), digest=PLAN.digest if "digest" not in values else "")


def test_every_byte_of_the_file_counts(signed: SignedApproval, spec: ApprovalSpec) -> None:
    content = signed.content
    for at in range(len(content)):
        spoiled = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        with pytest.raises(ApprovalMismatch):
            check_signature(parse(spoiled, "file"), spec)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"null", b"{}", b"\xff", b"[" * 5000, b'{"kind": "orgkit approval 1", "target": 7}'],
    ids=range(7),
)
def test_a_file_that_is_no_approval_is_told_so(content: bytes) -> None:
    with pytest.raises(ApprovalMismatch, match="is not a signed approval"):
        parse(content, "file")


def test_a_field_written_twice_or_one_too_many_is_refused(signed: SignedApproval) -> None:
    text = signed.content.decode()
    for spoiled in (
        text.replace('  "at"', '  "approver": "bob",\n  "at"'),
        text.replace('  "at"', '  "aside": "",\n  "at"'),
        text.replace("approval 2", "approval 3"),
        text.replace("Ada Lovelace", "Ada\\nLovelace"),
        text.replace('"ada"', "7"),
        text.replace("Ada Lovelace", "\\ud800"),
    ):
        assert spoiled != text
        with pytest.raises(ApprovalMismatch, match="is not a signed approval"):
            parse(spoiled.encode(), "file")


def test_a_key_that_the_file_does_not_name_signs_nothing(
    opened: Callable[..., Gate], signed: SignedApproval, tmp_path: Path, spec: ApprovalSpec
) -> None:
    mallory = new_pair(tmp_path / "mallory")
    for forged in (sign(signed, mallory), sign(replace(signed, key_id=mallory.public.id), mallory)):
        with pytest.raises(ApprovalMismatch):
            opened(forged)
    with pytest.raises(KeyRefused, match="is the key of no approver") as rejection:
        approver_of(mallory.public, spec)
    assert mallory.public.line in rejection.value.remedy


def test_whoever_signs_as_somebody_else_is_refused(
    opened: Callable[..., Gate], signed: SignedApproval, ada: LocalSigner
) -> None:
    """The holder of a key signs whatever they like: only the parameters file says whose it is."""
    for claimed in (f"{ROLE}/bob", f"arn:aws:iam::{ACCOUNT}:user/bob", "", "*", ROLE):
        forged = sign(replace(signed, authenticated_as=claimed), ada)
        for actor in (USER, ADA):
            with pytest.raises(ApprovalMismatch, match="is not an identity of ada"):
                opened(forged, actor)


def test_nobody_applies_what_their_own_key_has_approved_whoever_they_signed_to_be(
    opened: Callable[..., Gate], signed: SignedApproval, ada: LocalSigner
) -> None:
    for claimed in (f"{ROLE}/ada", ADA):
        for actor in (ADA, f"{ROLE}/ada", f"{ROLE}/ADA", ADA.replace("user", "USER")):
            with pytest.raises(ApprovalMismatch, match="by the parameters file is ada, who approved it"):
                opened(sign(replace(signed, authenticated_as=claimed), ada), actor)


def test_nobody_applies_whom_the_file_does_not_name_as_an_operator_and_a_session_is_not_named_by_another(
    opened: Callable[..., Gate], signed: SignedApproval, spec: ApprovalSpec, tmp_path: Path
) -> None:
    strangers = (f"{ROLE}/bob", f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/anything",
                 f"arn:aws:sts::{ACCOUNT}:federated-user/jane", f"arn:aws:iam::{ACCOUNT}:user/joe")  # fmt: skip
    for stranger in strangers:
        with pytest.raises(ApprovalMismatch, match=r"is not an identity of an operator: .* names jane"):
            opened(signed, stranger)
    bob = ApproverSpec("bob", new_pair(tmp_path / "bob").public.pem, (f"{ROLE}/bob",))
    with pytest.raises(ApprovalMismatch, match="is not an identity of an operator"):
        opened(signed, f"{ROLE}/bob", approvers=(*spec.approvers, bob))
    operators = (("bob", (f"{ROLE}/bob",)),)
    assert opened(signed, f"{ROLE}/bob", operators=operators).require(PLAN).how == "second person"
    with pytest.raises(ApprovalMismatch, match="is not an identity of an operator"):
        opened(signed, f"{ROLE}/somebody", operators=operators)
    whole = (replace(spec.approvers[0], arns=(ROLE,)),)
    with pytest.raises(ApprovalMismatch, match="by the parameters file is ada"):
        opened(signed, f"{ROLE}/bob", approvers=whole, operators=operators)


def test_without_four_eyes_identities_that_the_file_gives_hold_too_and_nobody_is_called_second(
    opened: Callable[..., Gate], signed: SignedApproval, spec: ApprovalSpec, ada: LocalSigner
) -> None:
    assert opened(signed, four_eyes=False).require(PLAN).how == "signed"
    assert opened(signed, f"{ROLE}/ada", four_eyes=False).require(PLAN).how == "signed"
    with pytest.raises(ApprovalMismatch, match="is not an identity of ada"):
        opened(sign(replace(signed, authenticated_as=USER), ada), four_eyes=False)
    short = (replace(spec.approvers[0], arns=()),)
    assert opened(signed, approvers=short, four_eyes=False).require(PLAN).how == "signed"
    with pytest.raises(ApprovalMismatch, match="lists none"):
        opened(signed, approvers=short)


@pytest.mark.parametrize("name", ["Jane\u3164", "J\u0430ne", "Jane \u2800Doe"])
def test_a_name_that_deceives_the_eye_is_refused_although_it_was_signed(
    opened: Callable[..., Gate], signed: SignedApproval, ada: LocalSigner, name: str
) -> None:
    for altered in (replace(signed, asserted_by=name), replace(signed, ticket=name)):
        with pytest.raises(ApprovalMismatch, match=r"cannot be seen|mixes Latin and Cyrillic"):
            opened(sign(altered, ada))


def test_a_key_that_was_exchanged_in_the_file_after_the_signature_makes_it_void(
    opened: Callable[..., Gate], signed: SignedApproval, spec: ApprovalSpec, tmp_path: Path
) -> None:
    other = new_pair(tmp_path / "other").public.pem
    with pytest.raises(ApprovalMismatch, match="it names the key"):
        opened(signed, approvers=(replace(spec.approvers[0], key=other),))
    with pytest.raises(ApprovalMismatch, match="ada is not an approver"):
        opened(signed, approvers=(replace(spec.approvers[0], name="eve"),))


def test_it_ends_when_it_says_and_when_the_plan_has_become_old(
    opened: Callable[..., Gate], signed: SignedApproval, ada: LocalSigner, clock: CountingClock
) -> None:
    short = sign(replace(signed, expires_at="2026-11-23T13:00:00+00:00"), ada)
    gate = opened(short)
    clock.sleep(3601)
    with pytest.raises(ApprovalMismatch, match="the approval ended at 2026-11-23T13:00:00"):
        gate.require(PLAN)
    with pytest.raises(ApprovalMismatch, match="it holds from"):
        opened(short)
    later = sign(replace(signed, at=clock.now().isoformat(), expires_at="2026-11-24T13:00:01+00:00"), ada)
    assert opened(later).require(PLAN).expires_at == "2026-11-24T12:00:00+00:00"
    clock.sleep(24 * 3600)
    with pytest.raises(ApprovalMismatch, match="could be approved for 24 hours"):
        opened(later)


def test_planning_again_makes_no_signature_young(
    opened: Callable[..., Gate], signed: SignedApproval, ada: LocalSigner, clock: CountingClock, tmp_path: Path
) -> None:
    account = desired_of().organization.management_account_id
    clock.sleep(25 * 3600)
    again = reviewed(PLAN, clock.now())
    outputs.keep_plan(tmp_path, account, again)
    for ends in ("2026-11-24T12:00:00+00:00", "2027-11-23T12:00:00+00:00"):
        with pytest.raises(ApprovalMismatch, match="could be approved for 24 hours"):
            opened(sign(replace(signed, expires_at=ends), ada))
        with pytest.raises(ApprovalMismatch, match="for 24 hours at most"):
            opened(sign(replace(signed, digest=again.digest, expires_at=ends), ada))


def test_a_signature_of_an_earlier_version_verifies_and_opens_nothing(
    opened: Callable[..., Gate], signed: SignedApproval, ada: LocalSigner, spec: ApprovalSpec
) -> None:
    for digest in (PLAN.sha256, PLAN.digest):
        old = sign(replace(signed, kind=KIND_1, digest=digest), ada)
        facts = json.loads(old.content)
        assert (facts["kind"], facts["plan_sha256"]) == ("orgkit approval 1", digest)
        assert "digest" not in facts
        assert parse(old.content, "file") == old
        check_signature(old, spec)
        with pytest.raises(ApprovalMismatch):
            opened(old)


@pytest.mark.parametrize(
    "values",
    [
        {"at": "2026-11-23T13:00:00+00:00"},
        {"at": "2026-11-23T12:05:01+00:00", "expires_at": "2026-11-24T12:05:01+00:00"},
        {"at": "noon"},
        {"at": "2026-11-23T12:00:00"},
        {"at": "9999-12-31T23:00:00+00:00", "expires_at": "9999-12-31T23:59:00+00:00"},
        {"at": "2026-11-22T11:59:59+00:00"},
        {"expires_at": ""},
        {"expires_at": "2026-11-24"},
        {"expires_at": "2026-11-24T12:00:01+00:00"},
        {"expires_at": "2027-11-23T12:00:00+00:00"},
    ],
)
def test_one_from_the_future_too_long_or_without_a_time_holds_for_nobody(
    opened: Callable[..., Gate], signed: SignedApproval, ada: LocalSigner, values: dict[str, str]
) -> None:
    with pytest.raises(ApprovalMismatch, match="it holds from"):
        opened(sign(replace(signed, **values), ada))


def test_one_of_another_target_or_plan_holds_for_neither(
    opened: Callable[..., Gate], signed: SignedApproval, ada: LocalSigner
) -> None:
    with pytest.raises(ApprovalMismatch, match="it is for plan"):
        opened(sign(replace(signed, target=replace(TARGET, kind="emulator")), ada))
    with pytest.raises(ApprovalMismatch, match="it is for plan"):
        opened(sign(replace(signed, target=replace(TARGET, account="111111111111")), ada))
    with pytest.raises(ApprovalMismatch, match="no plan with the digest"):
        opened(sign(replace(signed, digest="0" * 64), ada))
    with pytest.raises(ApprovalMismatch, match="it approves plan"):
        opened(signed, digest="0" * 64)


def test_with_four_eyes_a_digest_a_button_and_the_library_open_nothing(
    opened: Callable[..., Gate], spec: ApprovalSpec, clock: CountingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AwaitingApproval, match="asks for four eyes") as rejection:
        opened(digest=PLAN.digest)
    assert f"orgkit approve {PLAN.digest} FILE" in rejection.value.remedy
    gate = opened()
    with pytest.raises(AwaitingApproval, match="orgkit approve"):
        gate.require(PLAN)
    with pytest.raises(AwaitingApproval, match="asks for four eyes"):
        gate.accept("Jane", "", "button")
    plan = reviewed(PLAN, datetime.now(UTC))
    gate.approval = approve(plan, plan.digest, asserted_by="Jane")
    with pytest.raises(AwaitingApproval, match="four eyes"):
        gate.require(PLAN)
    aws: Any = type("Aws", (), {"clock": clock})()
    with pytest.raises(AwaitingApproval, match="asks for four eyes"):
        apply_plan(aws, replace(desired_of(), approval=spec), PLAN, gate.approval)


def test_with_four_eyes_nobody_is_shown_a_form(opened: Callable[..., Gate], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORGKIT_PERSON", "1")
    monkeypatch.setattr("orgkit.runbook.form._show_form", lambda *_: pytest.fail("a form"))
    monkeypatch.setattr("IPython.display.display", lambda *_, **__: None)
    gate = opened()
    show_gate(gate)
    assert describe_decision(gate).startswith("Awaiting a signed approval.")
    assert PLAN.digest in describe_decision(gate)


def test_the_file_is_named_in_the_environment(signed: SignedApproval, tmp_path: Path) -> None:
    (tmp_path / "approval.json").write_bytes(signed.content)
    assert signed_approval({}) is None
    assert signed_approval({APPROVAL_VARIABLE: str(tmp_path / "approval.json")}) == signed
    for name in ("nowhere.json", "a\0b", ""):
        with pytest.raises(ApprovalMismatch, match="cannot be read"):
            signed_approval({APPROVAL_VARIABLE: str(tmp_path / name)})
