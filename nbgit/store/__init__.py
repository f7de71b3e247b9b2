"""Ring 2: git's object database, captures, snapshots, entries and the look-ups over them."""
