"""The two roles that GitHub may take, as a CloudFormation template: who may take them, and what they may do."""

from collections.abc import Mapping
from typing import Any

from orgkit.model.desired import ACCESS_ROLE
from orgkit.phases.descriptor import Phase
from orgkit.phases.permissions import GRANTS, Scope, policy_for, reading_policy_for
from orgkit.phases.registry import RUNBOOKS

ISSUER = "token.actions.githubusercontent.com"
HOUR = 3600  # seconds: no longer than an apply takes
CHANGING_PHASES = [phase for phase in RUNBOOKS if phase.runs_in_ci]
HEAD = """\
# The identity provider and the two roles with which GitHub's workflows come to AWS: no key is kept anywhere.
# A person deploys it once, in the management account, when the organization exists; README.md next to it says how.
# Made by orgkit.ci.oidc.
"""
SIGNING = {
    "Sid": "SignRecords",
    "Effect": "Allow",
    "Action": ["kms:GetPublicKey", "kms:Sign"],
    "Resource": {"Ref": "SigningKeyArn"},
}
DEFAULT_SCOPE = Scope()
# The names that the stack's parameters put into ARNs and conditions.
TEMPLATE_SCOPE = Scope(
    account="${AWS::AccountId}",
    organization="${OrganizationId}",
    trail="${TrailName}",
    trail_region="${TrailRegion}",
    access_roles=("${AccessRole}",),
)
LIST_PARAMETERS = {  # condition key: the parameter with its values, and their default
    "organizations:ServicePrincipal": ("TrustedAccess", "The services of trusted_access in the parameters file."),
    "organizations:PolicyType": ("PolicyTypes", "The policy_types of the parameters file."),
    "aws:RequestTag/ManagedBy": ("ManagedBy", "The values of the tag ManagedBy in the parameters file."),
}
# Name of a parameter: the pattern of its value, what it is, and its default, if any.
PARAMETERS: Mapping[str, tuple[str, str, str | None]] = {
    "Owner": ("[A-Za-z0-9-]{1,39}", "Who owns the repository: the name in its address.", None),
    "OwnerId": ("[0-9]+", "The number of that owner.", None),
    "Repository": ("[A-Za-z0-9._-]{1,100}", "The repository's name, without its owner.", None),
    "RepositoryId": ("[0-9]+", "The number of the repository.", None),
    "OrganizationId": ("o-[a-z0-9]{10,32}", "The id of the organization.", None),
    "TrailName": ("[A-Za-z0-9._-]{3,128}", "The trail's name in the parameters file.", DEFAULT_SCOPE.trail),
    "TrailRegion": ("[a-z]{2}(-[a-z]+)+-[0-9]", "The trail's home region.", "us-east-1"),
    "AccessRole": (r"[\w+=,.@-]{1,64}", "The access role of the parameters file's accounts.", ACCESS_ROLE),
    "ExistingProviderArn": (
        "|arn:aws:iam::[0-9]{12}:oidc-provider/.+",
        "GitHub's identity provider, when this account has one already; empty makes it.",
        "",
    ),
    "PermissionsBoundaryArn": (
        "|arn:aws:iam::([0-9]{12}|aws):policy/.+",
        "A policy that bounds what both roles may do; empty for none.",
        "",
    ),
    "SigningKeyArn": (
        "|arn:aws:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+",
        "The KMS key that signs the chain of records (sign_with of the parameters file); empty for none.",
        "",
    ),
}


def template() -> dict[str, Any]:
    """The whole template; its policies are those of `orgkit permissions`, one for each phase."""
    apply_policies = {
        f"ApplyPolicy{phase.number}": _policy(
            f"apply-{phase.run_label}", f"what phase {phase.run_label} reads and changes", _phase_policy(phase)
        )
        for phase in CHANGING_PHASES
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "orgkit in GitHub Actions: an OpenID Connect provider, a role that plans, one that applies.",
        "Parameters": {name: _parameter(*declaration) for name, declaration in PARAMETERS.items()}
        | {name: _list_parameter(key, description) for key, (name, description) in LIST_PARAMETERS.items()}
        | {"SubjectForm": _SUBJECT_FORM},
        "Conditions": {
            "MakeProvider": {"Fn::Equals": [{"Ref": "ExistingProviderArn"}, ""]},
            "HasBoundary": {"Fn::Not": [{"Fn::Equals": [{"Ref": "PermissionsBoundaryArn"}, ""]}]},
            "HasSigningKey": {"Fn::Not": [{"Fn::Equals": [{"Ref": "SigningKeyArn"}, ""]}]},
            "Immutable": {"Fn::Equals": [{"Ref": "SubjectForm"}, "immutable"]},
        },
        "Resources": {
            "Provider": _provider(),
            "PlanRole": _role("plan", "reads, and changes nothing", ["PlanPolicy"]),
            "PlanPolicy": _policy("plan", "what planning every phase reads", reading_policy_for(CHANGING_PHASES)),
            "ApplyRole": _role("apply", "carries out approved plans", list(apply_policies), signing=True),
            **apply_policies,
        },
        "Outputs": {
            "PlanRoleArn": {"Description": "ORGKIT_PLAN_ROLE", "Value": {"Fn::GetAtt": ["PlanRole", "Arn"]}},
            "ApplyRoleArn": {"Description": "ORGKIT_APPLY_ROLE", "Value": {"Fn::GetAtt": ["ApplyRole", "Arn"]}},
        },
    }


