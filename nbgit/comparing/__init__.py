"""Ring 4: two outputs compared with all that made them: needs lineage and diff both (docs/lineage.md)."""
