"""Models of Llama's build, read from their own files without transformers, which takes longer to
import than such a model to write its first words."""
