import base64
import re
import time
from html import unescape
from typing import Any

import nbformat
import pytest

from orgkit.records import html
from orgkit.records.result import RunResult

EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"
PICTURE = base64.b64encode(b"\x89PNG-picture").decode()
SVG = f'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(3)</script><text>{"Root"}</text></svg>'
TREE = "Root\n├─ Security\n└─ Production"
# What makes a browser ask somebody for something. A link that a person may follow does not.
REQUESTS = re.compile(
    r"""(?i)(?:\b(?:src|srcset|data|poster|background)\s*=\s*["']?\s*(?!data:)\w+:|url\(|@import|<link)"""
)


def output(**data: str) -> dict[str, Any]:
    kinds = {"html": "text/html", "plain": "text/plain", "svg": "image/svg+xml", "png": "image/png"}
    named = {kinds.get(kind, kind): value for kind, value in data.items()}
    return {"output_type": "display_data", "data": named, "metadata": {}}


def page(*outputs: dict[str, Any], markdown: str = "# Units", source: str = "stages.plan(run)", **output: Any) -> str:
    code = nbformat.v4.new_code_cell(source, execution_count=1)
    code["outputs"] = list(outputs)
    notebook = {"cells": [nbformat.v4.new_markdown_cell(markdown), code], "metadata": {}, "nbformat": 4}
    result = RunResult(**{"outcome": "done", "exit_code": 0, **output})
    return html.page(notebook, result, label="02-units", run="20260701T120000Z-02-units-0123abcd")


def everything() -> str:
    frame = f"<style scoped>td {{}}</style><table class='dataframe'><thead><tr><th>{EVIL}</th></tr></thead></table>"
    mermaid = {"text/vnd.mermaid": f"graph TD; {EVIL}", "application/javascript": "alert(4)", "text/plain": "graph"}
    error = {"output_type": "error", "ename": "E", "evalue": EVIL, "traceback": [f"\x1b[31m{EVIL}\x1b[0m"]}
    stream = {"output_type": "stream", "name": "stderr", "text": EVIL}
    isolated = {**output(html=EVIL), "metadata": {"text/html": {"isolated": True}}}
    named = {**output(png=PICTURE), "metadata": {"filenames": {"image/png": "https://evil.example/x.png"}}}
    return page(
        output(html=frame, plain="frame"),
        output(svg=SVG, plain=TREE),
        output(png=PICTURE),
        output(**mermaid),
        output(html=f'<iframe src="https://evil.example"></iframe><a href="javascript:alert(5)">x</a>{EVIL}'),
        error,
        stream,
        isolated,
        named,
        markdown=f"# Units\n\n{EVIL}\n\n![x](https://evil.example/x.png) [docs](https://docs.aws.amazon.com/)",
        source=f"x = '{EVIL}'",
        reasons=(EVIL,),
        approval={"asserted_by": EVIL, "how": "button", "at": "now"},
        identity={"account": EVIL, "arn": EVIL},
    )


def test_nothing_is_fetched():
    text = everything()
    style = text[text.index("<style>") : text.index("</style>")]
    assert [tag for tag in [style, *re.findall(r"<[^<>]+>", text)] if REQUESTS.search(tag)] == []


def test_nothing_can_run():
    text = everything()
    assert "default-src 'none'" in text
    assert not re.search(r"(?i)<(script|iframe|object|embed|form|meta http-equiv=.refresh)", text)
    assert not re.search(r"(?i)<[^>]*\son\w+\s*=", text)
    assert "javascript:" not in re.sub(r"&lt;.*?&gt;", "", text)


def test_what_is_evil_is_told_as_text():
    assert "&lt;script&gt;alert(2)&lt;/script&gt;" in everything()


def test_headings_tables_and_links_are_kept():
    text = page(output(html="<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>"))
    assert "<h3>Units</h3>" in text  # the page has headings of its own above it
    assert "<thead><tr><th>a</th></tr></thead>" in text
    assert 'href="https://docs.aws.amazon.com/"' in page(markdown="[docs](https://docs.aws.amazon.com/)")
    assert "<td>b</td>" in page(markdown="|x|\n|-|\n|b|")


def test_a_frame_comes_without_its_style_sheet():
    assert "scoped" not in everything()


def test_a_drawing_is_a_picture_and_its_words_follow():
    text = page(output(svg=SVG, plain=TREE))
    assert f"data:image/svg+xml;base64,{base64.b64encode(SVG.encode()).decode()}" in text
    assert f"<pre>{TREE}</pre>" in text


def test_a_picture_is_in_the_page():
    assert f"data:image/png;base64,{PICTURE}" in page(output(png=PICTURE))


