"""What people read follows the rules for words: none of forbidden_words.toml, and no sentence that is too long.

`python -m tests.structure.test_words [FOLDER]` prints the offending texts of another checkout and their number.
"""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

CHECKOUT = Path(__file__).parents[2]
RULES: dict[str, Any] = tomllib.loads(Path(__file__).with_name("forbidden_words.toml").read_text("utf-8"))
MAX_WORDS: int = RULES["max_words"]
MARKDOWN = MarkdownIt("commonmark").enable("table")
CODE = "X"  # stands for code between backticks, which is no word of ours
WORD = re.compile(r"(?<!\S)\W*[A-Za-z]\S*")  # an address is one word
SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”)\]*]*\s+|(?<=:)\s*\n")
# Of a docstring: an empty line, a heading of Google's style, an argument, an item of a list, a line that click keeps.
PARAGRAPH = re.compile(r"\n\s*\n|\n\s*(?=[-*] )|\n\s*(?=\w[\w ]*:(?:\s|$))|\n {2,}(?=\S+ {2,})")
STRING_OR_COMMENT = re.compile(
    r"""\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\#[^\n]*""", re.DOTALL
)
TAG = re.compile(r"<[^>]*>")
HAVE_DOCSTRINGS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Text:
    """A paragraph that a person reads, and where it stands."""

    file: str
    line: int
    content: str
    is_comment: bool = False

    @property
    def sentences(self) -> list[str]:
        return [] if self.is_comment else [" ".join(part.split()) for part in SENTENCE_END.split(self.content)]


def texts(checkout: Path, files: str = ".*") -> Iterator[Text]:
    """Yield every paragraph of the files that git knows and this expression matches, but those of `excluded`."""
    excluded = re.compile("|".join(entry["files"] for entry in RULES["excluded"]))
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=checkout, check=True, capture_output=True, text=True)
    for file in listed.stdout.split("\0")[:-1]:
        if not excluded.fullmatch(file) and re.fullmatch(files, file):
            yield from _paragraphs(checkout, file)


@cache
def _paragraphs(checkout: Path, file: str) -> tuple[Text, ...]:
    path = checkout / file
    if path.suffix not in READERS or not path.is_file():
        return ()
    return tuple(READERS[path.suffix](file, path.read_text("utf-8")))


def _python(file: str, source: str) -> Iterator[Text]:
    for line, literal, is_docstring in _literals(ast.parse(source)):
        paragraphs = PARAGRAPH.split(literal) if is_docstring else TAG.sub("\n", literal).split("\n")
        for paragraph in paragraphs:
            yield Text(file, line, re.sub(r"``?[^`]+``?", CODE, paragraph))
    yield from _comments(file, source)


def _literals(node: ast.AST, docstring: ast.AST | None = None) -> Iterator[tuple[int, str, bool]]:
    """The strings of a module, an f-string as one; what has no space is an identifier or a key."""
    if isinstance(node, HAVE_DOCSTRINGS) and node.body and isinstance(node.body[0], ast.Expr):
        docstring = node.body[0].value
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.JoinedStr):
            parts = (str(part.value) if isinstance(part, ast.Constant) else CODE for part in child.values)
            yield child.lineno, "".join(parts), False
        elif isinstance(child, ast.Constant) and isinstance(child.value, str) and " " in child.value:
            yield child.lineno, child.value, child is docstring
        else:
            yield from _literals(child, docstring)


def _comments(file: str, source: str) -> Iterator[Text]:
    line, end = 1, 0
    for match in STRING_OR_COMMENT.finditer(source):  # ten times as fast as tokenize
        line += source.count("\n", end, match.start())
        end = match.start()
        if match[0].startswith("#"):
            yield Text(file, line, match[0].lstrip("#! "), is_comment=True)


def _markdown(file: str, source: str) -> Iterator[Text]:
    for token in MARKDOWN.parse(source):
        if token.type == "inline" and token.map:
            words = (child.content if child.type == "text" else _stand_in(child.type) for child in token.children or ())
            yield Text(file, token.map[0] + 1, "".join(words))


def _stand_in(kind: str) -> str:
    return {"code_inline": CODE, "softbreak": " ", "hardbreak": "\n"}.get(kind, "")


def _notebook(file: str, source: str) -> Iterator[Text]:
    for number, cell in enumerate(json.loads(source)["cells"], start=1):
        content = "".join(cell["source"])
        for text in _markdown(file, content) if cell["cell_type"] == "markdown" else _python(file, content):
            yield Text(file, number, text.content, text.is_comment)


def _settings(file: str, source: str) -> Iterator[Text]:
    for number, line in enumerate(source.splitlines(), start=1):
        comment = re.search(r"(?:^|\s)#\s?(.*)", line)
        if comment:
            yield Text(file, number, comment[1], is_comment=True)


