"""The two roles that GitHub may take, as a CloudFormation template: who may take them, and what they may do."""

from collections.abc import Iterable, Mapping
from typing import Any

from orgkit.model.desired import ACCESS_ROLE
from orgkit.permissions import policy_for, reading_policy_for
from orgkit.phases import RUNBOOKS

ISSUER = "token.actions.githubusercontent.com"
HOUR = 3600  # seconds: no longer than an apply takes
CHANGING = [phase for phase in RUNBOOKS if phase.changes]
HEAD = """\
# The identity provider and the two roles with which GitHub's workflows come to AWS: no key is kept anywhere.
# A person deploys it once, in the management account; README.md beside it says how. Made by orgkit.ci.oidc.
"""
SIGNING = {
    "Sid": "SignRecords",
    "Effect": "Allow",
    "Action": ["kms:GetPublicKey", "kms:Sign"],
    "Resource": {"Ref": "SigningKeyArn"},
}
# Name of a parameter: the pattern of its value, what it is, and its default, if any.
PARAMETERS: Mapping[str, tuple[str, str, str | None]] = {
    "Owner": ("[A-Za-z0-9-]{1,39}", "Who owns the repository: the name in its address.", None),
    "OwnerId": ("[0-9]+", "The number of that owner.", None),
    "Repository": ("[A-Za-z0-9._-]{1,100}", "The repository's name, without its owner.", None),
    "RepositoryId": ("[0-9]+", "The number of the repository.", None),
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
    """The whole template; its policies are those of `orgkit permissions`."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "orgkit in GitHub Actions: an OpenID Connect provider, a role that plans, one that applies.",
        "Parameters": {name: _parameter(*each) for name, each in PARAMETERS.items()} | {"SubjectForm": _SUBJECT_FORM},
        "Conditions": {
            "MakeProvider": {"Fn::Equals": [{"Ref": "ExistingProviderArn"}, ""]},
            "HasBoundary": {"Fn::Not": [{"Fn::Equals": [{"Ref": "PermissionsBoundaryArn"}, ""]}]},
            "HasSigningKey": {"Fn::Not": [{"Fn::Equals": [{"Ref": "SigningKeyArn"}, ""]}]},
            "Immutable": {"Fn::Equals": [{"Ref": "SubjectForm"}, "immutable"]},
        },
        "Resources": {
            "Provider": _provider(),
            "PlanRole": _role("plan", "reads, and changes nothing", reading_policy_for(CHANGING)),
            "ApplyRole": _role("apply", "carries out approved plans", _applying(policy_for(CHANGING))),
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
    told = {"Type": "String", "Description": description, "AllowedPattern": f"^({pattern})$"}
    return told if default is None else {**told, "Default": default}


def _provider() -> dict[str, Any]:
    """Other roles may rest on it: it stays when the stack goes."""
    return {
        "Type": "AWS::IAM::OIDCProvider",
        "Condition": "MakeProvider",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {"Url": f"https://{ISSUER}", "ClientIdList": ["sts.amazonaws.com"]},
    }


def _role(name: str, does: str, policy: Mapping[str, Any]) -> dict[str, Any]:
    boundary = {"Fn::If": ["HasBoundary", {"Ref": "PermissionsBoundaryArn"}, {"Ref": "AWS::NoValue"}]}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": f"orgkit-{name}",
            "Description": f"orgkit in GitHub Actions, environment org-{name}: {does}.",
            "MaxSessionDuration": HOUR,
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [_trust(f"org-{name}")]},
            "PermissionsBoundary": boundary,
            "Policies": [{"PolicyName": f"orgkit-{name}", "PolicyDocument": dict(policy)}],
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


def _applying(policy: Mapping[str, Any]) -> dict[str, Any]:
    """The access role as the stack's parameter names it, and the key with which a run seals its record."""
    named = [_named_by_parameter(statement) for statement in policy["Statement"]]
    signing = {"Fn::If": ["HasSigningKey", SIGNING, {"Ref": "AWS::NoValue"}]}
    return {**policy, "Statement": [*named, signing]}


def _named_by_parameter(statement: Mapping[str, Any]) -> dict[str, Any]:
    resources: str | Iterable[str] = statement["Resource"]
    if isinstance(resources, str):
        return dict(statement)
    named = [{"Fn::Sub": r.replace(ACCESS_ROLE, "${AccessRole}")} if r.endswith(ACCESS_ROLE) else r for r in resources]
    return {**statement, "Resource": named}


def text() -> str:
    """The template as the file that `orgkit init --ci github` writes."""
    from yaml import safe_dump  # late, and for whoever changes orgkit alone: the package carries the file

    return HEAD + str(safe_dump(template(), sort_keys=False, width=120))
