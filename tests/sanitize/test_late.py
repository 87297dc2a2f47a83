"""What few texts need is made when the first of them comes: else every command would pay for it at its start."""

import subprocess
import sys
from pathlib import Path

import orgkit

EXAMPLE = Path(orgkit.__file__).parents[1] / "parameters" / "example.toml"
CHECK = f"""
import atexit, sys
from orgkit.cli.main import main

def counts():
    from orgkit.sanitize import names
    from orgkit.sanitize.secret_patterns import PATTERNS
    from orgkit.phases.registry import RUNBOOKS
    from pydantic.plugin import _loader
    compiled = [pattern.kind for pattern in PATTERNS if "regex" in vars(pattern)]
    print(len(compiled) < 5, names._prototypes.cache_info().misses, names._script.cache_info().misses, _loader._plugins)

atexit.register(counts)
sys.argv = ["orgkit", "check", {str(EXAMPLE)!r}]
main()
"""


def test_check_compiles_few_patterns_of_secrets_and_reads_no_lookalikes_scripts_or_plugins(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHECK], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "True 0 0 None"
