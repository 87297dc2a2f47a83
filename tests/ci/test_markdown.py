"""Names that want to be markup, a command or a second cell are only text in GitHub's summary, log and outputs."""

import html
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkit.ci.commands import Annotation, output_lines
from orgkit.ci.markdown import MAX_ROWS, bullets, code, escaped, fenced, table
from orgkit.ci.summary import MAX_BYTES, TRUNCATION_NOTE, fit_limit, render_plan
from orgkit.sanitize.terminal import flat, mask_emails
from tests.runbook.hostile import NAMES

ACTING = (
    "](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "<img src=x onerror=alert(1)>",
    "a|b|c",
    "```",
    "`code`",
    "<!--",
    "@somebody",
    "#1",
    "www.evil.example",
    "https://evil.example",
    ":boom:",
    "~~x~~",
    "**x**",
    "&lt;",
    "\\|",
    "- x",
    "1. x",
    "$x$",
    "# x",
    "> x",
    "--- | ---",
)
TEXTS = st.one_of(st.sampled_from(ACTING), NAMES)


@given(TEXTS)
def test_no_sign_that_markdown_or_html_acts_upon_stays_in_an_escaped_text(text):
    output = escaped(text)
    assert re.fullmatch(r"(?:[A-Za-z0-9 ,/()\u0080-\U0010ffff]|&#\d+;)*", output)


@pytest.mark.parametrize("text", ACTING)
def test_a_reader_sees_an_escaped_text_as_it_is(text):
    assert html.unescape(escaped(text)) == text
    assert html.unescape(code(text)) == f"<code>{text}</code>"


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_a_row_of_a_table_has_as_many_cells_whatever_stands_in_them(cells):
    lines = table([f"h{n}" for n in range(len(cells))], [cells]).split("\n")
    assert len(lines) == 3
    assert {line.count("|") for line in lines} == {len(cells) + 1}


@given(TEXTS, TEXTS)
def test_nothing_ends_a_fence_but_its_end(first, second):
    lines = fenced(f"{first}\n{second}").split("\n")
    fence = lines[0].removesuffix("text")
    assert set(fence) == {"`"}
    assert lines[-1] == fence
    assert [line for line in lines[1:-1] if fence in line] == []


def test_what_has_no_room_is_counted():
    rows = [(n,) for n in range(MAX_ROWS + 5)]
    assert "5 more rows" in table(("n",), rows)
    assert "5 more lines" in bullets(map(str, range(MAX_ROWS + 5)), "Many")
    assert "5 more lines" in fenced("\n".join(map(str, range(MAX_ROWS + 5))))


def test_a_summary_never_grows_beyond_what_github_takes_and_ends_whole():
    step = {"sentence": "<" * 400}
    parts = [part for _ in range(20) for part in render_plan("02-units", {"steps": [step] * 200, "digest": "0" * 64})]
    output = fit_limit(iter(parts))
    assert len(output.encode()) < MAX_BYTES + 1000
    assert output.endswith(TRUNCATION_NOTE)
    assert output.count("```") % 2 == 0


@given(TEXTS, TEXTS)
def test_an_annotation_is_one_line_that_says_one_thing(title, message):
    output = Annotation("error", title, message).command
    assert output.isprintable()
    properties, end, _ = output.removeprefix("::error ").partition("::")
    assert end
    assert "," not in properties
    assert ":" not in properties
    assert properties.count("title=") >= 1


def test_a_message_keeps_its_percent_sign():
    assert Annotation("notice", "50%, a: b", "100% done: now").command == (
        "::notice title=50%25%2C a%3A b::100%25 done: now"
    )


@given(st.text(max_size=60))
def test_an_output_ends_where_nobody_could_have_known(value):
    (output,) = output_lines({"outcome": value})
    end = output.split("\n", 1)[0].removeprefix("outcome<<")
    assert output == f"outcome<<{end}\n{value}\n{end}\n"
    assert end not in value
    (again,) = output_lines({"outcome": value})
    assert not again.startswith(f"outcome<<{end}\n")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("aws-dns@example.com", "a…@example.com"),
        ("create account x <ann.o'neill+aws@mail.example.co.uk> now", "create account x <a…@mail.example.co.uk> now"),
        ('{"email": "jürgen@example.com"}', '{"email": "j…@example.com"}'),
        ("a@b.c,d@e.f;g@h.i", "a…@b.c,d…@e.f;g…@h.i"),
        ("actions/checkout@v7 and @somebody", "actions/checkout@v7 and @somebody"),
        ("no address", "no address"),
    ],
)
def test_an_address_is_known_again_and_not_read(text, masked):
    assert mask_emails(text) == masked
    assert mask_emails(masked) == masked


@pytest.mark.parametrize("width", range(6, 60))
def test_an_address_that_was_wrapped_at_a_hyphen_is_masked_too(width):
    from textwrap import wrap

    lines = wrap("create account x <first-middle-last@some-example.com> now", width, break_long_words=False)
    output = mask_emails("\n    ".join(lines))
    for part in ("first", "middle", "last"):
        assert part not in output


def test_masking_reads_a_long_text_once():
    started = time.monotonic()
    mask_emails("x" * 500_000)
    mask_emails("x-\n " * 20_000)
    assert time.monotonic() - started < 5


def test_an_address_in_a_fence_and_in_a_cell_is_masked():
    assert "dns" not in fenced("└─ x <aws-dns@example.com>")
    assert "dns" not in html.unescape(escaped("<aws-dns@example.com>"))
    assert flat(html.unescape(escaped("<aws-dns@example.com>"))) == "<a…@example.com>"
