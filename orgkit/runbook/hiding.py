"""A kernel sends nothing to its notebook that holds the credentials with which it calls AWS."""

from typing import Any

from orgkit.aws import live

OUTPUTS = ("stream", "display_data", "update_display_data", "execute_result", "error", "execute_reply")


def hide_credentials(shell: Any) -> None:
    """Everything that a cell prints, shows or raises goes through one session; nothing happens without a kernel.

    Whoever prints a credential piece by piece, or one that another library fetched for itself, is not noticed here:
    what looks like a secret is taken out when the record is sealed.
    """
    session = getattr(getattr(shell, "kernel", None), "session", None)
    if session is None or hasattr(session, "hides_credentials"):
        return
    send = session.send

    def send_hidden(stream: Any, message: Any, content: Any = None, *args: Any, **kwargs: Any) -> Any:
        kind = message if isinstance(message, str) else message.get("msg_type")
        if kind in OUTPUTS and isinstance(message, str):
            content = live.hidden(content)
        elif kind in OUTPUTS:
            message = {**message, "content": live.hidden(message["content"])}
        return send(stream, message, content, *args, **kwargs)

    session.send, session.hides_credentials = send_hidden, True
