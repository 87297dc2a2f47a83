"""botocore's own retries, with their pauses on our clock: a rehearsal lets them pass, and an emulator sees them."""

from typing import Any

from botocore.retries.standard import register_retry_handler

from orgkit.aws.clock import Clock


def pause_by(clock: Clock, client: Any, attempts: int) -> None:
    """Let the clock wait where the client would sleep: whether and how long stays botocore's to say."""
    service = client.meta.service_model.service_id.hyphenize()
    event, name = f"needs-retry.{service}", f"retry-config-{service}"
    client.meta.events.unregister(event, unique_id=name)
    theirs = register_retry_handler(client, attempts)
    client.meta.events.unregister(event, unique_id=name)

    def ours(**asked: Any) -> float | None:
        pause = theirs.needs_retry(**asked)
        if pause is None:
            return None
        clock.sleep(pause)
        return 0.0  # what is left for botocore to sleep

    client.meta.events.register(event, ours, unique_id=name)
