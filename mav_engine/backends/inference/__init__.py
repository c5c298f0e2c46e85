"""The inference engine: runs of one model share forward passes. It imports no transformers."""
