"""Everything up to ESTABLISHED."""
