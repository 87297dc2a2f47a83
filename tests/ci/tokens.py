"""Tokens that GitHub's workflows may bring to AWS, and which of them a role of CI lets in.

Claims: GitHub Docs, "OpenID Connect reference". The rows of the table in docs/how-to/ci.md are these.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ISSUER = "https://token.actions.githubusercontent.com"
SUBJECTS = {"immutable": "repo:acme@123456/org-runbooks@456789", "name": "repo:acme/org-runbooks"}
OTHER_OWNER = {"repository_owner_id": "654321", "repository_id": "987654"}


@dataclass(frozen=True)
class Token:
    """A token that differs from the right one.

    Attributes:
        bearer: Who has it, as the table names it.
        context: Of its subject, after the repository.
        repository: Its subject's repository, where it is another one.
        claims: Those that differ; a claim of None is missing.
        form: The one form of subjects that it is about.
    """

    bearer: str
    context: str = "environment:{environment}"
    repository: str = "{repository}"
    claims: Mapping[str, Any] = field(default_factory=dict)
    form: str = ""

    def values(self, environment: str, form: str) -> dict[str, Any]:
        """Return all claims, for a role of an environment and for one form of subjects."""
        names = {"environment": environment, "repository": SUBJECTS[form], "other": other_environment(environment)}
        claims = {
            "iss": ISSUER,
            "aud": "sts.amazonaws.com",
            "sub": f"{self.repository}:{self.context}".format_map(names),
            "repository": "acme/org-runbooks",
            "repository_id": "456789",
            "repository_owner_id": "123456",
            "ref": "refs/heads/main",
            "environment": environment,
        } | self.claims
        return {name: value for name, value in claims.items() if value is not None}


def other_environment(environment: str) -> str:
    return "org-plan" if environment == "org-apply" else "org-apply"


RIGHT = Token("a job of the repository in the role's environment")
REFUSED = (
    Token("a job without an environment, on the default branch", "ref:refs/heads/main"),
    Token("a job without an environment, on another branch", "ref:refs/heads/feature"),
    Token("a pull request", "pull_request"),
    Token("the other environment", "environment:{other}"),
    Token("an environment whose name begins alike", "environment:{environment}-2"),
    Token("an environment with a colon in its name", "environment:{environment}:x"),
    Token("an environment in another case", "environment:Org-Apply"),
    Token("an environment named with a wildcard", "environment:*"),
    Token("a fork", repository="repo:eve@654321/org-runbooks@987654", claims=OTHER_OWNER, form="immutable"),
    Token("a fork", repository="repo:eve/org-runbooks", claims=OTHER_OWNER, form="name"),
    Token("a repository made anew under the same name", claims={"repository_id": "987654"}),
    Token("an owner registered anew under the same name", claims=OTHER_OWNER),
    Token("an owner whose name begins alike", repository="repo:acme-evil@123456/org-runbooks@456789"),
    Token("a repository named with a wildcard", repository="repo:*"),
    Token("the subject of the other form", repository=SUBJECTS["name"], form="immutable"),
    Token("the subject of the other form", repository=SUBJECTS["immutable"], form="name"),
    Token("a repository in another case", repository="repo:Acme@123456/Org-Runbooks@456789"),
    Token("no subject", claims={"sub": None}),
    Token("no audience", claims={"aud": None}),
    Token("another audience", claims={"aud": "https://github.com/acme"}),
    Token("an audience named with a wildcard", claims={"aud": "*"}),
    Token("two audiences", claims={"aud": ["sts.amazonaws.com", "https://github.com/acme"]}),
    Token("another authorized party", claims={"azp": "https://github.com/acme"}),
    Token("no repository id", claims={"repository_id": None}),
    Token("no owner id", claims={"repository_owner_id": None}),
    Token("another issuer", claims={"iss": "https://token.actions.evil.example"}),
    Token("an issuer whose address begins alike", claims={"iss": f"{ISSUER}.evil.example"}),
    Token("the issuer of an enterprise", claims={"iss": f"{ISSUER}/acme"}),
)


def refused(form: str) -> list[Token]:
    return [token for token in REFUSED if token.form in ("", form)]


def web_token(claims: Any) -> str:
    """Return claims as a JSON web token, whose signature nobody verifies."""
    payload = urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2ln"
