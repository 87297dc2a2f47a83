"""papermill without what it needs for stores of other machines, which everybody else can import as before."""

import subprocess
import sys

import pytest

CHECK = """
import sys
{before}
known = set(sys.modules)
from orgkit.runbook.execution.papermill_import import import_papermill
papermill = import_papermill()
assert papermill.execute_notebook and "papermill.iorw" in sys.modules
unused = {{"pyarrow", "numpy", "boto3", "rfc3987_syntax", "requests", "entrypoints"}}
assert not unused & set(sys.modules) - known, set(sys.modules) - known
import pyarrow.fs, papermill.s3
assert papermill.s3.S3 and pyarrow.fs.LocalFileSystem
import entrypoints, requests
assert papermill.iorw.requests.get is requests.get and entrypoints.get_group_all("console_scripts")
assert import_papermill() is papermill and sys.modules["pyarrow"] is pyarrow
"""


@pytest.mark.parametrize("before", ["", "import entrypoints, pyarrow, requests"], ids=["first", "after them"])
def test_papermill_loads_no_client_of_a_remote_store_and_takes_none_away(before: str) -> None:
    command = [sys.executable, "-c", CHECK.format(before=before)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
