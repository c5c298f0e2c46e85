"""What the native engine cannot run."""

from __future__ import annotations


class Unsupported(Exception):
    """A model that is not understood completely; the message says why, as the end of a sentence.

    transformers may load it.
    """