def test_a_table_is_preferred_to_its_text():
    text = page(output(html="<table><tr><td>rich</td></tr></table>", plain="plain-text"))
    assert "rich" in text
    assert "plain-text" not in text


def test_other_kinds_are_left_out():
    text = page(output(**{"text/latex": "$latex$", "application/json": "json-here", "text/markdown": "mark-down"}))
    assert not any(word in text for word in ("$latex$", "json-here", "mark-down"))


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ({"outcome": "waiting", "exit_code": 8}, '<header class="stop">'),
        ({"outcome": "failed", "exit_code": 5}, '<header class="bad">'),
        ({"plan_sha256": "d" * 64, "digest": "e" * 64}, f"<dt>digest</dt><dd>{'e' * 64}"),
        ({"plan_sha256": "d" * 64}, f"<dt>plan</dt><dd>{'d' * 64}"),
        ({"steps": 3, "ended": {"done": 2, "failed": 1}}, "3, 2 done, 1 failed"),
        (
            {"estimate": {"low": "1", "expected": "2", "high": "3"}},
            '<td class="number">1</td><td class="number">2</td><td class="number">3</td>',
        ),
        ({"approval": {"asserted_by": "ann", "how": "button", "at": "noon", "ticket": "T-1"}}, "ann, by button, noon"),
    ],
)
def test_the_head_tells_the_outcome(output, shown):
    assert shown in page(**output)


def test_a_page_is_lean_and_quick():
    page()
    started = time.process_time()
    text = everything()
    assert time.process_time() - started < 2
    assert len(text) < 25_000


def test_a_notebook_that_is_no_notebook_still_has_a_page():
    broken = {"cells": [{"cell_type": "code", "source": 1, "metadata": {}, "outputs": [], "execution_count": None}]}
    assert "cannot be shown" in html.page(broken, RunResult("done", 0), label="02-units", run="r")


SHOWN_AS_TEXT = (
    "<!-- a comment --> after",
    "<!-- unfinished",
    "<!DOCTYPE html> after",
    "<![CDATA[data]]> after",
    "<?php echo 1 ?> after",
    "<b unfinished",
    "<b title='> after",
    "<svg><script>alert(1)</script></svg>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<plaintext>after",
    "<template>after</template>",
    "<bdo dir=rtl>after</bdo>",
    "<b\x00>after",
)


@pytest.mark.parametrize("text", SHOWN_AS_TEXT)
def test_what_is_no_complete_harmless_tag_is_shown_as_text_and_nothing_of_it_is_lost(text):
    cleaned = html.clean(text)
    assert "<" not in re.sub(r"</?p>", "", cleaned)
    shown = unescape(re.sub(r"</?p>", "", cleaned))
    assert shown == text.replace("\x00", "")


HARMFUL_ATTRIBUTES = (
    "href='javascript:alert(1)'", "href='java&#10;script:alert(1)'", "href=' &#1;javascript:alert(1)'",
    "href='data:text/html,x'", "href='vbscript:x'", "href='file:///etc/passwd'", "onclick=alert(1)",
    "/onclick=alert(1)",
    "style='background:url(https://evil.example)'", "target=_blank", "ping=https://evil.example", "srcdoc=x", "rel=x",
    "data-x=1", "aria-label=x", "name=x", "download", "form=x", "is=x",
)  # fmt: skip


@pytest.mark.parametrize("attribute", HARMFUL_ATTRIBUTES)
def test_an_attribute_that_acts_is_removed(attribute):
    assert html.clean(f"<a {attribute}>x</a>") == "<a>x</a>"


@pytest.mark.parametrize("reference", ["&#x202e;", "&#27;[2J", "&#155;31m", "&#x2066;", "&#7;"])
def test_a_character_reference_brings_no_control_character(reference):
    text = page(output(html=f"<p>{reference}name</p>"))
    assert not html.CONTROL_CHARACTERS.search(unescape(text))
    assert "name</p>" in text


def test_links_to_records_and_pages_are_kept():
    for place in ("https://docs.aws.amazon.com/", "http://127.0.0.1:8888/", "../x/02-units.ipynb#The-units"):
        assert html.clean(f'<a href="{place}">x</a>') == f'<a href="{place}">x</a>'


def test_code_is_highlighted_as_by_nbconvert_which_imports_ipython_for_it() -> None:
    from nbconvert.filters.highlight import Highlight2HTML

    for source in ("", "%time x = {'a': 1}\n!ls\n?x", "def f(a: int) -> str:\n    return f'{a}'  # no\n"):
        assert html._highlighter()("ipython3")(source) == Highlight2HTML(pygments_lexer="ipython3")(source)
        assert html._highlighter()("python")(source) == Highlight2HTML(pygments_lexer="python")(source)
