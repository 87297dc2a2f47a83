"""`orgkit open`: JupyterLab with a prepared copy of the runbook; when it ends, the record is sealed."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.bootstrap.project import BIN, Stage


@pytest.mark.parametrize("end", ["Ctrl-C", "SIGTERM"])
def test_a_runbook_opens_and_its_record_is_sealed_when_jupyterlab_ends(stage: Stage, tmp_path: Path, end: str) -> None:
    stage.begin("organization")
    port = free_port()
    (tmp_path / "jupyter_server_config.py").write_text(  # without a browser and a token: in tests only
        f"c.ServerApp.open_browser = False\nc.ServerApp.port = {port}\nc.IdentityProvider.token = ''\n"
        "c.ServerApp.allow_root = True\nc.ServerApp.port_retries = 0\n"
    )
    own = {f"JUPYTER_{name}_DIR": str(tmp_path) for name in ("CONFIG", "DATA", "RUNTIME")}
    keyboard, terminal = os.openpty()
    with (tmp_path / "told").open("wb") as output:
        opened = subprocess.Popen(
            [str(BIN / "orgkit"), "open", str(stage.project.file), "02"],
            cwd=stage.project.folder, env={**stage.project.environment, **own}, stdin=terminal,
            stdout=output, stderr=output, process_group=0,
        )  # fmt: skip
    try:
        answer = notebook(opened, port, tmp_path / "told")
        if end == "SIGTERM":
            opened.terminate()
        else:  # as a terminal does; JupyterLab asks whether that is meant
            os.killpg(opened.pid, signal.SIGINT)
            os.write(keyboard, b"y\n")
        assert opened.wait(30) == 7  # nothing was run
    finally:
        if opened.poll() is None:
            os.killpg(opened.pid, signal.SIGKILL)
            opened.wait()
        os.close(keyboard)
        os.close(terminal)

    parameters = "".join("".join(cell["source"]) for cell in answer["content"]["cells"] if cell["cell_type"] == "code")
    (run,) = Path(stage.project.settings["ORGKIT_OUTPUTS"]).glob("*/*-02-units-*")
    assert f'run_folder = "{run}"' in parameters
    assert str(stage.project.file) in parameters
    assert json.loads((run / "manifest.json").read_text())["outcome"] == "interrupted"
    assert (run / "02-units.html").exists()
    assert "02-units opens in JupyterLab" in (tmp_path / "told").read_text()
    assert "Traceback" not in (tmp_path / "told").read_text()
    assert stage.changes() == []


def notebook(opened: subprocess.Popen[bytes], port: int, output: Path) -> dict[str, Any]:
    """What JupyterLab answers when it is asked for the notebook that it has opened."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert opened.poll() is None, output.read_text()
        try:
            assert b"JupyterLab" in opener.open(f"http://127.0.0.1:{port}/lab", timeout=10).read()
            return dict(json.load(opener.open(f"http://127.0.0.1:{port}/api/contents/02-units.ipynb", timeout=10)))
        except OSError:
            time.sleep(0.2)
    raise AssertionError(output.read_text())


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
