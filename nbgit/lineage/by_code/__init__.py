"""Ring 3: what code says of files where nothing was recorded: in other languages, elsewhere, by scripts."""
