"""One decode step of models that are built like Llama or GPT-2, written out."""
