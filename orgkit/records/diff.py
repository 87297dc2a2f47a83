"""What differs between two records: what was asked, what was planned, how it ended and with what; never the time."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from difflib import unified_diff
from pathlib import Path
from typing import Any

from orgkit.dataclass import dataclass
from orgkit.model.plan import identity
from orgkit.records.files import read_json
from orgkit.records.manifest import MANIFEST

# Of the manifest, what two runs of the same thing have in common; the rest is time, place or a hash of it.
COMPARED_FIELDS = (
    "phase", "outcome", "exit_code", "reasons", "mode", "target", "identity", "verification", "orgkit", "python",
    "packages", "lock_sha256", "git", "source_notebook_sha256",
)  # fmt: skip
APPROVAL_FIELDS = ("asserted_by", "authenticated_as", "how", "ticket")


@dataclass(frozen=True)
class Fact:
    """A value that differs between two records."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Differences:
    """The differences between two records; everything is empty when there are none."""

    facts: tuple[Fact, ...]
    parameters: tuple[str, ...]  # a unified diff
    only_before: tuple[str, ...]  # sentences of steps
    only_after: tuple[str, ...]

    @property
    def none(self) -> bool:
        return not (self.facts or self.parameters or self.only_before or self.only_after)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def differences(old: Path, new: Path) -> Differences:
    """Of two run folders."""
    plans = [read_json(run / "plan.json") for run in (old, new)]
    same_schema = plans[0].get("schema") == plans[1].get("schema")
    steps = [list(_steps(plan, same_schema=same_schema)) for plan in plans]
    old_lines, new_lines = (_lines(run / "parameters.toml") for run in (old, new))
    return Differences(
        tuple(_facts(_comparable_facts(old), _comparable_facts(new))),
        tuple(unified_diff(old_lines, new_lines, old.name, new.name, lineterm="", n=1)),
        tuple(sentence for sentence, step in steps[0] if step not in [new_lines for _, new_lines in steps[1]]),
        tuple(sentence for sentence, step in steps[1] if step not in [new_lines for _, new_lines in steps[0]]),
    )


def _comparable_facts(run: Path) -> Mapping[str, Any]:
    manifest = read_json(run / MANIFEST)
    named_approval = manifest.get("approval")
    approval = {
        f"approval.{name}": named_approval.get(name, "") if isinstance(named_approval, dict) else ""
        for name in APPROVAL_FIELDS
    }
    whole = dict(_flat({name: manifest.get(name) for name in COMPARED_FIELDS}))
    return whole | approval | {"estimate": read_json(run / "result.json").get("estimate")}


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested objects by dotted names, so that one package is one fact."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _facts(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Fact]:
    for name in {**old, **new}:
        old_value, new_value = old.get(name), new.get(name)
        if old_value != new_value:
            yield Fact(name, "" if old_value is None else str(old_value), "" if new_value is None else str(new_value))


def _steps(plan: Mapping[str, Any], *, same_schema: bool) -> Iterator[tuple[str, object]]:
    """Each step's sentence, and by what it is known: plans of two schemas have nothing in common but sentences."""
    steps = plan.get("steps")
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, dict):
            sentence = str(step.get("sentence", ""))
            yield sentence, identity(step) if same_schema else sentence


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8", errors="replace").splitlines() if file.is_file() else []
