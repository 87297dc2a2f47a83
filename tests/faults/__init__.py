"""The fault matrix: every call of the bootstrap, every kind of fault, and what has to hold afterwards."""
