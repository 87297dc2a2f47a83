"""pytest as a program of tests/bootstrap/fork_server.py, for nbval: its kernels are forks that have their imports."""

import sys

import pytest


def main() -> int:
    """End with pytest's exit code."""
    sys.exit(int(pytest.main(sys.argv[1:])))
