"""The application with the settings of the environment, for ASGI servers: `app`.

Importing it loads no model and no torch; the first request that needs a model does. The loaded
models live as long as this module.
"""

from __future__ import annotations

import os

from mav_engine.config import read_environment
from mav_engine.server.app import create_app

app = create_app(read_environment(os.environ))
