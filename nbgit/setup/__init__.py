"""Ring 4: what `nbgit install` writes into git, and how it takes it back."""
