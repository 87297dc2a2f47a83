"""What cannot be printed: the outcome stands, three lines say what is missing, and no traceback is shown."""

import errno
import io
import os
import subprocess
from pathlib import Path

import click
import pytest

from orgkit.cli.options import exit_with
from orgkit.cli.output import CheckedStream, after_outcome, checked_streams, requires_output
from orgkit.errors import EXIT_FAILED, OperatingSystemError, OrgkitError, convert_os_errors
from tests.bootstrap.project import BIN

EXAMPLE = Path(__file__).parents[2] / "parameters" / "example.toml"


def full_device() -> io.TextIOWrapper:
    return Path("/dev/full").open("w", encoding="utf-8")


def closed_pipe() -> io.TextIOWrapper:
    reading, writing = os.pipe()
    os.close(reading)
    return os.fdopen(writing, "w", encoding="utf-8")


def code_of(monkeypatch: pytest.MonkeyPatch, stream: io.TextIOWrapper | None, *, required: bool = False) -> int:
    """The exit code of a command that prints into this stream and ends with its own code."""

    def command() -> int:
        with after_outcome():
            click.echo("done")
        return 0 if required else 7

    monkeypatch.setattr("sys.stdout", stream)
    with pytest.raises(SystemExit) as end, checked_streams():
        exit_with(requires_output(command) if required else command)()
    assert isinstance(end.value.code, int)
    return end.value.code


@pytest.mark.parametrize("stream", [full_device, closed_pipe, lambda: None])
def test_an_output_that_is_full_gone_or_closed_does_not_change_the_exit_code(monkeypatch, stream) -> None:
    assert code_of(monkeypatch, stream()) == 7


@pytest.mark.parametrize(("stream", "code"), [(full_device, 1), (closed_pipe, 0), (lambda: None, 1)])
def test_a_command_that_only_prints_is_refused_without_its_output_unless_its_reader_went_away(
    monkeypatch, capsys, stream, code
) -> None:
    assert code_of(monkeypatch, stream(), required=True) == code
    assert ("\n  why:" in capsys.readouterr().err) == bool(code)


def test_what_is_lost_is_reported_once(monkeypatch, capsys) -> None:
    code_of(monkeypatch, full_device())
    text = capsys.readouterr().err
    assert text == (
        "Not everything could be printed: No space left on device: standard output. What was done stays done.\n"
    )


def test_a_character_that_the_output_does_not_have_is_escaped() -> None:
    buffer = io.BytesIO()
    stream = CheckedStream(io.TextIOWrapper(buffer, encoding="ascii"), "standard output")
    stream.write("Gr\u00f6\u00dfe \ud800")
    stream.flush()
    assert buffer.getvalue() == b"Gr\\xf6\\xdfe \\ud800"
    assert stream.error is None


def test_an_error_of_the_operating_system_has_three_lines_and_a_remedy_for_its_kind(capsys) -> None:
    remedies = set()
    for number in (errno.ENOSPC, errno.EFBIG, errno.EROFS, errno.EMFILE, errno.EPIPE, errno.EIO):

        def command(number: int = number) -> int:
            raise OSError(number, os.strerror(number), "outputs/x")

        with pytest.raises(SystemExit) as end:
            exit_with(command)()
        assert end.value.code == 1
        summary, reason, remedy, *_ = capsys.readouterr().err.splitlines()
        assert (summary, reason) == (OperatingSystemError.summary, f"  why: {os.strerror(number)}: outputs/x.")
        remedies.add(remedy)
    assert len(remedies) == 6


def test_around_what_may_have_changed_something_the_code_is_not_refused() -> None:
    with pytest.raises(OperatingSystemError) as stop, convert_os_errors(EXIT_FAILED):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert stop.value.exit_code == EXIT_FAILED


@pytest.mark.parametrize("error", [OSError(5, "bad"), OrgkitError("bad", "fix it."), KeyboardInterrupt()])
def test_whatever_fails_after_the_outcome_is_known_raises_nothing(error: BaseException) -> None:
    with after_outcome():
        raise error


@pytest.mark.parametrize(
    ("redirection", "code"),
    [(">/dev/full", 1), (">/dev/full 2>/dev/full", 1), ("| true; exit ${PIPESTATUS[0]}", 0), (">&- 2>&- <&-", 1)],
)
def test_a_shell_sees_the_code_and_no_traceback(redirection: str, code: int) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{BIN / 'orgkit'} check {EXAMPLE} {redirection}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
