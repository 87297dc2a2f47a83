"""Tests of orgkit, in the order of its rooms."""

import orgkit.aws.crt  # noqa: F401  # before moto or a test imports botocore


def fits_80_columns(text: str) -> bool:
    """Whether no line is longer, but for one word: a digest, a path or an ARN stays whole."""
    return all(len(line) <= 80 or " " not in line.strip() for line in text.splitlines())
