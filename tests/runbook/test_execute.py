import hashlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from orgkit.errors import OrgkitError, ParametersInvalid, UnknownParameter
from orgkit.journal.events import read_events
from orgkit.phases.descriptor import Phase
from orgkit.phases.registry import phase_of
from orgkit.records import outputs
from orgkit.records.result import RunResult
from orgkit.runbook.execution.execute import execute
from orgkit.runbook.execution.kernel_pool import Kernels
from orgkit.runbook.execution.prepare import check_parameters, declared_parameters, find_runbook, literal, prepare
from tests.bootstrap.fork_server import forked_kernels
from tests.bootstrap.project import EXAMPLE

ACCOUNT = "123456789012"
UNITS = phase_of("units")
PARAMETERS = 'parameters_file: str = ""  # the file\napproved_plan: str = ""\nrun_folder: str = ""'
BEGIN = (
    "from pathlib import Path\nfrom orgkit.journal.events import Journal\nfrom orgkit import errors\n"
    "journal = Journal(Path(run_folder) / 'events.jsonl')\n"
    "journal.write('phase', phase='units', run='r', parameters_sha256=None, version='0')['phase']"
)
END = "journal.write('verified', passed=True, left=[], waiting=[])\njournal.write('end')['event']"
STOP = (
    "stop = errors.AwaitingApproval('two steps.', 'approve them.')\n"
    "journal.write('stop', exit_code=stop.exit_code, summary=stop.summary, why=stop.reason, do=stop.remedy)\nraise stop"
)


def write_runbook(project: Path, *cells: str, phase: Phase = UNITS) -> Path:
    parameters = nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
    code = [nbformat.v4.new_code_cell(cell) for cell in cells]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    file = project / "runbooks" / phase.runbook
    file.parent.mkdir(parents=True, exist_ok=True)
    (project / "parameters").mkdir(exist_ok=True)
    (project / "parameters" / "acme.toml").write_text("[organization]\n")
    head = nbformat.v4.new_markdown_cell("# Units")
    nbformat.write(nbformat.v4.new_notebook(cells=[head, parameters, *code], metadata={"kernelspec": kernel}), file)
    return file


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tmp_path / "project {braces}"


def run(project: Path, *cells: str, **more: Any) -> RunResult:
    write_runbook(project, *cells)
    folder = outputs.new_run_folder(project / "outputs", ACCOUNT, UNITS)
    return execute(UNITS, project / "parameters" / "acme.toml", run_folder=folder, **more)


def sealed(result: RunResult) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((result.record / "manifest.json").read_text())
    return content


@pytest.fixture(scope="class")
def kernel_forks() -> Iterator[None]:
    """Kernels as forks; those of the tests outside the class are executed, as any kernel is."""
    with forked_kernels():
        yield


