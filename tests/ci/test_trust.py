"""Which tokens the roles of CI let in, by the evaluation of policies; a test of the sandbox tries the same tokens."""

import json
from typing import Any

import pytest

from orgkit.policy_evaluation.evaluation import Decision, Policies, Policy, evaluate
from orgkit.policy_evaluation.requests import Account, Principal, PrincipalKind, Request
from orgkit.policy_evaluation.web_identity import GITHUB, claim_keys
from tests.ci.test_oidc import ACCOUNT, PROVIDER, trust
from tests.ci.tokens import REFUSED, RIGHT, Token, refused
from tests.ci.workflows import ROOT

OURS = Account(ACCOUNT)
ROLES = [("PlanRole", "org-plan"), ("ApplyRole", "org-apply")]
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/orgkit"


def decide(role: str, form: str, claims: dict[str, Any], action: str = "sts:AssumeRoleWithWebIdentity") -> Decision:
    issuer = claims["iss"].removeprefix("https://")
    bearer = Principal(PrincipalKind.FEDERATED, f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}")
    request = Request(bearer, action, ROLE_ARN, OURS, claim_keys(issuer, claims))
    document = {"Version": "2012-10-17", "Statement": [trust(role, SubjectForm=form)]}
    return evaluate(request, Policies(resource=Policy(document)))


@pytest.mark.parametrize("form", ["immutable", "name"])
@pytest.mark.parametrize(("role", "environment"), ROLES)
def test_a_role_lets_in_a_job_of_its_environment_and_no_other_token(role: str, environment: str, form: str) -> None:
    assert decide(role, form, RIGHT.values(environment, form)).is_allowed
    admitted = [token for token in refused(form) if decide(role, form, token.values(environment, form)).is_allowed]
    assert admitted == []


@pytest.mark.parametrize(("role", "environment"), ROLES)
def test_each_condition_of_a_trust_is_needed_by_a_token_of_the_table(role: str, environment: str) -> None:
    conditions = trust(role)["Condition"]["StringEquals"]
    for key in conditions:
        loose = {**trust(role), "Condition": {"StringEquals": {k: v for k, v in conditions.items() if k != key}}}
        document = {"Version": "2012-10-17", "Statement": [loose]}
        assert any(is_let_in(document, token, environment) for token in refused("immutable")), key


def is_let_in(document: dict[str, Any], token: Token, environment: str) -> bool:
    claims = token.values(environment, "immutable")
    context = claim_keys(GITHUB, claims) if claims["iss"] == f"https://{GITHUB}" else {}
    bearer = Principal(PrincipalKind.FEDERATED, PROVIDER)
    request = Request(bearer, "sts:AssumeRoleWithWebIdentity", ROLE_ARN, OURS, context)
    return evaluate(request, Policies(resource=Policy(document))).is_allowed


def test_no_principal_of_aws_assumes_a_role_of_ci() -> None:
    claims = RIGHT.values("org-apply", "immutable")
    document = {"Version": "2012-10-17", "Statement": [trust("ApplyRole")]}
    for kind, arn in ((PrincipalKind.USER, f"arn:aws:iam::{ACCOUNT}:user/eve"), (PrincipalKind.ANONYMOUS, "")):
        for action in ("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:TagSession"):
            request = Request(Principal(kind, arn, OURS), action, ROLE_ARN, OURS, claim_keys(GITHUB, claims))
            assert not evaluate(request, Policies(resource=Policy(document))).is_allowed
    assert not decide("ApplyRole", "immutable", claims, "sts:AssumeRoleWithSAML").is_allowed


def test_a_claim_that_aws_does_not_list_is_no_condition_key() -> None:
    keys = claim_keys(GITHUB, {"sub": "s", "event_name": "push", "runner_environment": "x", "amr": ["a", "b"]})
    assert keys == {f"{GITHUB}:sub": "s", f"{GITHUB}:amr": ("a", "b")}
    assert claim_keys("accounts.example", {"aud": "a", "ref": "r"}) == {"accounts.example:aud": "a"}


def test_the_trust_names_only_claims_that_are_condition_keys() -> None:
    keys = trust("ApplyRole")["Condition"]["StringEquals"]
    assert set(keys) <= set(claim_keys(GITHUB, RIGHT.values("org-apply", "immutable")))


def test_the_page_has_each_token_of_the_table() -> None:
    page = (ROOT / "docs" / "how-to" / "ci.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:3] for line in page.splitlines() if line.endswith("| refused |") or "| let in |" in line]
    bearers = list(dict.fromkeys(token.bearer for token in REFUSED))
    assert [(bearer.strip(), result.strip()) for bearer, result in rows] == [
        (RIGHT.bearer, "let in"),
        *((bearer, "refused") for bearer in bearers),
    ], json.dumps(bearers)
