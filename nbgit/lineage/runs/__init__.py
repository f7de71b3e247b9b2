"""Ring 3: what kernels have recorded here."""
