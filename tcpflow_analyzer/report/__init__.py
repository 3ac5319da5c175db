"""How results are shown. Knows no finding by name."""
