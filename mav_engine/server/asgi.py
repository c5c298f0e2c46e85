"""The application `app`, configured by the environment, for ASGI servers.

Importing it loads no model and no torch; the first request for a model does. Loaded models are kept
as long as this module is imported.
"""

from __future__ import annotations

import os

from mav_engine.config import read_environment
from mav_engine.idle_threads import sleep_when_idle
from mav_engine.server.app import create_app
from mav_engine.server.tracing import tracing_of

sleep_when_idle()
app = create_app(read_environment(os.environ), tracing=tracing_of(os.environ))
