"""What a command says of a phase that it does not know."""

import click
import pytest

from orgkit.cli.options import PhaseType


@pytest.mark.parametrize("value", ["adopt", "adopt.ipynb"])
def test_the_runbook_of_adoption_is_named_with_the_command_that_runs_it(value: str) -> None:
    with pytest.raises(click.BadParameter, match=r"papermill runbooks/adopt\.ipynb .* -p output ") as refused:
        PhaseType().convert(value, None, None)
    assert "not a valid phase" not in refused.value.message
