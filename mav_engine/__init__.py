"""MAV: watch a language model think.

    from mav_engine import RunSettings, run
    for event in run(RunSettings(prompt="Once upon a time")):
        ...

Importing this package does not import torch; the first run does.
"""

from mav_engine.errors import MavError
from mav_engine.events import Event
from mav_engine.run import run
from mav_engine.settings import RunSettings

__version__ = "0.1.0"

__all__ = ["Event", "MavError", "RunSettings", "__version__", "run"]
