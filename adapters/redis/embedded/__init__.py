"""A Redis of our own, for those who run none."""
