"""Ring 3: upkeep: what is kept is checked, thinned out, forgotten, imported and migrated."""
