"""Slices against the truth, which is found by running subsets of the cells (docs/slicing.md)."""
