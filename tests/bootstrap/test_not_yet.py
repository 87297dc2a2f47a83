"""AWS is not ready before the timeout: nobody has to act, and by the exit code CI runs the same again later."""

from collections.abc import Iterator

import pytest

from tests.bootstrap.project import Project, Stage, new_project

HOURS = 3600.0


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return new_project(tmp_path_factory.mktemp("not-yet") / "project")


@pytest.fixture(scope="module")
def stage(project: Project) -> Iterator[Stage]:
    """An organization that AWS goes on setting up for three hours, which is longer than AWS says and than we wait."""
    stage = Stage(project, finalizing_seconds=3 * HOURS)
    with stage.sandbox:
        yield stage


def test_an_organization_that_is_set_up_for_hours_is_run_again_later_under_the_same_approval(stage: Stage) -> None:
    stage.begin("organization", "units")
    digest = stage.project.plan("imports")["digest"]
    ended = stage.project.phase("imports", digest, code=9)
    assert ended["outcome"] == "not yet"
    assert "FinalizingOrganizationException" in ended["reasons"][1]
    assert "same command, under the same approval" in ended["reasons"][2]
    assert not [change for change in stage.taken() if "Invite" in change]
    stage.sandbox.sleep(2 * HOURS)
    again = stage.project.phase("imports", digest)
    assert again["outcome"] == "done"
    assert stage.plan("imports").empty
    assert stage.doubles() == []


def test_a_person_reads_that_nothing_has_to_be_fixed(stage: Stage) -> None:
    stage.begin("organization", "units")
    digest = stage.project.plan("imports")["digest"]
    done = stage.project.orgkit("run", stage.project.file, "04", "--approved-plan", digest, code=9)
    assert "04-imports: not yet" in done.stdout
    assert "Nothing has to be fixed" in " ".join(done.stdout.split())
