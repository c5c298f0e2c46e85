"""Backends load and run models: the `Backend` protocol and its implementations."""

from mav_engine.backends.base import Backend
from mav_engine.backends.load import load_backend

__all__ = ["Backend", "load_backend"]
