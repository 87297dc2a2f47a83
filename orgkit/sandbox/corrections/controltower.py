"""Whether there is a landing zone: moto has no controltower service."""

from moto.core.responses import ActionResult, BaseResponse

from orgkit.sandbox import ids
from orgkit.sandbox.corrections.registry import differs
from orgkit.sandbox.world import world


@differs("controltower.list_landing_zones", moto="There is no controltower service.")
class ControlTowerResponse(BaseResponse):  # type: ignore[misc]  # moto has no types
    """ListLandingZones tells whether there is a landing zone."""

    # In moto's shape, so that it could be offered upstream.

    def __init__(self) -> None:
        super().__init__(service_name="controltower")
        self.automated_parameter_parsing = True

    def list_landing_zones(self) -> ActionResult:
        account = self.current_account
        there = world().seed.control_tower and account == world().seed.management_account_id
        name = ids.derived(16, "landing-zone", account).upper()
        arn = f"arn:aws:controltower:{self.region}:{account}:landingzone/{name}"
        return ActionResult({"landingZones": [{"arn": arn}] if there else []})
