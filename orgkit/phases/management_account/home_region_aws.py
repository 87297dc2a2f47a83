"""Whether a home region that accounts have to enable answers: in this account and in the log archive account."""

from collections.abc import Callable, Iterator

from orgkit.aws.refused_tokens import ENABLED_BY_DEFAULT
from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.errors import REGION_NOT_ENABLED
from orgkit.model.desired import READ_ROLE, Desired
from orgkit.model.observed import Unread
from orgkit.phases.management_account.findings import HomeRegion


def read_home_regions(
    aws: Connection, desired: Desired, account: str, members: tuple[tuple[str, str], ...] | Unread
) -> tuple[HomeRegion, ...]:
    """Ask each region that the file names for 05, unless every account has it; no call otherwise.

    Args:
        aws: A connection as the management account.
        desired: The parameters file.
        account: The id of the management account.
        members: Id and email of each account of the organization.
    """
    regions = sorted({desired.organization.home_region, desired.trail.region} - ENABLED_BY_DEFAULT)
    archive = _log_archive(desired, () if isinstance(members, Unread) else members)
    return tuple(answer for region in regions for answer in _answers(aws, desired, region, account, archive))


def _answers(aws: Connection, desired: Desired, region: str, account: str, archive: str) -> Iterator[HomeRegion]:
    yield HomeRegion(region, account, _refusal(lambda: aws.read("cloudtrail", "DescribeTrails", region=region)))
    if archive:
        parameters = {"Bucket": desired.trail.with_account(archive).bucket, "ExpectedBucketOwner": archive}
        yield HomeRegion(
            region,
            archive,
            _refusal(lambda: aws.assume(archive, READ_ROLE).read("s3", "HeadBucket", region=region, **parameters)),
        )


def _refusal(call: Callable[[], object]) -> Unread | None:
    """Return why the region is off; any other error, such as a missing bucket or right, shows that it is on."""
    try:
        call()
    except Rejected as rejection:
        if rejection.code == REGION_NOT_ENABLED:
            return Unread(str(rejection), rejection.remedy, rejection.code)
    return None


def _log_archive(desired: Desired, members: tuple[tuple[str, str], ...]) -> str:
    """The id of the log archive account; "" as long as there is none."""
    spec = desired.log_archive
    if spec is None:
        return ""
    ids = (number for number, email in members if number == spec.id or email.casefold() == spec.email.casefold())
    return next(ids, "")
