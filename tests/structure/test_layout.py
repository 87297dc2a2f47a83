"""The layout of the package: few names at the top, no import cycles, descriptors that load neither boto3 nor pandas."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import grimp
import pytest

import orgkit

PACKAGE = Path(orgkit.__file__).parent
EXAMPLE = PACKAGE.parent / "parameters" / "example.toml"


def test_the_top_of_the_package_has_few_names() -> None:
    without = ("__pycache__", "_project", "__init__.py", "__main__.py", "py.typed")
    names = [path.name for path in PACKAGE.iterdir() if path.name not in without]
    assert len(names) <= 21, sorted(names)


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Late imports count, those for type checkers alone do not."""
    graph = grimp.build_graph("orgkit", exclude_type_checking_imports=True, cache_dir=None)
    assert cycles({module: graph.find_modules_directly_imported_by(module) for module in graph.modules}) == []


def test_a_cycle_is_found() -> None:
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == [["b", "c"]]


AWS_AND_TABLES = ("boto3", "botocore", "pandas", "moto", "rich")
# `orgkit check` plans nothing, and its file names no policy.
NOT_IN_CHECK = (
    "orgkit.model.observed", "orgkit.model.plan", "orgkit.phases.accounts.steps", "orgkit.phases.adopted",
    "orgkit.phases.policies.lint", "orgkit.phases.terraform.part", "orgkit.phases.trail.planner",
    "orgkit.phases.trail.steps", "orgkit.costs.estimate.estimate", "orgkit.sandbox.faults", "orgkit.sandbox.lifecycle",
    "orgkit.ci.summary", "cryptography",
)  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "unused"),
    [
        ("--help", (*AWS_AND_TABLES, "pydantic", "cryptography", "orgkit.phases.registry", "orgkit.cli.phases")),
        ("keys --help", (*AWS_AND_TABLES, "pydantic", "cryptography", "orgkit.phases.registry", "orgkit.cli.phases")),
        (f"check {EXAMPLE}", (*AWS_AND_TABLES, *NOT_IN_CHECK)),
        ("records verify", AWS_AND_TABLES),
        ("records list", AWS_AND_TABLES),
    ],
    ids=["--help", "keys --help", "check parameters/example.toml", "records verify", "records list"],
)
def test_a_command_loads_no_library_that_it_does_not_use(
    arguments: str, unused: tuple[str, ...], tmp_path: Path
) -> None:
    # The command ends the process itself: the modules are listed at its exit.
    code = (
        "import atexit, sys\n"
        f"atexit.register(lambda: print([name for name in {unused!r} if name in sys.modules]))\n"
        "from orgkit.cli.main import main\n"
        f"sys.argv = ['orgkit', *{arguments.split()!r}]\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def cycles(imports: Mapping[str, set[str]]) -> list[list[str]]:
    """The groups of modules that import each other, each sorted."""
    reached = {module: _reached(module, imports) for module in imports}
    groups = ({other for other in reached[module] if module in reached.get(other, ())} for module in imports)
    return sorted(map(list, {tuple(sorted(group)) for group in groups if group}))


def _reached(start: str, imports: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = list(imports[start])
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting.extend(imports.get(module, ()))
    return reached
