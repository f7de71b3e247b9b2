"""Ring 3: commits, the versions of notebooks, and the index of what they show."""
