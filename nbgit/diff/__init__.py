"""Ring 3: what changed between two notebooks, and how it is shown."""
