"""Any causal language model that transformers can load, run one token at a time."""
