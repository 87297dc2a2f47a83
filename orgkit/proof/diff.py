"""What differs between two records: what was asked, what was planned, how it ended and with what; never the time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any

from orgkit.record.files import read_json
from orgkit.record.manifest import MANIFEST

# Of the manifest, what two runs of the same thing have in common; the rest is time, place or a hash of it.
COMPARED = (
    "phase", "outcome", "exit_code", "reasons", "mode", "target", "identity", "verification", "orgkit", "python",
    "packages", "lock_sha256", "git", "source_notebook_sha256",
)  # fmt: skip
OF_APPROVAL = ("asserted_by", "authenticated_as", "how", "ticket")


@dataclass(frozen=True)
class Fact:
    """One thing that both records tell, and tell differently."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Differences:
    """Between a record and another; everything empty when they tell the same."""

    facts: tuple[Fact, ...]
    parameters: tuple[str, ...]  # a unified diff
    only_before: tuple[str, ...]  # sentences of steps
    only_after: tuple[str, ...]

    @property
    def none(self) -> bool:
        return not (self.facts or self.parameters or self.only_before or self.only_after)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def differences(before: Path, after: Path) -> Differences:
    """Of two run folders."""
    steps = [_steps(run) for run in (before, after)]
    one, other = (_lines(run / "parameters.toml") for run in (before, after))
    return Differences(
        tuple(_facts(_told(before), _told(after))),
        tuple(unified_diff(one, other, before.name, after.name, lineterm="", n=1)),
        tuple(step for step in steps[0] if step not in steps[1]),
        tuple(step for step in steps[1] if step not in steps[0]),
    )


def _told(run: Path) -> Mapping[str, Any]:
    manifest = read_json(run / MANIFEST)
    named = manifest.get("approval")
    approval = {f"approval.{name}": named.get(name, "") if isinstance(named, dict) else "" for name in OF_APPROVAL}
    whole = dict(_flat({name: manifest.get(name) for name in COMPARED}))
    return whole | approval | {"estimate": read_json(run / "result.json").get("estimate")}


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested objects by dotted names, so that one package is one fact."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _facts(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Fact]:
    for name in {**before, **after}:
        one, other = before.get(name), after.get(name)
        if one != other:
            yield Fact(name, "" if one is None else str(one), "" if other is None else str(other))


def _steps(run: Path) -> Sequence[str]:
    steps = read_json(run / "plan.json").get("steps")
    told = steps if isinstance(steps, list) else ()
    return [str(step.get("sentence", "")) for step in told if isinstance(step, dict)]


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8", errors="replace").splitlines() if file.is_file() else []
