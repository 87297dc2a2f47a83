"""The JSON Schema of the parameters file, which editors use to complete keys and to mark wrong values."""

import datetime
import json
import tomllib
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from orgkit.parameters.schema import File

SCHEMA_FILE = "parameters.schema.json"
_HEAD = {
    "$schema": GenerateJsonSchema.schema_dialect,
    "title": "Parameters of orgkit",
    "description": "What `orgkit check` can verify of one value at a time; it verifies more, and it decides.",
}


def json_schema() -> str:
    """Return the schema as JSON text, generated from the sections of all phases.

    The schema describes what a TOML reader passes on: a date is a string, and there is no null. It accepts every file
    that `orgkit check` accepts. What contradicts another part of the file is found by `orgkit check` alone.
    """
    generated = _tidy(File.model_json_schema(schema_generator=_TomlSchema))
    return json.dumps(_HEAD | generated | _HEAD, indent=1, ensure_ascii=False) + "\n"


class _TomlSchema(GenerateJsonSchema):
    """pydantic's generator without what TOML does not have, and with patterns for the keys of tables."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """pydantic's own lets keys pass that match no pattern."""
        return {
            "type": "object",
            "propertyNames": self.generate_inner(schema["keys_schema"]),
            "additionalProperties": self.generate_inner(schema["values_schema"]),
        }


def _tidy(schema: Any) -> Any:
    """Without null as a default and titles made from names; examples as values, which the models have as TOML."""
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    tidy = {key: _tidy(value) for key, value in schema.items() if value is not None and not _is_title(key, value)}
    if isinstance(examples := tidy.get("examples"), list):
        tidy["examples"] = [_value(example) for example in examples]
    return tidy


def _is_title(key: str, value: Any) -> bool:
    """Return whether this is the title of a schema; the value of a file's key called title would be a schema."""
    return key == "title" and isinstance(value, str)


def _value(example: str) -> Any:
    value = tomllib.loads(f"value = {example}")["value"]
    return value.isoformat() if isinstance(value, datetime.date) else value
