"""Compares two runs token by token: `compare(settings)`.

from mav_engine.compare import CompareSettings, compare
a, b = RunSettings(prompt="Once"), RunSettings(prompt="Once", model="mav-tiny@int8-dynamic")
for event in compare(CompareSettings(a=a, b=b, mode="forced")):
    ...
"""

from mav_engine.compare.events import (
    Common,
    Compared,
    CompareEvent,
    Divergence,
    SideEvent,
    compare_to_json,
)
from mav_engine.compare.pair import compare, compare_prepared
from mav_engine.compare.settings import CompareSettings, Mode, Side, parse_compare

__all__ = [
    "Common", "CompareEvent", "CompareSettings", "Compared", "Divergence", "Mode", "Side",
    "SideEvent", "compare", "compare_prepared", "compare_to_json", "parse_compare",
]  # fmt: skip
