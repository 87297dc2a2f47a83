"""What the trail, trusted access and the estimate need of each other and of the rest of the file."""

from collections.abc import Callable, Iterator

from orgkit.model.costs import ASSUMPTIONS, CHOICES
from orgkit.parameters.buckets import bucket_name, default_bucket, default_records_bucket
from orgkit.parameters.formats import quoted, suggest
from orgkit.parameters.raw import Raw, members, number, section, text, texts
from orgkit.parameters.schema import TRUSTED_ACCESS
from orgkit.parameters.validate import Wrong

STANDARD_IA_DAYS = 30  # S3 moves nothing to Standard-IA earlier

NEEDED = {"duckdb": ("place",), "athena": ("table", "output")}  # by the source of bills


def log_archive(raw: Raw) -> Iterator[Wrong]:
    """The trail needs somebody to keep its logs."""
    key, known = text(section(raw, "trail"), "log_archive_account"), {member.key for member in members(raw)}
    if key is not None and key not in known:
        instead = suggest(key, known) or "Add the account that is to keep the logs."
        yield ("trail", "log_archive_account"), f"no account or import has the key {quoted(key)}. {instead}"


def trusted_access(raw: Raw) -> Iterator[Wrong]:
    """What is switched on needs its service principal."""
    organization = section(raw, "organization")
    there = texts(organization, "trusted_access", (f"{service}.amazonaws.com" for service in TRUSTED_ACCESS))
    if there is None:
        return
    if "cloudtrail.amazonaws.com" not in there:
        yield ("organization", "trusted_access"), 'add "cloudtrail.amazonaws.com": the organization trail needs it.'
    if organization.get("centralized_root_access", True) is True and "iam.amazonaws.com" not in there:
        yield (
            ("organization", "trusted_access"),
            'add "iam.amazonaws.com": centralized_root_access needs it (or set that to false).',
        )


def repeated(raw: Raw) -> Iterator[Wrong]:
    """A list that names something twice is a list that somebody mistyped."""
    organization = section(raw, "organization")
    for key in ("trusted_access", "policy_types"):
        there = texts(organization, key, ()) or []
        for value in sorted({each for each in there if there.count(each) > 1}):
            yield ("organization", key), f"has {quoted(value)} twice: keep one."


def bucket_names(raw: Raw) -> Iterator[Wrong]:
    """The two buckets differ, and what is named by default can be a bucket's name."""
    trail, account = section(raw, "trail"), text(section(raw, "organization"), "management_account_id") or ""
    default = default_bucket(text(trail, "name") or "org-trail", account)
    bucket = text(trail, "bucket") or default
    if bucket == (text(trail, "records_bucket") or default_records_bucket(account)):
        yield (
            ("trail", "records_bucket"),
            f"{quoted(bucket)} is the log bucket too: records need their own.",
        )
    if "bucket" not in trail and "name" in trail:
        try:
            bucket_name(default)
        except ValueError as error:
            yield ("trail", "bucket"), f"the default made from the trail's name cannot be used: {error} Write bucket."


def lifecycle(raw: Raw) -> Iterator[Wrong]:
    """Moved first, deleted later, and never while locked."""
    trail = section(raw, "trail")
    transition, expire = number(trail, "transition_days", 90), number(trail, "expire_days")
    lock = number(section(trail, "object_lock"), "days")
    if transition is not None and 0 < transition < STANDARD_IA_DAYS:
        yield ("trail", "transition_days"), f"is {transition}: write {STANDARD_IA_DAYS} or more, or 0 for never."
    if transition and expire and 0 < expire <= transition:
        yield ("trail", "expire_days"), f"is {expire}: write more than transition_days ({transition}), or 0 for never."
    if lock and expire and 0 < expire < lock:
        yield (
            ("trail", "expire_days"),
            f"is {expire}: the object lock keeps files {lock} days; write that or more.",
        )


def assumptions(raw: Raw) -> Iterator[Wrong]:
    """Names of assumptions come from the estimate itself."""
    for name in section(raw, "costs"):
        if name not in (*ASSUMPTIONS, *CHOICES):
            yield ("costs", name), f"there is no such assumption. {suggest(name, (*ASSUMPTIONS, *CHOICES))}"


def billing(raw: Raw) -> Iterator[Wrong]:
    """What a source of bills cannot do without."""
    given = section(raw, "billing")
    for name in NEEDED.get(str(given.get("source")), ()):
        if not given.get(name):
            yield (
                ("billing", name),
                f"is missing, and source is {given['source']!r}. Write where the export is.",
            )


TRAIL_CHECKS: tuple[Callable[[Raw], Iterator[Wrong]], ...] = (
    log_archive, trusted_access, repeated, bucket_names, lifecycle, assumptions, billing,
)  # fmt: skip
