"""The account plan and its credits: moto has no freetier service."""

from datetime import timedelta

from moto.core.responses import ActionResult, BaseResponse

from orgkit.sandbox.corrections.registry import differs
from orgkit.sandbox.world import world

FREE_FOR = timedelta(days=180)


@differs("freetier.get_account_plan_state", moto="There is no freetier service.")
class FreeTierResponse(BaseResponse):  # type: ignore[misc]  # moto has no types
    """GetAccountPlanState returns the plan and its credits, which creating or joining an organization ends."""

    # In moto's shape, so that it could be offered upstream.

    def __init__(self) -> None:
        super().__init__(service_name="freetier")
        self.automated_parameter_parsing = True

    def get_account_plan_state(self) -> ActionResult:
        """Creating or joining an organization ends the Free plan, and its credits expire at once."""
        seed = world().seed
        ended = self.current_account in world().state.get("plan_ended", ())
        free = seed.plan == "FREE" and not ended
        values = {"accountId": self.current_account, "accountPlanType": "FREE" if free else "PAID"}
        values["accountPlanStatus"] = "ACTIVE"
        amount = 0.0 if ended else float(seed.credits_usd)
        expiration = {"accountPlanExpirationDate": world().clock.start + FREE_FOR} if free else {}
        return ActionResult({**values, **expiration, "accountPlanRemainingCredits": {"amount": amount, "unit": "USD"}})
