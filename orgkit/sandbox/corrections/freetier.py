"""The account plan and its credits: moto has no freetier service."""

from moto.core.responses import ActionResult, BaseResponse

from orgkit.sandbox.world import world


class FreeTierResponse(BaseResponse):  # type: ignore[misc]  # moto has no types
    """In moto's shape, so that it could be offered upstream."""

    def __init__(self) -> None:
        super().__init__(service_name="freetier")
        self.automated_parameter_parsing = True

    def get_account_plan_state(self) -> ActionResult:
        """Creating or joining an organization ends the Free plan, and its credits expire at once."""
        seed = world().seed
        ended = self.current_account in world().things.get("plan_ended", ())
        free = seed.plan == "FREE" and not ended
        values = {"accountId": self.current_account, "accountPlanType": "FREE" if free else "PAID"}
        values["accountPlanStatus"] = "ACTIVE" if free else "NOT_STARTED"
        amount = 0.0 if ended else float(seed.credits_usd)
        return ActionResult({**values, "accountPlanRemainingCredits": {"amount": amount, "unit": "USD"}})
