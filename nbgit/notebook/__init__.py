"""Ring 1: notebooks as bytes and as cells; pure, no git, no disk."""
