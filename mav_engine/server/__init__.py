"""The HTTP server: a Starlette application that streams runs, and the built site."""
