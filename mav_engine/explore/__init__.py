"""A run as files to keep: a trace, pictures for a paper, tables and a page that replays it.

Everything is drawn and told from the events of a run; nothing is measured here. matplotlib, an
optional package, comes with the first picture and not with this room.
"""
