"""Shows runs on the terminal, in panels over the same events as on the site. No torch."""
