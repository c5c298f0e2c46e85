"""Trainings that a client watches, or that stream to this server."""
