"""GGUF files, in which llama.cpp, Ollama and LM Studio keep models: weights, tokenizer and settings
in one file. No torch.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""
