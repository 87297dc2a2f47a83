"""Roles of member accounts that drift: each form is found, what is equivalent is not, and what repairs it does."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgkit.aws.session import Connection
from orgkit.cli.planning import PlannedPhase, exit_code_of
from orgkit.errors import EXIT_NOT_VERIFIED
from orgkit.model.canonical_json import compact_json, normal_form
from orgkit.model.desired import ACCESS_ROLE, KEY_TAG, READ_ROLE, Desired, ImportSpec
from orgkit.model.matching import IdIndex
from orgkit.model.observed import Account, Member, MemberRole, Observed
from orgkit.model.plan import Plan
from orgkit.phases.account_imports.facts import ImportFacts, Owner
from orgkit.phases.member_access.evidence import READ_ROLE_TRUST
from orgkit.phases.member_access.member_roles_aws import _member, read_member
from orgkit.phases.member_access.roles import (
    ADMINISTRATOR,
    READ_POLICY,
    other_trusted_principals,
    read_policy,
    restricted_trust,
    trust,
    with_trust,
)
from orgkit.phases.member_access.roles_aws import restrict_read_role
from orgkit.phases.member_access.steps import CreateReadRole, RestrictReadRole
from orgkit.phases.registry import phase_of
from orgkit.phases.registry import plan as plan_phase
from orgkit.policy_evaluation.meaning import has_same_meaning
from tests.aws.conftest import Answer, CountingClock, Wire
from tests.phases.accounts.test_aws import identity, session, xml, xml_error
from tests.plans.loader import MANAGEMENT, desired_of, observed_of
from tests.policy_evaluation.test_meaning import rewritten

ARCHIVE = "222222222222"
TAGS = (("ManagedBy", "orgkit"), ("Name", "log-archive"), (KEY_TAG, "log-archive"))
ACCOUNT = Account(ARCHIVE, "log-archive", "aws-log-archive@acme.example", "ACTIVE", ("Security",), "CREATED", TAGS)
DESIRED = desired_of()
REQUIRED = read_policy(DESIRED.reads_in("log-archive"))
ALLOW_ALL = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
READ = MemberRole(READ_ROLE, normal_form(trust(MANAGEMENT)), inline=((READ_POLICY, normal_form(REQUIRED)),))
ACCESS = MemberRole(ACCESS_ROLE, normal_form(trust(MANAGEMENT)), attached=(ADMINISTRATOR,))

GONE = "AROAEXAMPLEEXAMPLEEXA"

IMPORT = ImportSpec(
    key="log-archive", id=ARCHIVE, name="log-archive", email=ACCOUNT.email, unit=("Security",), role_name=ACCESS_ROLE,
    profile=None, leaves_other_organization=False, tags=TAGS,
)  # fmt: skip

Change = Callable[[MemberRole], MemberRole]


def allow(principal: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}


PRINCIPALS = st.sampled_from(
    [
        "*",
        {"AWS": "*"},
        {"AWS": "333333333333"},
        {"AWS": ["arn:aws:iam::333333333333:root", f"arn:aws:iam::{MANAGEMENT}:root"]},
        {"AWS": "arn:aws:iam::333333333333:role/ops"},
        {"AWS": "AROAEXAMPLEEXAMPLEEXA"},
        {"Service": "lambda.amazonaws.com"},
        {"Federated": "arn:aws:iam::222222222222:saml-provider/x"},
    ]
)
CONDITIONS = st.sampled_from([{}, {"Condition": {"StringEquals": {"sts:ExternalId": "x"}}}])


@st.composite
def opened(draw: st.DrawFn) -> dict[str, Any]:
    """A trust policy that lets somebody else in, in addition to the management account or in its place."""
    added = allow(draw(PRINCIPALS), **draw(CONDITIONS))
    if draw(st.booleans()):
        added = {**added, "NotPrincipal": {"AWS": "444444444444"}}
        del added["Principal"]
    own = trust(MANAGEMENT)["Statement"] if draw(st.booleans()) else []
    statements = draw(st.permutations([*own, added]))
    return {"Version": "2012-10-17", "Statement": statements if draw(st.booleans()) or own else added}


@st.composite
def drifts(draw: st.DrawFn) -> tuple[str, Change, str]:
    """Which role, how it drifts, and where a plan shows it: as a step of that kind, or what a person changes back."""
    trusted = normal_form(draw(opened()))
    name = draw(st.from_regex(r"[A-Za-z0-9+=,.@_-]{1,20}", fullmatch=True).filter(lambda name: name != READ_POLICY))
    arn = f"arn:aws:iam::{draw(st.sampled_from(['aws', ARCHIVE]))}:policy/{name}"
    less = {**REQUIRED, "Statement": REQUIRED["Statement"][draw(st.integers(1, 9)) :]}
    more = {**REQUIRED, "Statement": [*REQUIRED["Statement"], ALLOW_ALL["Statement"]]}
    policy = normal_form(draw(st.sampled_from([less, more, ALLOW_ALL])))
    forms: list[tuple[str, Change, str]] = [
        (READ_ROLE, lambda role: replace(role, trust=trusted), "restrict-read-role"),
        (READ_ROLE, lambda role: replace(role, inline=((READ_POLICY, policy),)), "create-read-role"),
        (READ_ROLE, lambda role: replace(role, inline=()), "create-read-role"),
        (READ_ROLE, lambda role: replace(role, attached=(arn,)), "detach-role-policy"),
        (
            READ_ROLE,
            lambda role: replace(role, inline=(*role.inline, (name, normal_form(ALLOW_ALL)))),
            "delete-role-policy",
        ),
        (READ_ROLE, lambda role: replace(role, boundary=arn), "permissions boundary"),
        (ACCESS_ROLE, lambda role: replace(role, trust=trusted), "update-assume-role-policy"),
        (ACCESS_ROLE, lambda role: replace(role, attached=(arn,)), "attach-role-policy"),
        (ACCESS_ROLE, lambda role: replace(role, attached=()), "attach-role-policy"),
        (ACCESS_ROLE, lambda role: replace(role, boundary=arn), "permissions boundary"),
    ]
    return draw(st.sampled_from(forms))


def observed_with(*roles: MemberRole, account: Account = ACCOUNT) -> Observed:
    member = _member(ARCHIVE, ACCESS_ROLE, roles, REQUIRED, MANAGEMENT)
    return replace(observed_of({"organization": {}}), accounts=(account,), members=(member,))


def planned(observed: Observed, desired: Desired = DESIRED, phase: str = "accounts") -> Plan:
    quiet = replace(observed, units=())
    return plan_phase(phase, quiet, desired)


def shown(plan: Plan) -> str:
    commands = [command for waiting in plan.waiting for command in waiting.commands]
    return " ".join([*(step.kind for step in plan.steps), *commands, *plan.warnings])


def test_roles_as_they_have_to_be_are_no_drift() -> None:
    plan = planned(observed_with(READ, ACCESS))
    assert (plan.steps, plan.waiting, plan.warnings) == ((), (), ())


def test_an_access_role_that_nobody_can_use_any_more_is_drift() -> None:
    nobody = normal_form({"Version": "2012-10-17", "Statement": []})
    plan = planned(observed_with(READ, replace(ACCESS, trust=nobody)))
    assert "no longer trusts the management account" in plan.waiting[0].what


@pytest.mark.parametrize("phase", ["accounts", "imports"])
@pytest.mark.parametrize("access_role", [None, replace(ACCESS, trust=normal_form({"Statement": []}))])
def test_without_an_access_role_that_lets_us_in_no_step_through_it_is_planned(
    phase: str, access_role: MemberRole | None
) -> None:
    anybody = normal_form({"Version": "2012-10-17", "Statement": [allow("*")]})
    read = replace(READ, trust=anybody, inline=())
    observed = observed_with(read, *([access_role] if access_role else []))
    desired = DESIRED if phase == "accounts" else replace(DESIRED, accounts=(), imports=(IMPORT,))
    plan = planned(observed, desired, phase)
    assert [step.kind for step in plan.steps] == []
    for command in ("put-role-policy", "create-role" if access_role is None else "update-assume-role-policy"):
        assert command in shown(plan)
    assert any("the trust policy of role orgkit-read lets in *" in waiting.what for waiting in plan.waiting)
    assert all(waiting.drift for waiting in plan.waiting)


@settings(max_examples=150)
@given(drifts())
def test_every_form_of_drift_is_found(drift: tuple[str, Change, str]) -> None:
    name, change, where = drift
    plan = planned(observed_with(*(change(role) if role.name == name else role for role in (READ, ACCESS))))
    assert where in shown(plan)
    if "boundary" not in where:
        assert plan.steps or exit_code_of([PlannedPhase(phase_of("accounts"), plan)]) == EXIT_NOT_VERIFIED
    for step in plan.steps:
        assert step.starts_from != "absent" or where == "create-read-role"


@settings(max_examples=150)
@given(st.integers())
def test_what_means_the_same_is_no_drift(seed: int) -> None:
    chance = random.Random(seed)

    def again(document: str) -> str:
        return compact_json(rewritten(json.loads(document), chance))

    by_own_policy = chance.random() < 0.5
    everything = {**ALLOW_ALL["Statement"], "Action": chance.choice(["*", "*:*"])}
    inline = (("Administrator", again(normal_form({**ALLOW_ALL, "Statement": everything}))),) if by_own_policy else ()
    roles = (
        replace(READ, trust=again(READ.trust), inline=((READ_POLICY, again(READ.inline[0][1])),)),
        replace(ACCESS, trust=again(ACCESS.trust), attached=() if by_own_policy else (ADMINISTRATOR,), inline=inline),
    )
    plan = planned(observed_with(*roles))
    assert (plan.steps, plan.waiting, plan.warnings) == ((), (), ())


@settings(max_examples=150)
@given(opened(), st.booleans())
def test_a_restricted_trust_policy_lets_in_the_management_account_alone_and_keeps_denials(
    document: dict[str, Any], has_denial: bool
) -> None:
    denial = {"Effect": "Deny", "Principal": "*", "Action": "sts:TagSession"}
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    restricted = restricted_trust(
        {**document, "Statement": [*statements, *([denial] if has_denial else [])]}, MANAGEMENT
    )
    assert other_trusted_principals(restricted, MANAGEMENT) == ()
    assert any(statement["Effect"] == "Allow" for statement in restricted["Statement"])
    assert (denial in restricted["Statement"]) is has_denial


def test_a_trust_policy_that_asks_for_more_is_reported_and_left_as_it_is() -> None:
    stricter = {**trust(MANAGEMENT), "Statement": allow({"AWS": MANAGEMENT}, Condition={"Bool": {"a:b": True}})}
    plan = planned(observed_with(replace(READ, trust=normal_form(stricter)), ACCESS))
    assert (plan.steps, plan.waiting) == ((), ())
    assert plan.warnings == (
        "log-archive: role orgkit-read trusts less than orgkit asks for; orgkit leaves it unchanged",
    )


@pytest.mark.parametrize("actions", ["sts:*", ["sts:AssumeRole", "sts:TagSession"]])
def test_a_trust_policy_that_allows_more_actions_to_the_management_account_is_no_narrower_one(actions: Any) -> None:
    wider = {**trust(MANAGEMENT), "Statement": [allow({"AWS": MANAGEMENT}, Action=actions)]}
    plan = planned(observed_with(replace(READ, trust=normal_form(wider)), ACCESS))
    assert (plan.steps, plan.waiting, plan.warnings) == ((), (), ())
    assert with_trust(wider, MANAGEMENT) is wider


def test_a_policy_that_only_denies_gives_the_read_role_nothing_and_is_reported() -> None:
    denial = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}
    plan = planned(observed_with(replace(READ, inline=(*READ.inline, ("guard", normal_form(denial)))), ACCESS))
    assert (plan.steps, plan.waiting) == ((), ())
    (warning,) = plan.warnings
    assert (
        warning == "log-archive: inline policy guard of role orgkit-read denies something; orgkit leaves it unchanged"
    )


def test_an_outdated_policy_comes_before_the_trust_policy_which_starts_from_what_that_step_makes_of_it() -> None:
    anybody = {"Version": "2012-10-17", "Statement": [allow("*")]}
    policy, restrict = planned(observed_with(replace(READ, trust=normal_form(anybody), inline=()), ACCESS)).steps
    assert isinstance(policy, CreateReadRole)
    assert isinstance(restrict, RestrictReadRole)
    completed = {**anybody, "Statement": [*anybody["Statement"], *trust(MANAGEMENT)["Statement"]]}
    assert restrict.starts_from == normal_form(completed)
    assert restrict.sentence.endswith("it no longer trusts *")


def test_an_imported_accounts_role_without_its_policy_is_not_manageable() -> None:
    desired = replace(DESIRED, accounts=(), imports=(IMPORT,))
    dns = replace(ACCOUNT, join_method="INVITED")
    plan = planned(observed_with(READ, replace(ACCESS, attached=()), account=dns), desired, "imports")
    assert "its roles are unknown; make them" in plan.waiting[0].what
    assert any("attach-role-policy" in command for command in plan.waiting[0].commands)
    others = {"Version": "2012-10-17", "Statement": [*trust(MANAGEMENT)["Statement"], allow({"AWS": "333333333333"})]}
    approved = planned(observed_with(READ, replace(ACCESS, trust=normal_form(others)), account=dns), desired, "imports")
    assert (approved.steps, approved.waiting) == ((), ()), "the import approved the owner's trust policy"
    assert "trusts also 333333333333" in approved.warnings[0]


def test_a_read_role_that_an_account_brings_along_trusts_nobody_else_when_it_has_joined() -> None:
    spec = replace(IMPORT, profile="dns", unit=())
    brought = normal_form({"Version": "2012-10-17", "Statement": [allow({"AWS": "333333333333"})]})
    owner = Owner(ARCHIVE, None, (), access_role=False, read_role=True, read_trust=brought)
    observed = observed_of({"organization": {}}).with_facts(ImportFacts(owners=(owner,)))
    plan = planned(observed, replace(DESIRED, accounts=(), imports=(spec,)), "imports")
    kinds = [step.kind for step in plan.steps]
    assert kinds.index("restrict-read-role") == kinds.index("make-manageable") + 1
    (step,) = [step for step in plan.steps if isinstance(step, RestrictReadRole)]
    assert step.no_longer_trusted == ("333333333333",)
    assert MANAGEMENT in step.starts_from, "as the step before it leaves the trust policy"


def test_a_read_role_whose_policy_is_right_is_restricted_from_what_making_the_account_manageable_leaves() -> None:
    """Its trust policy names anybody in place of the management account, and the access role is no administrator."""
    spec = replace(IMPORT, profile="dns")
    anybody = {"Version": "2012-10-17", "Statement": [allow("*")]}
    roles = (replace(READ, trust=normal_form(anybody)), replace(ACCESS, attached=()))
    observed = observed_with(*roles, account=replace(ACCOUNT, join_method="INVITED"))
    assert observed.organization is not None
    owner = Owner(ARCHIVE, observed.organization.id, (), access_role=True, read_role=True)
    plan = planned(
        observed.with_facts(ImportFacts(owners=(owner,))), replace(DESIRED, accounts=(), imports=(spec,)), "imports"
    )
    assert [step.kind for step in plan.steps][:2] == ["make-manageable", "restrict-read-role"]
    assert plan.steps[1].starts_from == normal_form(with_trust(anybody, MANAGEMENT))


def test_an_open_read_role_of_an_import_that_no_step_can_repair_is_drift_for_its_owner() -> None:
    anybody = {"Version": "2012-10-17", "Statement": [allow("*")]}
    roles = (replace(READ, trust=normal_form(anybody)), replace(ACCESS, attached=()))
    observed = observed_with(*roles, account=replace(ACCOUNT, join_method="INVITED"))
    plan = planned(observed, replace(DESIRED, accounts=(), imports=(IMPORT,)), "imports")
    assert plan.steps == ()
    (drift,) = [waiting for waiting in plan.waiting if waiting.drift]
    assert drift.what == "log-archive: the trust policy of role orgkit-read lets in *"
    assert json.loads(drift.commands[0].partition("--policy-document '")[2].removesuffix("'")) == trust(MANAGEMENT)


@pytest.mark.parametrize(
    ("actions", "is_drift"),
    [
        (["cloudformation:ListStackSets", "cloudformation:DescribeStackSet"], False),
        ("cloudformation:listStackSets", False),
        (["cloudformation:ListStackSets", "s3:GetObject"], True),
        ("cloudformation:*", True),
    ],
)
def test_the_read_role_of_a_delegated_administrator_may_see_its_stack_sets(actions: Any, is_drift: bool) -> None:
    """What a move deletes is known only then, so the policy for it is not reported as drift."""
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    role = replace(READ, inline=(*READ.inline, ("stack-sets", normal_form(policy))))
    plan = planned(observed_with(role, ACCESS))
    assert (plan.steps, [waiting.drift for waiting in plan.waiting]) == ((), [True] * is_drift)


def test_a_deleted_principal_alone_is_a_repair_that_is_carried_out_and_ends(
    aws: Connection, wire: Wire, clock: CountingClock
) -> None:
    denial = {"Effect": "Deny", "Principal": {"AWS": [GONE, "333333333333"]}, "Action": "sts:AssumeRole"}
    for added in (allow({"AWS": GONE}), denial):
        document = {**trust(MANAGEMENT), "Statement": [*trust(MANAGEMENT)["Statement"], added]}
        (step,) = planned(observed_with(replace(READ, trust=normal_form(document)), ACCESS)).steps
        assert isinstance(step, RestrictReadRole)
        assert step.no_longer_trusted == (GONE,)
        role = replace(READ, trust=normal_form(document))
        assert READ_ROLE_TRUST[1](step, observed_with(role, ACCESS), DESIRED) is False
        restricted = restricted_trust(document, MANAGEMENT)
        assert GONE not in normal_form(restricted)
        repaired = observed_with(replace(READ, trust=normal_form(restricted)), ACCESS)
        assert planned(repaired).steps == ()
        assert READ_ROLE_TRUST[1](step, repaired, DESIRED) is True
    wire.always["GetCallerIdentity"] = identity()
    wire.says(session(clock), role_answer(document), xml("UpdateAssumeRolePolicy"))
    restrict_read_role(aws, step, IdIndex(observed_with(READ, ACCESS), DESIRED))
    assert wire.asked.count("UpdateAssumeRolePolicy") == 1


def details(*roles: MemberRole, marker: str = "") -> Answer:
    """One page, with documents as IAM has them: URL-encoded."""
    members = "".join(_detail(role) for role in roles)
    more = f"<IsTruncated>true</IsTruncated><Marker>{marker}</Marker>" if marker else "<IsTruncated>false</IsTruncated>"
    return xml("GetAccountAuthorizationDetails", f"<RoleDetailList>{members}</RoleDetailList>{more}")


def _detail(role: MemberRole) -> str:
    inline = "".join(
        f"<member><PolicyName>{name}</PolicyName><PolicyDocument>{quote(document)}</PolicyDocument></member>"
        for name, document in role.inline
    )
    attached = "".join(f"<member><PolicyArn>{arn}</PolicyArn></member>" for arn in role.attached)
    boundary = f"<PermissionsBoundaryArn>{role.boundary}</PermissionsBoundaryArn>" if role.boundary else ""
    return (
        f"<member><RoleName>{role.name}</RoleName><RolePolicyList>{inline}</RolePolicyList>"
        f"<AssumeRolePolicyDocument>{quote(role.trust)}</AssumeRolePolicyDocument>"
        f"<AttachedManagedPolicies>{attached}</AttachedManagedPolicies>"
        f"<PermissionsBoundary>{boundary}</PermissionsBoundary></member>"
    )


def test_a_denial_for_all_but_a_deleted_principal_is_never_a_step_that_cannot_end() -> None:
    denial = {"Effect": "Deny", "NotPrincipal": {"AWS": GONE}, "Action": "sts:TagSession"}
    document = {**trust(MANAGEMENT), "Statement": [*trust(MANAGEMENT)["Statement"], denial]}
    plan = planned(observed_with(replace(READ, trust=normal_form(document)), ACCESS))
    assert plan.steps == ()
    assert f"{READ_ROLE} trusts {GONE}, which was deleted" in plan.warnings[0]


OTHER_ROLE = MemberRole("app", normal_form(trust("333333333333")))


def test_one_read_shows_both_roles_whole(aws: Connection, wire: Wire, clock: CountingClock) -> None:
    bounded = replace(ACCESS, boundary="arn:aws:iam::222222222222:policy/b")
    wire.says(session(clock), details(OTHER_ROLE, bounded, READ))
    wire.always["GetCallerIdentity"] = management()
    member = read_member(aws, DESIRED.accounts[0], ARCHIVE, DESIRED.reads_in("log-archive"))
    assert member == Member(ARCHIVE, True, True, True, roles=(bounded, READ))
    assert [name for name in wire.asked if name != "GetCallerIdentity"] == [
        "AssumeRole",
        "GetAccountAuthorizationDetails",
    ]


def test_pages_are_read_until_both_roles_are_found(aws: Connection, wire: Wire, clock: CountingClock) -> None:
    wire.says(session(clock), details(marker="1"), details(READ, marker="2"), details(ACCESS, marker="3"))
    wire.always["GetCallerIdentity"] = management()
    member = read_member(aws, DESIRED.accounts[0], ARCHIVE, DESIRED.reads_in("log-archive"))
    assert member.roles == (ACCESS, READ)
    assert wire.asked.count("GetAccountAuthorizationDetails") == 3


def test_where_the_one_read_is_denied_an_older_policy_is_read_singly(
    aws: Connection, wire: Wire, clock: CountingClock
) -> None:
    older = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:GetRole", "Resource": "*"}]}
    wire.says(
        session(clock),
        xml_error("AccessDenied"),
        policy_answer(older),
        role_answer(trust("333333333333")),
        role_answer(),
    )
    wire.always["GetCallerIdentity"] = management()
    member = read_member(aws, DESIRED.accounts[0], ARCHIVE, DESIRED.reads_in("log-archive"))
    assert (member.readable, member.current) == (True, False)
    assert member.roles == (MemberRole(READ_ROLE, normal_form(trust("333333333333"))),)
    assert "iam:GetRole" in member.read_role
    observed = replace(observed_of({"organization": {}}), accounts=(ACCOUNT,), members=(member,))
    assert [step.kind for step in planned(observed).steps] == ["create-read-role", "restrict-read-role"]


def test_where_the_one_read_is_denied_though_the_policy_is_there_the_roles_are_not_known(
    aws: Connection, wire: Wire, clock: CountingClock
) -> None:
    wire.says(session(clock), xml_error("AccessDenied"), policy_answer(REQUIRED), role_answer())
    member = read_member(aws, DESIRED.accounts[0], ARCHIVE, DESIRED.reads_in("log-archive"))
    assert (member.current, member.access_role) == (True, True)
    observed = replace(observed_of({"organization": {}}), accounts=(ACCOUNT,), members=(member,))
    (warning,) = planned(observed).warnings
    assert "are not known: iam:GetAccountAuthorizationDetails: AccessDenied" in warning


def management() -> Answer:
    return xml("GetCallerIdentity", f"<Account>{MANAGEMENT}</Account><Arn>arn:aws:iam::{MANAGEMENT}:user/o</Arn>")


def policy_answer(document: dict[str, Any]) -> Answer:
    return xml("GetRolePolicy", f"<PolicyDocument>{quote(compact_json(document))}</PolicyDocument>")


def role_answer(document: dict[str, Any] | None = None) -> Answer:
    trusted = quote(compact_json(document or trust(MANAGEMENT)))
    return xml("GetRole", f"<Role><AssumeRolePolicyDocument>{trusted}</AssumeRolePolicyDocument></Role>")


@pytest.mark.parametrize("is_open", [True, False])
def test_the_repair_sends_the_restricted_policy_once_and_nothing_where_it_is_restricted(
    aws: Connection, wire: Wire, clock: CountingClock, is_open: bool
) -> None:
    document = {**trust(MANAGEMENT), "Statement": [*trust(MANAGEMENT)["Statement"], *([allow("*")] if is_open else [])]}
    wire.always["GetCallerIdentity"] = identity()
    wire.says(session(clock), role_answer(document), xml("UpdateAssumeRolePolicy"))
    ids = IdIndex(observed_with(READ, ACCESS), DESIRED)
    step = RestrictReadRole(
        key="log-archive", name="log-archive", role_name=ACCESS_ROLE, no_longer_trusted=("*",),
        starts_from=normal_form(document),
    )  # fmt: skip
    restrict_read_role(aws, step, ids)
    assert wire.asked.count("UpdateAssumeRolePolicy") == is_open
    assert has_same_meaning(restricted_trust(document, MANAGEMENT), trust(MANAGEMENT))


def test_a_policy_that_denies_the_read_role_is_reported_with_its_remedy_and_no_role_is_made(
    aws: Connection, wire: Wire
) -> None:
    arn = f"arn:aws:iam::{ARCHIVE}:role/{READ_ROLE}"
    denial = f"is not authorized to perform: sts:AssumeRole on resource: {arn} with an explicit deny in a "
    message = f"<Message>User: arn:aws:iam::1:user/x {denial}resource control policy</Message>"
    error = f"<ErrorResponse><Error><Code>AccessDenied</Code>{message}</Error></ErrorResponse>"
    wire.says(Answer(403, error, "text/xml"))
    member = read_member(aws, DESIRED.accounts[0], ARCHIVE, ())
    assert (member.readable, member.denial is not None) == (False, True)
    for phase in ("accounts", "imports"):
        desired = DESIRED if phase == "accounts" else replace(DESIRED, accounts=(), imports=(IMPORT,))
        plan = planned(replace(observed_with(), members=(member,)), desired, phase)
        assert [step.kind for step in plan.steps if "role" in step.kind or "manageable" in step.kind] == []
        (waiting,) = plan.waiting
        assert waiting.drift
        assert "explicit deny in a resource control policy. To go on: " in waiting.what
