"""The writer of HCL: whatever a name is, it is read back as it was, and nothing of it is evaluated."""

import hcl2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orgkit.phases.terraform.hcl import Attribute, Block, Call, Comment, Expression, JsonDocument, attributes
from orgkit.phases.terraform.writer import quote, write

ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def read_literal(text: str) -> str:
    """Read a string literal as HCL's specification says; a template in it is an error."""
    assert text[0] == text[-1] == '"'
    result, rest = "", text[1:-1]
    while rest:
        if rest.startswith(("$${", "%%{")):
            result, rest = result + rest[1:3], rest[3:]
        elif rest[0] == "\\":
            length = {"u": 6, "U": 10}.get(rest[1], 2)
            result += chr(int(rest[2:length], 16)) if length > 2 else ESCAPES[rest[1]]
            rest = rest[length:]
        else:
            assert not rest.startswith(("${", "%{", '"', "\n")), f"a template or an end in {text}"
            result, rest = result + rest[0], rest[1:]
    return result


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example("${each.value}")
@example("$${x}")
@example("$$${x}")
@example("%{ if true }%%{")
@example('quote " back \\ line\nreturn\rtab\t')
@example("right\u202eleft\u2066 \x00 \x7f")
@example("\U000e0041")
def test_a_string_is_read_back_as_it_was(text):
    assert read_literal(quote(text)) == text


def test_half_of_a_surrogate_pair_becomes_a_replacement_character():
    assert quote("a\ud800b") == '"a�b"'


def test_equals_signs_stand_in_one_column_as_terraform_fmt_puts_them():
    block = Block("resource", ("a", "b"), (*attributes(name="x", parent_id="y", tags={"a": "1", "b c": "2"}),))
    assert write([block]) == (
        'resource "a" "b" {\n'
        '  name      = "x"\n'
        '  parent_id = "y"\n'
        "  tags = {\n"
        '    a     = "1"\n'
        '    "b c" = "2"\n'
        "  }\n"
        "}\n"
    )


def test_a_word_of_the_language_is_quoted_as_a_key():
    assert '"for" = "x"' in write([Block("locals", (), attributes(tags={"for": "x"}))])


def test_a_comment_from_aws_stays_in_its_line():
    text = write([Block("a", (), (Comment("one\u2028two\x85three\rfour"), Attribute("b", 1)))])
    assert [line for line in text.splitlines() if not line.strip().startswith(("#", "a {", "b ", "}"))] == []


def test_what_is_written_is_read_by_another_parser():
    items = [
        Comment("A comment."),
        Block("locals", (), attributes(x={"a b": [1, True, None]}, ids=Call("merge", ({"a": "b"},)))),
        Block(
            "resource", ("t", "n"), (*attributes(policy=JsonDocument({"Statement": [{"Sid": "a"}]})), Block("filter"))
        ),
        Block("import", (), attributes(to=Expression("t.n"), id="x")),
    ]
    document = hcl2.loads(write(items))
    assert set(document) >= {"locals", "resource", "import"}


@pytest.mark.parametrize("value", [[], {}, None, True, 3, 2.5])
def test_values_without_text_are_written_as_json_has_them(value):
    assert write([Block("a", (), (Attribute("b", value),))]).splitlines()[1].strip() in (
        "b = []", "b = {}", "b = null", "b = true", "b = 3", "b = 2.5"
    )  # fmt: skip
