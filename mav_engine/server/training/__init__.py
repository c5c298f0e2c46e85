"""Serves a training's recording as it grows, and receives trainings from other machines."""
