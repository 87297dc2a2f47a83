"""Control Tower in an organization that exists, by the commands: what it owns stops 02, controls alone warn."""

from dataclasses import replace
from typing import Any

import pytest

from tests.bootstrap.project import Stage


def begin(stage: Stage, monkeypatch: pytest.MonkeyPatch, **circumstances: Any) -> None:
    seed = replace(stage.seed, control_tower=True, control_tower_region="eu-central-1", **circumstances)
    monkeypatch.setattr(stage, "seed", seed)
    stage.begin("organization")
    stage.sandbox.sleep(60)  # plain boto3 gives up where AWS asks to wait
    root = stage.client("organizations").list_roots()["Roots"][0]["Id"]
    stage.client("organizations").create_organizational_unit(ParentId=root, Name="Governed")
    stage.sandbox.forget_calls()


def test_a_landing_zone_in_another_region_stops_02_and_nothing_is_sent(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(stage, monkeypatch)
    planned = stage.project.plan("units", code=1)
    assert planned["steps"] == []
    assert planned["stopped"]
    assert (
        "Control Tower (stops 02, 03, 04, 16, and part of 05): a landing zone in eu-central-1 owns"
        in planned["stops"][0]
    )
    done = stage.project.phase("units", code=1)
    assert "Account Factory" in " ".join(done["reasons"])
    assert stage.changes() == []


def test_controls_alone_warn_and_02_goes_on(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(stage, monkeypatch, controls_only=True)
    planned = stage.project.plan("units")
    assert any("has controls only: ou-" in line for line in planned["warnings"])
    stage.project.phase("units", planned["digest"])
    assert stage.changes()
