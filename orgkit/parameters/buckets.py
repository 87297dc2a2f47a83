"""What S3 accepts as a bucket name, and CloudTrail as a trail's."""

import re

from orgkit.parameters.formats import refuse

_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
_ENDS = ("-s3alias", "--ol-s3", "--x-s3", "--table-s3", ".mrap", "-an")
_IP_ADDRESS = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}")


def bucket_name(value: str) -> str:
    """S3's rules for general purpose buckets; whether somebody else has the name, only AWS can tell."""
    if not 3 <= len(value) <= 63:
        refuse(value, f"has {len(value)} characters; S3 takes bucket names of 3 to 63.")
    if not re.fullmatch(r"[a-z0-9.-]+", value):
        refuse(value, "is no bucket name: use lower-case letters, digits, hyphens and dots.")
    if not (value[0].isalnum() and value[-1].isalnum()) or ".." in value:
        refuse(value, "is no bucket name: begin and end it with a letter or digit, without two dots in a row.")
    if _IP_ADDRESS.fullmatch(value):
        refuse(value, "looks like an IP address, which S3 refuses as a bucket name: add a word.")
    if word := next((word for word in _STARTS if value.startswith(word)), None):
        refuse(value, f"begins with {word}, which S3 keeps for itself: begin it with another word.")
    if word := next((word for word in _ENDS if value.endswith(word)), None):
        refuse(value, f"ends with {word}, which S3 keeps for itself: end it with another word.")
    return value


def archive(value: str) -> str:
    """A place in S3, or nothing; a prefix of plain words, since it becomes part of the keys of objects."""
    if not value:
        return value
    found = re.fullmatch(r"s3://([^/]*)((/[A-Za-z0-9_.=-]+)*)/?", value)
    if found is None:
        refuse(value, 'is no place in S3: write s3://bucket/prefix, as "s3://acme-archive/orgkit".')
    bucket_name(found[1])
    return value


def trail_name(value: str) -> str:
    """CloudTrail's rules for the name of a trail."""
    if not 3 <= len(value) <= 128:
        refuse(value, f"has {len(value)} characters; CloudTrail takes names of 3 to 128.")
    if _IP_ADDRESS.fullmatch(value):
        refuse(value, "looks like an IP address, which CloudTrail refuses as a name: add a word.")
    if not re.fullmatch(r"[A-Za-z0-9]+([._-][A-Za-z0-9]+)*", value):
        refuse(value, "is no trail name: write letters and digits, joined by single . _ or -, as org-trail.")
    return value


def default_bucket(trail: str, management_account_id: str) -> str:
    """Where the logs go when the file does not say: bucket names are one space for all of AWS, hence the id."""
    return f"{re.sub('[._]', '-', trail.lower())}-{management_account_id}"


def default_records_bucket(management_account_id: str) -> str:
    """Where sealed records go when the file does not say."""
    return f"orgkit-records-{management_account_id}"
