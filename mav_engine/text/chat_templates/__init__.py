"""Chat templates of models: rendered in a process of their own, checked for what they leave out."""

from mav_engine.text.chat_templates.template import ChatTemplate

__all__ = ["ChatTemplate"]
