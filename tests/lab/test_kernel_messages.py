"""What the guided kernel sends while a plan waits for its approval, on the oldest ipykernel and on the newest one."""

import os
import sys
import time
from collections.abc import Iterator
from queue import Empty
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager

from tests.environments import make_environment

WAIT = 60  # seconds; a loaded machine is slow, and that is no failure
RAISE = "from orgkit.errors import {kind}\nraise {kind}('two steps.', 'approve them.')"


class GuidedKernel(KernelSpecManager):  # type: ignore[misc]
    """The command of `orgkit open` and `orgkit lab`."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        extension = "orgkit.runbook.interactive.interactive_kernel"
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--ext", extension]
        return KernelSpec(argv=[*command, "--log-level=ERROR"], display_name=kernel_name, language="python")


@pytest.fixture(scope="module", params=["6", "7"])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlockingKernelClient]:
    settings = dict(os.environ)
    if request.param == "6":
        settings["PYTHONPATH"] = str(make_environment(".venv-ipykernel6").parent / "packages")
    place = tmp_path_factory.mktemp("kernel")
    connection = {"transport": "ipc", "connection_file": str(place / "kernel.json")}
    manager = KernelManager(kernel_spec_manager=GuidedKernel(), **connection)
    manager.start_kernel(env=settings, cwd=str(place))
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=WAIT)
    reply, _ = run(client, "import ipykernel")
    assert reply["status"] == "ok"
    _, shown = run(client, "ipykernel.__version__.split('.')[0]")
    assert shown[-1]["content"]["data"]["text/plain"] == f"'{request.param}'"
    try:
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        client.context.destroy(linger=0)
        manager.context.destroy(linger=0)


def run(client: BlockingKernelClient, *codes: str, between: float = 0.0) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """One after the other without waiting, as Run All does; the last reply, and each message that shows something."""
    requests = []
    for code in codes:
        requests.append(client.execute(code))
        time.sleep(between)
    replies = {}
    while not replies.keys() >= set(requests):  # those of `wait_for_ready` may come in between
        reply = client.get_shell_msg(timeout=WAIT)
        replies[reply["parent_header"]["msg_id"]] = reply["content"]
    return replies[requests[-1]], list(outputs(client, requests[-1]))


def outputs(client: BlockingKernelClient, last: str) -> Iterator[dict[str, Any]]:
    """Until the kernel says that it has nothing to do any more after the last request."""
    while True:
        try:
            message = client.get_iopub_msg(timeout=WAIT)
        except Empty:
            raise AssertionError("the kernel never became idle") from None
        if message["msg_type"] == "status":
            if message["content"]["execution_state"] == "idle" and message["parent_header"]["msg_id"] == last:
                return
        elif message["msg_type"] != "execute_input":
            yield message


def test_awaiting_approval_shows_no_error_and_the_cells_below_never_run(client: BlockingKernelClient) -> None:
    reply, shown = run(client, RAISE.format(kind="AwaitingApproval"), "ran = 'below'")
    assert reply["status"] in ("aborted", "error")  # what JupyterLab gets for a cell that was queued
    assert "execution_count" not in reply or reply["status"] == "aborted"
    assert [message["msg_type"] for message in shown] == ["display_data"]
    assert "Awaiting approval: nothing was changed." in shown[0]["content"]["data"]["text/plain"]
    _, shown = run(client, "'ran' in dir()")
    assert shown[-1]["content"]["data"]["text/plain"] == "False"


def test_a_cell_that_a_loaded_server_passes_on_a_moment_later_is_dropped_too(client: BlockingKernelClient) -> None:
    reply, _ = run(client, RAISE.format(kind="AwaitingApproval"), "late = 'below'", between=0.5)
    assert reply["status"] == "aborted"
    _, shown = run(client, "'late' in dir()")
    assert shown[-1]["content"]["data"]["text/plain"] == "False"


def test_the_reply_of_the_cell_itself_is_still_an_error_with_its_lines(client: BlockingKernelClient) -> None:
    reply, _ = run(client, RAISE.format(kind="AwaitingApproval"))
    assert (reply["status"], reply["ename"]) == ("error", "AwaitingApproval")
    assert reply["traceback"][0] == "Awaiting approval: nothing was changed."


def test_every_other_end_is_still_an_error(client: BlockingKernelClient) -> None:
    reply, shown = run(client, RAISE.format(kind="ApprovalMismatch"))
    assert reply["status"] == "error"
    assert [message["msg_type"] for message in shown] == ["display_data", "error"]
