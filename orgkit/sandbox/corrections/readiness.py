"""Services of an account that was made a moment ago: AWS refuses for a while, moto never does."""

from datetime import timedelta

from orgkit.sandbox.corrections.members import backend_of
from orgkit.sandbox.corrections.registry import differs
from orgkit.sandbox.world import world

SERVICES = ("s3", "kms")
NOT_SIGNED_UP = ("SubscriptionRequiredException", "The AWS Access Key Id needs a subscription for the service")


@differs("new_account.services", moto="Every service answers in a new account at once.")
def ready(service: str, account: str) -> bool:
    """A created account answers SubscriptionRequiredException for a while."""
    seconds = world().seed.services_seconds
    if service not in SERVICES or not seconds or account in world().state.get("copied_accounts", ()):
        return True
    created_accounts = [
        member for member in backend_of(account).accounts if member.id == account and member.joined_method == "CREATED"
    ]
    return all(member.create_time + timedelta(seconds=seconds) <= world().clock.now() for member in created_accounts)
