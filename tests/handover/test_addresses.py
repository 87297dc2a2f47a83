"""A later hand-over: what has moved, and what leaves Terraform without being destroyed."""

from orgkit.handover.addresses import Changes, change_blocks
from orgkit.phases.terraform.writer import write

OU, ACCOUNT = "aws_organizations_organizational_unit", "aws_organizations_account"


def test_a_renamed_unit_is_moved_to_its_new_key():
    before = {(OU, "ou-1"): f'{OU}.level_1["A"]'}
    changes = Changes(before).compared_with({(OU, "ou-1"): f'{OU}.level_1["B"]'})
    assert changes.moved == ((f'{OU}.level_1["A"]', f'{OU}.level_1["B"]'),)
    assert write(change_blocks(changes)) == (f'moved {{\n  from = {OU}.level_1["A"]\n  to   = {OU}.level_1["B"]\n}}\n')


def test_a_resource_that_left_is_removed_and_not_destroyed():
    changes = Changes({("aws_kms_key", "1"): "aws_kms_key.trail"}).compared_with({})
    assert write(change_blocks(changes)) == (
        "removed {\n  from = aws_kms_key.trail\n\n  lifecycle {\n    destroy = false\n  }\n}\n"
    )


def test_one_account_of_many_is_forgotten_by_a_command():
    before = {(ACCOUNT, "1"): f'{ACCOUNT}.accounts["a"]', (ACCOUNT, "2"): f'{ACCOUNT}.accounts["b"]'}
    after = {(ACCOUNT, "1"): f'{ACCOUNT}.accounts["a"]'}
    changes = Changes(before).compared_with(after)
    assert changes.forgotten == (f'{ACCOUNT}.accounts["b"]',)
    assert changes.compared_with(after).forgotten == (f'{ACCOUNT}.accounts["b"]',)
    assert not changes.removed


def test_moves_of_earlier_hand_overs_stay_until_their_source_is_used_again():
    first = Changes({(OU, "1"): "x.a"}).compared_with({(OU, "1"): "x.b"})
    assert first.compared_with({(OU, "1"): "x.b"}).moved == (("x.a", "x.b"),)
    assert first.compared_with({(OU, "1"): "x.b", (OU, "2"): "x.a"}).moved == ()
