"""What a person sets of a sandbox's account, to rehearse findings."""

import pytest

from orgkit.errors import EmulatorTrouble
from orgkit.sandbox.seed import SETTABLE, Seed

SEED = Seed("999999999999", "m@example.com")


def test_switches_numbers_and_names_are_set_and_the_rest_stays() -> None:
    seed = SEED.with_values(["root_access_keys=true", "mfa=false", "account_quota=4", "plan=PAID"])
    assert (seed.root_access_keys, seed.mfa, seed.account_quota, seed.plan) == (True, False, 4, "PAID")
    assert seed.with_values(["mfa=true", "root_access_keys=false", "account_quota=10", "plan=FREE"]) == SEED
    assert SEED.with_values([]) == SEED
    assert Seed.from_json(seed.to_json()) == seed


@pytest.mark.parametrize(
    "assignment",
    ["", "mfa", "mfa=", "mfa=yes", "mfa=1", "plan=free", "account_quota=many", "account_quota=-1", "nothing=1",
     "management_account_id=111111111111", "standalone=x", "__class__=x", "control_tower_region=a b"],
)  # fmt: skip
def test_anything_else_is_refused_with_the_names_that_there_are(assignment: str) -> None:
    with pytest.raises(EmulatorTrouble, match="root_access_keys"):
        SEED.with_values([assignment])


def test_every_name_is_a_field_of_one_value() -> None:
    assert all(isinstance(getattr(SEED, name), bool | int | float | str) for name in SETTABLE)
