"""Runs on the server: their queue, their models, their streams."""
