"""Saves a run as files: a trace, pictures, tables and a page that replays it.

Everything is derived from the events of a run. matplotlib, an optional package, is imported with
the first picture.
"""
