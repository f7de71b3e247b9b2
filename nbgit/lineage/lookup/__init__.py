"""Ring 3: pictures that were seen elsewhere, found by what they show."""