_SUBJECT_FORM = {
    "Type": "String",
    "Description": "How GitHub's tokens name the repository: with its numbers (new ones since July 2026), or by name.",
    "Default": "immutable",
    "AllowedValues": ["immutable", "name"],
}


def _parameter(pattern: str, description: str, default: str | None) -> dict[str, Any]:
    declaration = {"Type": "String", "Description": description, "AllowedPattern": f"^({pattern})$"}
    return declaration if default is None else {**declaration, "Default": default}


def _provider() -> dict[str, Any]:
    """Other roles may rest on it: it stays when the stack goes."""
    return {
        "Type": "AWS::IAM::OIDCProvider",
        "Condition": "MakeProvider",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {"Url": f"https://{ISSUER}", "ClientIdList": ["sts.amazonaws.com"]},
    }


def _list_parameter(key: str, description: str) -> dict[str, Any]:
    grant = next(grant for grant in GRANTS if grant.condition == key)
    values = getattr(DEFAULT_SCOPE, grant.field)
    return {"Type": "CommaDelimitedList", "Description": description, "Default": ",".join(values)}


def _role(name: str, does: str, policies: list[str], *, signing: bool = False) -> dict[str, Any]:
    boundary = {"Fn::If": ["HasBoundary", {"Ref": "PermissionsBoundaryArn"}, {"Ref": "AWS::NoValue"}]}
    document = {"Version": "2012-10-17", "Statement": [SIGNING]}
    inline = [{"PolicyName": f"orgkit-{name}-sign", "PolicyDocument": document}]
    properties = {
        "RoleName": f"orgkit-{name}",
        "Description": f"orgkit in GitHub Actions, environment org-{name}: {does}.",
        "MaxSessionDuration": HOUR,
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [_trust(f"org-{name}")]},
        "PermissionsBoundary": boundary,
        "ManagedPolicyArns": [{"Ref": policy} for policy in policies],
    }
    if signing:
        properties["Policies"] = {"Fn::If": ["HasSigningKey", inline, {"Ref": "AWS::NoValue"}]}
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def _policy(name: str, does: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """A customer managed policy, which holds 6,144 characters: one for all phases would grow beyond that."""
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "ManagedPolicyName": f"orgkit-{name}",
            "Description": f"orgkit in GitHub Actions: {does}.",
            "PolicyDocument": dict(document),
        },
    }


def _trust(environment: str) -> dict[str, Any]:
    """A job of this repository, in this environment of it: GitHub's protection of the environment is the door.

    The numbers stay when somebody takes an abandoned name; `sub` is asked for as AWS wants a condition on it.
    """
    forms = ("repo:${Owner}@${OwnerId}/${Repository}@${RepositoryId}", "repo:${Owner}/${Repository}")
    subjects = [{"Fn::Sub": f"{form}:environment:{environment}"} for form in forms]
    provider = {"Fn::If": ["MakeProvider", {"Ref": "Provider"}, {"Ref": "ExistingProviderArn"}]}
    return {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {
                f"{ISSUER}:aud": "sts.amazonaws.com",
                f"{ISSUER}:repository_owner_id": {"Ref": "OwnerId"},
                f"{ISSUER}:repository_id": {"Ref": "RepositoryId"},
                f"{ISSUER}:sub": {"Fn::If": ["Immutable", *subjects]},
            }
        },
    }


def _phase_policy(phase: Phase) -> dict[str, Any]:
    """A phase's policy, narrowed by the stack's parameters."""
    policy = policy_for([phase], TEMPLATE_SCOPE)
    return {**policy, "Statement": [_with_parameters(statement) for statement in policy["Statement"]]}


def _with_parameters(statement: Mapping[str, Any]) -> dict[str, Any]:
    """A statement with CloudFormation's functions where the scope has names of parameters."""
    resources: str | list[str] = statement["Resource"]
    narrowed = {**statement}
    if not isinstance(resources, str):
        narrowed["Resource"] = [{"Fn::Sub": arn} if "${" in arn else arn for arn in resources]
    for key in statement.get("Condition", {}).get("StringEquals", {}):
        if key in LIST_PARAMETERS:
            narrowed["Condition"] = {"StringEquals": {key: {"Ref": LIST_PARAMETERS[key][0]}}}
    return narrowed


def text() -> str:
    """The template as the file that `orgkit init --ci github` writes."""
    from yaml import safe_dump  # imported late, for developers of orgkit only: the package includes the file

    return HEAD + str(safe_dump(template(), sort_keys=False, width=120))
