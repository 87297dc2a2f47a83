"""The copies of orgkit's pages that JupyterLab serves."""

import re
from pathlib import Path

from orgkit.runbook.interactive.jupyterlab import put_readme


def test_the_copy_of_the_readme_has_the_pages_that_it_links_to(tmp_path: Path) -> None:
    readme = put_readme(tmp_path)
    links = re.findall(r"\]\((?!https:|#)([^)#]+)", readme.read_text(encoding="utf-8"))
    assert len(links) > 40
    assert [link for link in links if not (tmp_path / link).is_file()] == []