@pytest.mark.usefixtures("kernel_forks")
class TestARun:
    def test_leaves_a_sealed_record(self, project, capfd):
        events: list[str] = []
        shown = "import os, sys\nos.getcwd(), sys.executable, approved_plan, 'IPYTHONDIR' in os.environ, dir()"
        result = run(project, BEGIN, shown, END, approved_plan="d" * 64, on_event=lambda e: events.append(e["event"]))
        assert (result.outcome, result.exit_code) == ("done", 0)
        names = {path.name for path in result.record.iterdir()}
        assert names == {
            "02-units.ipynb",
            "02-units.html",
            "events.jsonl",
            "parameters.toml",
            "result.json",
            "manifest.json",
        }
        assert events == ["phase", "verified", "end"]
        source = (project / "runbooks" / "02-units.ipynb").read_bytes()
        assert sealed(result)["source_notebook_sha256"] == hashlib.sha256(source).hexdigest()
        executed = nbformat.read(result.record / "02-units.ipynb", as_version=4)
        values = executed.cells[4].outputs[0].data["text/plain"]
        assert values.startswith("('.',"), "the kernel runs in the project, whose folder no record names"
        assert "d" * 64 in values
        assert "pandas" not in values  # what is imported beforehand is in no notebook's names
        assert [c.execution_count for c in executed.cells if c.cell_type == "code"] == [1, 2, 3, 4, 5]
        assert capfd.readouterr() == ("", "")

    def test_has_everything_before_the_cell_that_applies_on_the_disk_when_it_begins(self, project):
        look = "import nbformat\nnbformat.read(Path(run_folder) / '02-units.ipynb', 4).cells[4].outputs"
        file = write_runbook(project, BEGIN, "'the plan'", look, END)
        runbook = nbformat.read(file, as_version=4)
        runbook.cells[4].metadata["tags"] = ["apply"]
        nbformat.write(runbook, file)
        folder = outputs.new_run_folder(project / "outputs", ACCOUNT, UNITS)
        result = execute(UNITS, project / "parameters" / "acme.toml", run_folder=folder)
        executed = nbformat.read(result.record / "02-units.ipynb", as_version=4)
        assert "'the plan'" in executed.cells[5].outputs[-1].data["text/plain"]

    def test_stops_without_an_approval(self, project):
        result = run(project, BEGIN, STOP, END)
        assert (result.outcome, result.exit_code) == ("awaiting approval", 3)
        assert result.reasons == ("Awaiting approval: nothing was changed.", "two steps.", "approve them.")
        page = (result.record / "02-units.html").read_text()
        assert "awaiting approval" in page
        assert "papermill" not in page  # neither its banner nor its anchor

    def test_that_a_cell_fails_without_orgkit_s_knowledge_is_refused(self, project, capfd):
        assert run(project, BEGIN, "1 / 0", END).outcome == "refused"
        assert capfd.readouterr() == ("", "")

    def test_that_a_cell_ends_is_interrupted(self, project):
        assert run(project, BEGIN, "import sys\nsys.exit(0)", END).exit_code == 7

    def test_whose_kernel_dies_is_interrupted(self, project, capfd):
        result = run(project, BEGIN, "import os\nos.kill(os.getpid(), 9)", END)
        assert (result.outcome, sealed(result)["outcome"]) == ("interrupted", "interrupted")
        assert "signal 9 (SIGKILL) ended the kernel's process, which the system sends when memory" in result.reasons[1]
        assert sealed(result)["reasons"] == list(result.reasons)
        assert capfd.readouterr() == ("", "")

    def test_whose_kernel_ends_itself_names_its_last_words_without_secrets(self, project):
        """Of a library that ends the process, which raises nothing in a cell."""
        words = "import os\nos.write(2, b'out of handles, AKIAIOSFODNN7EXAMPLE\\n\\n')\nos._exit(4)"
        result = run(project, BEGIN, words, END)
        assert "the kernel's process ended with exit code 4: out of handles, " in result.reasons[1]
        assert "AKIAIOSFODNN7EXAMPLE" not in str(sealed(result)) + str(result.reasons)

    def test_whose_kernel_aborts_names_the_signal_and_why(self, project):
        """As ZeroMQ does, whose checks end the process."""
        result = run(project, BEGIN, "import os\nos.write(2, b'Bad file descriptor\\n')\nos.abort()", END)
        assert "signal 6 (SIGABRT) ended the kernel's process: Bad file descriptor" in result.reasons[1]

    def test_that_a_person_ends_names_the_signal_also_where_the_kernel_had_to_be_killed(self, project, monkeypatch):
        monkeypatch.setattr("orgkit.runbook.execution.execute.GRACE_SECONDS", 0.3)
        deaf = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(60)"
        result = run(project, BEGIN, deaf, END, on_event=lambda _: os.kill(os.getpid(), signal.SIGTERM))
        assert result.reasons[1] == "a signal ended the run, and had changed nothing."

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_that_gets_a_signal_is_interrupted_and_sealed(self, project, number):
        before = signal.getsignal(number)
        result = run(
            project, BEGIN, "import time\ntime.sleep(60)", END, on_event=lambda _: os.kill(os.getpid(), number)
        )
        assert (result.outcome, result.exit_code, sealed(result)["exit_code"]) == ("interrupted", 7, 7)
        assert signal.getsignal(number) is before

    def test_that_does_not_heed_a_signal_is_killed(self, project, monkeypatch):
        monkeypatch.setattr("orgkit.runbook.execution.execute.GRACE_SECONDS", 0.3)
        deaf = (
            "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\njournal.write('wait')\ntime.sleep(60)"
        )

        def on_event(event: Any) -> None:
            if event["event"] == "wait":
                os.kill(os.getpid(), signal.SIGTERM)

        assert run(project, BEGIN, deaf, END, on_event=on_event).exit_code == 7

    def test_that_swallows_a_signal_stops_before_the_next_cell(self, project):
        deaf = "import time\ntry:\n    journal.write('wait')\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    pass"

        def on_event(event: Any) -> None:
            if event["event"] == "wait":
                os.kill(os.getpid(), signal.SIGINT)

        result = run(project, BEGIN, deaf, END, on_event=on_event)
        assert result.exit_code == 7
        # The event that was being written when the signal came may be there, or not.
        assert [event["event"] for event in read_events(result.record / "events.jsonl")][:1] == ["phase"]
        assert not {"verified", "end"} & {event["event"] for event in read_events(result.record / "events.jsonl")}

    def test_knows_only_the_environment_that_it_is_given(self, project, tmp_path, monkeypatch):
        monkeypatch.setenv("AWS_PROFILE", "of-the-person")
        startup = tmp_path / "startup.py"
        startup.write_text("surprise = 1\n")
        values = {"PATH": os.environ["PATH"], "PYTHONSTARTUP": str(startup), "ORGKIT_PERSON": "1", "MINE": "yes"}
        look = "import os\n[os.environ.get(n) for n in ('AWS_PROFILE', 'ORGKIT_PERSON', 'MINE')], 'surprise' in dir()"
        result = run(project, BEGIN, look, END, environment=values)
        executed = nbformat.read(result.record / "02-units.ipynb", as_version=4)
        assert executed.cells[4].outputs[0].data["text/plain"] == "([None, None, 'yes'], False)"

    def test_keeps_no_credentials(self, project):
        secret = "wJalrXUtnFEMIXK7MDENGXbPxRfiCYCANARYKEYx"
        values = {"PATH": os.environ["PATH"], "AWS_SECRET_ACCESS_KEY": secret}
        result = run(project, BEGIN, "import os\nos.environ['AWS_SECRET_ACCESS_KEY']", END, environment=values)
        assert result.outcome == "done"
        assert not [p.name for p in result.record.iterdir() if secret in p.read_text(encoding="utf-8")]

    def test_does_not_begin_with_a_bad_parameters_file(self, project):
        write_runbook(project, BEGIN, END)
        with pytest.raises(ParametersInvalid):
            execute(UNITS, project / "parameters" / "acme.toml")
        assert not (project / "outputs").exists()


