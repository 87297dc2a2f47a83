"""Requests and policies at random, for the comparison with another evaluator."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orgkit.policy_evaluation.evaluation import Level, Policies, Policy
from orgkit.policy_evaluation.requests import Account, Principal, PrincipalKind, Request

OURS = Account("111111111111", "o-a1b2c3d4e5", "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/")
SISTER = Account("222222222222", "o-a1b2c3d4e5", "o-a1b2c3d4e5/r-ab12/ou-ab12-22222222/")
FOREIGN = Account("333333333333")
ROLE, USER = "arn:aws:iam::111111111111:role/Deployer", "arn:aws:iam::111111111111:user/Bob"
SESSION = "arn:aws:sts::111111111111:assumed-role/Deployer/ci"
FEDERATED = "arn:aws:sts::111111111111:federated-user/Bob"
LINKED_ROLE = "arn:aws:iam::111111111111:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
SERVICE = "cloudtrail.amazonaws.com"
PRINCIPALS = (
    Principal(PrincipalKind.USER, USER, OURS, unique_id="AIDAAAAAAAAAAAAAAAAAA", tags={"team": "red"}),
    Principal(
        PrincipalKind.ROLE_SESSION, SESSION, OURS, ROLE, unique_id="AROAAAAAAAAAAAAAAAAAA:ci", tags={"team": "*"}
    ),
    Principal(PrincipalKind.FEDERATED_USER, FEDERATED, OURS, user=USER),
    Principal(PrincipalKind.SERVICE, SERVICE),
    Principal(PrincipalKind.ANONYMOUS),
    Principal(PrincipalKind.ROOT, "arn:aws:iam::111111111111:root", OURS),
)
TARGETS = {
    "s3:GetObject": "arn:aws:s3:::logs/Bob/1",
    "s3:ListBucket": "arn:aws:s3:::logs",
    "sqs:SendMessage": "arn:aws:sqs:eu-west-1:{}:events",
    "sqs:TagQueue": "arn:aws:sqs:eu-west-1:{}:events",
    "kms:Decrypt": "arn:aws:kms:eu-west-1:{}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "sts:AssumeRole": "arn:aws:iam::{}:role/Auditor",
    "organizations:DescribeOrganization": "*",
}
NAMES = (
    "*", {"AWS": "*"}, {"AWS": "111111111111"}, {"AWS": "arn:aws:iam::111111111111:root"}, {"AWS": [USER, ROLE]},
    {"AWS": SESSION}, {"AWS": ROLE}, {"AWS": FEDERATED}, {"Service": SERVICE},
    {"AWS": "arn:aws:iam::333333333333:root"}, {"AWS": USER, "Service": "config.amazonaws.com"},
    {"AWS": f"{SESSION}-2"}, {"AWS": [ROLE, SESSION]}, {"AWS": ["111111111111", ROLE, SESSION]},
    {"AWS": ["arn:aws:iam::111111111111:root", USER, FEDERATED]}, {"Service": ["config.amazonaws.com", SERVICE]},
)  # fmt: skip
CONTEXT: Mapping[str, tuple[Any, ...]] = {
    "aws:MultiFactorAuthPresent": ("true", "false", None),
    "aws:SecureTransport": ("true", "false"),
    "aws:SourceIp": ("203.0.113.7", "2001:db8::7", "10.0.0.1", None),
    "aws:TagKeys": (("team",), ("team", "stage"), ("owner",), None),
    "aws:RequestedRegion": ("eu-west-1", "us-east-1"),
    "aws:CurrentTime": ("2026-06-01T12:00:00Z", "2024-01-01T00:00:00Z"),
    "aws:SourceArn": ("arn:aws:cloudtrail:eu-west-1:111111111111:trail/org", None),
    "aws:SourceAccount": ("111111111111", "333333333333", None),
    "aws:SourceOrgID": ("o-a1b2c3d4e5", None),
    "aws:SourceOrgPaths": (("o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/",), None),
    "s3:max-keys": ("10", "100", None),
    "sts:ExternalId": ("partner-1", None),
    "aws:PrincipalOrgID": ("o-a1b2c3d4e5", None),
}
WILDCARDS = (
    "arn:*:s3:::logs*", "arn:aws*:*:*:*:*", "arn:aws:sqs:eu-*:111111111111:*", "arn:aws:s3:::*/1", "arn:aws:*", "arn:*",
    "arn:aws:kms:*:*:key/*-ab", "arn:aws:iam::*:role/Audito?", "arn:aws:s3:::${aws:missing, 'logs'}/*",
    "arn:aws:s3:::logs/${aws:PrincipalTag/team, 'Bob'}/1", "arn:aws:sqs:*:events", "arn:aws:s*", "arn:aws:s*s:*",
    "arn:aws:kms:eu*:key/*", "arn:aws:s3:::LOGS*",
)  # fmt: skip
STRINGS = ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase")
SETS = (
    "ForAnyValue:StringEquals",
    "ForAllValues:StringEquals",
    "ForAllValues:StringLike",
    "ForAnyValue:StringNotEquals",
)
ARNS = ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike")
NUMBERS = ("NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan")
DATES = ("DateEquals", "DateNotEquals", "DateLessThan", "DateGreaterThan", "DateGreaterThanEquals")
CONDITIONS: tuple[tuple[tuple[str, ...], str, tuple[Any, ...]], ...] = (
    (STRINGS, "aws:RequestedRegion", ("eu-west-1", "EU-WEST-1", "eu-*", ["us-east-1", "eu-west-?"])),
    (STRINGS, "sts:ExternalId", ("partner-1", "PARTNER-1", "partner-*", "other")),
    (STRINGS, "aws:PrincipalOrgID", ("o-a1b2c3d4e5", "o-*", "o-zzzzzzzzzz")),
    (STRINGS, "aws:username", ("Bob", "${aws:username}", "${aws:PrincipalTag/missing, 'Bob'}", "B${*}", "B*")),
    (STRINGS, "aws:PrincipalTag/team", ("red", "${*}", "${aws:PrincipalTag/team}", "*", "${?}ed")),
    (SETS, "aws:TagKeys", ("team", ["team", "stage"], "st*")),
    (("ForAnyValue:StringLike", "ForAllValues:StringLike"), "aws:PrincipalOrgPaths", ("o-a1b2c3d4e5/*", "o-zzz/*")),
    (("Bool",), "aws:MultiFactorAuthPresent", ("true", "false", True)),
    (("Bool",), "aws:SecureTransport", ("true", "false")),
    (("IpAddress", "NotIpAddress"), "aws:SourceIp", ("203.0.113.0/24", "2001:db8::/32", ["10.0.0.0/8", "203.0.113.7"])),
    (NUMBERS, "s3:max-keys", ("10", "50", 100)),
    (DATES, "aws:CurrentTime", ("2025-01-01T00:00:00Z", "2026-06-01T12:00:00Z", "2024-01-01T00:00:00+00:00")),
    (ARNS, "aws:SourceArn", ("arn:aws:cloudtrail:*:111111111111:trail/*", "arn:aws:*:*:*:trail/?rg", "arn:aws:s3:::b")),
    (ARNS, "aws:PrincipalArn", (USER, ROLE, "arn:aws:iam::111111111111:role/*", "arn:aws:iam::*:user/?ob")),
    (STRINGS, "aws:SourceAccount", ("111111111111", ["333333333333", "111111111111"], "${aws:PrincipalAccount}")),
    (STRINGS, "AWS:sourceorgid", ("o-a1b2c3d4e5", "${aws:PrincipalOrgID}", "${aws:ResourceOrgID, 'o-none'}", "O-*")),
    (("ForAnyValue:StringLike", "ForAllValues:StringLike"), "aws:SourceOrgPaths", ("o-a1b2c3d4e5/*", "o-zzz/*")),
    (("stringequals", "STRINGLIKE", "StringNotEqualsIgnoreCase"), "AWS:REQUESTEDREGION", ("eu-west-1", "EU-WEST-1")),
    (STRINGS, "aws:PrincipalTag/TEAM", ("red", "RED", "${AWS:principaltag/Team}")),
    (STRINGS, "aws:ResourceAccount", ("111111111111", "${aws:PrincipalAccount}", "${aws:missing, '111111111111'}")),
    (("Null",), "aws:TagKeys", ("true", "false", True)),
    (("Null",), "aws:SourceOrgPaths", ("true", ["false"])),
    (("Null",), "sts:ExternalId", ("true", "false")),
    (("Null",), "aws:MultiFactorAuthPresent", ("true", "false")),
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A request with the policies that apply to it."""

    request: Request
    policies: Policies


