"""The serverless entry: `app`, with the settings of the environment.

Importing it loads no model and no torch; the first request that needs a model does. The loaded
models live as long as this module.
"""

from __future__ import annotations

import os

from api.app import create_app
from api.operator_settings import read_environment

app = create_app(read_environment(os.environ))
