"""Names of buckets that S3 accepts, and places in them."""

import re
from typing import Annotated

from orgkit.phases.schema.formats import refuse
from orgkit.phases.schema.types import checked_text, editor_check

_RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", "--x-s3", "--table-s3", ".mrap", "-an")
ACCOUNT_REGIONAL = "account-regional"
# Regular expressions that the JSON Schema of the file has too.
BUCKET = r"[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]"
S3_LOCATION = rf"|s3://{BUCKET}(?:/[A-Za-z0-9_.=-]+)*/?"
IP_ADDRESS = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}")


def bucket_name(value: str) -> str:
    """Check a bucket name by S3's rules for general purpose buckets; only AWS knows whether the name is taken."""
    if not 3 <= len(value) <= 63:
        refuse(value, f"has {len(value)} characters; S3 takes bucket names of 3 to 63.")
    if not re.fullmatch(r"[a-z0-9.-]+", value):
        refuse(value, "is not a bucket name: use lower-case letters, digits, hyphens and dots.")
    if not (value[0].isalnum() and value[-1].isalnum()) or ".." in value:
        refuse(value, "is not a bucket name: begin and end it with a letter or digit, without two dots in a row.")
    if IP_ADDRESS.fullmatch(value):
        refuse(value, "looks like an IP address, which S3 refuses as a bucket name: add a word.")
    if prefix := next((prefix for prefix in _RESERVED_PREFIXES if value.startswith(prefix)), None):
        refuse(value, f"begins with {prefix}, which S3 keeps for itself: begin it with another word.")
    if prefix := next((prefix for prefix in _RESERVED_SUFFIXES if value.endswith(prefix)), None):
        refuse(value, f"ends with {prefix}, which S3 keeps for itself: end it with another word.")
    return value


def s3_location(value: str) -> str:
    """Check a place in S3, or ""; a prefix has plain words only, since it becomes part of the keys of objects."""
    if not value:
        return value
    match = re.fullmatch(r"s3://([^/]*)((/[A-Za-z0-9_.=-]+)*)/?", value)
    if match is None:
        refuse(value, 'is not a place in S3: write s3://bucket/prefix, as "s3://acme-archive/orgkit".')
    bucket_name(match[1])
    return value


Bucket = Annotated[str, checked_text(bucket_name), editor_check(BUCKET)]
