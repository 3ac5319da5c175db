"""Shows what was found: text for people, JSON and NDJSON for programs. Knows no finding by name."""