def test_several_runs_have_a_kernel_each_and_are_sealed_in_the_end(project):
    names = ("orgkit.runbook.stages", "pandas", "_awscrt", "pydevd", "xmlrpc.server", "cryptography")
    names += ("orgkit.phases.trail.steps", "orgkit.phases.accounts.planner", "orgkit.costs.bills.actuals")
    loaded = f"import os, sys\nos.getpid(), *(name in sys.modules for name in {names})"
    write_runbook(project, BEGIN, loaded, END)
    with Kernels(os.environ, count=3) as kernels:
        results = [
            execute(
                UNITS,
                project / "parameters" / "acme.toml",
                run_folder=outputs.new_run_folder(project / "outputs", ACCOUNT, UNITS),
                kernels=kernels,
            )
            for _ in range(3)
        ]
    assert [result.outcome for result in results] == ["done"] * 3
    notebooks = [nbformat.read(result.record / "02-units.ipynb", as_version=4) for result in results]
    shown = {notebook.cells[4].outputs[0].data["text/plain"] for notebook in notebooks}
    assert len(shown) == 3
    assert all(text.endswith(f", True{', False' * 8})") for text in shown)
    assert all(sealed(result)["outcome"] == "done" for result in results)


def test_a_run_whose_record_cannot_be_sealed_is_no_success_and_names_the_command_that_seals_it(project, monkeypatch):
    monkeypatch.setattr("orgkit.records.seal.manifest", lambda *_, **__: 1 / 0)
    result = run(project, BEGIN, END)
    assert (result.outcome, result.exit_code) == ("failed", 5)
    assert "ZeroDivisionError" in result.reasons[1]
    assert result.next_command == f"orgkit records seal '{result.record}'"


