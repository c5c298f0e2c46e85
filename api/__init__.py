"""The HTTP side of MAV: a Starlette application that streams runs."""
