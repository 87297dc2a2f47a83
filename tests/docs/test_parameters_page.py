"""docs/reference/parameters.md, every key of the parameters file: `python -m tests.docs.test_parameters_page`.

Types, limits and defaults come from the JSON Schema, the explanations from the comments of parameters/example.toml.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orgkit.costs.estimate.assumptions import ASSUMPTIONS, Amounts
from orgkit.parameters.json_schema import json_schema

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "parameters.md"
EXAMPLE = ROOT / "parameters" / "example.toml"
HEAD = """# The parameters file

One TOML file describes one organization. `orgkit init` writes an example that explains each key, with a JSON Schema
next to it. `orgkit check FILE` prints every problem at once, with its location, and calls nothing.

A key in capital letters stands for a name of your choice. This page is made from the
[JSON Schema](../parameters.schema.json) and the example: `python -m tests.docs.test_parameters_page` writes it, and a
test keeps it current. A long pattern is in the schema alone.
"""
NAMED = ("units", "accounts", "imports")  # tables whose keys the file chooses
LONGEST_PATTERN = 60
COMMENT_OF = {  # where the example has the comment of a key under a name that it chose itself
    ("approval", "approvers", "NAME", "key"): ("approval.approvers", "ada"),
    ("approval", "approvers", "NAME", "arn"): ("approval.approvers", "bob.key"),
    ("approval", "operators"): ("approval.operators", ""),
    ("approval", "approvers"): ("approval.approvers", ""),
    **{("policies", "NAME", key): ("policies", f"deny_leaving.{key}") for key in ("file", "type", "attach")},
    **{
        ("policy_removal", "NAME", key): ("policy_removal", f"deny_old.{key}")
        for key in ("type", "units", "accounts", "root", "delete")
    },
    **{
        ("offboarding", "NAME", key): ("offboarding", f"playground.{key}")
        for key in ("account", "reason", "role_name", "removed_from_terraform")
    },
    ("contacts", "accounts"): ("contacts.accounts", ""),
    **{
        (*path, kind): ("contacts", f"{kind}.name")
        for path in (("contacts",), ("contacts", "accounts", "NAME"))
        for kind in ("billing", "operations", "security")
    },
    **{
        (*path, kind, key): ("contacts", f"billing.{key}")
        for path in (("contacts",), ("contacts", "accounts", "NAME"))
        for kind in ("billing", "operations", "security")
        for key in ("name", "title", "email", "phone")
    },
    ("organization", "tags"): ("organization.tags", ""),
    ("organization", "attestations"): ("organization.attestations", ""),
}
Schema = Mapping[str, Any]


def test_the_page_of_the_parameters_file_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.docs.test_parameters_page"


def test_every_key_of_the_schema_has_an_entry_with_an_explanation() -> None:
    entries = re.findall(r"^### `(.+)`\n\n(.+)\n\n(.*)$", page(), re.MULTILINE)
    assert {path for path, _, _ in entries} == {".".join(path) for path, _, _ in keys()}
    assert [path for path, _, explanation in entries if not explanation] == []


def page() -> str:
    """The whole page."""
    return HEAD + "".join(f"\n{part}\n" for part in _parts())


def keys() -> Iterator[tuple[tuple[str, ...], Schema, bool]]:
    """Each key with its path, its schema, and whether a file must have it."""
    schema = json.loads(json_schema())
    for section, reference in schema["properties"].items():
        table = reference["additionalProperties"] if section in NAMED else reference
        yield from _keys((section, "NAME") if section in NAMED else (section,), table, schema)


def _keys(path: tuple[str, ...], table: Schema, schema: Schema) -> Iterator[tuple[tuple[str, ...], Schema, bool]]:
    model = _resolved(table, schema)
    properties = dict(model["properties"])
    names = model.get("propertyNames", {}).get("enum", ())
    properties |= {name: model["additionalProperties"] for name in names if name not in properties}
    for name, value in properties.items():
        key = (*path, name)
        yield key, value, name in model.get("required", ())
        nested = [_resolved(value, schema), *_options_of_names(value, schema)]
        for inner in nested:
            if "properties" in inner and "Attested" not in value.get("$ref", ""):
                yield from _keys((*key, "NAME") if inner is not nested[0] else key, inner, schema)
    if "additionalProperties" in model and isinstance(more := model["additionalProperties"], dict) and not names:
        yield from _keys((*path, "NAME"), more, schema)  # a table that has keys of its own, and others by name


def _options_of_names(value: Schema, schema: Schema) -> list[Schema]:
    """Models among the values of a table whose keys the file chooses."""
    values = value.get("additionalProperties")
    options = values.get("anyOf", [values]) if isinstance(values, dict) else []
    return [_resolved(option, schema) for option in options]


def _resolved(value: Schema, schema: Schema) -> Schema:
    return schema["$defs"][value["$ref"].rpartition("/")[2]] if "$ref" in value else value


def _parts() -> Iterator[str]:
    schema, comments, titles = json.loads(json_schema()), _comments(), _titles()
    section = ""
    for path, value, required in keys():
        if path[0] != section:
            section = path[0]
            title, text = titles.get(section, (section.capitalize(), ""))
            name = f"[{section}.NAME]" if section in NAMED else f"[{section}]"
            yield f"## {title}: `{name}`\n\n{_prose(text)}"
        comment = _comment(path, comments)
        yield f"### `{'.'.join(path)}`\n\n{_facts(path, value, schema, required=required)}\n\n{_prose(comment)}"


def _titles() -> dict[str, tuple[str, str]]:
    """The title and the text above the first table of each section of the example."""
    parts = re.split(r"^# ── (.+?) ─*$", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    titles = {}
    for title, part in zip(parts[1::2], parts[2::2], strict=True):
        text = "".join(re.findall(r"^#  .*\n", part, re.MULTILINE))
        for section in re.findall(r"^\[(\w+)", part, re.MULTILINE):
            titles.setdefault(section, (title, text))
    return titles


def _comments() -> dict[tuple[str, str], str]:
    """The comment above each key of the example, by table and key, and above each table, by table and ""."""
    found: dict[tuple[str, str], str] = {}
    table, comment = "", ""
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if header := re.fullmatch(r"\[([\w.-]+)\]", line):
            table = header[1]
            found[table, ""], comment = comment, ""
        elif key := re.match(r"#?([a-z_]+(?:\.[a-z_]+)?) += .*?(?:  +# (.+))?$", line):
            found[table, key[1]] = f"{key[2]}.\n{comment}" if key[2] else comment
            comment = comment if key[2] else ""  # keys with a remark at their end share the comment above them
        elif re.match(r"# [^─ ]", line):
            comment += f"{line}\n"
        else:
            comment = ""
    return found


def _comment(path: tuple[str, ...], comments: Mapping[tuple[str, str], str]) -> str:
    """The comment of a key: its own, or that of the first table of the example which has the key."""
    if path in COMMENT_OF:
        return comments[COMMENT_OF[path]]
    if path[1:2] == ("NAME",):
        texts = (text for (table, key), text in comments.items() if table.startswith(f"{path[0]}.") and key == path[-1])
        return next((text for text in texts if text), "")
    if path[:2] == ("trail", "object_lock"):
        return comments["trail", "object_lock"]
    if path[:2] == ("state_backend", "github"):
        return comments["state_backend", ".".join(path[1:]) if path[2:] else "github.owner"]
    return comments.get((".".join(path[:-1]), path[-1]), "")


def _prose(comment: str) -> str:
    """A comment of TOML as a paragraph of Markdown."""
    text = " ".join(line.lstrip("# ") for line in comment.strip().splitlines())
    text = re.sub(r"^(true|false):", r"`\1`:", text)
    text = text[:1].upper() + text[1:]
    parts = re.split(r"(`[^`]+`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([\\<*\[\]])", r"\\\1", part) for part in parts)


def _facts(path: tuple[str, ...], value: Schema, schema: Schema, *, required: bool) -> str:
    """Type, limits, default and example, as a line."""
    kind = _type(value, schema)
    facts = [kind[0].upper() + kind[1:]]
    if required:
        facts.append("required")
    if value.get("default") not in (None, "", [], {}):
        facts.append(f"default {_toml(value['default'])}")
    elif path[-1] in ASSUMPTIONS:
        facts.append(f"default {_range(ASSUMPTIONS[path[-1]].amounts)}")
    elif "examples" in value:
        facts.append(f"for example {_toml(value['examples'][0])}")
    return f"*{'; '.join(facts)}.*"


def _range(amounts: Amounts) -> str:
    low, expected, high = amounts
    return f"`{{ low = {low}, expected = {expected}, high = {high} }}`"


def _toml(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    assert tomllib.loads(f"value = {text}")["value"] == value
    return f"`{text}`"


def _type(value: Schema, schema: Schema) -> str:
    """What a value may be, in words."""
    if "anyOf" in value:
        return ", or ".join(dict.fromkeys(_type(option, schema) for option in value["anyOf"]))
    if "$ref" in value:
        model = _resolved(value, schema)
        return f"table of {', '.join(f'`{name}`' for name in model['properties'])}"
    if "enum" in value:
        return f"one of {', '.join(_toml(option) for option in value['enum'])}"
    if value["type"] == "array":
        return f"list: {_type(value['items'], schema)}"
    if value["type"] == "object":
        return f"table of names: {_type(value['additionalProperties'], schema)}"
    return f"{value.get('format', value['type'])}{_limits(value)}"


def _limits(value: Schema) -> str:
    limits = []
    for least, most, unit in (("minimum", "maximum", ""), ("minLength", "maxLength", " characters")):
        if least in value and most in value:
            limits.append(f"{value[least]} to {value[most]}{unit}")
        elif most in value:
            limits.append(f"up to {value[most]}{unit}")
    if "pattern" in value and len(value["pattern"]) <= LONGEST_PATTERN:
        limits.append(f"pattern ``{value['pattern']}``")
    return f" ({', '.join(limits)})" if limits else ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
