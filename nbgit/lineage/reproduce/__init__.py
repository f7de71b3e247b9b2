"""Recipes run again in a clean tree (docs/lineage.md, "Can it be had again?")."""
