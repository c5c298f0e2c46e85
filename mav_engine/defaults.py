"""Defaults that the engine shares with the server's settings, which import no engine code."""

from __future__ import annotations

PREFIX_BYTES = 256 * 1024**2
"""Size of a model's prefix cache."""
RESUME_LIFETIME_S = 24 * 3600.0
"""Seconds for which a resume token is valid."""
