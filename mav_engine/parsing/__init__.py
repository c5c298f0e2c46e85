"""Strict parsing of client values."""
