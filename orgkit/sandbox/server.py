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

import orgkit.aws.crt  # noqa: F401  # before moto imports botocore
from orgkit.aws.garbage_collection import collect_less_often
from orgkit.phases.registry import RUNBOOKS
from orgkit.sandbox.profiles import write_private

# Where moto's package has another name than the prefix of the service's IAM actions; tagging is loaded with moto.
MOTO_PACKAGES = {"lambda": "awslambda"}
HOST = "127.0.0.1"  # not localhost, which would make S3 look for a bucket in the host name


def main(arguments: list[str] | None = None) -> None:
    """Run the sandbox until it is stopped."""
    options = parse(arguments)
    application = make_application(options)
    server = make_http_server(application, port=options.port)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    _watch(options.parent)
    announce(options.folder, server.server_port, application.token)
    threading.Thread(target=warm_up, daemon=True).start()
    server.serve_forever()


def make_application(options: argparse.Namespace) -> Any:
    """The WSGI application with the world of its seed. It has to be made before anything else imports moto."""
    collect_less_often()
    _settle_environment()
    _use_virtual_time()
    _find_regions_of_ec2_quickly()
    from orgkit.sandbox.app import SandboxApplication

    _begin(options)
    pages = Pages(options)
    application = SandboxApplication(pages)
    pages.application = application
    return application


def make_http_server(application: Any, *, port: int = 0, fd: int | None = None) -> Any:
    """A server with a thread for each connection, on a port or on a socket that is listening already."""
    from werkzeug.serving import make_server

    from orgkit.sandbox.http_handler import KeepAliveHandler  # late: it imports moto

    return make_server(HOST, port, application, threaded=True, request_handler=KeepAliveHandler, fd=fd)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="orgkit.sandbox.server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--seed", type=Path, required=True, help="JSON, as lifecycle.start writes it")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--real-time", action="store_true", help="a sleep takes as long as it says")
    parser.add_argument("--parent", type=int, default=0, help="end when this process does")
    return parser.parse_args(arguments)


def _settle_environment() -> None:
    """Set moto's options before its import: no machine images, which load for seconds, and no cross-origin requests."""
    warnings.simplefilter("ignore")  # moto warns of errors that its models lack, as AWS's do
    os.environ |= {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false", "MOTO_DISABLE_GLOBAL_CORS": "true"}


def _use_virtual_time() -> None:
    """moto's modules take utcnow by name when they are imported: it has to be ours before the first of them is."""
    import moto.core.utils as utilities

    from orgkit.sandbox.world import world

    utilities.utcnow = lambda: world().clock.now().replace(tzinfo=None)


def _find_regions_of_ec2_quickly() -> None:
    """moto asks botocore three times for EC2's regions, which reads EC2's model each time: half a CPU second in all."""
    from botocore.session import Session

    all_regions = Session.get_available_regions

    def get_available_regions(
        session: Any, service_name: str, partition_name: str = "aws", allow_non_regional: bool = False
    ) -> Any:
        if service_name != "ec2":
            return all_regions(session, service_name, partition_name, allow_non_regional)
        # The model would only say that the endpoints have the name of the service.
        resolver = session._get_internal_component("endpoint_resolver")
        return resolver.get_available_endpoints(service_name, partition_name, allow_non_regional)

    Session.get_available_regions = get_available_regions


def _begin(options: argparse.Namespace) -> None:
    from orgkit.sandbox import seeding
    from orgkit.sandbox.corrections.all import install

    install()
    seeding.begin(json.loads(options.seed.read_text(encoding="utf-8")), real_time=options.real_time)


class Pages:
    """The sandbox's own interface, under /orgkit."""

    application: Any = None

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options

    def __call__(self, path: str, values: dict[str, Any]) -> Any:
        pages = {
            "/status": self._status,
            "/clock": self._clock,
            "/calls": lambda _: self.application.calls.as_values(),
            "/denials": lambda _: self.application.calls.denials(),
            "/calls/clear": lambda _: self.application.calls.clear(),
            "/reset": self._reset,
            "/sign-in": self._sign_in,
            "/bills": self._bills,
        }
        return pages[path](values)

    def _status(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"folder": str(self._options.folder), "pid": os.getpid(), "real_time": self._options.real_time}

    def _clock(self, values: dict[str, Any]) -> dict[str, str]:
        from orgkit.sandbox.world import world

        clock = world().clock
        if "sleep" in values:
            clock.sleep(float(values["sleep"]))
        if "until" in values:
            clock.sleep_until(datetime.fromisoformat(values["until"]))
        return {"now": clock.now().isoformat()}

    def _sign_in(self, _: dict[str, Any]) -> dict[str, Any]:
        """Renew the credentials, as a person does by signing in again."""
        from orgkit.sandbox.world import world

        world().renew_credentials()
        return {}

    def _bills(self, values: dict[str, Any]) -> dict[str, Any]:
        from orgkit.sandbox.corrections import cost_explorer

        return {"unknown": cost_explorer.seed(values)}

    def _reset(self, values: dict[str, Any]) -> dict[str, Any]:
        from orgkit.sandbox import seeding

        self.application.begin_again(lambda: seeding.begin(values, real_time=self._options.real_time))
        return {}


def warm_up() -> None:
    """Import the services that the phases name before they are called: moto would do so in the first call."""
    for service in services():
        importlib.import_module(f"moto.{service}")


def services() -> list[str]:
    """Return moto's packages for the services of all IAM actions in the descriptors and their steps."""
    from moto.backends import list_of_moto_modules  # late: the environment has to be settled before moto loads

    from orgkit.sandbox.app import OWN_SERVICES

    actions = {action for phase in RUNBOOKS for action in phase.reads}
    actions |= {action for phase in RUNBOOKS for step in phase.steps for action in step.actions}
    prefixes = {action.partition(":")[0] for action in actions}
    known = {MOTO_PACKAGES.get(prefix, prefix) for prefix in prefixes}
    return sorted(known & set(list_of_moto_modules()) - OWN_SERVICES.keys())


def _watch(parent: int) -> None:
    """End the sandbox when its parent process has ended: a killed rehearsal must not leave it running."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(0)

    if parent:
        threading.Thread(target=look, daemon=True).start()


def announce(folder: Path, port: int, token: str) -> None:
    """Write address and control token to server.json, which its owner alone can read: lifecycle.find looks there."""
    values = {"pid": os.getpid(), "endpoint_url": f"http://{HOST}:{port}", "folder": str(folder), "token": token}
    write_private(folder / "aws" / "server.json", json.dumps(values))


if __name__ == "__main__":
    main()
