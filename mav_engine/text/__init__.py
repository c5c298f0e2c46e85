"""Tokens, decoding and chat templates."""
