"""A record's page is made without Beautiful Soup, which nbconvert still has when it parses HTML."""

import subprocess
import sys

CHECK = """
import sys
from orgkit.records.html import body
cells = [{"cell_type": "markdown", "metadata": {}, "source": "# A\\n\\n<img src='a.png'>\\n\\n| a |\\n|---|\\n| b |"}]
page = body({"cells": cells})
assert "<table>" in page and "<h3>A</h3>" in page, page
assert not {"bs4", "soupsieve"} & set(sys.modules)
from nbconvert.exporters import html
from nbconvert.filters import markdown_mistune
found = markdown_mistune.bs4.BeautifulSoup("<p><img></p>", features="html.parser").find_all("img")
assert len(found) == len(html.BeautifulSoup("<img>", features="html.parser").find_all("img")) == 1
import bs4
assert bs4.Tag and sys.modules["bs4"] is bs4
"""


def test_a_page_is_made_without_it_and_nbconvert_and_all_others_have_it_when_they_use_it() -> None:
    done = subprocess.run([sys.executable, "-c", CHECK], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
