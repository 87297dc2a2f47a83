"""Tests of orgkit, in the order of its rooms."""
