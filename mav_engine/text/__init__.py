"""From text to tokens and back: tokens, decoding, chat templates."""
