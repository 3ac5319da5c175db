"""Who holds TIME-WAIT, how long, and what the next incarnation does."""
