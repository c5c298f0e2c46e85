"""The serverless entry: platforms that look for a function in `api/` import `app` from here."""

from mav_engine.server.asgi import app

__all__ = ["app"]
