"""Ring 3: what a result rests on, found from code and recorded facts (docs/slicing.md)."""
