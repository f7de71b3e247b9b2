"""Ring 3: one door per library (GitPython, nbformat, jsonschema)."""
