"""A sandbox on which every phase is done, for notebooks that are run cell by cell by other tools."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from orgkit.rehearsal import rehearse
from orgkit.sandbox.lifecycle import Sandbox

CHECKOUT = Path(__file__).parents[2]
EXAMPLE = CHECKOUT / "parameters" / "example.toml"


@contextmanager
def bootstrapped(parameters: Path = EXAMPLE) -> Iterator[tuple[Sandbox, Mapping[str, str]]]:
    """The sandbox, and the settings with which a subprocess uses it and nothing else of this machine's AWS."""
    done = rehearse(parameters, keep=True)
    with done.sandbox as sandbox:
        assert done.exit_code == 0, [each.result.reasons for each in done.phases]
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ORGKIT_"))}
        yield sandbox, plain | sandbox.environment()
