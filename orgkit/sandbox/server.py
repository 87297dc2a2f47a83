"""python -m orgkit.sandbox.server: the process that is the sandbox."""

import argparse
import importlib
import json
import os
import signal
import threading
import time
import warnings
from datetime import datetime
from pathlib import Path
from typing import Any

from orgkit.sandbox.profiles import write_private

WARM = ("account", "budgets", "cloudtrail", "dynamodb", "ec2", "ecs", "rds", "awslambda")
HOST = "127.0.0.1"  # not localhost, which would make S3 look for a bucket in the host name


def main(arguments: list[str] | None = None) -> None:
    """Be the sandbox until told to end."""
    chosen = _parse(arguments)
    _settle_environment()
    _use_virtual_time()
    from moto.moto_server.werkzeug_app import MotoRequestHandler
    from werkzeug.serving import make_server

    from orgkit.sandbox.app import SandboxApplication

    class QuietHandler(MotoRequestHandler):  # type: ignore[misc]  # moto has no types
        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Our own log has more, and this one costs time."""

        def send_response(self, code: int, message: str | None = None) -> None:
            """Without a Date of the server's own: the answers tell the sandbox's time, and the first would be read."""
            self.send_response_only(code, message)

    _begin(chosen)
    pages = Pages(chosen)
    application = SandboxApplication(pages)
    pages.application = application
    server = make_server(HOST, chosen.port, application, threaded=True, request_handler=QuietHandler)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    _watch(chosen.parent)
    _announce(chosen.folder, server.server_port)
    threading.Thread(target=_warm_up, daemon=True).start()
    server.serve_forever()


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="orgkit.sandbox.server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--seed", type=Path, required=True, help="JSON, as lifecycle.start writes it")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--real-time", action="store_true", help="a sleep takes as long as it says")
    parser.add_argument("--parent", type=int, default=0, help="end when this process does")
    return parser.parse_args(arguments)


def _settle_environment() -> None:
    """Before moto is imported: no machine images, which take seconds to load, and no pages of other sites let in."""
    warnings.simplefilter("ignore")  # moto warns of errors that its models lack, as AWS's do
    os.environ |= {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false", "MOTO_DISABLE_GLOBAL_CORS": "true"}


def _use_virtual_time() -> None:
    """moto's modules take utcnow by name when they are imported: it has to be ours before the first of them is."""
    import moto.core.utils as utilities

    from orgkit.sandbox.world import world

    utilities.utcnow = lambda: world().clock.now().replace(tzinfo=None)


def _begin(chosen: argparse.Namespace) -> None:
    from orgkit.sandbox import seeding
    from orgkit.sandbox.corrections.all import install

    install()
    seeding.begin(json.loads(chosen.seed.read_text(encoding="utf-8")), real_time=chosen.real_time)


class Pages:
    """The sandbox's own interface, under /orgkit."""

    application: Any = None

    def __init__(self, chosen: argparse.Namespace) -> None:
        self._chosen = chosen

    def __call__(self, path: str, values: dict[str, Any]) -> Any:
        pages = {
            "/status": self._status,
            "/clock": self._clock,
            "/calls": lambda _: self.application.calls.as_values(),
            "/calls/clear": lambda _: self.application.calls.clear(),
            "/reset": self._reset,
            "/sign-in": self._sign_in,
            "/bills": self._bills,
        }
        return pages[path](values)

    def _status(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"folder": str(self._chosen.folder), "pid": os.getpid(), "real_time": self._chosen.real_time}

    def _clock(self, values: dict[str, Any]) -> dict[str, str]:
        from orgkit.sandbox.world import world

        clock = world().clock
        if "sleep" in values:
            clock.sleep(float(values["sleep"]))
        if "until" in values:
            clock.sleep_until(datetime.fromisoformat(values["until"]))
        return {"now": clock.now().isoformat()}

    def _sign_in(self, _: dict[str, Any]) -> dict[str, Any]:
        """What a person does when their credentials have ended."""
        from orgkit.sandbox.world import world

        world().renew_credentials()
        return {}

    def _bills(self, values: dict[str, Any]) -> dict[str, Any]:
        from orgkit.sandbox.corrections import cost_explorer

        return {"unknown": cost_explorer.seed(values)}

    def _reset(self, values: dict[str, Any]) -> dict[str, Any]:
        from orgkit.sandbox import seeding

        self.application.begin_again(lambda: seeding.begin(values, real_time=self._chosen.real_time))
        return {}


def _warm_up() -> None:
    """The services that phase 00 looks through are imported before it asks: moto would do so in the first call."""
    for service in WARM:
        importlib.import_module(f"moto.{service}")


def _watch(parent: int) -> None:
    """A rehearsal that is killed must not leave its AWS behind."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(0)

    if parent:
        threading.Thread(target=look, daemon=True).start()


def _announce(folder: Path, port: int) -> None:
    values = {"pid": os.getpid(), "endpoint_url": f"http://{HOST}:{port}", "folder": str(folder)}
    write_private(folder / "aws" / "server.json", json.dumps(values))


if __name__ == "__main__":
    main()
