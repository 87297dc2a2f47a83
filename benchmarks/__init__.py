"""Measurements that take minutes, for those who want to see the numbers on their own machine."""
