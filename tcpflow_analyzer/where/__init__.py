"""A small language that chooses connections and findings: `--where 'responder.port == 5432'`."""
