"""A finished run as arrays, a picture, a notebook output."""