class Generator:
    """Cases from a seed; most policies allow, so that what limits them is tried too."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def cases(self, number: int) -> Iterator[Case]:
        for _ in range(number):
            yield self._case()

    def _case(self) -> Case:
        pick = self._random.choice
        principal = self._random.choices(PRINCIPALS, (4, 6, 2, 2, 1, 1))[0]
        action, pattern = pick(list(TARGETS.items()))
        owner = pick((OURS, OURS, SISTER, FOREIGN)) if pattern != "*" else OURS
        context = {key: value for key, values in CONTEXT.items() if (value := pick(values)) is not None}
        request = Request(principal, action, pattern.format(owner.id), owner, context)
        is_session = principal.kind in (PrincipalKind.ROLE_SESSION, PrincipalKind.FEDERATED_USER)
        has_identity = principal.kind in (PrincipalKind.USER, PrincipalKind.ROLE_SESSION, PrincipalKind.FEDERATED_USER)
        return Case(
            request,
            Policies(
                identity=tuple(self._policy(request) for _ in range(pick((0, 1, 1, 2)))) if has_identity else (),
                boundary=self._policy(request) if has_identity and self._chance(0.3) else None,
                session=(self._policy(request),) if is_session and self._chance(0.3) else (),
                resource=self._policy(request, True) if self._has_policy(request) else None,
                scps=self._levels(request) if principal.is_iam and self._chance(0.3) else (),
                rcps=self._levels(request, True) if owner.is_member and self._chance(0.3) else (),
            ),
        )

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _has_policy(self, request: Request) -> bool:
        """Roles and keys always have a policy, other resources not always."""
        return request.is_role_assumption or request.is_of_key or (request.resource != "*" and self._chance(0.6))

    def _levels(self, request: Request, is_rcp: bool = False) -> tuple[Level, ...]:
        return tuple(
            Level(target, tuple(self._guardrail(request, is_rcp) for _ in range(self._random.choice((1, 1, 2)))))
            for target in ("r-ab12", "ou-ab12-11111111", request.owner.id)
        )

    def _guardrail(self, request: Request, is_rcp: bool) -> Policy:
        if not is_rcp and self._chance(0.7):
            return _policy([{"Effect": "Allow", "Action": "*", "Resource": "*"}])
        statement = self._statement(request, "Deny" if is_rcp or self._chance(0.4) else "Allow")
        if not is_rcp:
            return _policy([statement])
        statement.pop("NotAction", None)
        actions = (request.action, f"{request.service}:*")  # RCPs have no wildcard for all services
        return _policy([{**statement, "Action": self._random.choice(actions), "Principal": "*"}])

    def _policy(self, request: Request, names_principals: bool = False) -> Policy:
        statements = []
        for _ in range(self._random.choice((1, 1, 2))):
            effect = "Deny" if self._chance(0.15) else "Allow"
            statement = self._statement(request, effect)
            if names_principals:
                name = "NotPrincipal" if effect == "Deny" and self._chance(0.2) else "Principal"
                statement[name] = self._random.choice(NAMES[2:] if name == "NotPrincipal" else NAMES)
                if request.is_role_assumption:
                    del statement[next(key for key in statement if key.endswith("Resource"))]
            statements.append(statement)
        return _policy(statements, "2012-10-17" if self._chance(0.95) else "2008-10-17")

    def _statement(self, request: Request, effect: str) -> dict[str, Any]:
        pick, service = self._random.choice, request.service
        actions = pick(("*", request.action, f"{service}:*", f"{service.upper()}:?*", [request.action, "ec2:Run*"]))
        statement: dict[str, Any] = {"Effect": effect, "Action": actions}
        if self._chance(0.15):
            statement = {"Effect": effect, "NotAction": pick(("ec2:*", request.action, ["iam:*", "s3:Put*"]))}
        parts = request.resource.rpartition("/")[0]
        resources = (
            "*",
            request.resource,
            f"{parts}/*",
            "arn:aws:s3:::logs/${aws:username}/*",
            "arn:aws:sqs:*:*:e?ents",
            *WILDCARDS,
        )
        name = "NotResource" if self._chance(0.1) else "Resource"
        statement[name] = (
            self._random.choices(resources, (12, 8, 4, 4, 2, *(1 for _ in WILDCARDS)))[0] if parts else "*"
        )
        if self._chance(0.4):
            statement["Condition"] = self._conditions()
        return statement

    def _conditions(self) -> dict[str, Any]:
        blocks: dict[str, Any] = {}
        for _ in range(self._random.choice((1, 1, 2))):
            operators, key, values = self._random.choice(CONDITIONS)
            operator = self._random.choice(operators)
            if operator != "Null" and self._chance(0.25):
                operator += "IfExists"
            blocks.setdefault(operator, {})[key] = self._random.choice(values)
        return blocks


def _policy(statements: list[dict[str, Any]], version: str = "2012-10-17") -> Policy:
    return Policy({"Version": version, "Statement": statements}, name="Generated")