READERS = {
    ".py": _python, ".md": _markdown, ".ipynb": _notebook, ".toml": _settings, ".yml": _settings, ".yaml": _settings,
}  # fmt: skip


def offenses(checkout: Path) -> list[str]:
    """One line for each forbidden word and each sentence that is too long."""
    return [line for text in texts(checkout) for line in (*_forbidden(text), *_too_long(text))]


def _forbidden(text: Text) -> Iterator[str]:
    if not ANY_FORBIDDEN.search(text.content):
        return
    for rule, pattern in PATTERNS:
        for match in pattern.finditer(text.content):
            if not is_allowed(text, match.span()):
                context = " ".join(text.content[max(0, match.start() - 40) : match.end() + 40].split())
                yield f"{text.file}:{text.line}: “{match[0]}” in “{context}”; write {rule['instead']}"


def _too_long(text: Text) -> Iterator[str]:
    for sentence in text.sentences:
        count = len(WORD.findall(sentence))
        if count > MAX_WORDS:
            yield f"{text.file}:{text.line}: {count} words in “{sentence[:60]} …”; write at most {MAX_WORDS}"


def is_allowed(text: Text, span: tuple[int, int]) -> bool:
    """Whether the word at this place lies within the context of an exception."""
    return any(
        match.start() <= span[0] and span[1] <= match.end()
        for entry in EXCEPTIONS
        if re.fullmatch(entry["files"], text.file)
        for match in re.finditer(entry["context"], text.content)
    )


def _whole(words: list[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{'|'.join(words)})(?![\w-])", re.IGNORECASE)


EXCEPTIONS: list[dict[str, str]] = RULES.get("allowed", [])
ANY_FORBIDDEN = _whole([word for rule in RULES["forbidden"] for word in rule["words"]])
PATTERNS = [(rule, _whole(rule["words"])) for rule in RULES["forbidden"]]


def test_no_text_has_a_forbidden_word_or_a_sentence_that_is_too_long() -> None:
    lines = offenses(CHECKOUT)
    assert not lines, f"{len(lines)} offending text(s):\n" + "\n".join(lines)


LONG = " ".join(["word"] * (MAX_WORDS + 1))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("docstring.py", '"""What a person is told."""\n'),
        ("f_string.py", 'x = 1\nmessage = f"the file {x} needs mending"\n'),
        ("comment.py", "x = 1  # what became of it\n"),
        ("long.py", f'"""{LONG}."""\n'),
        ("long_argument.py", f'def f(x):\n    """Do.\n\n    Args:\n        x: {LONG}.\n    """\n'),
        ("page.md", "# Title\n\nShort. It says *whom* it\nasked.\n"),
        ("long.md", f"- {LONG}\n"),
        ("table.md", f"| a | b |\n|---|---|\n| x | {LONG} |\n"),
        ("settings.toml", 'a = 1  # keeps its remarks\n'),
        ("workflow.yml", "# whoever pushes\non: push\n"),
        ("text.ipynb", json.dumps({"cells": [{"cell_type": "markdown", "source": ["Nobody is told.\n"]}]})),
        ("code.ipynb", json.dumps({"cells": [{"cell_type": "code", "source": ["x = 1  # beside it\n"]}]})),
    ],
)  # fmt: skip
def test_an_offending_text_is_found_wherever_it_stands(tmp_path: Path, name: str, content: str) -> None:
    assert len(offenses(_checkout(tmp_path, name, content))) == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("code.md", "```text\nwhat is told\n```\n\nThe command `tell` is code.\n"),
        ("keys.py", 'kinds = {"beside": 1}\n'),
        ("sentences.py", f'"""{"One short sentence. " * MAX_WORDS}"""\n'),
        ("list.md", "- one short item\n" * MAX_WORDS),
        (
            "arguments.py",
            '"""Do.\n\nArgs:\n' + "".join(f"    x{n}: Four words of text.\n" for n in range(20)) + '"""\n',
        ),
    ],
)
def test_code_and_short_sentences_are_no_offense(tmp_path: Path, name: str, content: str) -> None:
    assert offenses(_checkout(tmp_path, name, content)) == []


def _checkout(folder: Path, name: str, content: str) -> Path:
    (folder / name).write_text(content, "utf-8")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run(["git", "add", name], cwd=folder, check=True)
    return folder


def test_each_exception_has_a_reason_and_is_still_needed() -> None:
    for entry in EXCEPTIONS:
        assert entry["reason"], entry
        assert any(re.search(entry["context"], text.content) for text in texts(CHECKOUT, entry["files"])), entry


if __name__ == "__main__":
    found_lines = offenses(Path(sys.argv[1]) if len(sys.argv) > 1 else CHECKOUT)
    print("\n".join(found_lines))
    print(f"{len(found_lines)} offending text(s)")
    sys.exit(bool(found_lines))
