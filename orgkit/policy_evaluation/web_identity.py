"""The bearer of a token of an identity provider, and the condition keys that the claims of the token become.

Source: IAM User Guide, "IAM and AWS STS condition context keys", keys for OIDC federation. A claim that is not listed
there becomes no key, so that a condition on it never holds.
"""

from collections.abc import Mapping
from typing import Any

from orgkit.policy_evaluation.conditions import Values

GITHUB = "token.actions.githubusercontent.com"
_CLAIMS = ("amr", "aud", "sub")  # of every provider
_CLAIMS_OF_PROVIDERS: Mapping[str, tuple[str, ...]] = {
    GITHUB: (
        "actor", "actor_id", "enterprise_id", "environment", "job_workflow_ref", "ref", "repository", "repository_id",
        "repository_owner_id", "workflow",
    ),
}  # fmt: skip


def claim_keys(issuer: str, claims: Mapping[str, Any]) -> dict[str, Values]:
    """Return the condition keys of a token.

    Args:
        issuer: The provider's address without `https://`, as its ARN and the keys have it.
        claims: Those of the token.
    """
    names = (*_CLAIMS, *_CLAIMS_OF_PROVIDERS.get(issuer, ()))
    values = {name: audience_of(claims) if name == "aud" else claims.get(name) for name in names}
    return {f"{issuer}:{name}": _text(value) for name, value in values.items() if value is not None}


def audience_of(claims: Mapping[str, Any]) -> str | None:
    """Return the audience of a token, or the authorized party where it names one; None for several audiences."""
    value = claims.get("azp") or claims.get("aud")
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    return None if value is None else str(value)


def _text(value: Any) -> Values:
    return tuple(map(str, value)) if isinstance(value, list) else str(value)
