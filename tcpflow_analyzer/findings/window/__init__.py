"""WN: flow control where it changes the life of a connection."""
