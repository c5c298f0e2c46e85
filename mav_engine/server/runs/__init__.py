"""Runs on the server: queue, model cache and streams."""
