import botocore.session
import pytest

from orgkit.phases.schema import formats
from orgkit.phases.trail import section
from orgkit.policy_evaluation.policy_types import policy_types


def test_the_policy_types_are_those_of_the_installed_botocore():
    model = botocore.session.get_session().get_service_model("organizations")
    assert list(policy_types()) == sorted(model.shape_for("PolicyType").enum)


ACCEPTED = {
    formats.account_id: ["000000000000", "012345678901"],
    formats.email: ["a@b.co", "aws+web.site@mail.example.co.uk", "x" * 52 + "@example.com", "o!#$*/?=^_`{}~@a-b.de"],
    formats.email_convention: ["aws-{key}@example.com", "{name}@example.com"],
    formats.account_name: ["A", "n" * 50, "Shop (test) & more"],
    formats.key: ["a", "0-9", "k" * 41],
    formats.role_name: ["OrganizationAccountAccessRole", "a" * 64, "_+=,.@-"],
    formats.region: ["us-east-1", "ap-southeast-7", "il-central-1", "mx-central-1"],
    formats.service_principal: ["sso.amazonaws.com", "member.org.stacksets.cloudformation.amazonaws.com"],
    formats.organization_id: ["o-a1b2c3d4e5", "o-" + "a" * 32],
    formats.tag_key: ["a", "k" * 128, "Kosten Stelle/1", "awsome"],
    formats.label: ["a", "Jürgen Groß", "中村"],
    formats.tag_value: ["", "v" * 256, "a_b.c:d/e=f+g-h@i"],
    section.bucket_name: ["abc", "b" * 63, "a.b-c.d", "1.2.3.4.5", "123"],
    section.trail_name: ["org-trail", "a.b_c-d", "123", "t" * 128],
}
REFUSED = {
    formats.account_id: ["", "12345678901", "1234567890123", "12345678901a", "١٢٣٤٥٦٧٨٩٠١٢", "123456789012\n"],
    formats.email: [
        "", "a@b.c", "x" * 53 + "@example.com", "@example.com", "a@@example.com", "a b@example.com", "ä@example.com",
        "a@localhost", "a@-example.com", "a@example-.com-", ".a@example.com", "a@ex_ample.com", "a;b@example.com",
        "a@example.com\n", "a@.com.de", "a\x7f@example.com",
    ],
    formats.email_convention: [
        "aws@example.com", "{}@example.com", "{unit}@example.com", "{key@example.com", "a}@example.com", "{key}",
        "{key!r}@example.com", "{key:>9}@example.com", "{key.upper}@example.com",
    ],
    formats.account_name: ["", "n" * 51, "Köln", "a\tb", " a", "a\n"],
    formats.key: ["", "-a", "A", "a_b", "a.b", "k" * 42, "a\n"],
    formats.unit_path: [
        "", "/", "/A", "A/", "A//B", "A/B/C/D/E/F", "u" * 129, " A", "A /B", "A\x1b[31m", "A\n",
        "A\\B", "A\\", "Pr\u043eduction", "A/\u3164", "A\u034f", "\u2800", "A\ufe0f", "\uff21WS",
    ],
    formats.role_name: ["", "a" * 65, "path/role", "role name", "rôle", "a\n"],
    formats.region: ["", "us-east", "us-east1", "US-EAST-1", "cn-north-1", "us-gov-west-1", "eu-wets-1", "eu-west-1a"],
    formats.service_principal: ["", "sso", "sso.amazonaws.com.cn", "SSO.amazonaws.com", ".amazonaws.com"],
    formats.organization_id: ["", "o-short", "o-" + "a" * 33, "O-a1b2c3d4e5", "r-a1b2c3d4e5"],
    formats.tag_key: ["", "k" * 129, "aws:x", "AWS:x", "orgkit:key", "a&b", "a(b)", "C\u043est", "a\u3164"],
    formats.tag_value: ["v" * 257, "a,b", "a\nb", "#", "pr\u043ed", "a\u2003b", "\u115f"],
    formats.label: ["", " a", "a\u202eb", "J\u0430ne", "a\u00adb", "a\n"],
    section.bucket_name: [
        "", "ab", "b" * 64, "Abc", "a_b", "-abc", "abc-", ".abc", "abc.", "a..b", "192.168.5.4", "xn--abc",
        "sthree-abc", "sthree-configurator-x", "amzn-s3-demo-x", "abc-s3alias", "abc--ol-s3", "abc.mrap", "abc--x-s3",
        "abc--table-s3", "abc-123456789012-us-west-2-an", "abc\n",
    ],
    section.trail_name: ["", "ab", "t" * 129, "a--b", "a._b", "-ab", "ab-", "10.0.0.1", "a b", "ä-trail", "abc\n"],
}  # fmt: skip


@pytest.mark.parametrize(("check", "value"), [(check, v) for check, values in ACCEPTED.items() for v in values])
def test_what_aws_takes_is_taken(check, value):
    assert check(value) == value


@pytest.mark.parametrize(("check", "value"), [(check, v) for check, values in REFUSED.items() for v in values])
def test_what_aws_refuses_is_refused_with_a_sentence(check, value):
    with pytest.raises(ValueError, match=r"\.$") as refusal:
        check(value)
    assert str(refusal.value).isprintable()
