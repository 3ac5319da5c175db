"""Makes frames that tell nothing of who spoke and what was said, and still what happened."""
