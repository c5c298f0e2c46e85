"""Models that are built like Llama or GPT-2, read from their files and run without torch, whose
import takes longer than the first tokens of a small model."""
