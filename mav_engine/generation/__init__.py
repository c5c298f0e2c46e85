"""The token loop and what it takes: capture, prediction, sampling."""
