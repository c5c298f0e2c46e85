"""The operations of a decode step: by torch, by numpy, compiled."""
