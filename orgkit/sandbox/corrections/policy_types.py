"""Policy types of the root: all that AWS has, none without all features, and enabled only after a while."""

from datetime import timedelta
from typing import Any

from moto.core.utils import get_service_model
from moto.organizations.models import FakePolicy, FakeRoot, OrganizationsBackend

from orgkit.sandbox.corrections.registry import CORRECTIONS, Correction, corrects, refusal, settles
from orgkit.sandbox.world import world

ALL_TYPES = list(get_service_model("organizations").shape_for("PolicyType").enum)
CORRECTIONS.extend(
    (
        Correction(
            FakeRoot, "SUPPORTED_POLICY_TYPES", ALL_TYPES,
            "The root can have every policy type of the API's model.", "The root can have five policy types.",
        ),
        Correction(
            FakePolicy, "SUPPORTED_POLICY_TYPES", ALL_TYPES,
            "Policies can be listed by every policy type of the API's model.",
            "Policies can be listed by five policy types.",
        ),
    )
)  # fmt: skip


@corrects(OrganizationsBackend, moto="EnablePolicyType has ENABLED at once, in any organization.")
def enable_policy_type(self: OrganizationsBackend, **kwargs: str) -> dict[str, Any]:
    """EnablePolicyType is asynchronous, and refused in a consolidated-billing organization."""
    root = self._get_root_by_id(kwargs["RootId"])
    if self.org.feature_set != "ALL":
        message = "You can't enable a policy type in an organization that doesn't have all features."
        raise refusal("PolicyTypeNotAvailableForOrganizationException", message)
    root.add_policy_type(kwargs["PolicyType"])
    seconds, policy_type = world().seed.policy_type_seconds, root.policy_types[-1]
    if seconds:
        policy_type["Status"] = "PENDING_ENABLE"
        world().state.setdefault("policy_types", []).append(
            (world().clock.now() + timedelta(seconds=seconds), policy_type)
        )
    return {"Root": root.describe()}


@settles
def finish_enabling() -> None:
    """PENDING_ENABLE becomes ENABLED."""
    for enabled_at, policy_type in world().state.get("policy_types", []):
        if enabled_at <= world().clock.now():
            policy_type["Status"] = "ENABLED"
