"""Whether there is a landing zone, and what it owns: moto has no controltower service."""

from collections.abc import Iterator

from moto.core.responses import ActionResult, BaseResponse
from moto.organizations.models import organizations_backends

from orgkit.sandbox import ids
from orgkit.sandbox.corrections.registry import differs, refusal
from orgkit.sandbox.world import world

# What the console sets up by default, and a landing zone that has controls alone.
MANIFEST = {
    "accessManagement": {"enabled": True},
    "centralizedLogging": {"accountId": "333333333333", "enabled": True},
    "governedRegions": ["us-east-1"],
    "organizationStructure": {"security": {"name": "Security"}},
    "securityRoles": {"accountId": "444444444444"},
}


@differs("controltower.list_landing_zones", moto="There is no controltower service.")
class ControlTowerResponse(BaseResponse):  # type: ignore[misc]  # moto has no types
    """ListLandingZones shows a landing zone in its home region; a landing zone 4.0 may have controls alone."""

    # In moto's shape, so that it could be offered upstream.

    def __init__(self) -> None:
        super().__init__(service_name="controltower")
        self.automated_parameter_parsing = True

    @property
    def _has_zone(self) -> bool:
        seed = world().seed
        owner = self.current_account == seed.management_account_id
        return owner and bool(seed.control_tower) and self.region == seed.control_tower_region

    def list_landing_zones(self) -> ActionResult:
        return ActionResult({"landingZones": [{"arn": self._arn("landingzone", "zone")}] if self._has_zone else []})

    def get_landing_zone(self) -> ActionResult:
        if not self._has_zone:
            raise refusal("ResourceNotFoundException", "There is no landing zone in this region.")
        controls_only = world().seed.controls_only
        zone = {
            "arn": self._arn("landingzone", "zone"),
            "status": "ACTIVE",
            "version": "4.0" if controls_only else "3.3",
        }
        return ActionResult({"landingZone": {**zone, "manifest": {} if controls_only else MANIFEST}})

    def list_enabled_baselines(self) -> ActionResult:
        targets = [] if world().seed.controls_only else list(self._units())
        items = [{"arn": self._arn("enabledbaseline", unit), "targetIdentifier": unit} for unit in targets]
        return ActionResult({"enabledBaselines": items})

    def list_enabled_controls(self) -> ActionResult:
        items = [{"arn": self._arn("enabledcontrol", unit), "targetIdentifier": unit} for unit in self._units()]
        return ActionResult({"enabledControls": items})

    def _units(self) -> Iterator[str]:
        """The ARNs of the units below the organization root."""
        backend = organizations_backends[self.current_account]["aws"]
        roots = {unit.id for unit in backend.ou if unit.type == "ROOT"}
        yield from (unit.arn for unit in backend.ou if self._has_zone and unit.parent_id in roots)

    def _arn(self, kind: str, name: str) -> str:
        account = self.current_account
        return f"arn:aws:controltower:{self.region}:{account}:{kind}/{ids.derive(16, kind, account, name).upper()}"
