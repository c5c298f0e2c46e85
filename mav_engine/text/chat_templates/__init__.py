"""Chat templates: rendered in a separate process, and checked for omitted messages."""

from mav_engine.text.chat_templates.template import ChatTemplate

__all__ = ["ChatTemplate"]
