"""What a cell shows of the credentials that its kernel uses never reaches the notebook."""

from pathlib import Path

from tests.runbook.test_execute import BEGIN, END, project, run

__all__ = ["project"]
SECRET = "live-canary-" * 4
USED = (
    "from types import SimpleNamespace as Made\nfrom orgkit.aws import credentials_in_use as live\n"
    "from orgkit.runbook.views import display\n"
    "secret = '-'.join(['live', 'canary'] * 4) + '-'\n"
    "frozen = Made(access_key='k', secret_key=secret, token=None)\n"
    "live.remember(Made(get_frozen_credentials=lambda: frozen))\ndisplay.register()"
)


def test_neither_printed_nor_shown_nor_raised(project: Path) -> None:
    shows = "from IPython.display import HTML\nprint('printed', secret)\nprint(secret.encode() and 'kept')\n"
    result = run(project, f"{BEGIN};", USED, f"{shows}HTML(f'<p>shown {{secret}}</p>')", "secret", f"{END};")
    notebook = (result.record / "02-units.ipynb").read_text()
    assert SECRET not in notebook
    assert notebook.count("[redacted: live credential]") == 3
    assert "kept" in notebook
    raised = run(project, f"{BEGIN};", USED, "raise ValueError('raised ' + secret)")
    for file in raised.record.iterdir():
        assert SECRET not in file.read_text()
    assert "raised [redacted: live credential]" in (raised.record / "02-units.ipynb").read_text()