def test_a_record_that_could_not_be_sealed_next_to_other_runs_is_reported_at_their_end(project, monkeypatch):
    monkeypatch.setattr("orgkit.records.seal.manifest", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError), Kernels(os.environ, count=1) as kernels:
        run(project, BEGIN, END, kernels=kernels)


def test_kernels_leave_nothing_behind(project, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Kernels(os.environ, count=2) as kernels:
        taken = kernels.take()
        process = taken.manager.provisioner.process
        taken.end()
    assert process.returncode == -signal.SIGKILL
    assert not list(tmp_path.glob("orgkit-*"))


class TestARunbook:
    def test_is_looked_for_upwards_from_the_parameters_file(self, project):
        file = write_runbook(project)
        assert find_runbook(UNITS, project / "parameters" / "deep" / "acme.toml") == file

    def test_is_looked_for_where_we_stand(self, project, tmp_path, monkeypatch):
        file = write_runbook(project)
        monkeypatch.chdir(project / "parameters")
        assert find_runbook(UNITS, tmp_path / "acme.toml") == file

    def test_is_missed_with_advice(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(OrgkitError, match="orgkit init"):
            find_runbook(Phase("99", "nothing", (), False, ""), tmp_path / "acme.toml")

    def test_has_the_parameters_of_its_tagged_cell_alone(self, project):
        notebook = json.loads(write_runbook(project, "other: str = ''").read_text())
        assert declared_parameters(notebook) == {"parameters_file", "approved_plan", "run_folder"}

    @pytest.mark.parametrize("name", ["other", "x=1;import os;os.system('true')#", "run_folder ", "__class__", ""])
    def test_refuses_a_parameter_that_it_does_not_have(self, project, name):
        with pytest.raises(UnknownParameter, match="no parameter"):
            check_parameters(write_runbook(project), {name: "x"})

    @pytest.mark.parametrize("value", [1, None, Path("/x"), ("a",), type("Text", (str,), {})("x")])
    def test_refuses_a_value_that_is_not_plain_text(self, project, value):
        with pytest.raises(UnknownParameter, match="as text"):
            check_parameters(write_runbook(project), {"run_folder": value})

    def test_is_prepared_for_a_person_without_being_executed(self, project):
        runbook = write_runbook(project, BEGIN, END)
        folder = outputs.new_run_folder(project / "outputs", ACCOUNT, UNITS)
        (project / "parameters" / "acme.toml").write_bytes(EXAMPLE.read_bytes())
        copy = prepare(UNITS, project / "parameters" / "acme.toml", folder)
        assert copy == folder / "02-units.ipynb"
        notebook = nbformat.read(copy, as_version=4)
        nbformat.validate(notebook)
        assert f'run_folder = "{folder}"' in notebook.cells[2].source
        assert all(cell.get("execution_count") is None for cell in notebook.cells)
        assert all((cell.metadata.deletable, cell.metadata.editable) == (False, False) for cell in notebook.cells)
        assert notebook.metadata.orgkit.source_sha256 == hashlib.sha256(runbook.read_bytes()).hexdigest()
        assert (notebook.metadata.kernelspec.name, notebook.metadata.orgkit.position) == ("orgkit", "Phase 3 of 7")
        assert notebook.metadata.orgkit.target == "AWS account 999999999999"
        assert copy.stat().st_mode & 0o777 == 0o600


def test_a_path_for_papermill_is_one_of_this_machine():
    assert literal(Path("/runs/{name.__class__}")) == "/runs/{{name.__class__}}"
    assert literal(Path("s3://bucket/x")).startswith("/")  # made absolute, it is a folder of odd name
