"""Apart: what runs inside the user's IPython kernel and records its runs; the standard library and ring 0 only."""
