"""Facts of a healthy life: how it opened and closed."""
