"""Ring 3: which commit, cell and run an output came from."""
