"""Finished runs as arrays, pictures and notebook output."""
