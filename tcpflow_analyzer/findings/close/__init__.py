"""From the first FIN until CLOSED."""
