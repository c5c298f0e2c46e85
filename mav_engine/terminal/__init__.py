"""A run in the terminal: panels over the same events that the site reads. No torch here."""
