"""Ring 3: outputs between clones: fetched, united, and shared with what is pushed (docs/design.md, "Sync")."""
