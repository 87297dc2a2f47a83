"""The same wire, clock and connection as for orgkit.aws."""

from tests.aws.conftest import aws, clock, own_environment, wire

__all__ = ["aws", "clock", "own_environment", "wire"]
