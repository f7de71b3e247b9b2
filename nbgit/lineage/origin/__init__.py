"""Ring 3: the run that made an output, its recipe, inputs, packages and state."""
