"""A bootstrap where AWS's changes of roles and policies take effect only after a while."""

from pathlib import Path

from tests.bootstrap.project import PHASES_THAT_CHANGE, Stage, new_project


def test_a_bootstrap_waits_until_roles_and_policies_are_effective_and_finds_nothing_left_to_do(tmp_path: Path) -> None:
    stage = Stage(new_project(tmp_path / "acme"), policy_seconds=12)
    with stage.sandbox:
        for phase in PHASES_THAT_CHANGE:
            assert stage.apply(phase).steps
            assert stage.plan(phase).empty, phase
