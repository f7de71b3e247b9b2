"""Ring 3: a diff as one self-contained HTML page (docs/design.md, "The page"). Nothing that git starts loads it."""
