"""The one writer of HCL: values escaped, and laid out as `terraform fmt` does."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from orgkit.phases.terraform.hcl import Attribute, Block, Call, Comment, Expression, JsonDocument, Value
from orgkit.sanitize.terminal import flat

MAX_WIDTH = 110  # of a list in one line
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEYWORDS = frozenset({"for", "if", "in", "null", "true", "false", "else", "endif", "endfor"})
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_TEMPLATE = re.compile(r"(?:\$+|%+)\{")
Item = Attribute | Comment | Block


@dataclass(frozen=True)
class _Line:
    """One line; `assignment` is what follows a name whose equals sign is aligned with those of its neighbors."""

    depth: int
    text: str
    assignment: str = ""


def write(items: Iterable[Item]) -> str:
    """Return top-level items as the text of a file, with an empty line between them."""
    lines: list[_Line] = []
    for item in items:
        lines += [_Line(0, "")] if lines and not _follows_comment(lines) else []
        lines += _item(item, 0)
    return "\n".join(_aligned(lines)).rstrip("\n") + "\n"


def quote(text: str) -> str:
    """Return a string literal; nothing of it is a template, and nothing of it is invisible."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    literal = "".join(map(_escape, whole))
    return f'"{_TEMPLATE.sub(_escape_template, literal)}"'


def _escape(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable() and flat(character) == character:
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _escape_template(match: re.Match[str]) -> str:
    """Return `$${` for `${`; where more signs stand before it, their codes, which no parser reads in two ways."""
    characters = match[0][:-1]
    if len(characters) == 1:
        return f"{characters}{characters}{{"
    return "".join(f"\\u{ord(sign):04x}" for sign in characters) + "{"


def _follows_comment(lines: Sequence[_Line]) -> bool:
    """Whether the last line is a comment, which belongs to what comes next."""
    return lines[-1].text.startswith("# ") and not lines[-1].assignment


def _item(item: Item, depth: int) -> Iterator[_Line]:
    if isinstance(item, Comment):
        yield from (_Line(depth, f"# {flat(line)}".rstrip()) for line in item.text.splitlines())
    elif isinstance(item, Attribute):
        yield from _assignment(item.name, item.value, depth)
    else:
        yield from _block(item, depth)


def _block(block: Block, depth: int) -> Iterator[_Line]:
    head = " ".join([block.kind, *(f'"{label}"' for label in block.labels)])
    if not block.body:
        yield _Line(depth, f"{head} {{}}")
        return
    yield _Line(depth, f"{head} {{")
    for previous, item in zip((None, *block.body), block.body, strict=False):
        if _needs_space(previous, item):
            yield _Line(depth, "")
        yield from _item(item, depth + 1)
    yield _Line(depth, "}")


def _needs_space(previous: Item | None, item: Item) -> bool:
    """Whether people leave a line free: after meta-arguments, before nested blocks and after them."""
    if previous is None or isinstance(previous, Comment):
        return False
    is_head = isinstance(previous, Attribute) and previous.name in ("for_each", "provider")
    ends_head = is_head and not (isinstance(item, Attribute) and item.name in ("provider", "to", "id"))
    if isinstance(item, Comment) and isinstance(previous, Attribute):
        return isinstance(previous.value, Mapping)
    return isinstance(item, Block) or isinstance(previous, Block) or ends_head


def _assignment(name: str, value: Value, depth: int) -> Iterator[_Line]:
    """Write `name = value`; the sign is aligned only where the value stands in one line."""
    first, *rest = _value(value, depth)
    if rest:
        yield _Line(depth, f"{name} = {first.text}")
        yield from rest
    else:
        yield _Line(depth, name, f"= {first.text}")


def _value(value: Value, depth: int) -> list[_Line]:
    """Return the lines of a value; the first has no indentation of its own."""
    if isinstance(value, JsonDocument):
        first, *rest = _value(value.content, depth)
        if not rest:
            return [_Line(depth, f"jsonencode({first.text})")]
        *middle, last = rest
        return [_Line(depth, f"jsonencode({first.text}"), *middle, _Line(last.depth, f"{last.text})")]
    if isinstance(value, Call):
        arguments = [line for item in value.arguments for line in _list_item(_value(item, depth + 1), depth + 1)]
        return [_Line(depth, f"{value.function}("), *arguments, _Line(depth, ")")]
    if isinstance(value, Mapping):
        return _object(value, depth)
    if isinstance(value, list | tuple):
        return _list(value, depth)
    return [_Line(depth, _scalar(value))]


def _scalar(value: str | bool | int | float | None | Expression) -> str:
    if isinstance(value, Expression):
        return value.text
    if isinstance(value, str):
        return quote(value)
    return "null" if value is None else json.dumps(value)


def _object(value: Mapping[str, Value], depth: int) -> list[_Line]:
    if not value:
        return [_Line(depth, "{}")]
    members = [line for key, item in value.items() for line in _assignment(_key(key), item, depth + 1)]
    return [_Line(depth, "{"), *members, _Line(depth, "}")]


def _key(key: str) -> str:
    return key if _IDENTIFIER.fullmatch(key) and key not in _KEYWORDS else quote(key)


def _list(values: Sequence[Value], depth: int) -> list[_Line]:
    items = [_value(value, depth + 1) for value in values]
    if all(len(lines) == 1 for lines in items):
        text = f"[{', '.join(lines[0].text for lines in items)}]"
        if len(text) + 2 * depth <= MAX_WIDTH:
            return [_Line(depth, text)]
    lines = [line for item in items for line in _list_item(item, depth + 1)]
    return [_Line(depth, "["), *lines, _Line(depth, "]")]


def _list_item(lines: list[_Line], depth: int) -> list[_Line]:
    *head, last = [_Line(depth, lines[0].text), *lines[1:]]
    return [*head, _Line(last.depth, f"{last.text},")]


def _aligned(lines: Sequence[_Line]) -> Iterator[str]:
    """Yield the lines as text; equals characters of lines that follow each other stand in one column."""
    group: list[_Line] = []
    for line in (*lines, _Line(0, "")):
        if line.assignment:
            group.append(line)
            continue
        yield from _group(group)
        group = []
        yield f"{'  ' * line.depth}{line.text}".rstrip()


def _group(group: Sequence[_Line]) -> Iterator[str]:
    width = max((len(line.text) for line in group), default=0)
    yield from (f"{'  ' * line.depth}{line.text.ljust(width)} {line.assignment}" for line in group)
