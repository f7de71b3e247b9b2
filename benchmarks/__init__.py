"""`python -m benchmarks`: nbgit beside plain git and its peers, on one machine, in one run (docs/benchmarks.md)."""
