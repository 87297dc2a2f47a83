"""Tests of orgkit, in the order of its rooms."""

import orgkit.aws.crt  # noqa: F401  # before moto or a test imports botocore
