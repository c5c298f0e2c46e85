"""The display messages of a notebook."""

from __future__ import annotations

from typing import Any

import pytest


class NotebookShell:
    """IPython's display messages, as a notebook front end gets and keeps them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.messages: list[tuple[bool, str, dict[str, Any]]] = []
        from IPython.core.interactiveshell import InteractiveShell

        shell = InteractiveShell()
        monkeypatch.setattr(InteractiveShell, "_instance", shell)
        monkeypatch.setattr(shell.display_pub, "publish", self._publish)

    def _publish(self, data: Any, **kind: Any) -> None:
        message = (kind.get("update", False), kind["transient"]["display_id"], data)
        self.messages.append(message)
