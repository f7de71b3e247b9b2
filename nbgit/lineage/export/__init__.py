"""Ring 3: what made an output, in the words of two standards: W3C PROV, RO-Crate (docs/lineage.md, "Exports")."""
