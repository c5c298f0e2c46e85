"""Decoders of models that are built like Llama or GPT-2."""
